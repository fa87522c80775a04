//! Years and quarters beside each other, each with its change against the year before.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use i18n_embed_fl::fl;

use super::charts::{
    Chart, ChartInput, Column, HasCharts, Mark, Period, Series, month_of, page_or_picture,
};
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, chart_files, file_links};
use super::filter_bar::Offers;
use super::format::Format;
use super::frame::Frame;
use super::operations::{behind, within};
use super::page_query::{PICTURE, PageQuery};
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{Data as DataOf, Figure, QuarterComparison, YearComparison};
use crate::domain::{Money, Percent};
use crate::state::AppState;

const PATH: &str = "/compare";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    p: Frame,
    chart: Chart,
    years: Table,
    quarters: Table,
    currency: String,
}

/// A table of periods, the newest first.
struct Table {
    id: &'static str,
    lines: Vec<Line>,
    files: Vec<FileLink>,
}

/// A period: texts, with where they lead, and changes.
struct Line {
    name: String,
    is_partial: bool,
    received: (String, String),
    received_change: String,
    paid: (String, String),
    paid_change: String,
    principal: (String, String),
    interest: (String, String),
}

/// The flows of a period.
#[derive(Clone, Copy)]
struct Flows {
    period: Period,
    received: Money,
    principal: Money,
    interest: Money,
}

/// `GET /compare`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &[PICTURE])?;
    let filter = &query.filter;
    let (years, quarters) = tokio::try_join!(
        figure::<DataOf<YearComparison>>(&state, Figure::YearlyComparison, filter),
        figure::<DataOf<QuarterComparison>>(&state, Figure::QuarterlyComparison, filter),
    )?;
    let note = years.note().and(quarters.note());
    let around = surroundings.of(&state, filter.department).await?;
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Flows,
        &note,
        |t| fl!(t, "compare"),
    )?;
    let today = state.cache.today();
    let by_year = years.value.data.iter().map(|row| {
        let flows = Flows {
            period: year_of(&row.year)?,
            received: row.received,
            principal: row.principal,
            interest: row.interest,
        };
        Ok((flows, row.received_growth, row.paid_growth))
    });
    let by_year = by_year.collect::<Result<Vec<_>, PageError>>()?;
    let only_flows: Vec<Flows> = by_year.iter().map(|(flows, ..)| *flows).collect();
    let by_year = by_year
        .iter()
        .map(|(flows, received, paid)| flows.line(*received, *paid, &query, &p, today));
    let by_quarter = quarters.value.data.iter().map(|row| {
        let flows = Flows {
            period: Period {
                first: row.quarter.first_month(),
                last: row.quarter.last_month(),
            },
            received: row.received,
            principal: row.principal,
            interest: row.interest,
        };
        flows.line(row.received_growth, row.paid_growth, &query, &p, today)
    });
    let table = |id, lines: Vec<Line>, endpoint: &str| Table {
        id,
        lines,
        files: file_links(&query, endpoint, &p),
    };
    let shown = ComparePage {
        years: table(
            "by-year",
            by_year.rev().collect(),
            "analytics/yearly-comparison",
        ),
        quarters: table(
            "by-quarter",
            by_quarter.rev().collect(),
            "analytics/quarterly-comparison",
        ),
        chart: Chart::new(chart(&only_flows, &query, &p), p.format, today),
        currency: filter.currency.to_string(),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for ComparePage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.chart])
    }
}

impl Flows {
    fn paid(&self) -> Money {
        self.principal + self.interest
    }

    fn line(
        &self,
        received: Option<Percent>,
        paid: Option<Percent>,
        query: &PageQuery,
        p: &Frame,
        today: NaiveDate,
    ) -> Line {
        let cell = |sum: Money, measure: &str| {
            let href = within(behind(query, measure), query, self.period).to_string();
            (p.format.amount(sum), href)
        };
        Line {
            name: self.period.name(p.format),
            is_partial: self.period.holds(today),
            received: cell(self.received, "receipts"),
            received_change: change(received, p.format),
            paid: cell(self.paid(), "paid"),
            paid_change: change(paid, p.format),
            principal: cell(self.principal, "principal"),
            interest: cell(self.interest, "interest"),
        }
    }
}

fn change(percent: Option<Percent>, format: Format) -> String {
    match percent {
        None => "—".to_owned(),
        Some(percent) if percent.hundredths() > 0 => format!("+{}", format.percent(percent)),
        Some(percent) => format.percent(percent),
    }
}

fn year_of(name: &str) -> Result<Period, PageError> {
    Ok(Period {
        first: month_of(&format!("{name}-01"))?,
        last: month_of(&format!("{name}-12"))?,
    })
}

fn chart(years: &[Flows], query: &PageQuery, p: &Frame) -> ChartInput {
    let t = p.texts;
    let received: Money = years.iter().map(|flows| flows.received).sum();
    let principal: Money = years.iter().map(|flows| flows.principal).sum();
    let interest: Money = years.iter().map(|flows| flows.interest).sum();
    let columns = years.iter().map(|flows| {
        let href = |measure: &str| within(behind(query, measure), query, flows.period).to_string();
        Column {
            period: flows.period,
            values: vec![flows.received, flows.principal, flows.interest],
            hrefs: vec![href("receipts"), href("principal"), href("interest")],
            href: href("paid"),
        }
    });
    let series = |class, name, mark| Series { class, name, mark };
    let total = |sum: Money, measure: &str| (sum, behind(query, measure).to_string());
    let currency = &query.filter.currency;
    ChartInput {
        id: "years",
        title: fl!(t, "received-and-paid-by-year"),
        summary: fl!(
            t,
            "received-and-paid-summary",
            received = p.format.money(received, currency),
            paid = p.format.money(principal + interest, currency)
        ),
        series: vec![
            series("inflow", fl!(t, "received"), Mark::Bar),
            series("principal", fl!(t, "principal"), Mark::BarBelow),
            series("interest", fl!(t, "interest"), Mark::BarBelow),
        ],
        columns: columns.collect(),
        totals: Some(vec![
            total(received, "receipts"),
            total(principal, "principal"),
            total(interest, "interest"),
        ]),
        files: chart_files(
            query,
            "years",
            file_links(query, "analytics/yearly-comparison", p),
        ),
    }
}
