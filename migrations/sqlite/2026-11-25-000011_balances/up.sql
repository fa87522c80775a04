-- The rollups hold what an operation says: sums by day and by month in the currency of its payment, with
-- the part of it that draws on a loan, returns a loan given, repays principal, pays interest or gives a
-- loan. …_settled are the same amounts in the contract's currency, as far as the rows state them; they
-- count where that currency is another. What a contract is (direction, currency, lender) is joined when a
-- figure is computed. Adjustments are in the contract's currency and stand under an empty currency.
-- Both tables are derived from the rows and are computed again when the program starts.
DROP TABLE daily_flows;
DROP TABLE monthly_flows;
CREATE TABLE monthly_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    drawn BIGINT NOT NULL,
    drawn_settled BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    returned_settled BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    expenses_settled BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    principal_settled BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    interest_settled BIGINT NOT NULL,
    given BIGINT NOT NULL,
    given_settled BIGINT NOT NULL,
    adjustments BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency, is_confirmed)
);

CREATE TABLE daily_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    drawn BIGINT NOT NULL,
    drawn_settled BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    returned_settled BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    expenses_settled BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    principal_settled BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    interest_settled BIGINT NOT NULL,
    given BIGINT NOT NULL,
    given_settled BIGINT NOT NULL,
    adjustments BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency, is_confirmed)
);

CREATE INDEX monthly_flows_by_contract ON monthly_flows (department_id, contract_id);
CREATE INDEX daily_flows_by_contract ON daily_flows (department_id, contract_id);

-- The amount of a row in its contract's currency: what the row states, else amount / rate.
ALTER TABLE receipts ADD COLUMN settlement_rate TEXT;
ALTER TABLE receipts ADD COLUMN settlement_amount BIGINT;
ALTER TABLE receipts ADD COLUMN settled_amount BIGINT;
ALTER TABLE expense_details ADD COLUMN settled_amount BIGINT;
UPDATE expense_details SET settled_amount = settlement_amount;
