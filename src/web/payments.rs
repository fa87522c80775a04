//! Principal and interest: by month, and by organization.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::beside::{Beside, beside};
use super::charts::{Chart, HasCharts, Pct, page_or_picture};
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, file_links};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::operations::behind;
use super::page_query::{PICTURE, PageQuery};
use super::payments_chart;
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{Data as DataOf, Figure, MonthEfficiency, OrganizationEfficiency, Summary};
use crate::domain::{Money, Percent};
use crate::state::AppState;

const PATH: &str = "/payments";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "payments.html")]
struct PaymentsPage {
    p: Frame,
    chart: Chart,
    /// What was paid besides, and what is not in the figures.
    beside: Vec<Beside>,
    organizations: Vec<Line>,
    total: Line,
    organization_files: Vec<FileLink>,
    currency: String,
}

/// An organization, or all of them.
struct Line {
    name: String,
    /// Its page of the same kind.
    href: String,
    /// Against the largest.
    principal_width: Pct,
    interest_width: Pct,
    /// Texts, with where they lead.
    paid: (String, String),
    principal: (String, String),
    interest: (String, String),
    share: String,
}

/// `GET /payments`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &[PICTURE])?;
    let filter = &query.filter;
    let (summary, months, organizations) = tokio::try_join!(
        figure::<Summary>(&state, Figure::Summary, filter),
        figure::<DataOf<MonthEfficiency>>(&state, Figure::MonthlyEfficiency, filter),
        figure::<DataOf<OrganizationEfficiency>>(&state, Figure::OrgEfficiency, filter),
    )?;
    let note = summary.note().and(months.note()).and(organizations.note());
    let around = surroundings.of(&state, filter.department).await?;
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Flows,
        &note,
        |t| fl!(t, "principal-and-interest"),
    )?;
    let rows = &organizations.value.data;
    let paid = |row: &OrganizationEfficiency| row.principal + row.interest;
    let largest = rows.iter().map(paid).max().unwrap_or_default();
    let (principal, interest) = (
        rows.iter().map(|row| row.principal).sum(),
        rows.iter().map(|row| row.interest).sum(),
    );
    let line = |name: &str, id: Option<i64>, principal: Money, interest: Money| {
        let narrowed = |link: super::links::Link| match id {
            Some(id) => link.with("organization_id", id),
            None => link,
        };
        let cell = |sum: Money, measure: &str| {
            let href = narrowed(behind(&query, measure)).to_string();
            (p.format.amount(sum), href)
        };
        let width = |part: Money| Pct::of(part.kopecks().into(), largest.kopecks().into());
        Line {
            name: name.to_owned(),
            href: narrowed(query.link.clone()).to_string(),
            principal_width: width(principal),
            interest_width: width(interest),
            paid: cell(principal + interest, "paid"),
            principal: cell(principal, "principal"),
            interest: cell(interest, "interest"),
            share: p
                .format
                .percent(Percent::of(principal, principal + interest)),
        }
    };
    let shown = rows.iter().filter(|row| paid(row) != Money::ZERO);
    let organizations = shown
        .map(|row| {
            line(
                &row.name,
                Some(row.organization_id),
                row.principal,
                row.interest,
            )
        })
        .collect();
    let shown = PaymentsPage {
        total: line(&fl!(p.texts, "total"), None, principal, interest),
        organizations,
        beside: beside(&summary.value, &query, &p),
        chart: payments_chart::chart(&months.value.data, &query, &p, state.cache.today())?,
        organization_files: file_links(&query, "analytics/org-efficiency", &p),
        currency: filter.currency.to_string(),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for PaymentsPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.chart])
    }
}
