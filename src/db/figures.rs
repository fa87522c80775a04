//! The sums that analytics answers are made of.
//!
//! An operation counts on its document date, in its own currency, when it is active and dated.
//! An expense's amount comes from the expense alone, however many details it has; principal and
//! interest come from the details. Sums are integers of kopecks.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::schema::{contracts, expense_details, expenses, receipts};
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, Money, PaymentType, PortfolioFilter};

/// Two sums of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// The document date.
    pub day: NaiveDate,
    /// Receipts, or principal.
    pub first: Money,
    /// Expenses, or interest.
    pub second: Money,
}

/// Applies a filter, all but its currency, to a boxed query over the table of operations.
macro_rules! restricted {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query =
            $query.filter($table::is_active.eq(true)).filter($table::document_date.is_not_null()).into_boxed();
        if let Some(id) = $filter.department.id() {
            query = query.filter($table::department_id.eq(id));
        }
        if let Some(from) = $filter.dates.from() {
            query = query.filter($table::document_date.ge(from));
        }
        if let Some(to) = $filter.dates.to() {
            query = query.filter($table::document_date.le(to));
        }
        if let Some(id) = $filter.organization_id {
            query = query.filter($table::organization_id.eq(id));
        }
        if let Some(id) = $filter.bank_account_id {
            query = query.filter($table::bank_account_id.eq(id));
        }
        query
    }};
}

/// Receipts (`first`) and expenses (`second`) of each day that has any.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn receipts_and_expenses_by_day(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<DayFigures>, DbError> {
    let received: Vec<(NaiveDate, i64)> = on_conn!(conn, |c| {
        let query = receipts::table
            .group_by(receipts::document_date)
            .select((receipts::document_date.assume_not_null(), sql::<BigInt>("CAST(SUM(receipts.amount) AS BIGINT)")));
        restricted!(query, receipts, filter).filter(receipts::currency.eq(filter.currency.as_str())).load(c).await
    })?;
    let spent: Vec<(NaiveDate, i64)> = on_conn!(conn, |c| {
        let query = expenses::table
            .group_by(expenses::document_date)
            .select((expenses::document_date.assume_not_null(), sql::<BigInt>("CAST(SUM(expenses.amount) AS BIGINT)")));
        restricted!(query, expenses, filter).filter(expenses::currency.eq(filter.currency.as_str())).load(c).await
    })?;
    let received = received.into_iter().map(|(day, amount)| DayFigures::new(day, amount, 0));
    let spent = spent.into_iter().map(|(day, amount)| DayFigures::new(day, 0, amount));
    Ok(received.chain(spent).collect())
}

/// Principal (`first`) and interest (`second`) of each day that has any.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn payments_by_day(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Vec<DayFigures>, DbError> {
    let [principal, interest] = [PaymentType::Principal.as_1c(), PaymentType::Interest.as_1c()];
    let rows: Vec<(NaiveDate, String, i64)> = on_conn!(conn, |c| {
        let query = expense_details::table
            .inner_join(
                expenses::table.on(expenses::department_id
                    .eq(expense_details::department_id)
                    .and(expenses::operation_id.eq(expense_details::expense_operation_id))),
            )
            .group_by((expenses::document_date, expense_details::payment_type))
            .select((
                expenses::document_date.assume_not_null(),
                expense_details::payment_type.assume_not_null(),
                sql::<BigInt>("CAST(SUM(expense_details.amount) AS BIGINT)"),
            ));
        restricted!(query, expenses, filter)
            .filter(expenses::currency.eq(filter.currency.as_str()))
            .filter(expense_details::payment_type.eq_any([principal, interest]))
            .load(c)
            .await
    })?;
    Ok(rows
        .into_iter()
        .map(
            |(day, payment_type, amount)| {
                if payment_type == principal {
                    DayFigures::new(day, amount, 0)
                } else {
                    DayFigures::new(day, 0, amount)
                }
            },
        )
        .collect())
}

/// How many active contracts there are; with dates, of those that an operation in the range
/// names.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn active_contracts(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        let mut query = contracts::table.filter(contracts::is_active.eq(true)).into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter(contracts::department_id.eq(id));
        }
        if !filter.dates.is_all() {
            let received = restricted!(receipts::table.select(receipts::contract_id), receipts, filter);
            let spent = restricted!(expenses::table.select(expenses::contract_id), expenses, filter);
            let paid = restricted!(
                expense_details::table
                    .inner_join(
                        expenses::table.on(expenses::department_id
                            .eq(expense_details::department_id)
                            .and(expenses::operation_id.eq(expense_details::expense_operation_id))),
                    )
                    .select(expense_details::contract_id),
                expenses,
                filter
            );
            let id = contracts::id.nullable();
            query = query.filter(id.eq_any(received).or(id.eq_any(spent)).or(id.eq_any(paid)));
        }
        query.count().get_result(c).await
    })?)
}

/// The currencies of the filtered operations, without the filter's own, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn other_currencies(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Vec<Currency>, DbError> {
    let own = filter.currency.as_str();
    let mut names: Vec<String> = on_conn!(conn, |c| {
        let query = receipts::table.select(receipts::currency).distinct();
        restricted!(query, receipts, filter).filter(receipts::currency.ne(own)).load(c).await
    })?;
    let spent: Vec<String> = on_conn!(conn, |c| {
        let query = expenses::table.select(expenses::currency).distinct();
        restricted!(query, expenses, filter).filter(expenses::currency.ne(own)).load(c).await
    })?;
    names.extend(spent);
    names.sort();
    names.dedup();
    Ok(names.iter().filter_map(|name| Currency::parse(name)).collect())
}

impl DayFigures {
    fn new(day: NaiveDate, first: i64, second: i64) -> DayFigures {
        DayFigures { day, first: Money::from_kopecks(first), second: Money::from_kopecks(second) }
    }
}
