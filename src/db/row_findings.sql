-- What is wrong with the expenses and details of `spent` and `paid`.
WITH
judged AS MATERIALIZED (
    SELECT * FROM (
        SELECT
            e.id, e.organization_id, e.day, e.currency, e.amount, e.payment_kind, shared.total,
            e.lacks_contract AND COALESCE(shared.named, 0) = 0 AS lacks_contract
        FROM spent e
        LEFT JOIN (
            SELECT expense_id, CAST(SUM(amount) AS BIGINT) AS total,
                SUM(CASE WHEN names_contract THEN 1 ELSE 0 END) AS named
            FROM paid
            GROUP BY expense_id
        ) AS shared ON shared.expense_id = e.id
    ) AS expenses_and_details
    WHERE total IS NULL OR total <> amount OR lacks_contract
)
SELECT
    'details_do_not_add_up' AS check_name, 'expense' AS kind, id, id AS expense_id, organization_id, day, currency,
    amount, total AS compared, amount - total AS at_stake
FROM judged
WHERE total <> amount
UNION ALL
SELECT
    'expenses_without_details', 'expense', id, id, organization_id, day, currency, amount, CAST(NULL AS BIGINT), amount
FROM judged
WHERE total IS NULL
UNION ALL
SELECT
    'payment_type_unknown', 'expense', id, id, organization_id, day, currency, amount, CAST(NULL AS BIGINT), amount
FROM judged
WHERE total IS NULL AND payment_kind = 'other'
UNION ALL
SELECT
    'operations_without_contract', 'expense', id, id, organization_id, day, currency, amount, CAST(NULL AS BIGINT),
    amount
FROM judged
WHERE lacks_contract
UNION ALL
SELECT
    CASE payment_kind WHEN 'other' THEN 'payment_type_unknown' ELSE 'payment_type_derived' END, 'expense_detail', id,
    expense_id, organization_id, day, currency, amount, CAST(NULL AS BIGINT), amount
FROM paid
WHERE is_untyped AND payment_kind <> 'given'
UNION ALL
SELECT
    'vat_on_principal', 'expense_detail', id, expense_id, organization_id, day, currency, amount,
    CAST(NULL AS BIGINT), vat
FROM paid
WHERE payment_kind = 'principal' AND vat <> 0
