//! The operations behind a figure: its parts, whose sum is the figure.
//!
//! The figure itself comes from where charts and tiles take it, the rollups; the sum from the rows.

mod measures;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::charts::Period;
use super::contract::adjustment_kind_name;
use super::contracts::{SEARCH, found_by, status_name, sums};
use super::error::PageError;
use super::files::{FileLink, files_at};
use super::filter_bar::{Offers, Select};
use super::frame::Frame;
use super::links::{Link, own_address};
use super::navigation::{Section, path_of};
use super::operation;
use super::page_query::PageQuery;
use super::pages::page;
use super::paging::{Pages, page_number, rows_before};
use super::surroundings::KnownSurroundings;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::analytics::Measure;
use crate::db::{FlowMeasure, Page, PartRow};
use crate::domain::{ContractType, Direction, IntraGroup, Money};
use crate::state::{AppState, PartsQuestion};
use measures::{expected, measure_name};

/// Rows a page.
const PAGE_ROWS: i64 = 100;
const DEFAULT_MEASURE: &str = "amount";
/// The other measures that the filter offers.
const MEASURES: [&str; 14] = [
    "receipts",
    "expenses",
    "paid",
    "principal",
    "interest",
    "net",
    "given",
    "returned",
    "other",
    "commission",
    "unconfirmed",
    "planned",
    "debt",
    "overpaid",
];

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/operations").get(show));
}

/// Returns the address of the operations behind a figure: of the filter of `query`, which leads back
/// to the page.
pub(crate) fn behind(query: &PageQuery, measure: &str) -> Link {
    query.operations().with("measure", measure)
}

/// Narrows such an address to a period within the range of the page.
pub(crate) fn within(link: Link, query: &PageQuery, period: Period) -> Link {
    let (first, last) = (period.first.first_day(), period.last.last_day());
    let dates = &query.filter.dates;
    link.with(
        "date_from",
        dates.from().map_or(first, |from| from.max(first)),
    )
    .with("date_to", dates.to().map_or(last, |to| to.min(last)))
}

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    p: Frame,
    back: Option<String>,
    /// What the figure is.
    label: String,
    /// What the rollups say.
    figure: String,
    sum: String,
    are_equal: bool,
    count: i64,
    count_text: String,
    rows: Vec<Row>,
    pages: Pages,
    files: Vec<FileLink>,
    currency: String,
}

/// A part of the figure.
struct Row {
    date: String,
    number: String,
    /// The operation's id as 1C has it.
    id: String,
    /// The operation's page; none of an adjustment.
    href: Option<String>,
    kind: String,
    contract: Option<(String, Option<String>)>,
    organization: String,
    what: String,
    is_confirmed: bool,
    amount: String,
}

/// `GET /operations`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let own = [&SEARCH[..], &["measure", "page", "back"]].concat();
    let query = PageQuery::read(&request, &state, &visitor, "/operations", &own)?;
    let name = query.own("measure").unwrap_or(DEFAULT_MEASURE).to_owned();
    let measure =
        Measure::of_name(&name).ok_or_else(|| PageError::Address("measure".to_owned()))?;
    if query.filter.bank_account_id.is_some() && !is_of_flows(measure) {
        return Err(PageError::Address("bank_account_id".to_owned()));
    }
    let number = page_number(&query)?;
    let page_of_rows = Page {
        skip: rows_before(number, PAGE_ROWS)?,
        limit: PAGE_ROWS,
    };
    let search = found_by(&query)?;
    let narrow = Some(&search).filter(|search| search.is_narrow());
    let question = PartsQuestion {
        filter: &query.filter,
        measure,
        search: narrow,
    };
    let read = state.figure_parts(question, page_of_rows).await;
    let (parts, is_away) = match read {
        Err(err) if err.is_transient() => {
            let known = state.remembered_parts(question, page_of_rows);
            (known.ok_or(err)?, true)
        }
        read => (read?, false),
    };
    let total = Money::from_kopecks(parts.totals.total);
    let (mut expected, mut note) = expected(&state, &query.filter, measure).await?;
    note.is_stale |= is_away;
    if narrow.is_some() {
        // The table of contracts knows no bank account.
        expected = match query.filter.bank_account_id {
            None => sums(&state, &search, &query.filter)
                .await?
                .of_measure(measure),
            Some(_) => None,
        };
    }
    let around = surroundings.of(&state, query.filter.department).await?;
    let offers = if is_of_flows(measure) {
        Offers::Flows
    } else {
        Offers::Balances
    };
    let mut p = Frame::of_figures(&state, &visitor, &query, &around, offers, &note, |t| {
        measure_name(t, measure, query.filter.balance_direction())
    })?;
    if let Some(bar) = p.filters.as_mut() {
        for select in further_selects(&query, p.texts) {
            bar.offer(select);
        }
        let t = p.texts;
        if let Some(text) = &search.search {
            bar.show("search", &fl!(t, "contracts"), text, &query);
        }
        if let Some(status) = search.status {
            bar.show("status", &fl!(t, "status"), &status_name(status, t), &query);
        }
    }
    let (format, currency) = (p.format, &query.filter.currency);
    let address = query.address();
    let rest = SEARCH.into_iter().fold(
        query.link.at("/api/v1/credit-portfolio/operations/parts"),
        |rest, name| rest.with(name, query.own(name).unwrap_or_default()),
    );
    page(&OperationsPage {
        label: match (measure, own_address(query.own("back"))) {
            (Measure::Flow(FlowMeasure::Amount), _) => fl!(p.texts, "turnover"),
            (_, Some(_)) => fl!(p.texts, "in-the-chart"),
            (_, None) => fl!(p.texts, "figure"),
        },
        back: own_address(query.own("back")).map(str::to_owned),
        figure: format.money(expected.unwrap_or(total), currency),
        sum: format.money(total, currency),
        are_equal: expected.is_none_or(|figure| figure == total),
        count: parts.totals.count,
        count_text: format.count(parts.totals.count),
        rows: parts
            .rows
            .iter()
            .map(|row| Row::of(row, &query, &p))
            .collect(),
        pages: Pages::of(&address, number, PAGE_ROWS, parts.totals.count, p.format),
        files: files_at(&rest.with("measure", &name), &p),
        currency: currency.to_string(),
        p,
    })
}

/// What the operations can be narrowed by beside what every page offers.
fn further_selects(query: &PageQuery, t: &Texts) -> Vec<Select> {
    let filter = &query.filter;
    // A balance belongs to no bank account.
    let is_of_account = filter.bank_account_id.is_some();
    let measures = MEASURES.iter().filter_map(|name| {
        let measure = Measure::of_name(name)?;
        let is_offered = is_of_flows(measure) || !is_of_account;
        is_offered.then(|| (*name, measure_name(t, measure, filter.balance_direction())))
    });
    let directions = [
        (Direction::Borrowed.as_str(), fl!(t, "direction-borrowed")),
        (Direction::Lent.as_str(), fl!(t, "direction-lent")),
    ];
    let types = [
        (ContractType::Credit.as_str(), fl!(t, "type-credit")),
        (ContractType::Loan.as_str(), fl!(t, "type-loan")),
    ];
    let within_holding = [
        (IntraGroup::Only.as_str(), fl!(t, "intra-group-only")),
        (IntraGroup::Exclude.as_str(), fl!(t, "intra-group-exclude")),
    ];
    let confirmed = [("true", fl!(t, "yes")), ("false", fl!(t, "no"))];
    vec![
        Select::of_words("measure", fl!(t, "measure"), measures, query.own("measure")),
        Select::of_words(
            "direction",
            fl!(t, "direction"),
            directions,
            filter.direction.map(Direction::as_str),
        ),
        Select::of_words(
            "contract_type",
            fl!(t, "contract-type"),
            types,
            filter.contract_type.map(ContractType::as_str),
        ),
        Select::of_words(
            "intra_group",
            fl!(t, "intra-group"),
            within_holding,
            Some(filter.intra_group.as_str()),
        ),
        Select::of_words(
            "confirmed",
            fl!(t, "confirmed"),
            confirmed,
            filter.confirmed.map(|is| if is { "true" } else { "false" }),
        ),
    ]
}

/// Whether a measure counts operations, and no balance.
fn is_of_flows(measure: Measure) -> bool {
    matches!(measure, Measure::Flow(_) | Measure::Planned)
}

impl Row {
    fn of(row: &PartRow, query: &PageQuery, p: &Frame) -> Row {
        let t = p.texts;
        let contracts = path_of(Section::Contracts);
        let contract = row.contract.clone().map(|number| {
            let kept = query
                .kept()
                .only(&["date_from", "date_to", "department_id"]);
            let path =
                contracts.map(|path| kept.at(&format!("{path}/{}", row.contract_id)).to_string());
            (number, path)
        });
        Row {
            date: p.format.date(row.day),
            number: number_of(&row.operation_id).to_owned(),
            id: row.operation_id.clone(),
            href: operation::address_of(&row.kind, row.id, row.detail_id, query)
                .map(|link| link.to_string()),
            kind: kind_name(t, &row.kind),
            contract,
            organization: row.organization.clone().unwrap_or_default(),
            what: what_for(t, row),
            is_confirmed: row.is_confirmed,
            amount: p.format.amount(Money::from_kopecks(row.value)),
        }
    }
}

/// Returns the number in an id such as `Списание с расчетного счета 0000-000001 от 05.03.2024 12:00:00`.
pub(crate) fn number_of(id: &str) -> &str {
    let document = id.split(" от ").next().unwrap_or(id);
    document.rsplit(' ').next().unwrap_or(document)
}

/// Returns what a part is, in words.
pub(crate) fn kind_name(t: &Texts, kind: &str) -> String {
    match kind {
        "receipt" => fl!(t, "kind-receipt"),
        "detail" => fl!(t, "kind-detail"),
        "adjustment" => fl!(t, "kind-adjustment"),
        _ => fl!(t, "kind-expense"),
    }
}

/// What a payment is for; of others, what their document says.
fn what_for(t: &Texts, row: &PartRow) -> String {
    match row.payment_kind.as_deref() {
        Some("principal") => fl!(t, "principal"),
        Some("interest") => fl!(t, "interest"),
        Some("given") => fl!(t, "given"),
        Some("other") => fl!(t, "other"),
        _ => {
            let stated = row.operation_type.as_deref().unwrap_or_default();
            match row.kind.as_str() {
                "adjustment" => adjustment_kind_name(stated, t),
                _ => stated.to_owned(),
            }
        }
    }
}
