//! The roll-forward: how what was owed before a range became what is owed at its end, by contract,
//! organization or lender.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::cells::{Amount, Behind};
use super::direction_words::DirectionWords;
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, files_at};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::page_query::PageQuery;
use super::pages::page;
use super::paging::{Pages, page_number, rows_before};
use super::surroundings::KnownSurroundings;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::analytics::{DebtGroup, Figure, RollForward, RollForwardGroup, RollForwardRow};
use crate::domain::WITHOUT_LENDER;
use crate::state::AppState;

const PATH: &str = "/roll-forward";
const REST: &str = "/api/v1/credit-portfolio/analytics/roll-forward";
/// Rows a page.
const PAGE_ROWS: i64 = 100;
/// What rows are, by the name that `group_by` takes; the first one when it is left out.
const GROUPS: [(&str, DebtGroup); 3] = [
    ("contract", DebtGroup::Contract),
    ("organization", DebtGroup::Organization),
    ("lender", DebtGroup::Lender),
];

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "roll_forward.html")]
struct RollForwardPage {
    p: Frame,
    words: DirectionWords,
    groups: Vec<GroupLink>,
    /// What the rows are.
    group: String,
    rows: Vec<Row>,
    total: Amounts,
    pages: Pages,
    files: Vec<FileLink>,
}

/// What rows can be, as a link.
struct GroupLink {
    name: String,
    href: String,
    is_current: bool,
}

struct Row {
    name: String,
    href: Option<String>,
    amounts: Amounts,
}

/// Opening + drawn − repaid + adjustments = closing; interest and other payments beside it.
struct Amounts {
    opening: Amount,
    drawn: Amount,
    repaid: Amount,
    adjustments: Amount,
    closing: Amount,
    interest: Amount,
    other: Amount,
}

/// `GET /roll-forward`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &["group_by", "page"])?;
    let filter = &query.filter;
    if filter.bank_account_id.is_some() {
        return Err(PageError::Address("bank_account_id".to_owned()));
    }
    let name = query.own("group_by").unwrap_or(GROUPS[0].0);
    let known = GROUPS.iter().find(|(known, _)| *known == name);
    let (name, group) = *known.ok_or_else(|| PageError::Address("group_by".to_owned()))?;
    let number = page_number(&query)?;
    let skipped = usize::try_from(rows_before(number, PAGE_ROWS)?).unwrap_or(usize::MAX);
    let question = Figure::RollForward(RollForwardGroup::Of(group));
    let found = figure::<RollForward>(&state, question, filter).await?;
    let around = surroundings.of(&state, filter.department).await?;
    let p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Balances,
        &found.note(),
        |t| fl!(t, "roll-forward"),
    )?;
    let count = i64::try_from(found.value.data.len()).unwrap_or(i64::MAX);
    let shown = found.value.data.iter().skip(skipped);
    let shown = shown.take(usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX));
    let address = query.address();
    page(&RollForwardPage {
        words: DirectionWords::of(query.filter.balance_direction(), p.texts),
        groups: groups(&query, name, p.texts),
        group: group_name(group, p.texts),
        rows: shown.map(|row| Row::of(row, group, &query, &p)).collect(),
        total: Amounts::of(&found.value.total, Some(&Behind::all(&query)), &p),
        pages: Pages::of(&address, number, PAGE_ROWS, count, p.format),
        files: files_at(&query.link.at(REST).with("group_by", name), &p),
        p,
    })
}

fn groups(query: &PageQuery, current: &str, t: &Texts) -> Vec<GroupLink> {
    let link = |(name, group): (&'static str, DebtGroup)| GroupLink {
        name: group_name(group, t),
        href: query.link.clone().with("group_by", name).to_string(),
        is_current: name == current,
    };
    GROUPS.into_iter().map(link).collect()
}

fn group_name(group: DebtGroup, t: &Texts) -> String {
    match group {
        DebtGroup::Contract => fl!(t, "contract"),
        DebtGroup::Organization => fl!(t, "organization"),
        DebtGroup::Lender => fl!(t, "lender"),
    }
}

impl Row {
    fn of(row: &RollForwardRow, group: DebtGroup, query: &PageQuery, p: &Frame) -> Row {
        let filter = match group {
            DebtGroup::Contract => "contract_id",
            DebtGroup::Organization => "organization_id",
            DebtGroup::Lender => "lender_id",
        };
        let id = match group {
            DebtGroup::Lender => Some(row.group_id.unwrap_or(WITHOUT_LENDER)),
            DebtGroup::Contract | DebtGroup::Organization => row.group_id,
        };
        let behind = id.map(|id| Behind::all(query).with(filter, id));
        let href = row.group_id.map(|id| match group {
            DebtGroup::Contract => query.link.at(&format!("/contracts/{id}")),
            DebtGroup::Lender => query.link.at_lender(id),
            DebtGroup::Organization => query.link.clone().with(filter, id),
        });
        Row {
            name: row.group.clone().unwrap_or_default(),
            href: href.map(|link| link.to_string()),
            amounts: Amounts::of(row, behind.as_ref(), p),
        }
    }
}

impl Amounts {
    fn of(row: &RollForwardRow, behind: Option<&Behind<'_>>, p: &Frame) -> Amounts {
        let flow = |money, measure| match behind {
            Some(behind) => Amount::at(money, behind.flow(measure), p),
            None => Amount::plain(money, p),
        };
        Amounts {
            opening: match behind.and_then(Behind::opening) {
                Some(link) => Amount::at(row.opening, link, p),
                None => Amount::plain(row.opening, p),
            },
            drawn: flow(row.drawn, "drawn"),
            repaid: flow(row.repaid, "repaid"),
            adjustments: flow(row.adjustments, "adjustments"),
            closing: match behind {
                Some(behind) => Amount::at(row.closing, behind.balance("balance"), p),
                None => Amount::plain(row.closing, p),
            },
            interest: flow(row.interest, "contract_interest"),
            other: flow(row.other, "contract_other"),
        }
    }
}
