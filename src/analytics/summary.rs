//! The totals of a portfolio.

use serde::Serialize;

use super::{Analytics, AnalyticsError, Answer, dated_key};
use crate::db;
use crate::domain::{Money, PortfolioFilter};

/// The totals. Amounts are in the filter's currency.
#[derive(Debug, Serialize)]
struct Summary {
    total_receipts: Money,
    total_expenses: Money,
    /// Receipts − expenses.
    net_balance: Money,
    /// Of the dated filter: those with an operation in the range.
    active_contracts_count: i64,
    total_principal: Money,
    total_interest: Money,
}

impl Analytics {
    /// The totals of the filtered operations.
    ///
    /// # Errors
    /// [`AnalyticsError`] when the database can't answer.
    pub async fn summary(&self, filter: &PortfolioFilter) -> Result<Answer, AnalyticsError> {
        self.answer(dated_key("summary", filter), filter, async |conn| {
            let flows = db::receipts_and_expenses_by_day(conn, filter).await?;
            let payments = db::payments_by_day(conn, filter).await?;
            let total_receipts = flows.iter().map(|day| day.first).sum();
            let total_expenses = flows.iter().map(|day| day.second).sum();
            Ok(Summary {
                total_receipts,
                total_expenses,
                net_balance: total_receipts - total_expenses,
                active_contracts_count: db::active_contracts(conn, filter).await?,
                total_principal: payments.iter().map(|day| day.first).sum(),
                total_interest: payments.iter().map(|day| day.second).sum(),
            })
        })
        .await
    }
}
