//! Year by year.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde::Serialize;
use utoipa::ToSchema;

use super::Data;
use crate::db::{self, DbConn, DbError};
use crate::domain::{FlowSums, Money, Percent, PortfolioFilter};

/// One year, compared with the one before.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct YearComparison {
    /// `2024`.
    year: String,
    received: Money,
    principal: Money,
    interest: Money,
    /// Principal + interest.
    paid: Money,
    /// (received − received the year before) / received the year before · 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_growth: Option<Percent>,
    /// The same of paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_growth: Option<Percent>,
}

/// Received and paid of each year that has operations, in order; the growth is absent in the
/// first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn yearly_comparison(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Data<YearComparison>, DbError> {
    let mut years: BTreeMap<i32, FlowSums> = BTreeMap::new();
    for (month, flow) in db::flows_by_month(conn, filter).await? {
        *years.entry(month.first_day().year()).or_default() += flow;
    }
    let paid = |flow: &FlowSums| flow.principal + flow.interest;
    let mut before: Option<FlowSums> = None;
    let data = years.into_iter().map(|(year, flow)| {
        let before = before.replace(flow);
        YearComparison {
            year: year.to_string(),
            received: flow.receipts,
            principal: flow.principal,
            interest: flow.interest,
            paid: paid(&flow),
            received_growth: before.map(|before| growth(before.receipts, flow.receipts)),
            paid_growth: before.map(|before| growth(paid(&before), paid(&flow))),
        }
    });
    Ok(Data { data: data.collect() })
}

/// Zero when there was nothing to grow from.
fn growth(before: Money, now: Money) -> Percent {
    Percent::of(now - before, before)
}
