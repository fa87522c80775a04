-- The same sums by year, from which the figures of long ranges are read.
CREATE TABLE yearly_flows (
    department_id BIGINT NOT NULL,
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

INSERT INTO yearly_flows (
    department_id, organization_id, bank_account_id, contract_id, currency, is_confirmed, period_start,
    receipts, commission, drawn, drawn_settled, returned, returned_settled,
    expenses, expenses_settled, principal, principal_settled, interest, interest_settled,
    given, given_settled, adjustments, receipt_count, expense_count, payment_count, last_payment
)
SELECT
    department_id, organization_id, bank_account_id, contract_id, currency, is_confirmed, CAST(date_trunc('year', period_start) AS DATE),
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(commission) AS BIGINT), CAST(SUM(drawn) AS BIGINT),
    CAST(SUM(drawn_settled) AS BIGINT), CAST(SUM(returned) AS BIGINT), CAST(SUM(returned_settled) AS BIGINT),
    CAST(SUM(expenses) AS BIGINT), CAST(SUM(expenses_settled) AS BIGINT), CAST(SUM(principal) AS BIGINT),
    CAST(SUM(principal_settled) AS BIGINT), CAST(SUM(interest) AS BIGINT), CAST(SUM(interest_settled) AS BIGINT),
    CAST(SUM(given) AS BIGINT), CAST(SUM(given_settled) AS BIGINT), CAST(SUM(adjustments) AS BIGINT),
    CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT), CAST(SUM(payment_count) AS BIGINT), MAX(last_payment)
FROM monthly_flows
GROUP BY department_id, organization_id, bank_account_id, contract_id, currency, is_confirmed, CAST(date_trunc('year', period_start) AS DATE);
