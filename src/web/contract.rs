//! One contract: its facts, its balance over time, its ledger, which prints as a reconciliation
//! statement (акт сверки), and its adjustments. All amounts are in its own currency.

mod adjustments;
mod enter;
mod facts;
mod ledger;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::balance_chart::BalanceChart;
use super::cells::{Behind, Tile};
use super::charts::{Chart, HasCharts, page_or_picture};
use super::direction_words::DirectionWords;
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, files_at};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::page_query::{PICTURE, PageQuery};
use super::pages::see_other;
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{
    Concentration, Data as DataOf, DebtBalance, DebtGroup, Figure, Ledger, RollForward,
    RollForwardGroup, Standing, ledger, standings,
};
use crate::db::{
    self, AdjustmentFilter, AdjustmentRow, AliasKind, ContractRow, DbConn, DbError, Page, Spelling,
};
use crate::domain::{Currency, DepartmentScope, Direction, PortfolioFilter};
use crate::state::AppState;
use adjustments::Adjustments;
pub(super) use adjustments::adjustment_kind_name;
use enter::{Entered, EntryForm};
pub(super) use facts::Fact;
use ledger::{Act, LedgerTable};

const API: &str = "/api/v1/credit-portfolio";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/contracts/{id}").get(show))
        .service(web::resource(r"/contracts/{id:\d+}/adjustments").post(enter::enter))
        .service(
            web::resource(r"/contracts/{id:\d+}/adjustments/{adjustment:\d+}/remove")
                .post(enter::remove),
        );
}

#[derive(Template)]
#[template(path = "contract.html")]
struct ContractPage {
    p: Frame,
    id: i64,
    /// The contracts of the filter.
    all: String,
    facts: Vec<Fact>,
    aliases: Vec<String>,
    tiles: Vec<Tile>,
    words: DirectionWords,
    chart: Chart,
    ledger: LedgerTable,
    ledger_files: Vec<FileLink>,
    act: Act,
    adjustments: Adjustments,
    /// For those who may enter some.
    entry: Option<EntryForm>,
    adjustment_files: Vec<FileLink>,
}

/// What is read of a contract beside its figures.
struct Found {
    row: ContractRow,
    aliases: Vec<Spelling>,
    ledger: Ledger,
    standing: Option<Standing>,
    adjustments: Vec<AdjustmentRow>,
}

/// A contract, or the one that it was merged into.
enum Lookup {
    Found(Box<Found>),
    Merged(i64),
}

/// `GET /contracts/{id}`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    contract_page(&state, &surroundings, &visitor, &request, *id, None).await
}

/// Prints the page, with what stood against an adjustment that was entered.
async fn contract_page(
    state: &Data<AppState>,
    surroundings: &KnownSurroundings,
    visitor: &Visitor,
    request: &HttpRequest,
    id: i64,
    refused: Option<(Entered, String)>,
) -> Result<HttpResponse, PageError> {
    let mut query = PageQuery::read(
        request,
        state,
        visitor,
        &format!("/contracts/{id}"),
        &[PICTURE],
    )?;
    let found = match read(state, &query, id).await? {
        Some(Lookup::Found(found)) => found,
        Some(Lookup::Merged(into)) => {
            let there = query.link.at(&format!("/contracts/{into}"));
            return Ok(see_other(&there.to_string()));
        }
        None => return Err(PageError::NotFound),
    };
    // Of the filter, the dates count: everything else is what the contract is.
    query.filter = own_filter(state, &query.filter, &found.row);
    let by_contract = Figure::RollForward(RollForwardGroup::Of(DebtGroup::Contract));
    let of_all = PortfolioFilter {
        contract_id: None,
        ..query.filter.clone()
    };
    let (moved, balances, shares) = tokio::try_join!(
        figure::<RollForward>(state, by_contract, &query.filter),
        figure::<DataOf<DebtBalance>>(
            state,
            Figure::DebtBalance(Some(DebtGroup::Contract)),
            &query.filter
        ),
        figure::<Concentration>(state, Figure::Concentration, &of_all),
    )?;
    let around = surroundings.of(state, query.filter.department).await?;
    let note = moved.note().and(balances.note()).and(shares.note());
    let title = found.row.contract_number.clone();
    let mut p = Frame::of_figures(
        state,
        visitor,
        &query,
        &around,
        Offers::Dates,
        &note,
        |_| title,
    )?;
    // Its line of the navigation is that of all contracts.
    "/contracts".clone_into(&mut p.path);
    let behind = own_operations(state, &query, &found.row);
    let dates = query.link.only(&["date_from", "date_to"]);
    let by_id = dates.clone().with("contract_id", id);
    let chart = BalanceChart {
        title: fl!(p.texts, "balance-at-month-end"),
        name: fl!(p.texts, "outstanding"),
        of_operations: behind.balance("balance"),
        data: by_id
            .at(&format!("{API}/analytics/debt-balance"))
            .with("group_by", "contract")
            .with("currency", &query.filter.currency)
            .with("direction", facts::counted_direction(&found.row).as_str()),
    };
    let today = state.cache.today();
    let direction = facts::counted_direction(&found.row);
    let shown = ContractPage {
        id,
        all: query.kept().at("/contracts").to_string(),
        facts: facts::facts(&found, &query, &p),
        aliases: found
            .aliases
            .iter()
            .map(|one| one.spelling.clone())
            .collect(),
        tiles: facts::tiles(
            &moved.value.total,
            &shares.value,
            id,
            &query,
            &behind,
            direction,
            &p,
        ),
        words: DirectionWords::of(direction, p.texts),
        chart: chart.of(&balances.value, &query, &p, today),
        ledger: LedgerTable::of(&found.ledger, &behind, &p),
        ledger_files: files_at(&dates.at(&format!("{API}/contracts/{id}/ledger")), &p),
        act: Act::of(&found.ledger, &query, &p),
        entry: visitor
            .may_change()
            .then(|| EntryForm::of(refused, p.texts)),
        adjustments: Adjustments::of(&found.adjustments, &found.ledger, &behind, &p),
        adjustment_files: files_at(&by_id.at(&format!("{API}/adjustments")), &p),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for ContractPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.chart])
    }
}

async fn read(state: &AppState, query: &PageQuery, id: i64) -> Result<Option<Lookup>, DbError> {
    let PortfolioFilter {
        department, dates, ..
    } = query.filter;
    let filter = PortfolioFilter {
        contract_id: Some(id),
        ..PortfolioFilter::of_department(department, state.base_currency.clone()).over(dates)
    };
    let of_contract = AdjustmentFilter {
        department,
        dates,
        organization_id: None,
        contract_id: Some(id),
        kind: None,
    };
    let basis = state.analytics.basis();
    let found = async |conn: &mut DbConn| {
        let Some(row) = db::find_contract(conn, department, id).await? else {
            return Ok::<_, DbError>(None);
        };
        if let Some(into) = row.merged_into {
            return Ok(Some(Lookup::Merged(into)));
        }
        let Some(ledger) = ledger(conn, &filter, &basis).await? else {
            return Ok(None);
        };
        let standing = standings(conn, &filter, &basis).await?.remove(&id);
        let adjustments = db::list_adjustments(conn, &of_contract, Page::ALL).await?;
        let scope = DepartmentScope::One(row.department_id);
        let rows = vec![row];
        let rows = db::with_aliases(conn, scope, AliasKind::Contract, rows, |row| row.id).await?;
        Ok(rows.into_iter().next().map(|(row, aliases)| {
            Lookup::Found(Box::new(Found {
                row,
                aliases,
                ledger,
                standing,
                adjustments,
            }))
        }))
    };
    state.db.snapshot(found).await
}

/// The filter of a contract's own figures: in its currency, of its direction.
fn own_filter(state: &AppState, asked: &PortfolioFilter, row: &ContractRow) -> PortfolioFilter {
    let currency = row.currency.as_deref().map(Currency::of_stored);
    let currency = currency
        .flatten()
        .unwrap_or_else(|| state.base_currency.clone());
    let direction = facts::counted_direction(row);
    PortfolioFilter {
        contract_id: Some(row.id),
        direction: (direction == Direction::Lent).then_some(direction),
        ..PortfolioFilter::of_department(asked.department, currency).over(asked.dates)
    }
}

/// The operations behind a contract's own figures.
fn own_operations<'q>(state: &AppState, query: &'q PageQuery, row: &ContractRow) -> Behind<'q> {
    let filter = &query.filter;
    let currency =
        Some(filter.currency.as_str()).filter(|code| *code != state.base_currency.as_str());
    [
        "organization_id",
        "lender_id",
        "bank_account_id",
        "contract_type",
        "intra_group",
        "confirmed",
    ]
    .into_iter()
    .fold(Behind::all(query), |behind, name| behind.with(name, ""))
    .with("contract_id", row.id)
    .with("currency", currency.unwrap_or_default())
    .with("direction", filter.direction.map_or("", Direction::as_str))
}
