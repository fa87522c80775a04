INSERT INTO daily_flows (
    department_id, organization_id, bank_account_id, contract_id, currency, period_start,
    receipts, expenses, principal, interest, receipt_count, expense_count, payment_count, last_payment
)
SELECT
    department_id, organization_id, bank_account_id, contract_id, currency, day,
    CAST(SUM(receipts) AS BIGINT), CAST(SUM(expenses) AS BIGINT), CAST(SUM(principal) AS BIGINT),
    CAST(SUM(interest) AS BIGINT), CAST(SUM(receipt_count) AS BIGINT), CAST(SUM(expense_count) AS BIGINT),
    CAST(SUM(payment_count) AS BIGINT), CASE WHEN SUM(payment_count) > 0 THEN day END
FROM (
    -- A receipt.
    SELECT
        department_id, organization_id, COALESCE(bank_account_id, 0) AS bank_account_id,
        COALESCE(contract_id, 0) AS contract_id, currency, document_date AS day,
        amount AS receipts, 0 AS expenses, 0 AS principal, 0 AS interest,
        1 AS receipt_count, 0 AS expense_count, 0 AS payment_count
    FROM receipts
    WHERE department_id = $1 AND organization_id = $2 AND document_date >= $3 AND document_date < $4 AND is_active
    UNION ALL
    -- An expense, under its own contract.
    SELECT
        department_id, organization_id, COALESCE(bank_account_id, 0), COALESCE(contract_id, 0), currency,
        document_date, 0, amount, 0, 0, 0, 1, 1
    FROM expenses
    WHERE department_id = $1 AND organization_id = $2 AND document_date >= $3 AND document_date < $4 AND is_active
    UNION ALL
    -- A detail: its amount, under the contract that it names.
    SELECT
        e.department_id, e.organization_id, COALESCE(e.bank_account_id, 0),
        COALESCE(d.contract_id, e.contract_id, 0), e.currency, e.document_date, 0, d.amount,
        CASE WHEN d.payment_type = $5 THEN d.amount ELSE 0 END,
        CASE WHEN d.payment_type = $6 THEN d.amount ELSE 0 END,
        0, 0, 0
    FROM expenses e
    JOIN expense_details d ON d.department_id = e.department_id AND d.expense_operation_id = e.operation_id
    WHERE e.department_id = $1 AND e.organization_id = $2 AND e.document_date >= $3 AND e.document_date < $4
        AND e.is_active
    UNION ALL
    -- The same amount, taken off what stands under the expense's own contract.
    SELECT
        e.department_id, e.organization_id, COALESCE(e.bank_account_id, 0), COALESCE(e.contract_id, 0),
        e.currency, e.document_date, 0, -d.amount, 0, 0, 0, 0, 0
    FROM expenses e
    JOIN expense_details d ON d.department_id = e.department_id AND d.expense_operation_id = e.operation_id
    WHERE e.department_id = $1 AND e.organization_id = $2 AND e.document_date >= $3 AND e.document_date < $4
        AND e.is_active
    UNION ALL
    -- The expense as a payment of each other contract that its details name.
    SELECT
        department_id, organization_id, bank_account_id, contract_id, currency, document_date, 0, 0, 0, 0, 0, 0, 1
    FROM (
        SELECT DISTINCT
            e.id, e.department_id, e.organization_id, COALESCE(e.bank_account_id, 0) AS bank_account_id,
            d.contract_id, e.currency, e.document_date
        FROM expenses e
        JOIN expense_details d ON d.department_id = e.department_id AND d.expense_operation_id = e.operation_id
        WHERE e.department_id = $1 AND e.organization_id = $2 AND e.document_date >= $3 AND e.document_date < $4
            AND e.is_active AND d.contract_id IS NOT NULL AND d.contract_id <> COALESCE(e.contract_id, 0)
    ) AS paid_contracts
) AS flows
GROUP BY department_id, organization_id, bank_account_id, contract_id, currency, day
