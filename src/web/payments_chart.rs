//! The chart of principal and interest, month by month, of the overview and of its own page.

use chrono::NaiveDate;
use i18n_embed_fl::fl;

use crate::analytics::MonthEfficiency;
use crate::domain::{Money, Percent};
use crate::web::charts::{Chart, ChartInput, Column, Mark, Series, month_of, periods};
use crate::web::error::PageError;
use crate::web::files::{chart_files, file_links};
use crate::web::frame::Frame;
use crate::web::operations::{behind, within};
use crate::web::page_query::PageQuery;

/// The same figures at the REST interface.
const DATA: &str = "analytics/monthly-efficiency";

/// Returns the chart.
///
/// # Errors
/// [`PageError::Internal`] when a month can't be read.
pub(crate) fn chart(
    months: &[MonthEfficiency],
    query: &PageQuery,
    p: &Frame,
    today: NaiveDate,
) -> Result<Chart, PageError> {
    let t = p.texts;
    let months = months
        .iter()
        .map(|row| Ok((month_of(&row.month)?, (row.principal, row.interest))));
    let months = months.collect::<Result<Vec<_>, PageError>>()?;
    let principal: Money = months.iter().map(|(_, (principal, _))| *principal).sum();
    let interest: Money = months.iter().map(|(_, (_, interest))| *interest).sum();
    let grouped = periods(months);
    let is_by_quarter = grouped.iter().any(|(_, values)| values.len() > 1);
    let columns = grouped.into_iter().map(|(period, values)| {
        let href = |measure: &str| within(behind(query, measure), query, period).to_string();
        Column {
            period,
            values: vec![
                values.iter().map(|(principal, _)| *principal).sum(),
                values.iter().map(|(_, interest)| *interest).sum(),
            ],
            hrefs: vec![href("principal"), href("interest")],
            href: href("paid"),
        }
    });
    let columns = columns.collect();
    let series = |class, name| Series {
        class,
        name,
        mark: Mark::Bar,
    };
    let paid = principal + interest;
    let total = |sum: Money, measure: &str| (sum, behind(query, measure).to_string());
    let input = ChartInput {
        id: "payments",
        title: if is_by_quarter {
            fl!(t, "payments-by-quarter")
        } else {
            fl!(t, "payments-by-month")
        },
        summary: fl!(
            t,
            "payments-summary",
            amount = p.format.money(paid, &query.filter.currency),
            principal = p.format.percent(Percent::of(principal, paid)),
            interest = p.format.rest_of(Percent::of(principal, paid), paid)
        ),
        series: vec![
            series("principal", fl!(t, "principal")),
            series("interest", fl!(t, "interest")),
        ],
        columns,
        totals: Some(vec![
            total(principal, "principal"),
            total(interest, "interest"),
        ]),
        files: chart_files(query, "payments", file_links(query, DATA, p)),
    };
    Ok(Chart::new(input, p.format, today))
}
