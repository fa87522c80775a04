//! The lenders of a filter: what is owed to each, its share, and what it cost.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::cells::{Amount, Behind, hundredths};
use super::charts::Pct;
use super::direction_words::DirectionWords;
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, files_at};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::page_query::PageQuery;
use super::pages::page;
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{Data as DataOf, Figure, LenderStats};
use crate::domain::{Money, WITHOUT_LENDER};
use crate::state::AppState;

const PATH: &str = "/lenders";
/// What the table is as a file.
pub(super) const REST: &str = "/api/v1/credit-portfolio/lender-stats";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "lenders.html")]
struct LendersPage {
    p: Frame,
    words: DirectionWords,
    lenders: Vec<Line>,
    total: Total,
    files: Vec<FileLink>,
}

/// A lender.
struct Line {
    name: String,
    href: Option<String>,
    contracts: String,
    contracts_href: String,
    drawn: Amount,
    repaid: Amount,
    interest: Amount,
    outstanding: Amount,
    /// What more was repaid than drawn; absent when it is nothing.
    overpaid: Option<Amount>,
    /// Of the debt, in percent.
    share: String,
    /// The same as a bar.
    width: Pct,
    rate: String,
}

/// The sums of the columns.
struct Total {
    contracts: String,
    drawn: Amount,
    repaid: Amount,
    interest: Amount,
    outstanding: Amount,
    overpaid: Option<Amount>,
}

/// `GET /lenders`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &[])?;
    let filter = &query.filter;
    if filter.bank_account_id.is_some() || filter.contract_id.is_some() {
        return Err(PageError::Address(
            "bank_account_id, contract_id".to_owned(),
        ));
    }
    let found = figure::<DataOf<LenderStats>>(&state, Figure::LenderStats, filter).await?;
    let around = surroundings.of(&state, filter.department).await?;
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Balances,
        &found.note(),
        |t| fl!(t, "lenders"),
    )?;
    let lenders = &found.value.data;
    page(&LendersPage {
        words: DirectionWords::of(filter.balance_direction(), p.texts),
        lenders: lenders
            .iter()
            .map(|row| Line::of(row, &query, &p))
            .collect(),
        total: Total::of(lenders, &query, &p),
        files: files_at(&query.link.at(REST), &p),
        p,
    })
}

/// In words: how many contracts, and on how many of them something is owed.
pub(super) fn contracts_text(active: usize, contracts: usize, p: &Frame) -> String {
    let count = |count: usize| p.format.count(i64::try_from(count).unwrap_or(i64::MAX));
    fl!(
        p.texts,
        "active-of-contracts",
        active = count(active),
        count = count(contracts)
    )
}

/// The realized rate in percent; a dash when nothing was owed.
pub(super) fn rate_text(row: &LenderStats, p: &Frame) -> String {
    row.realized_rate
        .map_or_else(|| "—".to_owned(), |rate| hundredths(rate, p))
}

fn overpaid(money: Money, behind: &Behind<'_>, p: &Frame) -> Option<Amount> {
    (money != Money::ZERO).then(|| Amount::at(-money, behind.balance("overpaid"), p))
}

impl Line {
    fn of(row: &LenderStats, query: &PageQuery, p: &Frame) -> Line {
        let lender_id = row.lender_id.unwrap_or(WITHOUT_LENDER);
        let behind = Behind::all(query).with("lender_id", lender_id);
        let flow = |money, measure| Amount::at(money, behind.flow(measure), p);
        let contracts = query.link.at("/contracts").with("lender_id", lender_id);
        Line {
            name: row.name.clone(),
            href: row.lender_id.map(|id| query.link.at_lender(id).to_string()),
            contracts: contracts_text(row.active_contracts, row.contracts, p),
            contracts_href: contracts.to_string(),
            drawn: flow(row.drawn, "drawn"),
            repaid: flow(row.repaid, "repaid"),
            interest: flow(row.interest, "contract_interest"),
            outstanding: Amount::at(row.outstanding, behind.balance("debt"), p),
            overpaid: overpaid(row.overpaid, &behind, p),
            share: hundredths(row.share, p),
            width: Pct::of(row.share.hundredths().into(), 10_000),
            rate: rate_text(row, p),
        }
    }
}

impl Total {
    fn of(rows: &[LenderStats], query: &PageQuery, p: &Frame) -> Total {
        let all = Behind::all(query);
        let sum = |value: fn(&LenderStats) -> Money| rows.iter().map(value).sum::<Money>();
        let active = rows.iter().map(|row| row.active_contracts).sum();
        let contracts = rows.iter().map(|row| row.contracts).sum();
        Total {
            contracts: contracts_text(active, contracts, p),
            drawn: Amount::at(sum(|row| row.drawn), all.flow("drawn"), p),
            repaid: Amount::at(sum(|row| row.repaid), all.flow("repaid"), p),
            interest: Amount::at(sum(|row| row.interest), all.flow("contract_interest"), p),
            outstanding: Amount::at(sum(|row| row.outstanding), all.balance("debt"), p),
            overpaid: overpaid(sum(|row| row.overpaid), &all, p),
        }
    }
}
