//! Year by year.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::Basis;
use crate::db::{self, DbConn, DbError};
use crate::domain::{DateRange, FlowSums, Money, Percent, PortfolioFilter};

/// One year, compared with the same days of the year before.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct YearComparison {
    /// `2024`.
    pub(crate) year: String,
    pub(crate) received: Money,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    /// Principal + interest.
    pub(crate) paid: Money,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
    /// (received − received on the same days a year earlier) / the latter · 100; of a running year
    /// up to today. Absent when nothing was received then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received_growth: Option<Percent>,
    /// The same of paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paid_growth: Option<Percent>,
}

/// Returns received and paid of each year that has operations, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn yearly_comparison(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<YearComparison>, DbError> {
    let shown = by_year(conn, filter).await?;
    let years = Years {
        full: by_year(conn, &filter.over(DateRange::ALL)).await?,
        today: basis.today,
    };
    let mut data = Vec::with_capacity(shown.len());
    for (year, flow) in shown {
        let days = days_of(year, filter.dates, basis.today);
        let (now, before) = match days {
            Some(days) => (
                years.flows(conn, filter, year, days).await?,
                years
                    .flows(
                        conn,
                        filter,
                        year - 1,
                        (year_before(days.0), year_before(days.1)),
                    )
                    .await?,
            ),
            None => (FlowSums::default(), FlowSums::default()),
        };
        let paid = |flow: &FlowSums| flow.principal + flow.interest;
        data.push(YearComparison {
            year: year.to_string(),
            received: flow.receipts,
            principal: flow.principal,
            interest: flow.interest,
            paid: paid(&flow),
            given: flow.given,
            other: flow.other(),
            received_growth: growth(before.receipts, now.receipts),
            paid_growth: growth(paid(&before), paid(&now)),
        });
    }
    Ok(data)
}

type Days = (NaiveDate, NaiveDate);

/// The flows of whole years, from which those of most comparisons are taken.
struct Years {
    full: BTreeMap<i32, FlowSums>,
    today: NaiveDate,
}

impl Years {
    /// Returns the flows of some days of a year.
    async fn flows(
        &self,
        conn: &mut DbConn,
        filter: &PortfolioFilter,
        year: i32,
        days: Days,
    ) -> Result<FlowSums, DbError> {
        if days_of(year, DateRange::ALL, self.today) == Some(days) && year < self.today.year() {
            return Ok(self.full.get(&year).copied().unwrap_or_default());
        }
        let days = DateRange::new(Some(days.0), Some(days.1)).unwrap_or_default();
        Ok(db::flows_by_year(conn, &filter.over(days))
            .await?
            .into_values()
            .sum())
    }
}

async fn by_year(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i32, FlowSums>, DbError> {
    let mut years = db::flows_by_year(conn, filter).await?;
    years.retain(|_, flow| flow.has_operations());
    Ok(years)
}

/// The days of a year that are compared: those of the range, up to today in a running year. `None`
/// when there are none, as in a year to come.
fn days_of(year: i32, dates: DateRange, today: NaiveDate) -> Option<Days> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let last = NaiveDate::from_ymd_opt(year, 12, 31)?;
    let from = dates.from().map_or(first, |from| from.max(first));
    let to = dates.to().map_or(last, |to| to.min(last)).min(today);
    (from <= to).then_some((from, to))
}

/// The same day one year earlier; 29 February becomes the 28th.
fn year_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(Months::new(12)).unwrap_or(day)
}

/// `None` when there was nothing to grow from.
fn growth(before: Money, now: Money) -> Option<Percent> {
    (before != Money::ZERO).then(|| Percent::of(now - before, before))
}
