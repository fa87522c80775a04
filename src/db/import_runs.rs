//! Import runs: one row for each time the importer went out.

mod leases;

use std::collections::HashSet;
use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::database_time::database_time;
use super::schema::import_runs;
use super::{DbConn, DbError, Page, on_conn};
use crate::domain::DepartmentScope;
pub use leases::{AbandonedRun, LeaseStatus};
pub(crate) use leases::{
    cancel_run, correct_heartbeats, has_future_heartbeats, keep_run, list_abandoned_runs,
    release_run, take_over_run,
};

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
    /// Of a scheduled run: it covers every time after this one up to `scheduled_for`.
    pub covers_after: Option<NaiveDateTime>,
    /// The names of its sources, with commas between.
    pub sources: String,
    /// The process that works on it.
    pub holder: String,
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
    /// `None`: not known, because the run broke off.
    pub files_failing: Option<i32>,
}

/// A run as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = import_runs)]
#[expect(missing_docs, reason = "the columns name themselves")]
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
    /// The names of its sources, with commas between.
    pub sources: String,
    /// How many files of the department could not be imported when it ended, those left alone
    /// included.
    pub files_failing: i32,
}

/// The run of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_run(
    conn: &mut DbConn,
    department: DepartmentScope,
    run_id: i64,
) -> Result<Option<RunRow>, DbError> {
    let run: Option<RunRow> = on_conn!(conn, |c| {
        import_runs::table
            .filter(import_runs::id.eq(run_id))
            .select(RunRow::as_select())
            .first(c)
            .await
            .optional()
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
        let rows = of_scope()
            .order(import_runs::id.desc())
            .offset(page.skip)
            .limit(page.limit);
        match rows.select(RunRow::as_select()).load(c).await {
            Ok(rows) => of_scope()
                .count()
                .get_result(c)
                .await
                .map(|total| (rows, total)),
            Err(err) => Err(err),
        }
    })?)
}

/// Returns when the last run ended that left no file of its department failing (UTC).
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn last_completed_at(conn: &mut DbConn) -> Result<Option<NaiveDateTime>, DbError> {
    Ok(on_conn!(conn, |c| {
        import_runs::table
            .filter(import_runs::state.eq("completed"))
            .filter(import_runs::files_failing.eq(0))
            .select(diesel::dsl::max(import_runs::finished_at))
            .first(c)
            .await
    })?)
}

/// Stores a run that its holder works on now; gives its id.
///
/// # Errors
/// [`DbError`] when the department is unknown or the database can't answer;
/// [`DbError::Duplicate`] when there is one of its sources for that time of the schedule.
pub async fn insert_run(conn: &mut DbConn, run: NewRun) -> Result<i64, DbError> {
    let row = (
        run,
        import_runs::seen_at.eq(database_time(conn, Duration::ZERO)),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(import_runs::table)
            .values(row)
            .returning(import_runs::id)
            .get_result(c)
            .await
    })?)
}

/// Returns the names of the sources that runs for exactly that time of the schedule (UTC) import.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_sources_run_for(
    conn: &mut DbConn,
    department_id: i64,
    scheduled_for: NaiveDateTime,
) -> Result<HashSet<String>, DbError> {
    let sources: Vec<String> = on_conn!(conn, |c| {
        import_runs::table
            .filter(import_runs::department_id.eq(department_id))
            .filter(import_runs::scheduled_for.eq(scheduled_for))
            .select(import_runs::sources)
            .load(c)
            .await
    })?;
    Ok(sources
        .iter()
        .flat_map(|names| names.split(','))
        .map(str::to_owned)
        .collect())
}

/// Returns a run of a department whose last heartbeat is no older than that.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_run_at_work(
    conn: &mut DbConn,
    department_id: i64,
    heartbeat_within: Duration,
) -> Result<Option<i64>, DbError> {
    let seen_since = database_time(conn, heartbeat_within);
    Ok(on_conn!(conn, |c| {
        running()
            .filter(import_runs::department_id.eq(department_id))
            .filter(import_runs::seen_at.ge(seen_since))
            .select(diesel::dsl::min(import_runs::id))
            .first(c)
            .await
    })?)
}

/// Stores how a run ended, unless another process holds it by now.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn finish_run(
    conn: &mut DbConn,
    run_id: i64,
    holder: &str,
    result: &RunResult,
) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(
            running()
                .filter(import_runs::id.eq(run_id))
                .filter(import_runs::holder.eq(holder)),
        )
        .set(result)
        .execute(c)
        .await
    })?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn running() -> _ {
    import_runs::table.filter(import_runs::state.eq("running"))
}
