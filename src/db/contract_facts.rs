//! What a contract is, found out from its active operations: type, lender, direction, currency.
//!
//! Recomputed after a load for the contracts that it touched, from all of their operations, so that
//! neither the order of files nor what a row said before matters. What was set by hand stays.

mod plans;

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::aliases::{AliasKind, list_aliases};
use super::flow_rules::with_rules;
use super::schema::contracts;
use super::sql_text::{id_list, numbered};
use super::{CHUNK, DbConn, DbError, day_text, on_conn};
use plans::{plan_for, plan_freely};

/// The first operation decides that says anything: drawings first (of a loan given: the payments
/// that give it), then by date (those without one last), then by operation. A value follows the
/// place of its operation in the order; the smallest is the first. Adjustments come last and say
/// only who the lender is.
const EVIDENCE: &str = "
SELECT contract_id,
    MIN(CASE WHEN lender_alias_id IS NOT NULL THEN place || '|' || CAST(lender_alias_id AS TEXT) END {collation}) AS lender,
    MIN(CASE WHEN contract_type IS NOT NULL THEN place || '|' || contract_type END {collation}) AS contract_type,
    MIN(CASE WHEN said_direction IS NOT NULL THEN place || '|' || said_direction END {collation}) AS said_direction,
    MIN(CASE WHEN account_direction IS NOT NULL THEN place || '|' || account_direction END {collation}) AS account_direction,
    MIN(CASE WHEN currency IS NOT NULL THEN place || '|' || currency END {collation}) AS currency
FROM (
    SELECT contract_id, lender_alias_id, currency,
        rank || ' ' || COALESCE({day}, '9999-99-99') || ' ' || operation_id AS place,
        CASE WHEN operation_type LIKE '%редит%' OR operation_type LIKE '%РЕДИТ%' THEN 'credit'
             WHEN operation_type LIKE '%айм%' OR operation_type LIKE '%АЙМ%' OR operation_type LIKE '%аем%'
                  OR operation_type LIKE '%аём%' THEN 'loan' END AS contract_type,
        CASE WHEN {says_lent} THEN 'lent' WHEN {says_borrowed} THEN 'borrowed' END AS said_direction,
        CASE SUBSTR(account, 1, 2) WHEN '58' THEN 'lent' WHEN '66' THEN 'borrowed' WHEN '67' THEN 'borrowed' END
            AS account_direction
    FROM (
        SELECT r.contract_id, r.lender_alias_id, r.currency, CASE WHEN {draws} AND NOT {returns} THEN '0' ELSE '1' END AS rank,
            r.document_date AS day, r.operation_id, r.operation_type, r.settlement_account AS account
        FROM receipts r
        WHERE r.department_id = $1 AND r.is_active AND r.contract_id IN ({ids})
        UNION ALL
        SELECT e.contract_id, e.lender_alias_id, e.currency,
            CASE WHEN e.kind = 'given' THEN '0' ELSE '1' END, e.document_date, e.operation_id, e.operation_type, e.account
        FROM (
            SELECT e.contract_id, e.lender_alias_id, e.currency, e.document_date, e.operation_id, e.operation_type,
                CASE WHEN d.id IS NOT NULL THEN {detail_kind}
                     WHEN NOT {has_details} THEN {expense_kind} END AS kind,
                CASE WHEN d.id IS NOT NULL THEN COALESCE(d.settlement_account, e.debit_account)
                     WHEN NOT {has_details} THEN e.debit_account END AS account
            FROM expenses e
            LEFT JOIN expense_details d ON d.department_id = e.department_id AND d.expense_operation_id = e.operation_id
                AND d.contract_id IS NULL
            WHERE e.department_id = $1 AND e.is_active AND e.contract_id IN ({ids})
        ) AS e
        UNION ALL
        SELECT d.contract_id, e.lender_alias_id, e.currency, CASE WHEN {detail_kind} = 'given' THEN '0' ELSE '1' END,
            e.document_date, e.operation_id, e.operation_type, COALESCE(d.settlement_account, e.debit_account)
        FROM expense_details d
        JOIN expenses e ON e.department_id = d.department_id AND e.operation_id = d.expense_operation_id
        WHERE d.department_id = $1 AND e.is_active AND d.contract_id IN ({ids})
        UNION ALL
        SELECT a.contract_id, a.lender_alias_id, NULL, '2', a.effective_date, '', NULL, NULL
        FROM adjustments a
        WHERE a.department_id = $1 AND a.contract_id IN ({ids}) AND a.lender_alias_id IS NOT NULL
    ) AS operations
) AS evidence
GROUP BY contract_id";

/// Whether an expense `e` has details.
const HAS_DETAILS: &str = "EXISTS (SELECT 1 FROM expense_details o WHERE o.department_id = e.department_id \
     AND o.expense_operation_id = e.operation_id)";

/// What the operations of a contract say; by default, those of a contract without any.
#[derive(Default, QueryableByName)]
struct Evidence {
    #[diesel(sql_type = BigInt)]
    contract_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    lender: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    contract_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    said_direction: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    account_direction: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
}

/// What is stored of a contract, and what of it was set by hand.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = contracts)]
struct StoredFacts {
    id: i64,
    contract_type: Option<String>,
    lender_id: Option<i64>,
    direction: Option<String>,
    currency: Option<String>,
    is_type_manual: bool,
    is_lender_manual: bool,
    is_direction_manual: bool,
    is_currency_manual: bool,
}

/// Recomputes the facts of some contracts; returns whether any is another now.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn refresh_contract_facts(
    conn: &mut DbConn,
    department_id: i64,
    contract_ids: &[i64],
) -> Result<bool, DbError> {
    if contract_ids.is_empty() {
        return Ok(false);
    }
    let lenders = list_aliases(conn, department_id, AliasKind::Lender).await?;
    let lenders: HashMap<i64, i64> = lenders
        .into_values()
        .map(|alias| (alias.id, alias.target_id))
        .collect();
    let collation = if matches!(conn, DbConn::Postgres(_)) {
        "COLLATE \"C\""
    } else {
        ""
    };
    let mut has_changed = false;
    for ids in contract_ids.chunks(CHUNK) {
        let list = id_list(ids);
        if let DbConn::Postgres(conn) = conn {
            plan_for(conn, department_id, &list).await?;
        }
        let sql = with_rules(EVIDENCE)
            .replace("{has_details}", HAS_DETAILS)
            .replace("{day}", &day_text(conn, "day"))
            .replace("{collation}", collation);
        let sql = numbered(conn, &sql.replace("{ids}", &list));
        let evidence: Vec<Evidence> = on_conn!(conn, |c| diesel::sql_query(sql)
            .bind::<BigInt, _>(department_id)
            .load(c)
            .await)?;
        if let DbConn::Postgres(conn) = conn {
            plan_freely(conn).await?;
        }
        let stored: Vec<StoredFacts> = on_conn!(conn, |c| {
            contracts::table
                .filter(contracts::department_id.eq(department_id))
                .filter(contracts::id.eq_any(ids))
                .select(StoredFacts::as_select())
                .load(c)
                .await
        })?;
        // A contract that lost its operations is as if it never had any.
        let mut evidence: HashMap<i64, Evidence> = evidence
            .into_iter()
            .map(|row| (row.contract_id, row))
            .collect();
        let changed: Vec<StoredFacts> = stored
            .into_iter()
            .filter_map(|before| {
                let now = evidence
                    .remove(&before.id)
                    .unwrap_or_default()
                    .over(before.clone(), &lenders);
                (now != before).then_some(now)
            })
            .collect();
        has_changed |= !changed.is_empty();
        update_facts(conn, department_id, changed).await?;
    }
    Ok(has_changed)
}

impl Evidence {
    /// The facts as the operations have them, but for those that were set by hand.
    fn over(self, mut facts: StoredFacts, lenders: &HashMap<i64, i64>) -> StoredFacts {
        // The value stands behind the last bar; no value holds one.
        let value = |evidence: Option<String>| {
            evidence.and_then(|text| Some(text.rsplit_once('|')?.1.to_owned()))
        };
        if !facts.is_lender_manual {
            let alias = value(self.lender).and_then(|id| id.parse::<i64>().ok());
            facts.lender_id = alias.and_then(|alias| lenders.get(&alias).copied());
        }
        if !facts.is_type_manual {
            facts.contract_type = value(self.contract_type);
        }
        if !facts.is_direction_manual {
            facts.direction = value(self.said_direction).or_else(|| value(self.account_direction));
        }
        if !facts.is_currency_manual {
            facts.currency = value(self.currency);
        }
        facts
    }
}

async fn update_facts(
    conn: &mut DbConn,
    department_id: i64,
    rows: Vec<StoredFacts>,
) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            let sql = "UPDATE contracts c SET contract_type = n.contract_type, lender_id = n.lender_id, \
                         direction = n.direction, currency = n.currency \
                       FROM unnest($2, $3, $4, $5, $6) AS n (id, contract_type, lender_id, direction, currency) \
                       WHERE c.department_id = $1 AND c.id = n.id";
            diesel::sql_query(sql)
                .bind::<BigInt, _>(department_id)
                .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
                .bind::<Array<Nullable<Text>>, _>(
                    rows.iter()
                        .map(|row| &row.contract_type)
                        .collect::<Vec<_>>(),
                )
                .bind::<Array<Nullable<BigInt>>, _>(
                    rows.iter().map(|row| row.lender_id).collect::<Vec<_>>(),
                )
                .bind::<Array<Nullable<Text>>, _>(
                    rows.iter().map(|row| &row.direction).collect::<Vec<_>>(),
                )
                .bind::<Array<Nullable<Text>>, _>(
                    rows.iter().map(|row| &row.currency).collect::<Vec<_>>(),
                )
                .execute(&mut **conn)
                .await?;
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for row in rows {
                    let update = diesel::update(contracts::table.filter(contracts::id.eq(row.id)))
                        .set((
                            contracts::contract_type.eq(row.contract_type),
                            contracts::lender_id.eq(row.lender_id),
                            contracts::direction.eq(row.direction),
                            contracts::currency.eq(row.currency),
                        ));
                    diesel::RunQueryDsl::execute(update, conn)?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
