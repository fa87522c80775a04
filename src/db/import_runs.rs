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
    /// The names of its sources, with commas between.
    pub sources: String,
    /// The process that works on it.
    pub holder: String,
    /// When that process last said so.
    pub seen_at: NaiveDateTime,
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
    /// The names of its sources, with commas between.
    pub sources: String,
    /// How many files of the department could not be imported when it ended, those left alone included.
    pub files_failing: i32,
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

/// A run of a department on which some process has said since then that it works.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_run_at_work(
    conn: &mut DbConn,
    department_id: i64,
    seen_since: NaiveDateTime,
) -> Result<Option<i64>, DbError> {
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
pub async fn finish_run(conn: &mut DbConn, run_id: i64, holder: &str, result: &RunResult) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(running().filter(import_runs::id.eq(run_id)).filter(import_runs::holder.eq(holder)))
            .set(result)
            .execute(c)
            .await
    })?;
    Ok(())
}

/// What a process is told about the run that it works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It goes on.
    Held,
    /// Somebody cancelled it.
    Cancelled,
    /// Another process has taken it over, or it has ended.
    Lost,
}

/// Says that a process still works on a run, and hears whether it may. Within a transaction the
/// answer holds until its end: a takeover waits for it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn keep_run(conn: &mut DbConn, run_id: i64, holder: &str) -> Result<Hold, DbError> {
    let is_cancelled: Option<bool> = on_conn!(conn, |c| {
        diesel::update(running().filter(import_runs::id.eq(run_id)).filter(import_runs::holder.eq(holder)))
            .set(import_runs::seen_at.eq(utc_now()))
            .returning(import_runs::is_cancelled)
            .get_result(c)
            .await
            .optional()
    })?;
    Ok(match is_cancelled {
        Some(false) => Hold::Held,
        Some(true) => Hold::Cancelled,
        None => Hold::Lost,
    })
}

/// Asks the process that works on a run to stop it. `false`: it is not at work.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn cancel_run(conn: &mut DbConn, run_id: i64) -> Result<bool, DbError> {
    let changed = on_conn!(conn, |c| {
        diesel::update(running().filter(import_runs::id.eq(run_id)))
            .set(import_runs::is_cancelled.eq(true))
            .execute(c)
            .await
    })?;
    Ok(changed > 0)
}

/// A run whose process is gone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct AbandonedRun {
    pub id: i64,
    pub department_id: i64,
    pub started_by: String,
    pub holder: String,
    pub scheduled_for: Option<NaiveDateTime>,
    pub sources: String,
}

/// The runs of which nobody has said for long that he works on them.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_abandoned_runs(
    conn: &mut DbConn,
    not_seen_since: NaiveDateTime,
) -> Result<Vec<AbandonedRun>, DbError> {
    Ok(on_conn!(conn, |c| {
        running()
            .filter(import_runs::seen_at.lt(not_seen_since).or(import_runs::seen_at.is_null()))
            .order(import_runs::id)
            .select((
                import_runs::id,
                import_runs::department_id,
                import_runs::started_by,
                import_runs::holder,
                import_runs::scheduled_for,
                import_runs::sources,
            ))
            .load(c)
            .await
    })?)
}

/// Takes a run over from a process that is gone. `false`: another was faster.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn take_over_run(
    conn: &mut DbConn,
    run: &AbandonedRun,
    not_seen_since: NaiveDateTime,
    holder: &str,
) -> Result<bool, DbError> {
    let changed = on_conn!(conn, |c| {
        diesel::update(
            running()
                .filter(import_runs::id.eq(run.id))
                .filter(import_runs::holder.eq(&run.holder))
                .filter(import_runs::seen_at.lt(not_seen_since).or(import_runs::seen_at.is_null())),
        )
        .set((import_runs::holder.eq(holder), import_runs::seen_at.eq(utc_now())))
        .execute(c)
        .await
    })?;
    Ok(changed > 0)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn running() -> _ {
    import_runs::table.filter(import_runs::state.eq("running"))
}
