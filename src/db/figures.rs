//! The sums that analytics answers are made of, read from the rollups.
//!
//! Whole years come from the yearly rollup (unless sums are kept apart by month), whole months from
//! the monthly one, the days of a month that the range cuts from the daily one; flows of a question
//! that names no contract, from the totals over all contracts. What is read grows with years,
//! months and, where they matter, contracts, not with operations.

mod balances;
mod rows;

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::spans::Spans;
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, FlowSums, Money, Month, PortfolioFilter};

pub use balances::{
    balance_flows, balance_flows_by_month, balance_moves_by_day, balance_moves_by_month,
};
use rows::{Rows, Source, in_currency};

/// What a sum is kept apart by, beside the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowGroup {
    /// The organization's id.
    Organization,
    /// The contract's id; 0 for operations without one.
    Contract,
}

/// What is added up for [`FlowSums`], in its order; then the day of the last payment.
const SUMMED: [&str; 11] = [
    "receipts",
    "commission",
    "returned",
    "expenses",
    "CASE WHEN is_confirmed THEN 0 ELSE expenses END",
    "principal",
    "interest",
    "given",
    "receipt_count",
    "expense_count",
    "payment_count",
];
/// The columns that this is made of.
const READ: &str = "f.receipts, f.commission, f.returned, f.expenses, f.is_confirmed, f.principal, f.interest, f.given, \
     f.receipt_count, f.expense_count, f.payment_count, f.last_payment";

type SumsSql = (
    (BigInt, BigInt, BigInt, BigInt, BigInt),
    (BigInt, BigInt, BigInt),
    (BigInt, BigInt, BigInt, Nullable<Date>),
);
type SumsRow = (
    (i64, i64, i64, i64, i64),
    (i64, i64, i64),
    (i64, i64, i64, Option<NaiveDate>),
);

/// The sums of each month that has operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn flows_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<Month, FlowSums>, DbError> {
    let rows = flows_by_period(conn, filter, &Spans::of_months(filter.dates)).await?;
    Ok(summed(rows, Month::of, flows_of_row))
}

/// The sums of each year that has operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn flows_by_year(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i32, FlowSums>, DbError> {
    let rows = flows_by_period(conn, filter, &Spans::of_years(filter.dates)).await?;
    Ok(summed(rows, |day| day.year(), flows_of_row))
}

/// The sums of each organization or contract that has operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn flows_by(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    group: FlowGroup,
) -> Result<BTreeMap<i64, FlowSums>, DbError> {
    let (source, key) = match group {
        FlowGroup::Organization => (Source::of(conn, filter).await?, "organization_id"),
        FlowGroup::Contract => (Source::Rollups, "contract_id"),
    };
    let statement = flow_sums(source, &Spans::of_years(filter.dates), filter, key);
    let rows: Vec<(i64, SumsRow)> =
        on_conn!(conn, |c| sql::<(BigInt, SumsSql)>(&statement).load(c).await)?;
    Ok(summed(rows, |id| id, flows_of_row))
}

/// The sums of each year, month or day that is read.
async fn flows_by_period(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    spans: &Spans,
) -> Result<Vec<(NaiveDate, SumsRow)>, DbError> {
    let source = Source::of(conn, filter).await?;
    let statement = flow_sums(source, spans, filter, "period_start");
    Ok(on_conn!(conn, |c| sql::<(Date, SumsSql)>(&statement)
        .load(c)
        .await)?)
}

/// The statement of the sums in the filter's currency, apart by a column.
fn flow_sums(source: Source, spans: &Spans, filter: &PortfolioFilter, key: &str) -> String {
    let rows = Rows {
        condition: Some(in_currency("f.currency", "=", &filter.currency)),
        ..Rows::of(source, spans, filter)
    };
    let sums = SUMMED.map(|summed| format!("CAST(SUM({summed}) AS BIGINT)"));
    format!(
        "SELECT {key}, {}, MAX(last_payment) FROM ({}) flows GROUP BY {key}",
        sums.join(", "),
        rows.select(&format!("f.{key}, {READ}"))
    )
}

/// Returns the contracts that a receipt or payment in the range names, whatever its currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn contracts_with_flows(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<i64>, DbError> {
    let spans = Spans::of_years(filter.dates);
    let rows = Rows {
        // A share of an expense that its details took away leaves a row that counts nothing.
        condition: Some(
            "f.contract_id <> 0 AND (f.receipt_count > 0 OR f.payment_count > 0)".to_owned(),
        ),
        ..Rows::of(Source::Rollups, &spans, filter)
    };
    let statement = format!(
        "SELECT DISTINCT contract_id FROM ({}) flows ORDER BY contract_id",
        rows.select("f.contract_id")
    );
    Ok(on_conn!(conn, |c| sql::<BigInt>(&statement).load(c).await)?)
}

/// The currencies that the filtered operations are paid in or their contracts are in, without the
/// filter's own, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn other_currencies(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<Currency>, DbError> {
    let spans = Spans::of_years(filter.dates);
    let paid = Rows::of(Source::of(conn, filter).await?, &spans, filter);
    // Contracts in another currency are few.
    let of_contracts = Rows {
        with_contracts: true,
        condition: Some(in_currency("contracts.currency", "<>", &filter.currency)),
        ..Rows::of(Source::Rollups, &spans, filter)
    };
    let statement = format!(
        "SELECT DISTINCT currency FROM ({} UNION ALL {}) names",
        paid.select("f.currency"),
        of_contracts.select("contracts.currency")
    );
    let names: Vec<String> = on_conn!(conn, |c| sql::<Text>(&statement).load(c).await)?;
    let mut currencies: Vec<Currency> = names
        .iter()
        .filter_map(|name| Currency::of_stored(name))
        .collect();
    currencies.retain(|currency| *currency != filter.currency);
    currencies.sort();
    currencies.dedup();
    Ok(currencies)
}

/// Adds up the rows of each key: those of months and of days meet.
fn summed<Row, Sums, Sum: Default + AddAssign, Key: Ord>(
    rows: Vec<(Row, Sums)>,
    key: impl Fn(Row) -> Key,
    sum: impl Fn(Sums) -> Sum,
) -> BTreeMap<Key, Sum> {
    let mut summed: BTreeMap<Key, Sum> = BTreeMap::new();
    for (row, sums) in rows {
        *summed.entry(key(row)).or_default() += sum(sums);
    }
    summed
}

fn flows_of_row((paid, of_payments, counts): SumsRow) -> FlowSums {
    let (receipts, commission, returned, expenses, unconfirmed) = paid;
    let (principal, interest, given) = of_payments;
    let (receipt_count, expense_count, payment_count, last_payment) = counts;
    FlowSums {
        receipts: Money::from_kopecks(receipts),
        commission: Money::from_kopecks(commission),
        returned: Money::from_kopecks(returned),
        expenses: Money::from_kopecks(expenses),
        unconfirmed: Money::from_kopecks(unconfirmed),
        principal: Money::from_kopecks(principal),
        interest: Money::from_kopecks(interest),
        given: Money::from_kopecks(given),
        receipt_count,
        expense_count,
        payment_count,
        last_payment,
    }
}
