//! What is owed at the end of each month.

use chrono::NaiveDate;
use i18n_embed_fl::fl;

use crate::analytics::{Data, DebtBalance};
use crate::domain::Money;
use crate::web::charts::{Chart, ChartInput, Column, Mark, Series, periods};
use crate::web::frame::Frame;
use crate::web::operations::behind;
use crate::web::page_query::PageQuery;

/// Returns the chart. A balance is of everything up to its day: its operations have no first day.
pub(super) fn chart(
    balances: &Data<DebtBalance>,
    query: &PageQuery,
    p: &Frame,
    today: NaiveDate,
) -> Chart {
    let t = p.texts;
    let months = balances.data.iter().map(|row| (row.month, row.outstanding));
    let of_operations = behind(query, "debt").without("date_from");
    let columns = periods(months.collect())
        .into_iter()
        .map(|(period, values)| {
            let last = period.last.last_day();
            let to = query.filter.dates.to().map_or(last, |to| to.min(last));
            let href = of_operations.clone().with("date_to", to).to_string();
            Column {
                period,
                // Of a quarter: at its end.
                values: vec![values.last().copied().unwrap_or_default()],
                hrefs: vec![href.clone()],
                href,
            }
        });
    let last = balances.data.last();
    let closing = last.map_or(Money::ZERO, |row| row.outstanding);
    let input = ChartInput {
        id: "debt",
        title: fl!(t, "debt-at-month-end"),
        summary: fl!(
            t,
            "debt-summary",
            day = p.format.date(balances.as_of),
            amount = p.format.money(closing, &query.filter.currency)
        ),
        series: vec![Series {
            class: "debt",
            name: fl!(t, "debt"),
            mark: Mark::Area,
        }],
        columns: columns.collect(),
        totals: None,
    };
    Chart::new(input, p.format, today)
}
