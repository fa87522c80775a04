-- The active expenses of a scope and their details, each read once.
spent AS MATERIALIZED (
    SELECT
        e.id, e.operation_id, e.operation_type, e.debit_account, e.organization_id,
        COALESCE(e.bank_account_id, 0) AS bank_account_id, COALESCE(e.contract_id, 0) AS contract_id, e.currency,
        {is_confirmed} AS is_confirmed, e.document_date AS day, e.amount, {expense_kind} AS payment_kind,
        {expense_names_no_contract} AS lacks_contract
    FROM {expenses}
    WHERE e.department_id = $1 AND {scope} AND e.is_active
),
paid AS MATERIALIZED (
    SELECT
        e.id AS expense_id, e.organization_id, e.bank_account_id, e.contract_id AS own_contract_id, e.currency,
        e.is_confirmed, e.day, d.id, COALESCE(d.contract_id, e.contract_id) AS contract_id,
        NOT {detail_names_no_contract} AS names_contract, COALESCE(d.payment_type, '') = '' AS is_untyped, d.amount,
        COALESCE(d.settled_amount, 0) AS settled,
        CASE WHEN COALESCE(d.vat_amount, 0) <> 0 THEN d.vat_amount ELSE COALESCE(d.included_vat, 0) END AS vat,
        {detail_kind} AS payment_kind
    FROM spent e
    JOIN expense_details d ON d.department_id = $1 AND d.expense_operation_id = e.operation_id
)
