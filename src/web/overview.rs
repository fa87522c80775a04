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

use super::beside::{Beside, beside};
use super::charts::{Chart, HasCharts, page_or_picture};
use super::error::PageError;
use super::figures::{Figures, figure};
use super::files::{FileLink, file_links};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::navigation::{Section, path_of};
use super::page_query::{PICTURE, PageQuery};
use super::pages::page;
use super::payments_chart;
use super::quality::{FIRST_ROWS, checks, department_note};
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{
    Concentration, ContractSearch, ContractsSummary, Data as DataOf, DebtBalance, Figure,
    MonthEfficiency, MonthStats, Summary,
};
use crate::domain::{ContractStatus, Money, PortfolioFilter};
use crate::state::AppState;
use attention::{Attention, RunLine};
use lenders::OwedTo;
use tiles::{ContractCounts, Tile};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/").get(show));
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    p: Frame,
    tiles: Vec<Tile>,
    /// What changes are against.
    before: Option<String>,
    debt: Chart,
    payments: Chart,
    owed: OwedTo,
    owed_files: Vec<FileLink>,
    /// What is not in the tiles, but must not be overlooked.
    beside: Vec<Beside>,
    /// `None`: not known, while the database is away.
    attention: Option<Vec<Attention>>,
    quality_note: Option<String>,
    runs: Vec<RunLine>,
    quality: Option<&'static str>,
    lenders: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "empty.html")]
struct EmptyPage {
    p: Frame,
    runs: Vec<RunLine>,
    may_change: bool,
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
    let range_before = before::range_before(filter.dates, today);
    let earlier = range_before.map(|dates| filter.over(dates));
    // Without them the rest is shown.
    let quality = async {
        match checks(&state, &visitor, filter, FIRST_ROWS).await {
            Err(PageError::RetryLater(_) | PageError::Unavailable(_)) => Ok(None),
            found => found.map(Some),
        }
    };
    let (summary, counts, debts, months, flows, shares, quality) = tokio::try_join!(
        figure::<Summary>(&state, Figure::Summary, filter),
        contracts(&state, filter),
        figure::<DataOf<DebtBalance>>(&state, Figure::DebtBalance(None), filter),
        figure::<DataOf<MonthEfficiency>>(&state, Figure::MonthlyEfficiency, filter),
        figure::<Vec<MonthStats>>(&state, Figure::MonthlyStats, filter),
        figure::<Concentration>(&state, Figure::Concentration, filter),
        quality,
    )?;
    let version = state.cache.known_version(filter.department);
    let has_documents = version.unwrap_or_default().through.is_some();
    // Opening balances alone are no documents.
    let owes_nothing = summary.value.debt == Money::ZERO && summary.value.overpaid == Money::ZERO;
    if !has_documents && owes_nothing {
        let p = Frame::plain(&visitor, "/", |t| fl!(t, "overview"));
        let runs = attention::runs(&around, &state, &p);
        let may_change = visitor.may_change();
        return page(&EmptyPage {
            p,
            runs,
            may_change,
        });
    }
    let earlier = match &earlier {
        Some(earlier) => {
            let (summary, counts) = tokio::try_join!(
                figure::<Summary>(&state, Figure::Summary, earlier),
                contracts(&state, earlier),
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
    )?;
    let sparks = tiles::Sparks::of(&debts.value.data, &flows.value, &months.value.data);
    let now = (summary.value, counts.value);
    let attention = quality.as_ref().map(|quality| &quality.value);
    let before = range_before.and_then(|dates| {
        let (from, to) = dates.from().zip(dates.to())?;
        Some(format!("{} – {}", p.format.date(from), p.format.date(to)))
    });
    let shown = OverviewPage {
        before,
        tiles: tiles::tiles(&now, earlier.as_ref(), &sparks, &query, &p),
        beside: beside(&now.0, &query, &p),
        debt: debt::chart(&debts.value, &query, &p, today),
        payments: payments_chart::chart(&months.value.data, &query, &p, today)?,
        owed: OwedTo::of(&shares.value, &query, &p),
        owed_files: file_links(&query, "lender-stats", &p),
        attention: attention.map(|quality| attention::attention(quality, filter, &p)),
        quality_note: attention.and_then(|quality| department_note(quality, filter, &p)),
        runs: attention::runs(&around, &state, &p),
        quality: path_of(Section::DataQuality),
        lenders: path_of(Section::Lenders),
        p,
    };
    page_or_picture(&query, &shown).await
}

/// Returns how many contracts are open and how many there are, as the list of contracts counts them.
async fn contracts(
    state: &Data<AppState>,
    filter: &PortfolioFilter,
) -> Result<Figures<ContractCounts>, PageError> {
    let count = async |status| {
        let search = ContractSearch {
            status,
            ..ContractSearch::first_page(1)
        };
        figure::<ContractsSummary>(state, Figure::ContractsSummary(search), filter).await
    };
    let (open, all) = tokio::try_join!(count(Some(ContractStatus::Open)), count(None))?;
    let value = ContractCounts {
        open: open.value.pagination.total,
        all: all.value.pagination.total,
    };
    Ok(open.with(value))
}

impl HasCharts for OverviewPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.debt, &self.payments])
    }
}
