//! The contracts of a filter: search, status, order, and the figures of each.

mod rows;
mod totals;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, files_at};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::page_query::PageQuery;
use super::pages::page;
use super::paging::{Pages, page_number};
use super::surroundings::KnownSurroundings;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::analytics::{ContractColumn, ContractSearch, ContractSort, ContractsSummary, Figure};
use crate::domain::{ContractStatus, ContractType};
use crate::state::AppState;
pub(super) use rows::ContractLine;
use totals::Totals;
pub(super) use totals::sums;

const PATH: &str = "/contracts";
/// What the table is as a file.
pub(super) const REST: &str = "/api/v1/credit-portfolio/contracts/stats/summary";
/// Rows a page.
const PAGE_ROWS: i64 = 20;
/// What is searched for is at most so long, as in the REST interface.
const LONGEST_SEARCH: usize = 500;
/// Largest debt first.
pub(super) const DEFAULT_SORT: ContractSort = ContractSort {
    column: ContractColumn::Outstanding,
    is_descending: true,
};
const STATUSES: [ContractStatus; 4] = [
    ContractStatus::Open,
    ContractStatus::Repaid,
    ContractStatus::Overpaid,
    ContractStatus::Undrawn,
];

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "contracts.html")]
struct ContractsPage {
    p: Frame,
    count: String,
    search: String,
    /// What the search keeps.
    hidden: Vec<(String, String)>,
    statuses: Vec<Choice>,
    heads: Vec<Head>,
    contracts: Vec<ContractLine>,
    totals: Totals,
    pages: Pages,
    files: Vec<FileLink>,
    /// The page without search and status.
    all: String,
}

/// A status as a link.
struct Choice {
    name: String,
    href: String,
    is_current: bool,
}

/// The heading of a column, which sorts by it.
struct Head {
    name: String,
    href: String,
    is_number: bool,
    /// As `aria-sort` has it; empty of columns that are not sorted by.
    order: &'static str,
}

/// `GET /contracts`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let own = [&SEARCH[..], &["sort", "page"]].concat();
    let query = PageQuery::read(&request, &state, &visitor, PATH, &own)?;
    let filter = &query.filter;
    if filter.bank_account_id.is_some() || filter.contract_id.is_some() {
        return Err(PageError::Address(
            "bank_account_id, contract_id".to_owned(),
        ));
    }
    let search = asked_for(&query)?;
    let question = Figure::ContractsSummary(search.clone());
    let (found, totals) = tokio::try_join!(
        figure::<ContractsSummary>(&state, question, filter),
        sums(&state, &search, filter),
    )?;
    let around = surroundings.of(&state, filter.department).await?;
    let note = found.note();
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Balances,
        &note,
        |t| fl!(t, "contracts"),
    )?;
    let (t, address) = (p.texts, query.address());
    let count = found.value.pagination.total;
    let rest = query.own("sort").map_or_else(
        || address.clone().with("sort", DEFAULT_SORT.name()),
        |_| address.clone(),
    );
    page(&ContractsPage {
        count: p.format.count(count),
        search: search.search.clone().unwrap_or_default(),
        hidden: kept_by_search(&query),
        statuses: statuses(&query, search.status, t),
        heads: heads(&query, search.sort.unwrap_or(DEFAULT_SORT), t),
        contracts: ContractLine::all(&found.value, &query, &p),
        totals: Totals::of(&totals, &query, &p),
        pages: Pages::of(&address, search.page, PAGE_ROWS, count, p.format),
        files: files_at(&rest.at(REST).without("page"), &p),
        all: query.link.to_string(),
        p,
    })
}

/// The names under which addresses say which contracts are found.
pub(super) const SEARCH: [&str; 2] = ["search", "status"];

/// Which contracts the address finds: all of them, in the default order, unless it says which.
pub(super) fn found_by(query: &PageQuery) -> Result<ContractSearch, PageError> {
    let wrong = |name: &str| PageError::Address(name.to_owned());
    let search = query.own("search");
    if search.is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
        return Err(wrong("search"));
    }
    let status = query.own("status").map(|name| {
        let status = ContractStatus::of_name(name);
        status.ok_or_else(|| wrong("status"))
    });
    Ok(ContractSearch {
        search: search.map(str::to_owned),
        status: status.transpose()?,
        ..ContractSearch::first_page(PAGE_ROWS)
    })
}

/// Which page of contracts the address asks for.
fn asked_for(query: &PageQuery) -> Result<ContractSearch, PageError> {
    let sort = query
        .own("sort")
        .map_or(Some(DEFAULT_SORT), ContractSort::parse);
    let sort = sort.ok_or_else(|| PageError::Address("sort".to_owned()))?;
    Ok(ContractSearch {
        sort: Some(sort),
        page: page_number(query)?,
        ..found_by(query)?
    })
}

/// Another search begins with its first page, and keeps everything else.
fn kept_by_search(query: &PageQuery) -> Vec<(String, String)> {
    query.address().without("search").without("page").pairs()
}

fn statuses(query: &PageQuery, current: Option<ContractStatus>, t: &Texts) -> Vec<Choice> {
    let address = query.address().without("page");
    let choice = |status: Option<ContractStatus>| Choice {
        name: status.map_or_else(|| fl!(t, "all"), |status| status_name(status, t)),
        href: address
            .clone()
            .with("status", status.map_or("", ContractStatus::as_str))
            .to_string(),
        is_current: status == current,
    };
    let known = STATUSES.into_iter().map(Some);
    std::iter::once(None).chain(known).map(choice).collect()
}

fn heads(query: &PageQuery, current: ContractSort, t: &Texts) -> Vec<Head> {
    let address = query.address().without("page");
    let head = |(column, name, is_number): (ContractColumn, String, bool)| {
        let is_current = column == current.column;
        // The first click gives the largest amounts and the latest days, and the names from A on.
        let is_largest_first = is_number || column == ContractColumn::LastPayment;
        let next = ContractSort {
            column,
            is_descending: if is_current {
                !current.is_descending
            } else {
                is_largest_first
            },
        };
        Head {
            name,
            href: address.clone().with("sort", next.name()).to_string(),
            is_number,
            order: match (is_current, current.is_descending) {
                (false, _) => "",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
        }
    };
    let columns = [
        (ContractColumn::ContractNumber, fl!(t, "contract"), false),
        (ContractColumn::Organization, fl!(t, "organization"), false),
        (ContractColumn::Counterparty, fl!(t, "lender"), false),
        (ContractColumn::Status, fl!(t, "status"), false),
        (ContractColumn::Received, fl!(t, "received"), true),
        (ContractColumn::Principal, fl!(t, "principal-repaid"), true),
        (ContractColumn::Interest, fl!(t, "interest-paid"), true),
        (ContractColumn::Outstanding, fl!(t, "outstanding"), true),
        (ContractColumn::LastPayment, fl!(t, "last-payment"), false),
    ];
    columns.into_iter().map(head).collect()
}

/// Returns a status in words.
pub(super) fn status_name(status: ContractStatus, t: &Texts) -> String {
    match status {
        ContractStatus::Open => fl!(t, "status-open"),
        ContractStatus::Repaid => fl!(t, "status-repaid"),
        ContractStatus::Overpaid => fl!(t, "status-overpaid"),
        ContractStatus::Undrawn => fl!(t, "status-undrawn"),
    }
}

/// Returns the type of a contract in words; nothing when nobody knows it.
pub(super) fn type_name(contract_type: Option<&str>, t: &Texts) -> String {
    match contract_type.and_then(ContractType::of_name) {
        Some(ContractType::Credit) => fl!(t, "type-credit"),
        Some(ContractType::Loan) => fl!(t, "type-loan"),
        None => String::new(),
    }
}
