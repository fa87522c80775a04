//! Month by month: flows, efficiency of payments, cash flow.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::Basis;
use super::series::months_of_flows;
use crate::db::{self, DbConn, DbError};
use crate::domain::{Money, Percent, PortfolioFilter};

/// What came in and went out in one month.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct MonthStats {
    /// The month's first day.
    pub(crate) month: NaiveDate,
    pub(crate) receipts: Money,
    pub(crate) expenses: Money,
    /// Receipts − expenses.
    pub(crate) net: Money,
}

/// What the payments of one month were for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct MonthEfficiency {
    /// `2024-03`.
    pub(crate) month: String,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    /// Principal + interest.
    pub(crate) total: Money,
    /// Principal / total · 100.
    pub(crate) efficiency: Percent,
    /// Interest / total · 100.
    pub(crate) interest_share: Percent,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
}

/// One month of the cash flow.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct MonthCashflow {
    /// `2024-03`.
    pub(crate) month: String,
    pub(crate) inflow: Money,
    pub(crate) outflow: Money,
    /// Inflow − outflow.
    pub(crate) net: Money,
    /// The sum of net up to this month, within the range.
    pub(crate) cumulative: Money,
}

/// Returns receipts and expenses of each month, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn monthly_stats(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<MonthStats>, DbError> {
    let months = months_of_flows(db::flows_by_month(conn, filter).await?, filter, basis);
    let stats = months.into_iter().map(|(month, flow)| MonthStats {
        month: month.first_day(),
        receipts: flow.receipts,
        expenses: flow.expenses,
        net: flow.receipts - flow.expenses,
    });
    Ok(stats.collect())
}

/// Returns principal and interest of each month, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn monthly_efficiency(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<MonthEfficiency>, DbError> {
    let months = months_of_flows(db::flows_by_month(conn, filter).await?, filter, basis);
    let data = months.into_iter().map(|(month, flow)| MonthEfficiency {
        month: month.to_string(),
        principal: flow.principal,
        interest: flow.interest,
        total: flow.principal + flow.interest,
        efficiency: Percent::of(flow.principal, flow.principal + flow.interest),
        interest_share: Percent::of(flow.interest, flow.principal + flow.interest),
        given: flow.given,
        other: flow.other(),
    });
    Ok(data.collect())
}

/// Returns what came in and went out in each month, in order, and the running sum.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn cashflow_monthly(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<MonthCashflow>, DbError> {
    let months = months_of_flows(db::flows_by_month(conn, filter).await?, filter, basis);
    let data = months
        .into_iter()
        .scan(Money::ZERO, |cumulative, (month, flow)| {
            let net = flow.receipts - flow.expenses;
            *cumulative += net;
            let month = month.to_string();
            Some(MonthCashflow {
                month,
                inflow: flow.receipts,
                outflow: flow.expenses,
                net,
                cumulative: *cumulative,
            })
        });
    Ok(data.collect())
}
