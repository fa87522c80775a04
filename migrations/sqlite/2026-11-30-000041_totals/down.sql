ALTER TABLE departments DROP COLUMN totals_generation;
DROP TABLE yearly_totals;
DROP TABLE monthly_totals;
DROP TABLE daily_totals;
