-- Sums of the active, dated operations, kept by the import in its own transaction. One table a
-- grain: months, and days for ranges that cut a month. 0 stands for no bank account and no
-- contract. An expense's amount is shared out by the contracts that its details name; what they
-- leave stays with its own, so that the sum over contracts is the sum of the expenses.
-- payment_count counts an expense once for each contract that it or its details name.
CREATE TABLE monthly_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency)
);

CREATE TABLE daily_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency)
);

CREATE INDEX monthly_flows_by_contract ON monthly_flows (department_id, contract_id);
DROP INDEX receipts_by_date;
DROP INDEX expenses_by_date;
CREATE INDEX receipts_by_organization ON receipts (department_id, organization_id, document_date);
CREATE INDEX expenses_by_organization ON expenses (department_id, organization_id, document_date);
CREATE INDEX receipts_newest_first ON receipts (department_id, document_date DESC, id DESC);
CREATE INDEX expenses_newest_first ON expenses (department_id, document_date DESC, id DESC);
CREATE INDEX expense_details_by_contract ON expense_details (department_id, contract_id);
