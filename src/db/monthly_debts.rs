//! What is owed at the end of each month, kept by organization, direction and currency: a month's
//! changes of all its contracts together, so that a series reads a row a month and not one for each
//! contract, too.
//!
//! A debt is never netted, so it is made contract by contract: of the monthly rollup and of what a
//! contract *is*. It is made again in the transaction that changes either: who recomputes rollups
//! makes their organization's again, and every change of a department looks whether its contracts
//! are still what they were when they were counted. Read while they hold ([`super::kept_sums`]).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};

use super::flow_rules::balance_measures;
use super::kept_sums::{Kept, hold};
use super::locks::try_lock_import;
use super::schema::{contracts, counted_contracts, monthly_debts};
use super::sql_text::numbered;
use super::{DbConn, DbError, on_conn};
use crate::domain::{BalanceMoves, Currency, Debt, Money, Month, PortfolioFilter};

/// Makes the months of an organization from those of its contracts.
const INSERT: &str = "
INSERT INTO monthly_debts (department_id, organization_id, direction, currency, period_start, drawn, repaid, adjustments, debt,
    overpaid)
SELECT department_id, organization_id, direction, currency, period_start,
    CAST(SUM(drawn) AS BIGINT), CAST(SUM(repaid) AS BIGINT), CAST(SUM(adjustments) AS BIGINT),
    CAST(SUM(CASE WHEN balance > 0 THEN balance ELSE 0 END - CASE WHEN earlier > 0 THEN earlier ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN earlier < 0 THEN earlier ELSE 0 END - CASE WHEN balance < 0 THEN balance ELSE 0 END) AS BIGINT)
FROM (
    SELECT by_month.*, balance - (drawn - repaid + adjustments) AS earlier
    FROM (
        SELECT moves.*, SUM(drawn - repaid + adjustments) OVER (PARTITION BY contract_id ORDER BY period_start) AS balance
        FROM (
            SELECT department_id, organization_id, contract_id, direction, currency, period_start,
                SUM(drawn) AS drawn, SUM(repaid) AS repaid, SUM(adjustments) AS adjustments
            FROM (
                SELECT f.department_id, f.organization_id, f.contract_id, f.period_start,
                    CASE WHEN contracts.direction = 'lent' THEN 'lent' ELSE 'borrowed' END AS direction,
                    COALESCE(contracts.currency, '') AS currency,
                    {drawn} AS drawn, {repaid} AS repaid, {adjustments} AS adjustments
                FROM monthly_flows f
                JOIN contracts ON contracts.department_id = f.department_id AND contracts.id = f.contract_id
                WHERE f.department_id = $1 AND f.organization_id = $2 AND contracts.merged_into IS NULL
            ) AS rows_of_contracts
            GROUP BY department_id, organization_id, contract_id, direction, currency, period_start
        ) AS moves
    ) AS by_month
) AS balances
GROUP BY department_id, organization_id, direction, currency, period_start";

/// What changed in a month, of an organization, a direction and a currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct MonthlyDebtRow {
    pub department_id: i64,
    pub organization_id: i64,
    pub direction: String,
    /// Empty: the base currency.
    pub currency: String,
    pub period_start: NaiveDate,
    pub drawn: i64,
    pub repaid: i64,
    pub adjustments: i64,
    /// How much more is owed at the month's end than before.
    pub debt: i64,
    /// The same of what is overpaid.
    pub overpaid: i64,
}

/// Makes the months of an organization again.
pub(super) async fn refresh_debts(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
) -> Result<(), DbError> {
    let digests = digests(conn, department_id, Some(organization_id)).await?;
    let digest = digests.get(&organization_id).cloned().unwrap_or_default();
    make_debts(conn, department_id, organization_id, digest).await
}

/// Makes the months of the organizations again whose contracts are not what they were when they were
/// counted. Returns whether the months hold then: not where another transaction has the import lock,
/// which only an older version's change can lead to.
pub(super) async fn refresh_outdated_debts(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<bool, DbError> {
    let outdated = list_outdated(conn, department_id).await?;
    if !outdated.is_empty() && !try_lock_import(conn, department_id).await? {
        return Ok(false);
    }
    for (organization_id, digest) in outdated {
        make_debts(conn, department_id, organization_id, digest).await?;
    }
    Ok(true)
}

/// Makes the months of all organizations of a department again, under its import lock.
pub(super) async fn make_all_debts(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    let own = monthly_debts::table.filter(monthly_debts::department_id.eq(department_id));
    on_conn!(conn, |c| diesel::delete(own).execute(c).await)?;
    for (organization_id, digest) in digests(conn, department_id, None).await? {
        make_debts(conn, department_id, organization_id, digest).await?;
    }
    Ok(())
}

/// The organizations whose contracts are others now, or are gone, with their digest of now.
async fn list_outdated(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<Vec<(i64, String)>, DbError> {
    let now = digests(conn, department_id, None).await?;
    let counted: Vec<(i64, String)> = on_conn!(conn, |c| counted_contracts::table
        .filter(counted_contracts::department_id.eq(department_id))
        .select((
            counted_contracts::organization_id,
            counted_contracts::digest
        ))
        .load(c)
        .await)?;
    let counted: BTreeMap<i64, String> = counted.into_iter().collect();
    let gone = counted.keys().filter(|id| !now.contains_key(id));
    let mut outdated: Vec<(i64, String)> = gone.map(|id| (*id, String::new())).collect();
    let others = now.into_iter();
    outdated.extend(others.filter(|(id, digest)| counted.get(id) != Some(digest)));
    Ok(outdated)
}

/// `digest`: of the organization's contracts; empty if it has none.
async fn make_debts(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    digest: String,
) -> Result<(), DbError> {
    macro_rules! of_organization {
        ($table:ident) => {
            $table::table
                .filter($table::department_id.eq(department_id))
                .filter($table::organization_id.eq(organization_id))
        };
    }
    let (months, counted) = (
        of_organization!(monthly_debts),
        of_organization!(counted_contracts),
    );
    on_conn!(conn, |c| diesel::delete(months).execute(c).await)?;
    on_conn!(conn, |c| diesel::delete(counted).execute(c).await)?;
    if digest.is_empty() {
        return Ok(());
    }
    let [drawn, repaid, adjustments, ..] = balance_measures("f");
    let sql = INSERT
        .replace("{drawn}", &drawn)
        .replace("{repaid}", &repaid)
        .replace("{adjustments}", &adjustments);
    let sql = numbered(conn, &sql);
    on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<BigInt, _>(department_id)
        .bind::<BigInt, _>(organization_id)
        .execute(c)
        .await)?;
    let row = (
        counted_contracts::department_id.eq(department_id),
        counted_contracts::organization_id.eq(organization_id),
        counted_contracts::digest.eq(digest),
    );
    on_conn!(conn, |c| diesel::insert_into(counted_contracts::table)
        .values(row)
        .execute(c)
        .await)?;
    Ok(())
}

/// What the contracts of each organization are, as far as debts are made of it, in a few letters.
async fn digests(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: Option<i64>,
) -> Result<BTreeMap<i64, String>, DbError> {
    type Facts = (i64, i64, Option<String>, Option<String>);
    let contracts: Vec<Facts> = on_conn!(conn, |c| {
        let mut query = contracts::table
            .filter(contracts::department_id.eq(department_id))
            .select((
                contracts::organization_id,
                contracts::id,
                contracts::direction,
                contracts::currency,
            ))
            .order((contracts::organization_id, contracts::id))
            .into_boxed();
        if let Some(id) = organization_id {
            query = query.filter(contracts::organization_id.eq(id));
        }
        query.load(c).await
    })?;
    let mut hashes: BTreeMap<i64, Sha256> = BTreeMap::new();
    for (organization_id, id, direction, currency) in contracts {
        let hash = hashes.entry(organization_id).or_default();
        let direction = direction.as_deref().unwrap_or("-");
        let currency = currency.as_deref().unwrap_or("-");
        hash.update(format!("{id} {direction} {currency};"));
    }
    let letters = |hash: Sha256| {
        let bytes = hash.finalize();
        bytes
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    Ok(hashes
        .into_iter()
        .map(|(id, hash)| (id, letters(hash)))
        .collect())
}

/// How what is owed changed in a month.
#[derive(Clone, Copy)]
pub(crate) struct DebtMoves {
    pub moved: BalanceMoves,
    pub change: Debt,
}

/// Returns by month and organization how what is owed changed up to the end of a month (`None` where
/// it is not kept: of some contracts only, or while they do not hold). A contract without
/// operations is in the base currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn monthly_debts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    base_currency: &Currency,
    last: Month,
) -> Result<Option<Vec<(Month, i64, DebtMoves)>>, DbError> {
    let of_both_directions = PortfolioFilter {
        direction: None,
        ..filter.clone()
    };
    let is_kept = filter.contract_id.is_none()
        && filter.bank_account_id.is_none()
        && filter.confirmed.is_none()
        && !of_both_directions.restricts_contracts();
    if !is_kept || !hold(conn, Kept::Debts, filter.department).await? {
        return Ok(None);
    }
    let mut currencies = vec![filter.currency.as_str()];
    if filter.currency == *base_currency {
        currencies.push("");
    }
    let rows: Vec<MonthlyDebtRow> = on_conn!(conn, |c| {
        let mut query = monthly_debts::table
            .filter(monthly_debts::direction.eq(filter.balance_direction().as_str()))
            .filter(monthly_debts::currency.eq_any(&currencies))
            .filter(monthly_debts::period_start.le(last.first_day()))
            .order((
                monthly_debts::period_start,
                monthly_debts::organization_id,
                monthly_debts::currency,
            ))
            .into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter(monthly_debts::department_id.eq(id));
        }
        if let Some(id) = filter.organization_id {
            query = query.filter(monthly_debts::organization_id.eq(id));
        }
        query.load(c).await
    })?;
    let moves = |row: MonthlyDebtRow| {
        let [drawn, repaid, adjustments, debt, overpaid] = [
            row.drawn,
            row.repaid,
            row.adjustments,
            row.debt,
            row.overpaid,
        ]
        .map(Money::from_kopecks);
        let moved = BalanceMoves {
            drawn,
            repaid,
            adjustments,
        };
        let moves = DebtMoves {
            moved,
            change: Debt { debt, overpaid },
        };
        (Month::of(row.period_start), row.organization_id, moves)
    };
    Ok(Some(rows.into_iter().map(moves).collect()))
}
