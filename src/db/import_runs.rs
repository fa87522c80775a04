//! Import runs: one row for each time the importer went out.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::import_runs;
use super::{DbConn, DbError, Page, on_conn, utc_now};
use crate::domain::DepartmentScope;

/// A run that begins.
#[derive(Insertable)]
#[diesel(table_name = import_runs)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewRun {
    pub department_id: i64,
    pub state: String,
    pub started_by: String,
    pub started_at: NaiveDateTime,
    /// Of a scheduled run: which time of the schedule it is for.
    pub scheduled_for: Option<NaiveDateTime>,
}

/// How a run ended.
#[derive(AsChangeset)]
#[diesel(table_name = import_runs)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct RunResult {
    pub state: String,
    pub finished_at: Option<NaiveDateTime>,
    pub total_files: i32,
    pub files_processed: i32,
    pub files_failed: i32,
    pub files_skipped: i32,
    pub message: String,
}

/// A run as stored.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = import_runs)]
#[expect(missing_docs, reason = "the columns name themselves")]
#[schema(as = ImportRun)]
pub struct RunRow {
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
}

/// The run of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_run(conn: &mut DbConn, department: DepartmentScope, run_id: i64) -> Result<Option<RunRow>, DbError> {
    let run: Option<RunRow> = on_conn!(conn, |c| {
        import_runs::table.filter(import_runs::id.eq(run_id)).select(RunRow::as_select()).first(c).await.optional()
    })?;
    Ok(run.filter(|run| department.id().is_none_or(|id| id == run.department_id)))
}

/// A part of the runs, newest first, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_runs(
    conn: &mut DbConn,
    department: DepartmentScope,
    page: Page,
) -> Result<(Vec<RunRow>, i64), DbError> {
    Ok(on_conn!(conn, |c| {
        let of_scope = || {
            let mut query = import_runs::table.into_boxed();
            if let Some(id) = department.id() {
                query = query.filter(import_runs::department_id.eq(id));
            }
            query
        };
        let rows = of_scope().order(import_runs::id.desc()).offset(page.skip).limit(page.limit);
        match rows.select(RunRow::as_select()).load(c).await {
            Ok(rows) => of_scope().count().get_result(c).await.map(|total| (rows, total)),
            Err(err) => Err(err),
        }
    })?)
}

/// When the last run without failures ended (UTC).
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn last_completed_at(conn: &mut DbConn) -> Result<Option<NaiveDateTime>, DbError> {
    Ok(on_conn!(conn, |c| {
        import_runs::table
            .filter(import_runs::state.eq("completed"))
            .select(diesel::dsl::max(import_runs::finished_at))
            .first(c)
            .await
    })?)
}

/// Stores a run; gives its id.
///
/// # Errors
/// [`DbError`] when the department is unknown or the database can't answer;
/// [`DbError::Duplicate`] when there is one for that time of the schedule.
pub async fn insert_run(conn: &mut DbConn, run: NewRun) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(import_runs::table).values(run).returning(import_runs::id).get_result(c).await
    })?)
}

/// Stores how a run ended.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn finish_run(conn: &mut DbConn, run_id: i64, result: &RunResult) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(import_runs::table.filter(import_runs::id.eq(run_id))).set(result).execute(c).await
    })?;
    Ok(())
}

/// Marks the runs that an earlier process left running: nobody works on them any more.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn interrupt_running(conn: &mut DbConn) -> Result<usize, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::update(import_runs::table.filter(import_runs::state.eq("running")))
            .set((
                import_runs::state.eq("interrupted"),
                import_runs::finished_at.eq(utc_now()),
                import_runs::message.eq("the program stopped during this run; files it had finished are kept whole"),
            ))
            .execute(c)
            .await
    })?)
}
