//! What moves the balances of contracts, in their own currencies, read from the rollups.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::RunQueryDsl;

use super::summed;
use crate::db::contract_conditions::contract_condition;
use crate::db::flow_rules::balance_measures;
use crate::db::schema::{contracts, daily_flows, monthly_flows, yearly_flows};
use crate::db::spans::Spans;
use crate::db::{DbConn, DbError, on_conn};
use crate::domain::{BalanceFlows, BalanceMoves, Money, Month, PortfolioFilter};

/// The columns of [`BalanceFlows`], in its order.
type BalanceRow = (i64, i64, i64, i64, i64, i64);
/// The columns of [`BalanceMoves`], in its order.
type MovesRow = (i64, i64, i64);

/// The rows of a rollup with their contracts.
macro_rules! with_contracts {
    ($table:ident) => {
        $table::table.inner_join(
            contracts::table.on(contracts::department_id
                .eq($table::department_id)
                .and(contracts::id.eq($table::contract_id))),
        )
    };
}

/// Some columns, and those of what moved the balances.
macro_rules! balance_columns {
    ($columns:expr, $measures:expr) => {{
        let [drawn, repaid, adjustments, interest, other, unconfirmed] = $measures;
        (
            $columns,
            (
                sql::<BigInt>(drawn),
                sql::<BigInt>(repaid),
                sql::<BigInt>(adjustments),
                sql::<BigInt>(interest),
                sql::<BigInt>(other),
                sql::<BigInt>(unconfirmed),
            ),
        )
    }};
}

/// Loads what moved the balances within a span of one rollup, grouped by some columns.
macro_rules! balances_of {
    ($conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {{
        let sums = balance_measures(stringify!($table))
            .map(|measure| format!("CAST(SUM({measure}) AS BIGINT)"));
        let rows: Vec<($key, BalanceRow)> = on_conn!($conn, |c| {
            let columns = balance_columns!($columns, sums.each_ref());
            let query = with_contracts!($table).group_by($columns).select(columns);
            within!(restricted!(query, $table, $filter), $table, $span)
                .load(c)
                .await
        })?;
        rows
    }};
}

/// The same of each row. Where nearly each row is a group of its own, adding them up in the
/// database takes most of the time.
macro_rules! balance_rows_of {
    ($conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {{
        let measures = balance_measures(stringify!($table));
        let rows: Vec<($key, BalanceRow)> = on_conn!($conn, |c| {
            let query =
                with_contracts!($table).select(balance_columns!($columns, measures.each_ref()));
            within!(restricted!(query, $table, $filter), $table, $span)
                .load(c)
                .await
        })?;
        rows
    }};
}

/// The same of what moves a balance alone: half the columns.
macro_rules! balance_moves_of {
    ($conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {{
        let [drawn, repaid, adjustments, ..] = balance_measures(stringify!($table));
        let rows: Vec<($key, MovesRow)> = on_conn!($conn, |c| {
            let moves = (
                sql::<BigInt>(&drawn),
                sql::<BigInt>(&repaid),
                sql::<BigInt>(&adjustments),
            );
            let query = with_contracts!($table).select(($columns, moves));
            within!(restricted!(query, $table, $filter), $table, $span)
                .load(c)
                .await
        })?;
        rows
    }};
}

/// What moved the balance of each contract within the filter's days, whatever its currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_flows(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i64, BalanceFlows>, DbError> {
    let rows = all_spans!(
        balances_of,
        BalanceRow,
        conn,
        Spans::of_years(filter.dates),
        filter,
        (i64,),
        [contract_id]
    );
    Ok(summed(rows, |(id,)| id, balance_of_row))
}

/// The same, month by month.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_flows_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<(Month, i64), BalanceFlows>, DbError> {
    let spans = Spans::of_months(filter.dates);
    let rows = all_spans!(
        balance_rows_of,
        BalanceRow,
        conn,
        spans,
        filter,
        (NaiveDate, i64),
        [period_start, contract_id]
    );
    Ok(summed(
        rows,
        |(day, id)| (Month::of(day), id),
        balance_of_row,
    ))
}

/// Returns what moved the balance of each contract, by month and contract; one of them may come
/// in several parts.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_moves_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<(Month, i64, BalanceMoves)>, DbError> {
    let spans = Spans::of_months(filter.dates);
    let rows = all_spans!(
        balance_moves_of,
        MovesRow,
        conn,
        spans,
        filter,
        (NaiveDate, i64),
        [period_start, contract_id]
    );
    let moves = |((day, id), row)| (Month::of(day), id, moves_of_row(row));
    let mut moves: Vec<_> = rows.into_iter().map(moves).collect();
    moves.sort_unstable_by_key(|(month, id, _)| (*month, *id));
    Ok(moves)
}

/// The same by day, in order of the days.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_moves_by_day(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<(NaiveDate, i64, BalanceMoves)>, DbError> {
    let rows = balance_moves_of!(
        conn,
        daily_flows,
        filter.dates,
        filter,
        (NaiveDate, i64),
        (daily_flows::period_start, daily_flows::contract_id)
    );
    let moves = |((day, id), row)| (day, id, moves_of_row(row));
    let mut moves: Vec<_> = rows.into_iter().map(moves).collect();
    moves.sort_unstable_by_key(|(day, id, _)| (*day, *id));
    Ok(moves)
}

fn moves_of_row(row: MovesRow) -> BalanceMoves {
    let [drawn, repaid, adjustments] = [row.0, row.1, row.2].map(Money::from_kopecks);
    BalanceMoves {
        drawn,
        repaid,
        adjustments,
    }
}

fn balance_of_row(row: BalanceRow) -> BalanceFlows {
    let [drawn, repaid, adjustments, interest, other, unconfirmed] =
        [row.0, row.1, row.2, row.3, row.4, row.5].map(Money::from_kopecks);
    BalanceFlows {
        drawn,
        repaid,
        adjustments,
        interest,
        other,
        unconfirmed,
    }
}
