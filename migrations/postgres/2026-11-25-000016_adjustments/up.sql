-- lender_alias_id: the alias by which the counterparty of a workbook's row was recognized; it says who the lender
-- of a contract without operations is. import_source: the source that offers the workbook; source: its name
-- without a date.
ALTER TABLE adjustments ADD COLUMN lender_alias_id BIGINT;
ALTER TABLE adjustments ADD COLUMN import_source TEXT;
UPDATE adjustments SET lender_alias_id = (
    SELECT a.lender_alias_id FROM aliases a
    WHERE a.department_id = adjustments.department_id AND a.id = adjustments.contract_alias_id AND a.lender_alias_id <> 0
);
CREATE INDEX adjustments_by_source ON adjustments (department_id, source);
-- What a detail pays that states neither kind nor account is what its expense's debit account says, and the first
-- drawing of a loan given is a payment: both are derived from the rows again when the program starts.
DELETE FROM daily_flows;
DELETE FROM monthly_flows;
