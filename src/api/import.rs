//! Import now, and what imports did.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::PREFIX;
use super::answer::{found, id_in_path, listed};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{Department, Files, Id, Paging, Waiting};
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, DbConn, JournalRow, Page, RejectRow, RunRow};
use crate::domain::Money;
use crate::import::{FileStatus, RunReport, RunState};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/import/trigger").post(trigger))
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
    params(Department, Waiting),
    responses(
        (status = 200, description = "It has ended", body = TriggerAnswer),
        (status = 202, description = "It has begun", body = StartedRun)
    )
)]
pub async fn trigger(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let department_id = state.import_department;
    let asked = params.id("department_id")?;
    let wait = params.switch("wait")?.unwrap_or(true);
    params.finish()?;
    let scope = caller.department(asked)?;
    if scope.id().is_some_and(|id| id != department_id) {
        return Err(ApiError::Forbidden(format!("the import is that of department {department_id}")));
    }
    let started = state.import.run_now(&caller.username).await?;
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
    params(Id),
    responses((status = 200, description = "OK", body = Vec<RejectRow>))
)]
pub async fn rejects(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let id = id_in_path(&id)?;
    let scope = caller.department(None)?;
    let rows = db::list_rejects(&mut state.db.conn().await?, scope, id).await?;
    found(rows, "journal entry", id)
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
