//! Receipts and expenses, month by month.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Analytics, AnalyticsError, Answer, by_month, dated_key};
use crate::db;
use crate::domain::{Money, PortfolioFilter};

/// One month that has operations.
#[derive(Debug, Serialize)]
struct MonthStats {
    /// The month's first day.
    month: NaiveDate,
    receipts: Money,
    expenses: Money,
    /// Receipts − expenses.
    net: Money,
}

impl Analytics {
    /// The sums of each month that has operations, in order.
    ///
    /// # Errors
    /// [`AnalyticsError`] when the database can't answer.
    pub async fn monthly_stats(&self, filter: &PortfolioFilter) -> Result<Answer, AnalyticsError> {
        self.answer(dated_key("monthly_stats", filter), filter, async |conn| {
            let months = by_month(db::receipts_and_expenses_by_day(conn, filter).await?);
            let stats = months.into_iter().map(|(month, (receipts, expenses))| MonthStats {
                month: month.first_day(),
                receipts,
                expenses,
                net: receipts - expenses,
            });
            Ok(stats.collect::<Vec<_>>())
        })
        .await
    }
}
