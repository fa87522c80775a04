DROP TABLE counted_contracts;
DROP TABLE monthly_debts;
ALTER TABLE departments DROP COLUMN debts_generation;
