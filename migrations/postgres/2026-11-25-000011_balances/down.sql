ALTER TABLE expense_details DROP COLUMN settled_amount;
ALTER TABLE receipts DROP COLUMN settled_amount;
ALTER TABLE receipts DROP COLUMN settlement_amount;
ALTER TABLE receipts DROP COLUMN settlement_rate;
DROP TABLE daily_flows;
DROP TABLE monthly_flows;
CREATE TABLE monthly_flows (
    department_id BIGINT NOT NULL,
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
    department_id BIGINT NOT NULL,
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
