-- What is wrong with the dated expenses and their details, counted by organization, day, check and currency:
-- refreshed with the rollups, so that a question adds up a few counts instead of reading all operations.
-- at_stake is a sum of absolute kopecks, largest the largest single amount at stake of the day.
CREATE TABLE daily_findings (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    period_start DATE NOT NULL,
    check_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    at_stake BIGINT NOT NULL,
    largest BIGINT NOT NULL,
    PRIMARY KEY (department_id, organization_id, period_start, check_name, currency)
);
-- Whether they are counted: of the departments that are there already, when the program starts.
ALTER TABLE departments ADD COLUMN has_findings BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE departments SET has_findings = FALSE;

-- Expenses that details name and that are not there, or are inactive.
CREATE TABLE orphaned_details (
    department_id BIGINT NOT NULL,
    expense_operation_id TEXT NOT NULL,
    PRIMARY KEY (department_id, expense_operation_id)
);
INSERT INTO orphaned_details (department_id, expense_operation_id)
SELECT DISTINCT d.department_id, d.expense_operation_id FROM expense_details d
WHERE NOT EXISTS (SELECT 1 FROM expenses e WHERE e.department_id = d.department_id
    AND e.operation_id = d.expense_operation_id AND e.is_active);

-- The few rows that single checks look for.
CREATE INDEX expenses_unconfirmed ON expenses (department_id, document_date) WHERE unconfirmed_by_bank;
CREATE INDEX receipts_without_account ON receipts (department_id, (COALESCE(operation_type, '')))
WHERE is_active AND COALESCE(settlement_account, '') = '';
CREATE INDEX receipts_without_contract ON receipts (department_id, id)
WHERE is_active AND COALESCE(contract_text, '') IN ('', 'Без договора');
-- Whether its source still offers a file: as far as is known, until it is next looked through.
ALTER TABLE imported_files ADD COLUMN is_offered BOOLEAN NOT NULL DEFAULT TRUE;
-- What became of a file when it was last imported.
CREATE INDEX import_journal_by_file ON import_journal (department_id, source_file, id);
-- The lenders that the operations of a contract name are found without reading the operations.
DROP INDEX receipts_by_contract;
DROP INDEX expenses_by_contract;
CREATE INDEX receipts_by_contract ON receipts (department_id, contract_id, lender_alias_id);
CREATE INDEX expenses_by_contract ON expenses (department_id, contract_id, lender_alias_id);
