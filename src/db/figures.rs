//! The sums that analytics answers are made of, read from the rollups.
//!
//! Whole years come from the yearly rollup (unless sums are kept apart by month), whole months from
//! the monthly one, the days of a month that the range cuts from the daily one; flows of a question
//! that names no contract, from the totals over all contracts. What is read grows with years,
//! months and, where they matter, contracts, not with operations.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{Datelike, NaiveDate};
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::RunQueryDsl;

use super::contract_conditions::contract_condition;
use super::schema::{
    contracts, daily_flows, daily_totals, monthly_flows, monthly_totals, yearly_flows,
    yearly_totals,
};
use super::spans::Spans;
use super::totals::totals_hold;
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, FlowSums, Money, Month, PortfolioFilter};

/// What a sum is kept apart by, beside the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowGroup {
    /// The organization's id.
    Organization,
    /// The contract's id; 0 for operations without one.
    Contract,
}

/// The columns of [`FlowSums`], in its order.
type SumsRow = (
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<NaiveDate>,
);
/// Applies a filter, all but dates, currency and contracts, to a boxed query over a rollup or
/// totals.
macro_rules! of_all_contracts {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(id) = $filter.department.id() {
            query = query.filter($table::department_id.eq(id));
        }
        if let Some(id) = $filter.organization_id {
            query = query.filter($table::organization_id.eq(id));
        }
        if let Some(id) = $filter.bank_account_id {
            query = query.filter($table::bank_account_id.eq(id));
        }
        if let Some(is_confirmed) = $filter.confirmed {
            query = query.filter($table::is_confirmed.eq(is_confirmed));
        }
        query
    }};
}

/// Applies a filter, all but dates and currency, to a boxed query over a rollup.
macro_rules! restricted {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query = of_all_contracts!($query, $table, $filter);
        if let Some(id) = $filter.contract_id {
            query = query.filter($table::contract_id.eq(id));
        }
        if let Some(condition) =
            contract_condition($filter, concat!(stringify!($table), ".contract_id"))
        {
            query = query.filter(sql::<Bool>(&condition));
        }
        query
    }};
}

/// Applies a span of days to a boxed query over a rollup.
macro_rules! within {
    ($query:expr, $table:ident, $span:expr) => {{
        let mut query = $query;
        if let Some(from) = $span.from() {
            query = query.filter($table::period_start.ge(from));
        }
        if let Some(to) = $span.to() {
            query = query.filter($table::period_start.le(to));
        }
        query
    }};
}

/// Loads the sums of one rollup within a span, grouped by some columns.
macro_rules! sums_of {
    ($conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {
        filtered_sums!(restricted, $conn, $table, $span, $filter, $key, $columns)
    };
}

/// The same of totals.
macro_rules! totals_of {
    ($conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {
        filtered_sums!(
            of_all_contracts,
            $conn,
            $table,
            $span,
            $filter,
            $key,
            $columns
        )
    };
}

macro_rules! filtered_sums {
    ($filtered:ident, $conn:expr, $table:ident, $span:expr, $filter:expr, $key:ty, $columns:expr) => {{
        let rows: Vec<($key, SumsRow)> = on_conn!($conn, |c| {
            let query = $table::table.group_by($columns).select((
                $columns,
                (
                    sql::<BigInt>("CAST(SUM(receipts) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(commission) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(returned) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(expenses) AS BIGINT)"),
                    sql::<BigInt>(
                        "CAST(SUM(CASE WHEN is_confirmed THEN 0 ELSE expenses END) AS BIGINT)",
                    ),
                    sql::<BigInt>("CAST(SUM(principal) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(interest) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(given) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(receipt_count) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(expense_count) AS BIGINT)"),
                    sql::<BigInt>("CAST(SUM(payment_count) AS BIGINT)"),
                    max($table::last_payment),
                ),
            ));
            let query = $filtered!(query, $table, $filter)
                .filter($table::currency.eq($filter.currency.as_str()));
            within!(query, $table, $span).load(c).await
        })?;
        rows
    }};
}

/// Loads the rows of all spans from the rollups.
macro_rules! all_spans {
    ($load:ident, $row:ty, $conn:expr, $spans:expr, $filter:expr, $key:ty, $columns:tt) => {
        spans_from!(
            [yearly_flows, monthly_flows, daily_flows],
            $load,
            $row,
            $conn,
            $spans,
            $filter,
            $key,
            $columns
        )
    };
}

/// Loads the rows of all spans, of years, months and days from the tables of these.
macro_rules! spans_from {
    (
        [$years:ident, $months:ident, $days:ident],
        $load:ident, $row:ty, $conn:expr, $spans:expr, $filter:expr, $key:ty, $columns:tt
    ) => {{
        let spans = $spans;
        let mut rows: Vec<($key, $row)> = Vec::new();
        if let Some(span) = &spans.years {
            rows.extend($load!(
                $conn,
                $years,
                span,
                $filter,
                $key,
                columns_of!($years, $columns)
            ));
        }
        for span in &spans.months {
            rows.extend($load!(
                $conn,
                $months,
                span,
                $filter,
                $key,
                columns_of!($months, $columns)
            ));
        }
        for span in &spans.days {
            rows.extend($load!(
                $conn,
                $days,
                span,
                $filter,
                $key,
                columns_of!($days, $columns)
            ));
        }
        rows
    }};
}

macro_rules! columns_of {
    ($table:ident, [$($column:ident),+]) => { ($($table::$column,)+) };
}

/// The sums of all contracts that the filter holds, from the totals where it holds all.
macro_rules! all_sums {
    ($conn:expr, $spans:expr, $filter:expr, $key:ty, $columns:tt) => {
        if is_of_all_contracts($filter) && totals_hold($conn, $filter.department).await? {
            spans_from!(
                [yearly_totals, monthly_totals, daily_totals],
                totals_of,
                SumsRow,
                $conn,
                $spans,
                $filter,
                $key,
                $columns
            )
        } else {
            sums_by_contract!($conn, $spans, $filter, $key, $columns)
        }
    };
}

/// The same from the rollups.
macro_rules! sums_by_contract {
    ($conn:expr, $spans:expr, $filter:expr, $key:ty, $columns:tt) => {
        all_spans!(sums_of, SumsRow, $conn, $spans, $filter, $key, $columns)
    };
}

fn is_of_all_contracts(filter: &PortfolioFilter) -> bool {
    filter.contract_id.is_none() && !filter.restricts_contracts()
}

// Behind the macros that it uses, too.
mod balances;

pub use balances::{
    balance_flows, balance_flows_by_month, balance_moves_by_day, balance_moves_by_month,
};

/// The sums of each month that has operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn flows_by_month(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<Month, FlowSums>, DbError> {
    let rows = all_sums!(
        conn,
        Spans::of_months(filter.dates),
        filter,
        (NaiveDate,),
        [period_start]
    );
    Ok(merged(rows, |(day,)| Month::of(day)))
}

/// The sums of each year that has operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn flows_by_year(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i32, FlowSums>, DbError> {
    let rows = all_sums!(
        conn,
        Spans::of_years(filter.dates),
        filter,
        (NaiveDate,),
        [period_start]
    );
    Ok(merged(rows, |(day,)| day.year()))
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
    let spans = Spans::of_years(filter.dates);
    let rows = match group {
        FlowGroup::Organization => all_sums!(conn, spans, filter, (i64,), [organization_id]),
        FlowGroup::Contract => sums_by_contract!(conn, spans, filter, (i64,), [contract_id]),
    };
    Ok(merged(rows, |(id,)| id))
}

/// Returns the contracts that a receipt or payment in the range names, whatever its currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn contracts_with_flows(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<i64>, DbError> {
    macro_rules! contracts_of {
        ($table:ident, $span:expr) => {{
            let ids: Vec<i64> = on_conn!(conn, |c| {
                // A share of an expense that its details took away leaves a row that counts
                // nothing.
                let query = restricted!(
                    $table::table.select($table::contract_id).distinct(),
                    $table,
                    filter
                )
                .filter($table::contract_id.ne(0))
                .filter($table::receipt_count.gt(0).or($table::payment_count.gt(0)));
                within!(query, $table, $span).load(c).await
            })?;
            ids
        }};
    }
    let spans = Spans::of_years(filter.dates);
    let mut ids = Vec::new();
    if let Some(span) = &spans.years {
        ids.extend(contracts_of!(yearly_flows, span));
    }
    for span in &spans.months {
        ids.extend(contracts_of!(monthly_flows, span));
    }
    for span in &spans.days {
        ids.extend(contracts_of!(daily_flows, span));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
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
    // Of totals; what contracts are in is read apart.
    macro_rules! paid_currencies {
        ($table:ident, $span:expr) => {{
            let names: Vec<String> = on_conn!(conn, |c| {
                let query = $table::table.select($table::currency).distinct();
                within!(of_all_contracts!(query, $table, filter), $table, $span)
                    .load(c)
                    .await
            })?;
            names
                .into_iter()
                .map(|paid| (paid, None))
                .collect::<Vec<_>>()
        }};
    }
    // Of the few contracts that are in another currency.
    macro_rules! foreign_currencies {
        ($table:ident, $span:expr) => {{
            let names: Vec<Option<String>> = on_conn!(conn, |c| {
                let query = $table::table
                    .inner_join(
                        contracts::table.on(contracts::department_id
                            .eq($table::department_id)
                            .and(contracts::id.eq($table::contract_id))),
                    )
                    .filter(contracts::currency.ne(filter.currency.as_str()))
                    .select(contracts::currency)
                    .distinct();
                within!(restricted!(query, $table, filter), $table, $span)
                    .load(c)
                    .await
            })?;
            let names = names.into_iter().map(|name| (String::new(), name));
            names.collect::<Vec<(String, Option<String>)>>()
        }};
    }
    // Those that one macro finds in the tables of years, months and days.
    macro_rules! names_of {
        ($found:ident, $spans:expr, [$years:ident, $months:ident, $days:ident]) => {{
            let mut names: Vec<(String, Option<String>)> = Vec::new();
            if let Some(span) = &$spans.years {
                names.extend($found!($years, span));
            }
            for span in &$spans.months {
                names.extend($found!($months, span));
            }
            for span in &$spans.days {
                names.extend($found!($days, span));
            }
            names
        }};
    }
    macro_rules! currencies_of {
        ($table:ident, $span:expr) => {{
            let names: Vec<(String, Option<String>)> = on_conn!(conn, |c| {
                let query = $table::table
                    .left_join(
                        contracts::table.on(contracts::department_id
                            .eq($table::department_id)
                            .and(contracts::id.eq($table::contract_id))),
                    )
                    .select(($table::currency, contracts::currency.nullable()))
                    .distinct();
                within!(restricted!(query, $table, filter), $table, $span)
                    .load(c)
                    .await
            })?;
            names
        }};
    }
    let spans = Spans::of_years(filter.dates);
    let mut names = Vec::new();
    if is_of_all_contracts(filter) && totals_hold(conn, filter.department).await? {
        names.extend(names_of!(
            paid_currencies,
            &spans,
            [yearly_totals, monthly_totals, daily_totals]
        ));
        names.extend(names_of!(
            foreign_currencies,
            &spans,
            [yearly_flows, monthly_flows, daily_flows]
        ));
    } else {
        names.extend(names_of!(
            currencies_of,
            &spans,
            [yearly_flows, monthly_flows, daily_flows]
        ));
    }
    let named = names
        .into_iter()
        .flat_map(|(paid, contract)| [Some(paid), contract])
        .flatten();
    let mut currencies: Vec<Currency> = named
        .filter_map(|name| Currency::of_stored(&name))
        .collect();
    currencies.retain(|currency| *currency != filter.currency);
    currencies.sort();
    currencies.dedup();
    Ok(currencies)
}

fn merged<Row, Key: Ord>(
    rows: Vec<(Row, SumsRow)>,
    key: impl Fn(Row) -> Key,
) -> BTreeMap<Key, FlowSums> {
    summed(rows, key, flows_of_row)
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

fn flows_of_row(row: SumsRow) -> FlowSums {
    FlowSums {
        receipts: Money::from_kopecks(row.0),
        commission: Money::from_kopecks(row.1),
        returned: Money::from_kopecks(row.2),
        expenses: Money::from_kopecks(row.3),
        unconfirmed: Money::from_kopecks(row.4),
        principal: Money::from_kopecks(row.5),
        interest: Money::from_kopecks(row.6),
        given: Money::from_kopecks(row.7),
        receipt_count: row.8,
        expense_count: row.9,
        payment_count: row.10,
        last_payment: row.11,
    }
}
