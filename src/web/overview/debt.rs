//! What is owed at the end of each month.

use chrono::NaiveDate;
use i18n_embed_fl::fl;

use crate::analytics::{Data, DebtBalance};
use crate::web::balance_chart::BalanceChart;
use crate::web::charts::Chart;
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
    let chart = BalanceChart {
        title: fl!(p.texts, "debt-at-month-end"),
        name: fl!(p.texts, "debt"),
        of_operations: behind(query, "debt").without("date_from"),
        data: query
            .link
            .at("/api/v1/credit-portfolio/analytics/debt-balance"),
    };
    chart.of(balances, query, p, today)
}
