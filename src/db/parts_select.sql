-- The parts of the operations that a filter leaves: receipts, the details of expenses, what the details
-- leave of an expense (the whole of one without details), and adjustments. Each counts as the rollups
-- count it.
WITH spent AS MATERIALIZED (
    SELECT
        e.id, e.department_id, e.operation_id, e.operation_type, e.debit_account, e.document_date, e.organization_id,
        e.bank_account_id, e.contract_id, e.currency, e.unconfirmed_by_bank, e.amount,
        (SELECT CAST(SUM(d.amount) AS BIGINT) FROM expense_details d
         WHERE d.department_id = e.department_id AND d.expense_operation_id = e.operation_id) AS named
    FROM expenses e
    WHERE e.is_active AND e.document_date IS NOT NULL {expenses_filter}
)
SELECT
    'receipt' AS kind, r.id, CAST(0 AS BIGINT) AS detail_id, r.department_id, r.operation_id, r.document_date AS day,
    r.organization_id, COALESCE(r.bank_account_id, 0) AS bank_account_id, COALESCE(r.contract_id, 0) AS contract_id,
    r.currency, TRUE AS is_confirmed, r.operation_type, CAST(NULL AS TEXT) AS payment_kind,
    FALSE AS payment_type_derived,
    r.amount AS receipts, COALESCE(r.commission, 0) AS commission,
    CASE WHEN {draws} THEN r.amount ELSE 0 END AS drawn,
    CASE WHEN {draws} THEN COALESCE(r.settled_amount, 0) ELSE 0 END AS drawn_settled,
    CASE WHEN {returns} THEN r.amount ELSE 0 END AS returned,
    CASE WHEN {returns} THEN COALESCE(r.settled_amount, 0) ELSE 0 END AS returned_settled,
    CAST(0 AS BIGINT) AS expenses, CAST(0 AS BIGINT) AS expenses_settled, CAST(0 AS BIGINT) AS principal,
    CAST(0 AS BIGINT) AS principal_settled, CAST(0 AS BIGINT) AS interest, CAST(0 AS BIGINT) AS interest_settled,
    CAST(0 AS BIGINT) AS given, CAST(0 AS BIGINT) AS given_settled, CAST(0 AS BIGINT) AS adjustments
FROM receipts r
WHERE r.is_active AND r.document_date IS NOT NULL {receipts_filter}
UNION ALL
SELECT
    'detail', e.id, e.detail_id, e.department_id, e.operation_id, e.day, e.organization_id, e.bank_account_id,
    e.contract_id, e.currency, e.is_confirmed, e.operation_type, e.payment_kind,
    {is_derived},
    0, 0, 0, 0, 0, 0, e.amount, e.settled,
    CASE WHEN e.payment_kind = 'principal' THEN e.amount ELSE 0 END,
    CASE WHEN e.payment_kind = 'principal' THEN e.settled ELSE 0 END,
    CASE WHEN e.payment_kind = 'interest' THEN e.amount ELSE 0 END,
    CASE WHEN e.payment_kind = 'interest' THEN e.settled ELSE 0 END,
    CASE WHEN e.payment_kind = 'given' THEN e.amount ELSE 0 END,
    CASE WHEN e.payment_kind = 'given' THEN e.settled ELSE 0 END, 0
FROM (
    SELECT
        e.id, d.id AS detail_id, e.department_id, e.operation_id, e.document_date AS day, e.organization_id,
        COALESCE(e.bank_account_id, 0) AS bank_account_id, COALESCE(d.contract_id, e.contract_id, 0) AS contract_id,
        e.currency, {is_confirmed} AS is_confirmed, e.operation_type, d.amount,
        COALESCE(d.settled_amount, 0) AS settled, d.payment_type, {detail_kind} AS payment_kind
    FROM spent e
    JOIN expense_details d ON d.department_id = e.department_id AND d.expense_operation_id = e.operation_id
) e
UNION ALL
SELECT
    'rest', e.id, 0, e.department_id, e.operation_id, e.day, e.organization_id, e.bank_account_id, e.contract_id,
    e.currency, e.is_confirmed, e.operation_type, e.payment_kind,
    e.payment_kind <> 'other',
    0, 0, 0, 0, 0, 0, e.rest, 0,
    CASE WHEN e.payment_kind = 'principal' THEN e.rest ELSE 0 END, 0,
    CASE WHEN e.payment_kind = 'interest' THEN e.rest ELSE 0 END, 0,
    CASE WHEN e.payment_kind = 'given' THEN e.rest ELSE 0 END, 0, 0
FROM (
    SELECT
        e.id, e.department_id, e.operation_id, e.document_date AS day, e.organization_id,
        COALESCE(e.bank_account_id, 0) AS bank_account_id, COALESCE(e.contract_id, 0) AS contract_id, e.currency,
        {is_confirmed} AS is_confirmed, e.operation_type, e.amount - COALESCE(e.named, 0) AS rest,
        CASE WHEN e.named IS NULL THEN {expense_kind} ELSE 'other' END AS payment_kind
    FROM spent e
) e
WHERE e.rest <> 0
UNION ALL
SELECT
    'adjustment', a.id, 0, a.department_id, '', a.effective_date, c.organization_id, 0, a.contract_id, '', TRUE,
    a.kind, NULL, FALSE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a.amount
FROM adjustments a
JOIN contracts c ON c.department_id = a.department_id AND c.id = a.contract_id
WHERE TRUE {adjustments_filter}
