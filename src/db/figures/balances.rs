//! What moves the balances of contracts, in their own currencies, read from the rollups.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Date};
use diesel_async::RunQueryDsl;

use super::rows::{Rows, Source};
use super::summed;
use crate::db::flow_rules::{balance_measures, moves_of_shown};
use crate::db::spans::Spans;
use crate::db::{DbConn, DbError, on_conn};
use crate::domain::{BalanceFlows, BalanceMoves, Money, Month, PortfolioFilter};

type BalanceSql = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);
/// The fields of [`BalanceFlows`], in its order.
type BalanceRow = (i64, i64, i64, i64, i64, i64);
type MovesSql = (BigInt, BigInt, BigInt);
/// The fields of [`BalanceMoves`], in its order.
type MovesRow = (i64, i64, i64);

/// The statement that reads columns of the rows of a filter with their contracts.
fn with_contracts(spans: &Spans, filter: &PortfolioFilter, columns: &str) -> String {
    let rows = Rows {
        with_contracts: true,
        ..Rows::of(Source::Rollups, spans, filter)
    };
    rows.select(columns)
}

/// What moved the balance of each contract within the filter's days, whatever its currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_flows(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i64, BalanceFlows>, DbError> {
    let names = [
        "drawn",
        "repaid",
        "adjustments",
        "interest",
        "other",
        "unconfirmed",
    ];
    let measures = balance_measures("f");
    let measures = measures.iter().zip(names);
    let measures: Vec<String> = measures
        .map(|(measure, name)| format!("{measure} AS {name}"))
        .collect();
    let columns = format!("f.contract_id, {}", measures.join(", "));
    let statement = format!(
        "SELECT contract_id, {} FROM ({}) flows GROUP BY contract_id",
        names
            .map(|name| format!("CAST(SUM({name}) AS BIGINT)"))
            .join(", "),
        with_contracts(&Spans::of_years(filter.dates), filter, &columns)
    );
    let rows: Vec<(i64, BalanceRow)> = on_conn!(conn, |c| sql::<(BigInt, BalanceSql)>(&statement)
        .load(c)
        .await)?;
    Ok(summed(rows, |id| id, balance_of_row))
}

/// The same, month by month. Nearly each row is a group of its own: adding them up in the database
/// would take most of the time.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_flows_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<(Month, i64), BalanceFlows>, DbError> {
    let columns = format!(
        "f.period_start, f.contract_id, {}",
        balance_measures("f").join(", ")
    );
    let statement = with_contracts(&Spans::of_months(filter.dates), filter, &columns);
    let rows: Vec<((NaiveDate, i64), BalanceRow)> =
        on_conn!(conn, |c| sql::<((Date, BigInt), BalanceSql)>(&statement)
            .load(c)
            .await)?;
    Ok(summed(
        rows,
        |(day, id)| (Month::of(day), id),
        balance_of_row,
    ))
}

/// Returns what moved the balance of each contract that the filter shows (of its direction and
/// currency), by month and contract; one of them may come in several parts. What is said of other
/// contracts means nothing.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn balance_moves_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<(Month, i64, BalanceMoves)>, DbError> {
    let rows = moves_within(conn, filter, Spans::of_months(filter.dates)).await?;
    let moves = |(day, id, moved)| (Month::of(day), id, moved);
    let mut moves: Vec<_> = rows.map(moves).collect();
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
    let rows = moves_within(conn, filter, Spans::of_days(filter.dates)).await?;
    let mut moves: Vec<_> = rows.collect();
    moves.sort_unstable_by_key(|(day, id, _)| (*day, *id));
    Ok(moves)
}

/// What moves a balance alone, of each row: half the columns, and without their contracts.
async fn moves_within(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    spans: Spans,
) -> Result<impl Iterator<Item = (NaiveDate, i64, BalanceMoves)> + use<>, DbError> {
    let moves = moves_of_shown("f", filter.balance_direction(), &filter.currency);
    let columns = format!("f.period_start, f.contract_id, {}", moves.join(", "));
    let statement = Rows::of(Source::Rollups, &spans, filter).select(&columns);
    let rows: Vec<((NaiveDate, i64), MovesRow)> =
        on_conn!(conn, |c| sql::<((Date, BigInt), MovesSql)>(&statement)
            .load(c)
            .await)?;
    Ok(rows
        .into_iter()
        .map(|((day, id), row)| (day, id, moves_of_row(row))))
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
