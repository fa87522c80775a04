//! One run of the import: how far it is or how it ended, and what became of each of its files.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::freshness::Time;
use super::live::LiveRun;
use super::{API, PATH};
use crate::db::{self, JournalRow, RunRow};
use crate::domain::{DepartmentScope, Money};
use crate::import::beside_counts;
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::files::{FileLink, files_at};
use crate::web::frame::Frame;
use crate::web::import_words::{Reasons, file_kind, file_status, run_note, run_state};
use crate::web::links::Link;
use crate::web::page_query::PageQuery;
use crate::web::pages::page;
use crate::web::surroundings::KnownSurroundings;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "import_run.html")]
struct RunPage {
    p: Frame,
    run: Facts,
    live: Option<LiveRun>,
    entries: Vec<EntryLine>,
    /// The sums of the counts of all files.
    totals: [String; 7],
    files: Vec<FileLink>,
}

/// What is known of the run itself.
struct Facts {
    class: &'static str,
    state: String,
    by: String,
    sources: String,
    started: Time,
    finished: Option<Time>,
    scheduled: Option<Time>,
    total: String,
    processed: String,
    failed: String,
    skipped: String,
    failing: String,
    note: String,
    /// What the program says beside the counts, in English.
    message: String,
}

/// What became of a file.
pub(super) struct EntryLine {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) kind: String,
    pub(super) class: &'static str,
    pub(super) status: String,
    /// Rows inserted, updated, unchanged, deleted, deactivated, left alone, rejected.
    pub(super) counts: [String; 7],
    pub(super) has_rejects: bool,
    pub(super) reasons: Reasons,
    pub(super) control_total: String,
    pub(super) rows_total: String,
    /// Whether its own total is another than that of its rows.
    pub(super) differs: bool,
    pub(super) seconds: String,
    pub(super) rejects: Vec<FileLink>,
}

/// `GET /imports/{id}`
pub(super) async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let query = PageQuery::read(&request, &state, &visitor, &format!("{PATH}/{id}"), &[])?;
    let scope = visitor.department(&state, None)?;
    let (run, rows) = run_with_entries(&state, scope, id).await?;
    let around = surroundings.of(&state, query.filter.department).await?;
    let p = Frame::of_list(&state, &visitor, &query, &around, |t| {
        fl!(t, "import-title", id = id)
    });
    let live = LiveRun::of(&state, &visitor, &p, scope, id).await?;
    let mut sums = [0; 7];
    for row in &rows {
        for (sum, count) in sums.iter_mut().zip(counts(row)) {
            *sum += i64::from(count);
        }
    }
    let journal = Link::new(&format!("{API}/import-logs"))
        .with("department_id", run.department_id)
        .with("run_id", id);
    page(&RunPage {
        run: Facts::of(&run, &state, &p),
        live,
        entries: rows.iter().map(|row| EntryLine::of(row, &p)).collect(),
        totals: sums.map(|sum| p.format.count(sum)),
        files: files_at(&journal, &p),
        p,
    })
}

async fn run_with_entries(
    state: &AppState,
    scope: DepartmentScope,
    id: i64,
) -> Result<(RunRow, Vec<JournalRow>), PageError> {
    let mut conn = state.db.conn().await?;
    let run = db::find_run(&mut conn, scope, id).await?;
    let run = run.ok_or(PageError::NotFound)?;
    let rows = db::list_journal_of_run(&mut conn, run.department_id, id).await?;
    Ok((run, rows))
}

impl Facts {
    fn of(run: &RunRow, state: &AppState, p: &Frame) -> Facts {
        let (class, words) = run_state(p.texts, &run.state);
        let count = |files: i32| p.format.count(files.into());
        let time = |time| Time::of(time, state, p);
        Facts {
            class,
            state: words,
            by: run.started_by.clone(),
            sources: run.sources.replace(',', ", "),
            started: time(run.started_at),
            finished: run.finished_at.map(time),
            scheduled: run.scheduled_for.map(time),
            total: count(run.total_files),
            processed: count(run.files_processed),
            failed: count(run.files_failed),
            skipped: count(run.files_skipped),
            failing: count(run.files_failing),
            note: run_note(p.texts, &run.state),
            message: match run_note(p.texts, &run.state).is_empty() {
                true => beside_counts(&run.message).to_owned(),
                false => String::new(),
            },
        }
    }
}

impl EntryLine {
    /// The line of a journal entry.
    pub(super) fn of(row: &JournalRow, p: &Frame) -> EntryLine {
        let (class, status) = file_status(p.texts, &row.status);
        let amount = |kopecks: Option<i64>| {
            kopecks
                .map(|kopecks| p.format.amount(Money::from_kopecks(kopecks)))
                .unwrap_or_default()
        };
        let codes = row.remark_codes.iter().flat_map(|codes| codes.split(','));
        let message = row.error_message.as_deref().unwrap_or_default();
        let has_rejects = row.rows_failed > 0;
        EntryLine {
            name: row.source_file.clone(),
            href: format!("{PATH}/entries/{}", row.id),
            kind: row
                .table_name
                .as_deref()
                .map(|kind| file_kind(p.texts, kind))
                .unwrap_or_default(),
            class,
            status,
            counts: counts(row).map(|rows| p.format.count(rows.into())),
            has_rejects,
            reasons: Reasons::of(p.texts, codes, message),
            control_total: amount(row.control_total),
            rows_total: amount(row.rows_total),
            differs: row.control_total.is_some() && row.control_total != row.rows_total,
            seconds: p.format.seconds(row.processing_time_ms),
            rejects: files_at(
                &Link::new(&format!("{API}/import-logs/{}/rejects", row.id)),
                p,
            ),
        }
    }
}

fn counts(row: &JournalRow) -> [i32; 7] {
    [
        row.rows_inserted,
        row.rows_updated,
        row.rows_unchanged,
        row.rows_deleted,
        row.rows_deactivated,
        row.rows_left_alone,
        row.rows_failed,
    ]
}
