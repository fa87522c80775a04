//! Month by month: flows, efficiency of payments, cash flow.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::Data;
use crate::db::{self, DbConn, DbError};
use crate::domain::{Money, Percent, PortfolioFilter};

/// One month that has operations.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthStats {
    /// The month's first day.
    month: NaiveDate,
    receipts: Money,
    expenses: Money,
    /// Receipts − expenses.
    net: Money,
}

/// One month that has payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthEfficiency {
    /// `2024-03`.
    month: String,
    principal: Money,
    interest: Money,
    /// Principal + interest.
    total: Money,
    /// Principal / total · 100.
    efficiency: Percent,
}

/// One month of the cash flow.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthCashflow {
    /// `2024-03`.
    month: String,
    inflow: Money,
    outflow: Money,
    /// Inflow − outflow.
    net: Money,
    /// The sum of net up to this month, within the range.
    cumulative: Money,
}

/// Receipts and expenses of each month that has any, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn monthly_stats(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Vec<MonthStats>, DbError> {
    let months = db::flows_by_month(conn, filter).await?.into_iter();
    let with_operations = months.filter(|(_, flow)| flow.receipt_count + flow.expense_count > 0);
    let stats = with_operations.map(|(month, flow)| MonthStats {
        month: month.first_day(),
        receipts: flow.receipts,
        expenses: flow.expenses,
        net: flow.receipts - flow.expenses,
    });
    Ok(stats.collect::<Vec<_>>())
}

/// Principal and interest of each month that has any, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn monthly_efficiency(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Data<MonthEfficiency>, DbError> {
    let months = db::flows_by_month(conn, filter).await?.into_iter();
    let with_payments = months.filter(|(_, flow)| flow.principal != Money::ZERO || flow.interest != Money::ZERO);
    let data = with_payments.map(|(month, flow)| MonthEfficiency {
        month: month.to_string(),
        principal: flow.principal,
        interest: flow.interest,
        total: flow.principal + flow.interest,
        efficiency: Percent::of(flow.principal, flow.principal + flow.interest),
    });
    Ok(Data { data: data.collect() })
}

/// What came in and went out in each month that has operations, in order, and the running sum.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn cashflow_monthly(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Data<MonthCashflow>, DbError> {
    let months = db::flows_by_month(conn, filter).await?.into_iter();
    let with_operations = months.filter(|(_, flow)| flow.receipt_count + flow.expense_count > 0);
    let data = with_operations.scan(Money::ZERO, |cumulative, (month, flow)| {
        let net = flow.receipts - flow.expenses;
        *cumulative += net;
        let month = month.to_string();
        Some(MonthCashflow { month, inflow: flow.receipts, outflow: flow.expenses, net, cumulative: *cumulative })
    });
    Ok(Data { data: data.collect() })
}
