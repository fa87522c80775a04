//! Import now, and what imports did.

use std::path::{self, PathBuf};
use std::sync::Arc;

use actix_multipart::form::MultipartForm;
use actix_multipart::form::tempfile::TempFile;
use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PREFIX;
use super::answer::{found, id_in_path, listed};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{Department, DryRunOnly, Files, Id, Paging, Waiting};
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, DbConn, JournalRow, Page, RejectRow, RunRow};
use crate::domain::Money;
use crate::import::actor::{self, StartError};
use crate::import::{ChangedTotal, DryRun, FileReport, FileStatus, RunReport, RunState, Source, dry_run};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/import/trigger").post(trigger))
        .service(web::resource("/import/files").post(hand_in))
        .service(web::resource("/import/runs").get(runs))
        .service(web::resource("/import/runs/{id}").get(run))
        .service(web::resource(["/import-logs", "/import/logs"]).get(journal))
        .service(web::resource(["/import-logs/{id}/rejects", "/import/logs/{id}/rejects"]).get(rejects));
}

#[derive(Serialize, ToSchema)]
struct TriggerAnswer {
    success: bool,
    message: String,
    files_processed: usize,
    files_failed: usize,
    files_skipped: usize,
    total_files: usize,
    department_id: i64,
    run_id: i64,
}

/// A run that is at work.
#[derive(Serialize, ToSchema)]
struct StartedRun {
    run_id: i64,
    department_id: i64,
}

/// What a run would do.
#[derive(Serialize, ToSchema)]
struct DryRunAnswer {
    files: Vec<DryRunFile>,
    /// The totals in the base currency.
    totals: Vec<ChangedTotal>,
}

#[derive(Serialize, ToSchema)]
struct DryRunFile {
    name: String,
    status: &'static str,
    rows_inserted: usize,
    rows_updated: usize,
    rows_unchanged: usize,
    rows_deleted: usize,
    rows_failed: usize,
    error_message: Option<String>,
}

/// Workbooks, each in a part called `files`.
#[derive(MultipartForm)]
#[multipart(deny_unknown_fields)]
pub struct HandedIn {
    files: Vec<TempFile>,
}

/// As the description of the interface has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by the description of the interface alone")]
struct HandedInFiles {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    files: Vec<Vec<u8>>,
}

/// A journal entry as it is answered.
#[derive(Serialize, ToSchema)]
struct JournalEntry {
    id: i64,
    import_date: NaiveDateTime,
    source_file: String,
    table_name: Option<String>,
    rows_inserted: i32,
    rows_updated: i32,
    rows_unchanged: i32,
    rows_deleted: i32,
    rows_failed: i32,
    status: String,
    error_message: Option<String>,
    processed_by: String,
    processing_time_seconds: f64,
    /// The file's own total (`Итого`).
    control_total: Option<Money>,
    /// The sum of the file's rows.
    rows_total: Option<Money>,
    department_id: i64,
    run_id: i64,
}

/// Imports now, and answers when that has ended.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/trigger",
    tag = "Import",
    operation_id = "trigger_import",
    params(Department, Waiting, DryRunOnly),
    responses(
        (status = 200, description = "It has ended", body = TriggerAnswer),
        (status = 202, description = "It has begun", body = StartedRun)
    )
)]
pub async fn trigger(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let department_id = state.import_department;
    let asked = params.id("department_id")?;
    let wait = params.switch("wait")?.unwrap_or(true);
    let dry_run_only = params.switch("dry_run")?.unwrap_or(false);
    params.finish()?;
    let scope = caller.department(asked)?;
    if scope.id().is_some_and(|id| id != department_id) {
        return Err(ApiError::Forbidden(format!("the import is that of department {department_id}")));
    }
    if dry_run_only {
        let source = state.import_source.clone().ok_or(StartError::NoSource)?;
        return Ok(HttpResponse::Ok().json(DryRunAnswer::of(dry_run(&state.import_context, &source).await?)));
    }
    answered(&state, state.import.run_now(&caller.username).await?, wait).await
}

/// Imports workbooks that are handed in, by the same path and into the same journal.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/files",
    tag = "Import",
    operation_id = "import_files",
    params(Waiting),
    request_body(content = HandedInFiles, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "It has ended", body = TriggerAnswer),
        (status = 202, description = "It has begun", body = StartedRun)
    )
)]
pub async fn hand_in(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
    MultipartForm(form): MultipartForm<HandedIn>,
) -> Result<HttpResponse, ApiError> {
    let wait = params.switch("wait")?.unwrap_or(true);
    params.finish()?;
    let scope = caller.department(None)?;
    if scope.id().is_some_and(|id| id != state.import_department) {
        return Err(ApiError::Forbidden(format!("the import is that of department {}", state.import_department)));
    }
    if form.files.is_empty() {
        return Err(ApiError::invalid("files", "the form holds no file: give each workbook as a part called files"));
    }
    let folder = tempfile::tempdir().map_err(|err| ApiError::Internal(format!("no temporary folder: {err}")))?;
    for (number, file) in form.files.into_iter().enumerate() {
        let name = file.file_name.unwrap_or_default();
        // A name, not a path: nothing is written beside the folder.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        if name.is_empty() || name.starts_with('.') || name.chars().any(char::is_control) {
            return Err(ApiError::invalid("files", format!("the file {} has no usable name", number + 1)));
        }
        let path = free_path(folder.path(), name);
        let kept = file.file.persist_noclobber(path);
        kept.map_err(|err| ApiError::invalid("files", format!("{name:?} can't be kept: {err}")))?;
    }
    let source = Source::HandedIn(Arc::new(folder));
    answered(&state, state.import.run_over(source, &caller.username).await?, wait).await
}

/// The path of a new file of that name; of several with one name the later ones get a number.
fn free_path(folder: &path::Path, name: &str) -> PathBuf {
    let (stem, ending) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let mut path = folder.join(name);
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{stem} ({number}){ending}"));
        number += 1;
    }
    path
}

async fn answered(state: &AppState, started: actor::StartedRun, wait: bool) -> Result<HttpResponse, ApiError> {
    let department_id = state.import_department;
    if !wait {
        let location = format!("{PREFIX}/credit-portfolio/import/runs/{}", started.run_id);
        let body = StartedRun { run_id: started.run_id, department_id };
        return Ok(HttpResponse::Accepted().insert_header((LOCATION, location)).json(body));
    }
    let run_id = started.run_id;
    let report = started
        .ended
        .await
        .map_err(|_| ApiError::Internal(format!("import run {run_id} broke off; its entry in the log says why")))?;
    Ok(HttpResponse::Ok().json(TriggerAnswer::of(report, department_id)))
}

/// Import runs, newest first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs",
    tag = "Import",
    operation_id = "list_import_runs",
    params(Department, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<RunRow>))
)]
pub async fn runs(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let (page, export) = (params.page()?, params.export()?);
    params.finish()?;
    let department = caller.department(asked)?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| Ok(db::list_runs(conn, department, page).await?.0);
        return export.list(&state, department, "import-runs", part).await;
    }
    let (rows, total) = db::list_runs(&mut state.db.conn().await?, department, page).await?;
    Ok(listed(&rows, total))
}

/// How a run is doing.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs/{id}",
    tag = "Import",
    operation_id = "get_import_run",
    params(Id),
    responses((status = 200, description = "OK", body = RunRow))
)]
pub async fn run(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let id = id_in_path(&id)?;
    let scope = caller.department(None)?;
    let run = db::find_run(&mut state.db.conn().await?, scope, id).await?;
    found(run, "import run", id)
}

/// The journal, newest first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import-logs",
    tag = "Import",
    operation_id = "list_import_logs",
    params(Department, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<JournalEntry>))
)]
pub async fn journal(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let (page, export) = (params.page()?, params.export()?);
    params.finish()?;
    let department = caller.department(asked)?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| {
            Ok(db::list_journal(conn, department, page).await?.into_iter().map(JournalEntry::from).collect())
        };
        return export.list(&state, department, "import-logs", part).await;
    }
    let mut conn = state.db.conn().await?;
    let total = db::count_journal(&mut conn, department).await?;
    let entries = db::list_journal(&mut conn, department, page).await?.into_iter().map(JournalEntry::from);
    Ok(listed(&entries.collect::<Vec<_>>(), total))
}

/// The rows that were not taken, with the reason.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import-logs/{id}/rejects",
    tag = "Import",
    operation_id = "list_rejects",
    params(Id, Files),
    responses((status = 200, description = "OK", body = Vec<RejectRow>))
)]
pub async fn rejects(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let export = params.export()?;
    params.finish()?;
    let id = id_in_path(&id)?;
    let scope = caller.department(None)?;
    let rows = db::list_rejects(&mut state.db.conn().await?, scope, id).await?;
    match (export, rows) {
        (Some(export), Some(rows)) => export.rows(&state, scope, &format!("rejects-{id}"), rows).await,
        (_, rows) => found(rows, "journal entry", id),
    }
}

impl DryRunAnswer {
    fn of(done: DryRun) -> DryRunAnswer {
        let file = |file: FileReport| DryRunFile {
            rows_inserted: file.counts.inserted,
            rows_updated: file.counts.updated,
            rows_unchanged: file.counts.unchanged,
            rows_deleted: file.counts.deleted,
            rows_failed: file.rejects.len(),
            status: file.status.as_str(),
            error_message: file.message,
            name: file.name,
        };
        DryRunAnswer { files: done.files.into_iter().map(file).collect(), totals: done.totals }
    }
}

impl TriggerAnswer {
    fn of(report: RunReport, department_id: i64) -> TriggerAnswer {
        TriggerAnswer {
            success: report.state == RunState::Completed,
            files_processed: report.processed(),
            files_failed: report.count(FileStatus::Failed),
            files_skipped: report.count(FileStatus::Skipped),
            total_files: report.total_files,
            message: report.message,
            department_id,
            run_id: report.run_id,
        }
    }
}

impl From<JournalRow> for JournalEntry {
    fn from(row: JournalRow) -> JournalEntry {
        JournalEntry {
            id: row.id,
            import_date: row.import_date,
            source_file: row.source_file,
            table_name: row.table_name,
            rows_inserted: row.rows_inserted,
            rows_updated: row.rows_updated,
            rows_unchanged: row.rows_unchanged,
            rows_deleted: row.rows_deleted,
            rows_failed: row.rows_failed,
            status: row.status,
            error_message: row.error_message,
            processed_by: row.processed_by,
            processing_time_seconds: row.processing_time_ms as f64 / 1000.0,
            control_total: row.control_total.map(Money::from_kopecks),
            rows_total: row.rows_total.map(Money::from_kopecks),
            department_id: row.department_id,
            run_id: row.run_id,
        }
    }
}
