//! How much of each month's payments lowered the debt.

use serde::Serialize;

use super::{Analytics, AnalyticsError, Answer, by_month, dated_key};
use crate::db;
use crate::domain::{Money, Percent, PortfolioFilter};

#[derive(Debug, Serialize)]
struct MonthlyEfficiency {
    data: Vec<MonthEfficiency>,
}

/// One month that has payments.
#[derive(Debug, Serialize)]
struct MonthEfficiency {
    /// `2024-03`.
    month: String,
    principal: Money,
    interest: Money,
    /// Principal + interest.
    total: Money,
    /// Principal / total · 100.
    efficiency: Percent,
}

impl Analytics {
    /// Principal and interest of each month that has any, in order.
    ///
    /// # Errors
    /// [`AnalyticsError`] when the database can't answer.
    pub async fn monthly_efficiency(&self, filter: &PortfolioFilter) -> Result<Answer, AnalyticsError> {
        let key = dated_key("monthly_efficiency", filter)
            .optional_part(filter.organization_id)
            .optional_part(filter.bank_account_id);
        self.answer(key, filter, async |conn| {
            let months = by_month(db::payments_by_day(conn, filter).await?);
            let data = months.into_iter().map(|(month, (principal, interest))| MonthEfficiency {
                month: month.to_string(),
                principal,
                interest,
                total: principal + interest,
                efficiency: Percent::of(principal, principal + interest),
            });
            Ok(MonthlyEfficiency { data: data.collect() })
        })
        .await
    }
}
