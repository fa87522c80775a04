-- Each expense of the months asked for, and each of its details, is read once.
WITH spent AS MATERIALIZED (
    SELECT
        id, operation_id, organization_id, COALESCE(bank_account_id, 0) AS bank_account_id,
        COALESCE(contract_id, 0) AS contract_id, currency, document_date AS day, amount
    FROM expenses
    WHERE department_id = $1 AND organization_id = $2 AND document_date >= $3 AND document_date < $4 AND is_active
),
-- What the details of an expense name of one contract.
named AS MATERIALIZED (
    SELECT
        s.id, s.organization_id, s.bank_account_id, s.contract_id AS own_contract_id, s.currency, s.day,
        COALESCE(d.contract_id, s.contract_id) AS contract_id, SUM(d.amount) AS amount,
        SUM(CASE WHEN d.payment_type = $5 THEN d.amount ELSE 0 END) AS principal,
        SUM(CASE WHEN d.payment_type = $6 THEN d.amount ELSE 0 END) AS interest
    FROM spent s
    JOIN expense_details d ON d.department_id = $1 AND d.expense_operation_id = s.operation_id
    GROUP BY
        s.id, s.organization_id, s.bank_account_id, s.contract_id, s.currency, s.day,
        COALESCE(d.contract_id, s.contract_id)
)
INSERT INTO daily_flows (
    department_id, organization_id, bank_account_id, contract_id, currency, period_start,
    receipts, expenses, principal, interest, receipt_count, expense_count, payment_count, last_payment
)
SELECT
    $1, organization_id, bank_account_id, contract_id, currency, day,
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(expenses) AS BIGINT), CAST(SUM(principal) AS BIGINT),
    CAST(SUM(interest) AS BIGINT), CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT),
    CAST(SUM(payment_count) AS BIGINT), CASE WHEN SUM(payment_count) > 0 THEN day END
FROM (
    -- A receipt.
    SELECT
        organization_id, COALESCE(bank_account_id, 0) AS bank_account_id, COALESCE(contract_id, 0) AS contract_id,
        currency, document_date AS day, amount AS receipts, 0 AS expenses, 0 AS principal, 0 AS interest,
        1 AS receipt_count, 0 AS expense_count, 0 AS payment_count
    FROM receipts
    WHERE department_id = $1 AND organization_id = $2 AND document_date >= $3 AND document_date < $4 AND is_active
    UNION ALL
    -- An expense, under its own contract.
    SELECT organization_id, bank_account_id, contract_id, currency, day, 0, amount, 0, 0, 0, 1, 1
    FROM spent
    UNION ALL
    -- What its details name, under the contract that they name; where that is another one, the
    -- expense is a payment of it, too.
    SELECT
        organization_id, bank_account_id, contract_id, currency, day, 0, amount, principal, interest, 0, 0,
        CASE WHEN contract_id = own_contract_id THEN 0 ELSE 1 END
    FROM named
    UNION ALL
    -- The same amount, taken off what stands under the expense's own contract.
    SELECT organization_id, bank_account_id, own_contract_id, currency, day, 0, -amount, 0, 0, 0, 0, 0
    FROM named
) AS flows
GROUP BY organization_id, bank_account_id, contract_id, currency, day
