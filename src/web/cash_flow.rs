//! Cash flow: what came in and went out, by month or quarter, and the running sum.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::charts::{
    Chart, ChartInput, Column, HasCharts, Mark, Period, Series, month_of, page_or_picture, periods,
    quarters,
};
use super::error::PageError;
use super::figures::figure;
use super::files::{chart_files, file_links};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::operations::{behind, within};
use super::page_query::{PICTURE, PageQuery};
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{Data as DataOf, Figure, MonthCashflow};
use crate::domain::Money;
use crate::state::AppState;

const PATH: &str = "/cash-flow";
/// The figures of both charts at the REST interface.
const DATA: &str = "analytics/cashflow-monthly";
const BY: &str = "by";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "cash_flow.html")]
struct CashFlowPage {
    p: Frame,
    /// By month and by quarter, and which of them it is.
    groupings: Vec<(String, String, bool)>,
    flows: Chart,
    cumulative: Chart,
}

/// What came in and went out in a period, and the running sum at its end.
struct Flow {
    period: Period,
    inflow: Money,
    outflow: Money,
    cumulative: Money,
}

/// `GET /cash-flow`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &[BY, PICTURE])?;
    let is_by_quarter = match query.own(BY) {
        None | Some("month") => false,
        Some("quarter") => true,
        Some(_) => return Err(PageError::Address(BY.to_owned())),
    };
    let months =
        figure::<DataOf<MonthCashflow>>(&state, Figure::CashflowMonthly, &query.filter).await?;
    let note = months.note();
    let around = surroundings.of(&state, query.filter.department).await?;
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Flows,
        &note,
        |t| fl!(t, "cash-flow"),
    )?;
    let months = months.value.data.iter();
    let months = months.map(|row| Ok((month_of(&row.month)?, row)));
    let months = months.collect::<Result<Vec<_>, PageError>>()?;
    let grouped = if is_by_quarter {
        quarters(months)
    } else {
        periods(months)
    };
    let flows: Vec<Flow> = grouped.into_iter().map(Flow::of).collect();
    let grouping = |name: String, by: &str, is_current: bool| {
        (
            name,
            query.link.clone().with(BY, by).to_string(),
            is_current,
        )
    };
    let today = state.cache.today();
    let shown = CashFlowPage {
        groupings: vec![
            grouping(fl!(p.texts, "by-month"), "", !is_by_quarter),
            grouping(fl!(p.texts, "by-quarter"), "quarter", is_by_quarter),
        ],
        flows: Chart::new(flows_chart(&flows, &query, &p), p.format, today),
        cumulative: Chart::new(cumulative_chart(&flows, &query, &p), p.format, today),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for CashFlowPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.flows, &self.cumulative])
    }
}

impl Flow {
    fn of((period, rows): (Period, Vec<&MonthCashflow>)) -> Flow {
        Flow {
            period,
            inflow: rows.iter().map(|row| row.inflow).sum(),
            outflow: rows.iter().map(|row| row.outflow).sum(),
            cumulative: rows.last().map_or(Money::ZERO, |row| row.cumulative),
        }
    }

    fn net(&self) -> Money {
        self.inflow - self.outflow
    }
}

fn flows_chart(flows: &[Flow], query: &PageQuery, p: &Frame) -> ChartInput {
    let t = p.texts;
    let currency = &query.filter.currency;
    let inflow: Money = flows.iter().map(|flow| flow.inflow).sum();
    let outflow: Money = flows.iter().map(|flow| flow.outflow).sum();
    let columns = flows.iter().map(|flow| {
        let href = |measure: &str| within(behind(query, measure), query, flow.period).to_string();
        Column {
            period: flow.period,
            values: vec![flow.inflow, flow.outflow, flow.net()],
            hrefs: vec![href("receipts"), href("expenses"), href("net")],
            href: href("net"),
        }
    });
    let series = |class, name, mark| Series { class, name, mark };
    let total = |sum: Money, measure: &str| (sum, behind(query, measure).to_string());
    ChartInput {
        id: "cash-flow",
        title: fl!(t, "inflow-and-outflow"),
        summary: fl!(
            t,
            "cash-flow-summary",
            inflow = p.format.money(inflow, currency),
            outflow = p.format.money(outflow, currency),
            net = p.format.money(inflow - outflow, currency)
        ),
        series: vec![
            series("inflow", fl!(t, "inflow"), Mark::Bar),
            series("outflow", fl!(t, "outflow"), Mark::BarBelow),
            series("debt", fl!(t, "net"), Mark::Line),
        ],
        columns: columns.collect(),
        totals: Some(vec![
            total(inflow, "receipts"),
            total(outflow, "expenses"),
            total(inflow - outflow, "net"),
        ]),
        files: chart_files(query, "cash-flow", file_links(query, DATA, p)),
    }
}

/// The running sum begins with the range: it leads to everything from there on.
fn cumulative_chart(flows: &[Flow], query: &PageQuery, p: &Frame) -> ChartInput {
    let t = p.texts;
    let last = flows.last().map_or(Money::ZERO, |flow| flow.cumulative);
    let columns = flows.iter().map(|flow| {
        let end = flow.period.last.last_day();
        let end = query.filter.dates.to().map_or(end, |to| to.min(end));
        let href = behind(query, "net").with("date_to", end).to_string();
        Column {
            period: flow.period,
            values: vec![flow.cumulative],
            hrefs: vec![href.clone()],
            href,
        }
    });
    ChartInput {
        id: "cumulative",
        title: fl!(t, "cumulative"),
        summary: fl!(
            t,
            "cumulative-summary",
            amount = p.format.money(last, &query.filter.currency)
        ),
        series: vec![Series {
            class: "debt",
            name: fl!(t, "cumulative"),
            mark: Mark::Area,
        }],
        columns: columns.collect(),
        totals: None,
        files: chart_files(query, "cumulative", file_links(query, DATA, p)),
    }
}
