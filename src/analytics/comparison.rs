//! Years and quarters, each beside the same days a year earlier.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::Basis;
use crate::db::{self, DbConn, DbError};
use crate::domain::{DateRange, FlowSums, Money, Percent, PortfolioFilter, Quarter};

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

/// One quarter, compared with the same days of that quarter a year earlier.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarterComparison {
    /// `2024-Q1`.
    #[schema(value_type = String)]
    pub(crate) quarter: Quarter,
    pub(crate) received: Money,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    /// Principal + interest.
    pub(crate) paid: Money,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
    /// (received − received on the same days a year earlier) / the latter · 100; of a running
    /// quarter up to today. Absent when nothing was received then.
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
    let compared = compare(conn, filter, basis, Length::Year).await?;
    let data = compared.into_iter().map(|compared| YearComparison {
        year: compared.first.year().to_string(),
        received: compared.flow.receipts,
        principal: compared.flow.principal,
        interest: compared.flow.interest,
        paid: paid(&compared.flow),
        given: compared.flow.given,
        other: compared.flow.other(),
        received_growth: compared.received_growth,
        paid_growth: compared.paid_growth,
    });
    Ok(data.collect())
}

/// Returns received and paid of each quarter that has operations, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn quarterly_comparison(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<QuarterComparison>, DbError> {
    let compared = compare(conn, filter, basis, Length::Quarter).await?;
    let data = compared.into_iter().map(|compared| QuarterComparison {
        quarter: Quarter::of(compared.first),
        received: compared.flow.receipts,
        principal: compared.flow.principal,
        interest: compared.flow.interest,
        paid: paid(&compared.flow),
        given: compared.flow.given,
        other: compared.flow.other(),
        received_growth: compared.received_growth,
        paid_growth: compared.paid_growth,
    });
    Ok(data.collect())
}

/// How long the compared periods are.
#[derive(Clone, Copy)]
enum Length {
    Quarter,
    Year,
}

/// A period with its flows and its growth.
struct Compared {
    first: NaiveDate,
    flow: FlowSums,
    received_growth: Option<Percent>,
    paid_growth: Option<Percent>,
}

type Days = (NaiveDate, NaiveDate);

async fn compare(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    length: Length,
) -> Result<Vec<Compared>, DbError> {
    let shown = length.flows(conn, filter).await?;
    let periods = WholePeriods {
        flows: length.flows(conn, &filter.over(DateRange::ALL)).await?,
        length,
        today: basis.today,
    };
    let mut data = Vec::with_capacity(shown.len());
    for (first, flow) in shown {
        let (now, before) = match length.days_of(first, filter.dates, basis.today) {
            Some(days) => (
                periods.flows(conn, filter, first, days).await?,
                periods
                    .flows(
                        conn,
                        filter,
                        year_before(first),
                        (year_before(days.0), year_before(days.1)),
                    )
                    .await?,
            ),
            None => (FlowSums::default(), FlowSums::default()),
        };
        data.push(Compared {
            first,
            flow,
            received_growth: growth(before.receipts, now.receipts),
            paid_growth: growth(paid(&before), paid(&now)),
        });
    }
    Ok(data)
}

impl Length {
    /// The flows of each period with operations in the filter's range, by its first day.
    async fn flows(
        self,
        conn: &mut DbConn,
        filter: &PortfolioFilter,
    ) -> Result<BTreeMap<NaiveDate, FlowSums>, DbError> {
        let mut periods = BTreeMap::<NaiveDate, FlowSums>::new();
        match self {
            Length::Year => {
                for (year, flow) in db::flows_by_year(conn, filter).await? {
                    if let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) {
                        periods.insert(first, flow);
                    }
                }
            }
            Length::Quarter => {
                for (month, flow) in db::flows_by_month(conn, filter).await? {
                    let first = Quarter::of(month.first_day()).first_day();
                    *periods.entry(first).or_default() += flow;
                }
            }
        }
        periods.retain(|_, flow| flow.has_operations());
        Ok(periods)
    }

    /// The last day of the period that begins on a day.
    fn last_day(self, first: NaiveDate) -> NaiveDate {
        let months = match self {
            Length::Quarter => 3,
            Length::Year => 12,
        };
        (first + Months::new(months)).pred_opt().unwrap_or(first)
    }

    /// The days of a period that are compared: those of the range, up to today in a running one.
    /// `None` when there are none, as in a period to come.
    fn days_of(self, first: NaiveDate, dates: DateRange, today: NaiveDate) -> Option<Days> {
        let last = self.last_day(first);
        let from = dates.from().map_or(first, |from| from.max(first));
        let to = dates.to().map_or(last, |to| to.min(last)).min(today);
        (from <= to).then_some((from, to))
    }
}

/// The flows of whole periods, from which those of most comparisons are taken.
struct WholePeriods {
    flows: BTreeMap<NaiveDate, FlowSums>,
    length: Length,
    today: NaiveDate,
}

impl WholePeriods {
    /// Returns the flows of some days of a period.
    async fn flows(
        &self,
        conn: &mut DbConn,
        filter: &PortfolioFilter,
        first: NaiveDate,
        days: Days,
    ) -> Result<FlowSums, DbError> {
        let last = self.length.last_day(first);
        if days == (first, last) && last < self.today {
            return Ok(self.flows.get(&first).copied().unwrap_or_default());
        }
        let days = DateRange::new(Some(days.0), Some(days.1)).unwrap_or_default();
        Ok(db::flows_by_year(conn, &filter.over(days))
            .await?
            .into_values()
            .sum())
    }
}

fn paid(flow: &FlowSums) -> Money {
    flow.principal + flow.interest
}

/// The same day one year earlier; 29 February becomes the 28th.
fn year_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(Months::new(12)).unwrap_or(day)
}

/// `None` when there was nothing to grow from.
fn growth(before: Money, now: Money) -> Option<Percent> {
    (before != Money::ZERO).then(|| Percent::of(now - before, before))
}
