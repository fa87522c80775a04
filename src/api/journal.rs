//! The import journal, and the rows that were rejected.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{found, listed};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{Department, Files, Paging, PathId, Query, RunId, given};
use super::types::{RejectedRow, answers};
use crate::db::{self, DbConn, JournalFilter, JournalRow, Page, RejectedRows};
use crate::domain::Money;
use crate::import::workbook::REJECT_REASON;
use crate::state::AppState;

/// The heading of the column that says why a row was rejected.
const REASON: &str = REJECT_REASON;

type JournalQuery = Query<(Department, RunId, Paging, Files)>;
type RejectsQuery = Query<(Files,)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(["/import-logs", "/import/logs"]).get(journal))
        .service(
            web::resource(["/import-logs/{id}/rejects", "/import/logs/{id}/rejects"]).get(rejects),
        );
}

/// A journal entry as it is answered.
#[derive(Serialize, ToSchema)]
pub struct JournalEntry {
    id: i64,
    import_date: NaiveDateTime,
    source_file: String,
    /// The source's name.
    source: Option<String>,
    table_name: Option<String>,
    rows_inserted: i32,
    rows_updated: i32,
    rows_unchanged: i32,
    /// Details and adjustments that their file no longer holds.
    rows_deleted: i32,
    /// Operations that became inactive because their file no longer names them.
    rows_deactivated: i32,
    /// Rows that were not written because what is stored is newer, or because another detail of the
    /// same expense was rejected.
    rows_left_alone: i32,
    rows_failed: i32,
    status: String,
    error_message: Option<String>,
    /// What may be wrong with the file, or why it does not go in, by codes: `total_differs`.
    remark_codes: Vec<String>,
    processed_by: String,
    processing_time_seconds: f64,
    /// The file's own total (`Итого`).
    control_total: Option<Money>,
    /// The sum of the file's rows.
    rows_total: Option<Money>,
    department_id: i64,
    run_id: i64,
}

/// The journal, newest first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import-logs",
    tag = "Import",
    operation_id = "list_import_logs",
    params(JournalQuery),
    responses((status = 200, description = "OK", body = Vec<JournalEntry>))
)]
pub async fn journal(
    state: Data<AppState>,
    caller: Caller,
    query: JournalQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, run, paging, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let department = caller.department(given(department.department_id))?;
    let filter = JournalFilter {
        department,
        run_id: given(run.run_id),
    };
    if let Some(export) = export {
        let part = async move |conn: &mut DbConn, page: Page| {
            Ok(db::list_journal(conn, filter, page)
                .await?
                .into_iter()
                .map(JournalEntry::from)
                .collect())
        };
        return export.list(&state, department, "import-logs", part).await;
    }
    let mut conn = state.db.conn().await?;
    let total = db::count_journal(&mut conn, filter).await?;
    let entries = db::list_journal(&mut conn, filter, page)
        .await?
        .into_iter()
        .map(JournalEntry::from);
    Ok(listed(&entries.collect::<Vec<_>>(), total))
}

/// The rows that were not taken, with the reason.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/import-logs/{id}/rejects",
    tag = "Import",
    operation_id = "list_rejects",
    params(PathId, RejectsQuery),
    responses((status = 200, description = "OK", body = Vec<RejectedRow>))
)]
pub async fn rejects(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    query: RejectsQuery,
) -> Result<HttpResponse, ApiError> {
    let (files,) = query.params;
    let export = files.export(query.raw);
    let scope = caller.department(None)?;
    let rows = db::list_rejects(&mut state.db.conn().await?, scope, id).await?;
    match (export, rows) {
        (Some(export), Some(rows)) => {
            export
                .rows(
                    &state,
                    scope,
                    &format!("rejects-{id}"),
                    rows_with_reasons(rows),
                )
                .await
        }
        (_, rows) => found(
            rows.map(|rows| answers::<_, RejectedRow>(rows.rows)),
            "journal entry",
            id,
        ),
    }
}

/// The rejected rows as they stood in their file, the reason in a last column: corrected, the file
/// can be imported. Rows of which that is not known tell what was kept of them.
fn rows_with_reasons(rejected: RejectedRows) -> Vec<Map<String, Value>> {
    let titles: Vec<String> = rejected
        .titles
        .as_ref()
        .and_then(|titles| serde_json::from_str(titles).ok())
        .unwrap_or_default();
    let row = |(reject, cells): (RejectedRow, Option<String>)| {
        let cells: Option<Vec<Value>> = cells
            .as_ref()
            .and_then(|cells| serde_json::from_str(cells).ok());
        let Some(cells) = cells.filter(|_| !titles.is_empty()) else {
            let kept = serde_json::to_value(&reject).ok();
            return kept
                .and_then(|kept| kept.as_object().cloned())
                .unwrap_or_default();
        };
        let mut row = Map::new();
        for at in 0..titles.len().max(cells.len()) {
            let title = titles
                .get(at)
                .filter(|title| !title.is_empty() && !row.contains_key(*title));
            let title = title.cloned().unwrap_or_else(|| format!("({})", at + 1));
            row.insert(title, cells.get(at).cloned().unwrap_or_default());
        }
        let RejectedRow {
            row_number,
            column_name,
            reason,
            sheet,
            ..
        } = reject;
        let sheet = sheet
            .as_ref()
            .map(|sheet| format!("sheet «{sheet}», "))
            .unwrap_or_default();
        row.insert(
            REASON.to_owned(),
            format!("{sheet}row {row_number}, «{column_name}»: {reason}").into(),
        );
        row
    };
    let rows = answers(rejected.rows).into_iter();
    rows.zip(rejected.cells).map(row).collect()
}

impl From<JournalRow> for JournalEntry {
    fn from(row: JournalRow) -> JournalEntry {
        JournalEntry {
            id: row.id,
            import_date: row.import_date,
            source_file: row.source_file,
            source: row.source,
            table_name: row.table_name,
            rows_inserted: row.rows_inserted,
            rows_updated: row.rows_updated,
            rows_unchanged: row.rows_unchanged,
            rows_deleted: row.rows_deleted,
            rows_deactivated: row.rows_deactivated,
            rows_left_alone: row.rows_left_alone,
            rows_failed: row.rows_failed,
            status: row.status,
            error_message: row.error_message,
            remark_codes: row
                .remark_codes
                .iter()
                .flat_map(|codes| codes.split(','))
                .map(str::to_owned)
                .collect(),
            processed_by: row.processed_by,
            processing_time_seconds: row.processing_time_ms as f64 / 1000.0,
            control_total: row.control_total.map(Money::from_kopecks),
            rows_total: row.rows_total.map(Money::from_kopecks),
            department_id: row.department_id,
            run_id: row.run_id,
        }
    }
}
