-- The generation up to which a department's totals were kept: a version that knows nothing of them
-- leaves it behind. Set first: who changes a department's data meanwhile waits for this row, and its
-- change is seen below or counts as later.
ALTER TABLE departments ADD COLUMN totals_generation BIGINT NOT NULL DEFAULT 0;
UPDATE departments SET totals_generation = generation;

-- The sums of all contracts together, which questions are answered from that name none: by day,
-- month and year.
CREATE TABLE daily_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);

CREATE TABLE monthly_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);

CREATE TABLE yearly_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);

INSERT INTO daily_totals (
    department_id, organization_id, bank_account_id, currency, is_confirmed, period_start,
    receipts, commission, returned, expenses, principal, interest, given,
    receipt_count, expense_count, payment_count, last_payment
)
SELECT
    department_id, organization_id, bank_account_id, currency, is_confirmed, period_start,
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(commission) AS BIGINT), CAST(SUM(returned) AS BIGINT),
    CAST(SUM(expenses) AS BIGINT), CAST(SUM(principal) AS BIGINT), CAST(SUM(interest) AS BIGINT),
    CAST(SUM(given) AS BIGINT), CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT),
    CAST(SUM(payment_count) AS BIGINT), MAX(last_payment)
FROM daily_flows
GROUP BY department_id, organization_id, bank_account_id, currency, is_confirmed, period_start;

INSERT INTO monthly_totals (
    department_id, organization_id, bank_account_id, currency, is_confirmed, period_start,
    receipts, commission, returned, expenses, principal, interest, given,
    receipt_count, expense_count, payment_count, last_payment
)
SELECT
    department_id, organization_id, bank_account_id, currency, is_confirmed, CAST(date_trunc('month', period_start) AS DATE),
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(commission) AS BIGINT), CAST(SUM(returned) AS BIGINT),
    CAST(SUM(expenses) AS BIGINT), CAST(SUM(principal) AS BIGINT), CAST(SUM(interest) AS BIGINT),
    CAST(SUM(given) AS BIGINT), CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT),
    CAST(SUM(payment_count) AS BIGINT), MAX(last_payment)
FROM daily_totals
GROUP BY department_id, organization_id, bank_account_id, currency, is_confirmed, CAST(date_trunc('month', period_start) AS DATE);

INSERT INTO yearly_totals (
    department_id, organization_id, bank_account_id, currency, is_confirmed, period_start,
    receipts, commission, returned, expenses, principal, interest, given,
    receipt_count, expense_count, payment_count, last_payment
)
SELECT
    department_id, organization_id, bank_account_id, currency, is_confirmed, CAST(date_trunc('year', period_start) AS DATE),
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(commission) AS BIGINT), CAST(SUM(returned) AS BIGINT),
    CAST(SUM(expenses) AS BIGINT), CAST(SUM(principal) AS BIGINT), CAST(SUM(interest) AS BIGINT),
    CAST(SUM(given) AS BIGINT), CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT),
    CAST(SUM(payment_count) AS BIGINT), MAX(last_payment)
FROM monthly_totals
GROUP BY department_id, organization_id, bank_account_id, currency, is_confirmed, CAST(date_trunc('year', period_start) AS DATE);
