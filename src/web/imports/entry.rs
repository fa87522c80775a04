//! One file of a run: what became of it, and its rejected rows, to be corrected and handed in again.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::PATH;
use super::run::EntryLine;
use crate::db::{self, RejectRow};
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::frame::Frame;
use crate::web::import_words::reject_reason;
use crate::web::page_query::PageQuery;
use crate::web::pages::page;
use crate::web::paging::{Pages, page_number, rows_before};
use crate::web::surroundings::KnownSurroundings;
use crate::web::visitor::Visitor;

/// Rejected rows a page.
const PAGE_ROWS: i64 = 100;

#[derive(Template)]
#[template(path = "import_entry.html")]
struct EntryPage {
    p: Frame,
    run: (String, String),
    entry: EntryLine,
    may_change: bool,
    rows: Vec<RejectLine>,
    pages: Pages,
}

/// A row that was not taken.
pub(super) struct RejectLine {
    pub(super) row: String,
    pub(super) sheet: String,
    pub(super) column: String,
    pub(super) value: String,
    /// The kind of fault.
    pub(super) reason: String,
    /// The fault itself, in English.
    pub(super) detail: String,
}

/// `GET /imports/entries/{id}`
pub(super) async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let path = format!("{PATH}/entries/{id}");
    let query = PageQuery::read(&request, &state, &visitor, &path, &["page"])?;
    let number = page_number(&query)?;
    let before = usize::try_from(rows_before(number, PAGE_ROWS)?).unwrap_or(usize::MAX);
    let scope = visitor.department(&state, None)?;
    let found = state
        .db
        .snapshot(async |conn| {
            let entry = db::find_journal_entry(conn, scope, id).await?;
            let rejects = db::list_rejects(conn, scope, id).await?;
            Ok::<_, db::DbError>(entry.zip(rejects))
        })
        .await?;
    let (entry, rejects) = found.ok_or(PageError::NotFound)?;
    let around = surroundings.of(&state, query.filter.department).await?;
    let p = Frame::of_list(&state, &visitor, &query, &around, |_| {
        entry.source_file.clone()
    });
    let count = i64::try_from(rejects.rows.len()).unwrap_or(i64::MAX);
    let shown = rejects.rows.iter().skip(before).take(PAGE_ROWS as usize);
    page(&EntryPage {
        run: (
            fl!(p.texts, "import-title", id = entry.run_id),
            format!("{PATH}/{}", entry.run_id),
        ),
        entry: EntryLine::of(&entry, &p),
        may_change: visitor.may_change(),
        rows: shown.map(|row| RejectLine::of(row, &p)).collect(),
        pages: Pages::of(&query.link, number, PAGE_ROWS, count, p.format),
        p,
    })
}

impl RejectLine {
    fn of(row: &RejectRow, p: &Frame) -> RejectLine {
        RejectLine {
            row: p.format.count(row.row_number.into()),
            sheet: row.sheet.clone().unwrap_or_default(),
            column: row.column_name.clone(),
            value: row.value.clone(),
            reason: reject_reason(p.texts, row.code.as_deref(), &row.reason),
            detail: row.reason.clone(),
        }
    }
}
