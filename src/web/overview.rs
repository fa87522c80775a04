//! The overview: six tiles, what is owed over time and to whom, payments by month, and what needs
//! attention. Every figure leads to the operations behind it.

mod attention;
mod before;
mod debt;
mod lenders;
mod tiles;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::charts::{Chart, HasCharts, page_or_picture};
use super::error::PageError;
use super::figures::figure;
use super::filter_bar::Offers;
use super::frame::Frame;
use super::navigation::{Section, path_of};
use super::page_query::{PICTURE, PageQuery};
use super::pages::page;
use super::payments_chart;
use super::quality::{FIRST_ROWS, checks};
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{
    Concentration, ContractCounts, Data as DataOf, DebtBalance, Figure, MonthEfficiency,
    MonthStats, Summary,
};
use crate::state::AppState;
use attention::{Attention, RunLine};
use lenders::OwedTo;
use tiles::Tile;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/").get(show));
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    p: Frame,
    tiles: Vec<Tile>,
    debt: Chart,
    payments: Chart,
    owed: OwedTo,
    attention: Vec<Attention>,
    runs: Vec<RunLine>,
    quality: Option<&'static str>,
    lenders: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "empty.html")]
struct EmptyPage {
    p: Frame,
    runs: Vec<RunLine>,
}

/// `GET /`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, "/", &[PICTURE])?;
    if query.filter.bank_account_id.is_some() {
        return Err(PageError::Address("bank_account_id".to_owned()));
    }
    let filter = &query.filter;
    let today = state.cache.today();
    let around = surroundings.of(&state, filter.department).await?;
    let version = state
        .cache
        .known_version(filter.department)
        .unwrap_or_default();
    if version.through.is_none() {
        let p = Frame::plain(&visitor, "/", |t| fl!(t, "overview"));
        let runs = attention::runs(&around, &state, &p);
        return page(&EmptyPage { p, runs });
    }
    let earlier = before::range_before(filter.dates, today).map(|dates| filter.over(dates));
    let (summary, counts, debts, months, flows, shares, quality) = tokio::try_join!(
        figure::<Summary>(&state, Figure::Summary, filter),
        figure::<ContractCounts>(&state, Figure::ContractStats, filter),
        figure::<DataOf<DebtBalance>>(&state, Figure::DebtBalance(None), filter),
        figure::<DataOf<MonthEfficiency>>(&state, Figure::MonthlyEfficiency, filter),
        figure::<Vec<MonthStats>>(&state, Figure::MonthlyStats, filter),
        figure::<Concentration>(&state, Figure::Concentration, filter),
        checks(&state, &visitor, filter, FIRST_ROWS),
    )?;
    let earlier = match &earlier {
        Some(earlier) => {
            let (summary, counts) = tokio::try_join!(
                figure::<Summary>(&state, Figure::Summary, earlier),
                figure::<ContractCounts>(&state, Figure::ContractStats, earlier),
            )?;
            Some((summary.value, counts.value))
        }
        None => None,
    };
    let note = [
        counts.note(),
        debts.note(),
        months.note(),
        flows.note(),
        shares.note(),
    ];
    let note = note
        .into_iter()
        .fold(summary.note(), |all, one| all.and(one));
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Balances,
        &note,
        |t| fl!(t, "overview"),
    );
    let sparks = tiles::Sparks::of(&debts.value.data, &flows.value, &months.value.data);
    let now = (summary.value, counts.value);
    let shown = OverviewPage {
        tiles: tiles::tiles(&now, earlier.as_ref(), &sparks, &query, &p),
        debt: debt::chart(&debts.value, &query, &p, today),
        payments: payments_chart::chart(months.value.data, &query, &p, today)?,
        owed: OwedTo::of(&shares.value, &query, &p),
        attention: attention::attention(&quality.value, filter, &p),
        runs: attention::runs(&around, &state, &p),
        quality: path_of(Section::DataQuality),
        lenders: path_of(Section::Lenders),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for OverviewPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.debt, &self.payments])
    }
}
