//! Import now; runs, how far they are, and how to stop them.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{self, Data, ServiceConfig};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PREFIX;
use super::answer::{found, listed};
use super::caller::Caller;
use super::compression::NoCompression;
use super::error::ApiError;
use super::journal::JournalEntry;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::problems::{Conflict, UploadErrors};
use super::params::{
    Department, Files, ImportOptions, NoParams, Paging, PathId, Query, Waiting, given,
};
use super::run_events::{LAST_WORD_LIMIT, run_events};
use super::types::{ChangedTotal, ImportRun, Progress, answers};
use super::upload::Upload;
use crate::db::{self, DbConn, Page};
use crate::import::actor::{self, StartError};
use crate::import::{
    self, DryRun, FileReport, FileStatus, ImportRequest, RemarkCode, RunReport, RunState, Source,
    keep_together,
};
use crate::state::AppState;

type TriggerQuery = Query<(Department, Waiting, ImportOptions)>;
type FilesQuery = Query<(Waiting,)>;
type RunsQuery = Query<(Department, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/import/trigger").post(trigger))
        .service(web::resource("/import/files").post(hand_in))
        .service(web::resource("/import/runs").get(runs))
        .service(web::resource("/import/runs/{id}").get(run))
        .service(web::resource("/import/runs/{id}/events").get(events))
        .service(web::resource("/import/runs/{id}/cancel").post(cancel));
}

#[derive(Serialize, ToSchema)]
struct TriggerAnswer {
    success: bool,
    message: String,
    files_processed: usize,
    files_failed: usize,
    files_skipped: usize,
    total_files: usize,
    /// How many files of the department can't be imported, those that were left alone and those of
    /// other sources included.
    files_failing: usize,
    department_id: i64,
    run_id: i64,
}

/// A run that is going on.
#[derive(Serialize, ToSchema)]
struct StartedRun {
    run_id: i64,
    department_id: i64,
}

/// A run with its progress and its files.
#[derive(Serialize, ToSchema)]
struct ImportRunDetails {
    #[serde(flatten)]
    run: ImportRun,
    /// How far it is, while the process that is asked works on it.
    progress: Option<Progress>,
    /// What became of its files, so far.
    files: Vec<JournalEntry>,
}

/// An event of a run. As the description of the interface has it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description of the interface alone")]
struct RunEvent {
    /// `progress`, `ended`, or `stopping`: the service stops before the run has ended, connect again.
    event: String,
    /// JSON: a `Progress`, the `ImportRun` as it ended, or the id of the run.
    data: String,
}

/// What a run would do.
#[derive(Serialize, ToSchema)]
struct DryRunAnswer {
    files: Vec<DryRunFile>,
    /// The totals in the base currency.
    totals: Vec<ChangedTotal>,
    /// What is owed, in the base currency.
    debt: Option<ChangedTotal>,
    /// The same in each other currency.
    other_currencies: Vec<ChangedFigures>,
}

/// The figures of a currency before and after.
#[derive(Serialize, ToSchema)]
struct ChangedFigures {
    currency: String,
    debt: ChangedTotal,
    totals: Vec<ChangedTotal>,
}

impl From<import::ChangedFigures> for ChangedFigures {
    fn from(figures: import::ChangedFigures) -> ChangedFigures {
        ChangedFigures {
            currency: figures.currency.to_string(),
            debt: figures.debt.into(),
            totals: answers(figures.totals),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct DryRunFile {
    name: String,
    status: &'static str,
    rows_inserted: usize,
    rows_updated: usize,
    rows_unchanged: usize,
    rows_deleted: usize,
    rows_deactivated: usize,
    rows_left_alone: usize,
    rows_failed: usize,
    error_message: Option<String>,
    /// What may be wrong with the file, or why it does not go in, by codes: `total_differs`.
    remark_codes: Vec<&'static str>,
}

/// Workbooks, each in a part called `files`. As the description of the interface has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by the description of the interface alone")]
struct HandedInFiles {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    files: Vec<Vec<u8>>,
}

/// Imports now, and answers when that has ended.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/trigger",
    tag = "Import",
    operation_id = "trigger_import",
    params(TriggerQuery),
    responses(
        (status = 200, description = "It has ended", body = TriggerAnswer),
        (status = 202, description = "It has begun", body = StartedRun),
        Conflict
    )
)]
pub async fn trigger(
    state: Data<AppState>,
    caller: Caller,
    query: TriggerQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, waiting, options) = query.params;
    let is_forced = given(options.force).unwrap_or(false);
    let department_id = caller
        .department(given(department.department_id))?
        .id()
        .unwrap_or(state.import_department);
    let sources = state.sources_of(department_id);
    if sources.is_empty() {
        return Err(match state.import_sources.is_empty() {
            true => StartError::NoSource.into(),
            false => ApiError::Forbidden(format!(
                "no import source belongs to department {department_id}"
            )),
        });
    }
    let order = ImportRequest {
        is_forced,
        ..ImportRequest::now(sources, caller.username())
    };
    if given(options.dry_run).unwrap_or(false) {
        return Ok(HttpResponse::Ok().json(DryRunAnswer::of(state.try_import(&order).await?)));
    }
    answered(&state, state.import.run(order).await?, waiting.waits()).await
}

/// Imports workbooks that are handed in, by the same path and into the same journal.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/files",
    tag = "Import",
    operation_id = "import_files",
    params(FilesQuery),
    request_body(content = HandedInFiles, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "It has ended", body = TriggerAnswer),
        (status = 202, description = "It has begun", body = StartedRun),
        UploadErrors
    )
)]
pub async fn hand_in(
    state: Data<AppState>,
    upload: Upload,
    query: FilesQuery,
) -> Result<HttpResponse, ApiError> {
    let (waiting,) = query.params;
    let department_id = upload.department_id.unwrap_or(state.import_department);
    let folder = keep_together(upload.files)?;
    let source = Source::handed_in(folder, department_id, state.import_policy.clone());
    let order = ImportRequest::now(vec![source], upload.caller.username());
    answered(&state, state.import.run(order).await?, waiting.waits()).await
}

async fn answered(
    state: &AppState,
    started: actor::StartedRun,
    wait: bool,
) -> Result<HttpResponse, ApiError> {
    let actor::StartedRun {
        run_id,
        department_id,
        ..
    } = started;
    if !wait {
        let location = format!("{PREFIX}/credit-portfolio/import/runs/{run_id}");
        return Ok(HttpResponse::Accepted()
            .insert_header((LOCATION, location))
            .json(StartedRun {
                run_id,
                department_id,
            }));
    }
    let overdue = async {
        state.shutdown.stopping().await;
        tokio::time::sleep(LAST_WORD_LIMIT).await;
    };
    let ended = tokio::select! {
        ended = started.ended => ended,
        () = overdue => return Err(StartError::Stopping.into()),
    };
    let report = ended.map_err(|_| {
        ApiError::Internal(format!(
            "import run {run_id} broke off; its entry in the log says why"
        ))
    })??;
    Ok(HttpResponse::Ok().json(TriggerAnswer::of(report)))
}

/// Import runs, newest first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs",
    tag = "Import",
    operation_id = "list_import_runs",
    params(RunsQuery),
    responses((status = 200, description = "OK", body = Vec<ImportRun>))
)]
pub async fn runs(
    state: Data<AppState>,
    caller: Caller,
    query: RunsQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, paging, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let department = caller.department(given(department.department_id))?;
    if let Some(export) = export {
        let part = async move |conn: &mut DbConn, page: Page| {
            Ok(answers::<_, ImportRun>(
                db::list_runs(conn, department, page).await?.0,
            ))
        };
        return export.list(&state, department, "import-runs", part).await;
    }
    let (rows, total) = db::list_runs(&mut state.db.conn().await?, department, page).await?;
    Ok(listed(&answers::<_, ImportRun>(rows), total))
}

/// How a run is doing: its state, how far it is, and what became of its files.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs/{id}",
    tag = "Import",
    operation_id = "get_import_run",
    params(PathId),
    responses((status = 200, description = "OK", body = ImportRunDetails))
)]
pub async fn run(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    // Its connection goes back before the next one is taken.
    let run = db::find_run(&mut state.db.conn().await?, scope, id).await?;
    let details = match run {
        None => None,
        Some(run) => {
            let progress = state
                .import
                .watch(id)
                .await
                .map(|progress| progress.borrow().clone().into());
            let files =
                db::list_journal_of_run(&mut state.db.conn().await?, run.department_id, id).await?;
            let files = files.into_iter().map(JournalEntry::from).collect();
            Some(ImportRunDetails {
                run: run.into(),
                progress,
                files,
            })
        }
    };
    found(details, "import run", id)
}

/// How a run goes on, as server-sent events: `progress` while it is running, then `ended`.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs/{id}/events",
    tag = "Import",
    operation_id = "watch_import_run",
    params(PathId),
    responses(
        (status = 200, description = "Events until it has ended", body = RunEvent, content_type = "text/event-stream")
    )
)]
pub async fn events(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    if db::find_run(&mut state.db.conn().await?, scope, id)
        .await?
        .is_none()
    {
        return Err(ApiError::NotFound(format!("there is no import run {id}")));
    }
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .streaming(run_events(state, scope, id));
    // It would hold events back.
    response.extensions_mut().insert(NoCompression);
    Ok(response)
}

/// Stops a run at the next safe place: the file that is not finished is undone, those before are
/// kept.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/import/runs/{id}/cancel",
    tag = "Import",
    operation_id = "cancel_import_run",
    params(PathId),
    responses((status = 202, description = "It will stop", body = StartedRun), Conflict)
)]
pub async fn cancel(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let Some(run) = db::find_run(&mut state.db.conn().await?, scope, id).await? else {
        return Err(ApiError::NotFound(format!("there is no import run {id}")));
    };
    if !state.cancel_import(id).await? {
        return Err(ApiError::Conflict(format!(
            "import run {id} has ended already: {}",
            run.state
        )));
    }
    Ok(HttpResponse::Accepted().json(StartedRun {
        run_id: id,
        department_id: run.department_id,
    }))
}

impl DryRunAnswer {
    fn of(done: DryRun) -> DryRunAnswer {
        let file = |file: FileReport| DryRunFile {
            rows_inserted: file.counts.inserted,
            rows_updated: file.counts.updated,
            rows_unchanged: file.counts.unchanged,
            rows_deleted: file.counts.deleted,
            rows_deactivated: file.counts.deactivated,
            rows_left_alone: file.counts.left_alone,
            rows_failed: file.rejected,
            status: file.status.as_str(),
            error_message: file.message,
            remark_codes: file
                .remark_codes
                .into_iter()
                .map(RemarkCode::as_str)
                .collect(),
            name: file.name,
        };
        let mut figures = answers::<_, ChangedFigures>(done.figures).into_iter();
        let base = figures.next();
        let (debt, totals) = base.map(|base| (base.debt, base.totals)).unzip();
        DryRunAnswer {
            files: done.files.into_iter().map(file).collect(),
            totals: totals.unwrap_or_default(),
            debt,
            other_currencies: figures.collect(),
        }
    }
}

impl TriggerAnswer {
    fn of(report: RunReport) -> TriggerAnswer {
        TriggerAnswer {
            success: report.state == RunState::Completed,
            files_processed: report.processed(),
            files_failed: report.count(FileStatus::Failed),
            files_skipped: report.count(FileStatus::Skipped),
            total_files: report.total_files,
            files_failing: report.files_failing,
            message: report.message,
            department_id: report.department_id,
            run_id: report.run_id,
        }
    }
}
