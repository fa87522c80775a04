//! The totals of a portfolio.

use serde::Serialize;
use utoipa::ToSchema;

use super::contract_counts;
use crate::db::{self, DbConn, DbError};
use crate::domain::{FlowSums, Money, PortfolioFilter};

/// The totals. Amounts are in the filter's currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    total_receipts: Money,
    total_expenses: Money,
    /// Receipts − expenses.
    net_balance: Money,
    /// With dates: of the contracts with an operation in the range.
    active_contracts_count: usize,
    total_principal: Money,
    total_interest: Money,
}

/// The totals of the filtered operations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn summary(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Summary, DbError> {
    let total: FlowSums = db::flows_by_month(conn, filter).await?.into_values().sum();
    Ok(Summary {
        total_receipts: total.receipts,
        total_expenses: total.expenses,
        net_balance: total.receipts - total.expenses,
        active_contracts_count: contract_counts(conn, filter).await?.active_count,
        total_principal: total.principal,
        total_interest: total.interest,
    })
}
