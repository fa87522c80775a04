//! A run of the import.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::RunRow;

/// A run as stored.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct ImportRun {
    pub id: i64,
    pub department_id: i64,
    pub state: String,
    pub started_by: String,
    pub started_at: NaiveDateTime,
    pub finished_at: Option<NaiveDateTime>,
    pub total_files: i32,
    pub files_processed: i32,
    pub files_failed: i32,
    pub files_skipped: i32,
    pub message: String,
    /// Of a scheduled run: which time of the schedule it is for.
    pub scheduled_for: Option<NaiveDateTime>,
    /// The names of its sources, with commas between.
    pub sources: String,
    /// How many files of the department could not be imported when it ended, those left alone
    /// included.
    pub files_failing: i32,
}

impl From<RunRow> for ImportRun {
    fn from(row: RunRow) -> ImportRun {
        ImportRun {
            id: row.id,
            department_id: row.department_id,
            state: row.state,
            started_by: row.started_by,
            started_at: row.started_at,
            finished_at: row.finished_at,
            total_files: row.total_files,
            files_processed: row.files_processed,
            files_failed: row.files_failed,
            files_skipped: row.files_skipped,
            message: row.message,
            scheduled_for: row.scheduled_for,
            sources: row.sources,
            files_failing: row.files_failing,
        }
    }
}
