//! Data quality: what the checks of the data find, what to do about it, and the rows, each with a
//! link to what it is about.

use std::sync::Arc;

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::error::PageError;
use super::figures::{Figures, figure};
use super::files::{FileLink, files_at};
use super::frame::Frame;
use super::links::Link;
use super::navigation::{Section, path_of};
use super::page_query::PageQuery;
use super::pages::page;
use super::surroundings::KnownSurroundings;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::analytics::{CheckResult, DataQuality, Figure, FoundRow};
use crate::domain::{Currency, DepartmentScope, Money, PortfolioFilter};
use crate::state::AppState;

/// Rows of each check that pages ask for beside others: as many as the REST interface gives unless
/// it is asked for more, so that both answer from the same entry.
pub(super) const FIRST_ROWS: i64 = 20;
/// Rows on the page of one check.
const MOST_ROWS: i64 = 1000;
const PATH: &str = "/quality";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(list))
        .service(web::resource("/quality/{check}").get(show));
}

#[derive(Template)]
#[template(path = "quality.html")]
struct QualityPage {
    p: Frame,
    as_of: String,
    /// Of which department, where that is not plain.
    department: Option<String>,
    found: Vec<CheckLine>,
    /// Those that found nothing.
    passed: Vec<CheckLine>,
    files: Vec<FileLink>,
}

/// A check of the data.
struct CheckLine {
    name: String,
    href: String,
    count: String,
    /// What it looks for, and what stands at stake.
    description: String,
    advice: String,
    at_stake: Option<String>,
}

#[derive(Template)]
#[template(path = "quality_check.html")]
struct CheckPage {
    p: Frame,
    check: CheckLine,
    rows: Vec<RowLine>,
    /// That only the first rows are shown.
    note: Option<String>,
    columns: Columns,
    files: Vec<FileLink>,
}

/// Which columns hold anything.
struct Columns {
    date: bool,
    amount: bool,
    compared: bool,
    at_stake: bool,
}

struct RowLine {
    kind: String,
    name: String,
    href: String,
    date: String,
    currency: String,
    amount: String,
    compared: String,
    at_stake: String,
}

/// `GET /quality`
async fn list(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(&request, &state, &visitor, PATH, &[])?;
    let quality = checks(&state, &visitor, &query.filter, FIRST_ROWS).await?;
    let around = surroundings.of(&state, query.filter.department).await?;
    let p = Frame::of_list(&state, &visitor, &query, &around, |t| {
        fl!(t, "data-quality")
    });
    let currency = &query.filter.currency;
    let line = |check: &CheckResult| CheckLine::of(check, currency, &query, &p);
    let (found, passed): (Vec<&CheckResult>, Vec<&CheckResult>) = quality
        .value
        .checks
        .iter()
        .partition(|check| check.count > 0);
    page(&QualityPage {
        as_of: p.format.date(quality.value.as_of),
        department: department_note(&quality.value, &query.filter, &p),
        found: found.into_iter().map(line).collect(),
        passed: passed.into_iter().map(line).collect(),
        files: files_at(&rest(&query, ""), &p),
        p,
    })
}

/// `GET /quality/{check}`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, PageError> {
    let path = format!("{PATH}/{name}");
    let query = PageQuery::read(&request, &state, &visitor, &path, &[])?;
    let quality = checks(&state, &visitor, &query.filter, MOST_ROWS).await?;
    let check = quality
        .value
        .checks
        .iter()
        .find(|check| check.name == *name);
    let check = check.ok_or(PageError::NotFound)?;
    let around = surroundings.of(&state, query.filter.department).await?;
    let line = |p: &Frame| CheckLine::of(check, &query.filter.currency, &query, p);
    let p = Frame::of_list(&state, &visitor, &query, &around, |_| {
        check
            .description
            .split(';')
            .next()
            .map(in_capital)
            .unwrap_or_default()
    });
    let shown = i64::try_from(check.rows.len()).unwrap_or(i64::MAX);
    let has = |of: fn(&FoundRow) -> bool| check.rows.iter().any(of);
    page(&CheckPage {
        check: line(&p),
        rows: check
            .rows
            .iter()
            .map(|row| RowLine::of(row, &query, &p))
            .collect(),
        note: (shown < check.count).then(|| {
            fl!(
                p.texts,
                "first-rows",
                shown = p.format.count(shown),
                count = p.format.count(check.count)
            )
        }),
        columns: Columns {
            date: has(|row| row.document_date.is_some()),
            amount: has(|row| row.amount.is_some()),
            compared: has(|row| row.compared.is_some()),
            at_stake: has(|row| row.at_stake.is_some()),
        },
        files: files_at(
            &rest(&query, &format!("/{name}")).with("limit", MOST_ROWS),
            &p,
        ),
        p,
    })
}

/// The checks at the REST interface, which takes less of a filter than pages keep.
fn rest(query: &PageQuery, of_one: &str) -> Link {
    let filter = query.link.only(&["currency", "department_id"]);
    filter.at(&format!("/api/v1/credit-portfolio/data-quality{of_one}"))
}

/// Says of which department the checks are, where the figures are of all.
pub(super) fn department_note(
    quality: &DataQuality,
    filter: &PortfolioFilter,
    p: &Frame,
) -> Option<String> {
    let is_of_all = filter.department.id().is_none();
    is_of_all.then(|| fl!(p.texts, "quality-of-department", id = quality.department_id))
}

/// Returns what the checks find, with so many rows of each; where all departments are looked at, in
/// the one of the imports.
///
/// # Errors
/// [`PageError`] when it is not cached and the database can't answer.
pub(super) async fn checks(
    state: &Data<AppState>,
    visitor: &Visitor,
    filter: &PortfolioFilter,
    rows: i64,
) -> Result<Figures<Arc<DataQuality>>, PageError> {
    let department_id = filter.department.id().unwrap_or(state.import_department);
    let question = Figure::DataQuality {
        department_id,
        limit: rows,
        language: visitor.language,
    };
    let scope = DepartmentScope::One(department_id);
    let of_department = PortfolioFilter::of_department(scope, filter.currency.clone());
    figure(state, question, &of_department).await
}

/// A text with its first letter in upper case.
pub(super) fn in_capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

impl CheckLine {
    fn of(check: &CheckResult, currency: &Currency, query: &PageQuery, p: &Frame) -> CheckLine {
        let has_stake = check.at_stake > Money::ZERO;
        CheckLine {
            name: check.name.clone().into_owned(),
            href: query.link.at(&format!("{PATH}/{}", check.name)).to_string(),
            count: p.format.count(check.count),
            description: in_capital(&check.description),
            advice: check.advice.clone().into_owned(),
            at_stake: has_stake.then(|| {
                let amount = p.format.money(check.at_stake, currency);
                fl!(p.texts, "at-stake", amount = amount)
            }),
        }
    }
}

impl RowLine {
    fn of(row: &FoundRow, query: &PageQuery, p: &Frame) -> RowLine {
        let amount = |amount: Option<Money>| {
            amount
                .map(|amount| p.format.amount(amount))
                .unwrap_or_default()
        };
        RowLine {
            kind: kind_name(p.texts, &row.kind),
            name: row.name.clone(),
            href: address_of(row, query).to_string(),
            date: row
                .document_date
                .map(|day| p.format.date(day))
                .unwrap_or_default(),
            currency: row.currency.clone().unwrap_or_default(),
            amount: amount(row.amount),
            compared: amount(row.compared),
            at_stake: amount(row.at_stake),
        }
    }
}

fn kind_name(t: &Texts, kind: &str) -> String {
    match kind {
        "receipt" => fl!(t, "kind-receipt"),
        "expense" => fl!(t, "kind-expense"),
        "expense_detail" => fl!(t, "kind-detail"),
        "contract" => fl!(t, "contract"),
        "organization" => fl!(t, "organization"),
        "lender" => fl!(t, "lender"),
        _ => fl!(t, "file"),
    }
}

/// Where what a row is about is shown: its own page where there is one, otherwise the operations of
/// its day and organization.
fn address_of(row: &FoundRow, query: &PageQuery) -> Link {
    let own = |section: Section| path_of(section).map(|path| format!("{path}/{}", row.id));
    let department = query.filter.department.id();
    let of_department = |path: &str| {
        let id = department.map(|id| id.to_string()).unwrap_or_default();
        Link::new(path).with("department_id", id)
    };
    match row.kind.as_str() {
        "file" => Link::new(&format!("/imports/entries/{}", row.id)),
        "organization" => of_department("/").with("organization_id", row.id),
        "lender" => match own(Section::Lenders) {
            Some(path) => of_department(&path),
            None => of_department("/").with("lender_id", row.id),
        },
        "contract" => match own(Section::Contracts) {
            Some(path) => of_department(&path),
            None => of_department("/").with("contract_id", row.id),
        },
        kind => {
            let measure = if kind == "receipt" {
                "receipts"
            } else {
                "expenses"
            };
            let day = row
                .document_date
                .map(|day| day.to_string())
                .unwrap_or_default();
            let organization = row.organization_id.map(|id| id.to_string());
            of_department("/operations")
                .with("measure", measure)
                .with("date_from", &day)
                .with("date_to", &day)
                .with("organization_id", organization.unwrap_or_default())
                .with("currency", row.currency.clone().unwrap_or_default())
                .with("back", &query.link)
        }
    }
}
