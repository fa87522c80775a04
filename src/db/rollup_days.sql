WITH
{expense_rows},
-- What the details of an expense name of one contract.
named AS MATERIALIZED (
    SELECT
        expense_id AS id, organization_id, bank_account_id, own_contract_id, currency, is_confirmed, day, contract_id,
        SUM(amount) AS amount, SUM(settled) AS settled,
        SUM(CASE WHEN payment_kind = 'principal' THEN amount ELSE 0 END) AS principal,
        SUM(CASE WHEN payment_kind = 'principal' THEN settled ELSE 0 END) AS principal_settled,
        SUM(CASE WHEN payment_kind = 'interest' THEN amount ELSE 0 END) AS interest,
        SUM(CASE WHEN payment_kind = 'interest' THEN settled ELSE 0 END) AS interest_settled,
        SUM(CASE WHEN payment_kind = 'given' THEN amount ELSE 0 END) AS given,
        SUM(CASE WHEN payment_kind = 'given' THEN settled ELSE 0 END) AS given_settled
    FROM paid
    GROUP BY expense_id, organization_id, bank_account_id, own_contract_id, currency, is_confirmed, day, contract_id
){findings}
{insert}
SELECT
    $1 AS department_id, organization_id, bank_account_id, contract_id, currency, is_confirmed, day AS period_start,
    {sums}, CASE WHEN SUM(payment_count) > 0 THEN day END AS last_payment
FROM (
    -- A receipt.
    SELECT
        r.organization_id, COALESCE(r.bank_account_id, 0) AS bank_account_id, COALESCE(r.contract_id, 0) AS contract_id,
        r.currency, TRUE AS is_confirmed, r.document_date AS day,
        r.amount AS receipts, COALESCE(r.commission, 0) AS commission,
        CASE WHEN {draws} THEN r.amount ELSE 0 END AS drawn,
        CASE WHEN {draws} THEN COALESCE(r.settled_amount, 0) ELSE 0 END AS drawn_settled,
        CASE WHEN {returns} THEN r.amount ELSE 0 END AS returned,
        CASE WHEN {returns} THEN COALESCE(r.settled_amount, 0) ELSE 0 END AS returned_settled,
        0 AS expenses, 0 AS expenses_settled, 0 AS principal, 0 AS principal_settled, 0 AS interest,
        0 AS interest_settled, 0 AS given, 0 AS given_settled, 0 AS adjustments,
        1 AS receipt_count, 0 AS expense_count, 0 AS payment_count
    FROM receipts r
    WHERE r.department_id = $1 AND r.organization_id = $2 AND r.document_date >= $3 AND r.document_date < $4
        AND r.is_active
    UNION ALL
    -- An expense, under its own contract.
    SELECT
        organization_id, bank_account_id, contract_id, currency, is_confirmed, day,
        0, 0, 0, 0, 0, 0, amount, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1
    FROM spent
    UNION ALL
    -- What an expense without details pays, by its debit account.
    SELECT
        organization_id, bank_account_id, contract_id, currency, is_confirmed, day,
        0, 0, 0, 0, 0, 0, 0, 0,
        CASE WHEN payment_kind = 'principal' THEN amount ELSE 0 END, 0,
        CASE WHEN payment_kind = 'interest' THEN amount ELSE 0 END, 0,
        CASE WHEN payment_kind = 'given' THEN amount ELSE 0 END, 0, 0, 0, 0, 0
    FROM spent e
    WHERE payment_kind <> 'other' AND NOT EXISTS (SELECT 1 FROM named n WHERE n.id = e.id)
    UNION ALL
    -- What its details name, under the contract that they name; where that is another one, the
    -- expense is a payment of it, too.
    SELECT
        organization_id, bank_account_id, contract_id, currency, is_confirmed, day,
        0, 0, 0, 0, 0, 0, amount, settled, principal, principal_settled, interest, interest_settled,
        given, given_settled, 0, 0, 0, CASE WHEN contract_id = own_contract_id THEN 0 ELSE 1 END
    FROM named
    UNION ALL
    -- The same amount, taken off what stands under the expense's own contract.
    SELECT
        organization_id, bank_account_id, own_contract_id, currency, is_confirmed, day,
        0, 0, 0, 0, 0, 0, -amount, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM named
    UNION ALL
    -- An adjustment, in the currency of its contract.
    SELECT
        c.organization_id, 0, a.contract_id, '', TRUE, a.effective_date,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a.amount, 0, 0, 0
    FROM adjustments a
    JOIN contracts c ON c.department_id = a.department_id AND c.id = a.contract_id
    WHERE a.department_id = $1 AND c.organization_id = $2 AND a.effective_date >= $3 AND a.effective_date < $4
) AS flows
GROUP BY organization_id, bank_account_id, contract_id, currency, is_confirmed, day
