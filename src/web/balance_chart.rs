//! The chart of a balance at the end of each month.

use chrono::NaiveDate;
use i18n_embed_fl::fl;

use super::charts::{Chart, ChartInput, Column, Mark, Series, periods};
use super::files::{chart_files, files_at};
use super::frame::Frame;
use super::links::Link;
use super::page_query::PageQuery;
use crate::analytics::{Data, DebtBalance};

/// What the chart says of itself, and where it leads.
pub(crate) struct BalanceChart {
    pub(crate) title: String,
    /// What the balance is called.
    pub(crate) name: String,
    /// The operations behind the balance at the end of the range.
    pub(crate) of_operations: Link,
    /// The balances at the REST interface.
    pub(crate) data: Link,
}

impl BalanceChart {
    /// The chart of the balances, one each month, in the currency of the query.
    pub(crate) fn of(
        self,
        balances: &Data<DebtBalance>,
        query: &PageQuery,
        p: &Frame,
        today: NaiveDate,
    ) -> Chart {
        let months = balances.data.iter().map(|row| (row.month, row.outstanding));
        let columns = periods(months.collect())
            .into_iter()
            .map(|(period, values)| {
                let last = period.last.last_day();
                let to = query.filter.dates.to().map_or(last, |to| to.min(last));
                let href = self.of_operations.clone().with("date_to", to).to_string();
                Column {
                    period,
                    // Of a quarter: at its end.
                    values: vec![values.last().copied().unwrap_or_default()],
                    hrefs: vec![href.clone()],
                    href,
                }
            });
        let columns = columns.collect();
        let closing = balances.data.last().map(|row| row.outstanding);
        let input = ChartInput {
            id: "debt",
            title: self.title,
            // A range ahead of today has no month that has begun.
            summary: closing.map_or_else(String::new, |closing| {
                fl!(
                    p.texts,
                    "debt-summary",
                    day = p.format.date(balances.as_of),
                    amount = p.format.money(closing, &query.filter.currency)
                )
            }),
            series: vec![Series {
                class: "debt",
                name: self.name,
                mark: Mark::Area,
            }],
            columns,
            totals: None,
            files: chart_files(query, "debt", files_at(&self.data, p)),
        };
        Chart::new(input, p.format, today)
    }
}
