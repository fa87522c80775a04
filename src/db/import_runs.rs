//! Import runs: one row for each time the importer went out.

use std::collections::HashSet;
use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::database_time::database_time;
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

/// Returns whether a run has a heartbeat that lies in the future.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_future_heartbeats(conn: &mut DbConn) -> Result<bool, DbError> {
    let now = database_time(conn, Duration::ZERO);
    let ahead: i64 = on_conn!(conn, |c| {
        running()
            .filter(import_runs::seen_at.gt(now))
            .count()
            .get_result(c)
            .await
    })?;
    Ok(ahead > 0)
}

/// Takes heartbeats that lie in the future for ones of this moment: the database's clock was set back
/// since. Who is alive renews its own; of the others the usual time is waited for.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn correct_heartbeats(conn: &mut DbConn) -> Result<(), DbError> {
    let now = database_time(conn, Duration::ZERO);
    on_conn!(conn, |c| {
        diesel::update(running().filter(import_runs::seen_at.gt(now.clone())))
            .set(import_runs::seen_at.eq(now))
            .execute(c)
            .await
    })?;
    Ok(())
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

/// The state of a process's lease on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    /// It goes on.
    Held,
    /// Somebody cancelled it.
    Cancelled,
    /// Another process has taken it over, or it has ended.
    Lost,
}

/// Renews the heartbeat of a run by the database's clock, and finds out whether its process may go
/// on. Within a transaction the answer holds until its end: a takeover waits for it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn keep_run(
    conn: &mut DbConn,
    run_id: i64,
    holder: &str,
) -> Result<LeaseStatus, DbError> {
    let now = database_time(conn, Duration::ZERO);
    let is_cancelled: Option<bool> = on_conn!(conn, |c| {
        diesel::update(
            running()
                .filter(import_runs::id.eq(run_id))
                .filter(import_runs::holder.eq(holder)),
        )
        .set(import_runs::seen_at.eq(now))
        .returning(import_runs::is_cancelled)
        .get_result(c)
        .await
        .optional()
    })?;
    Ok(match is_cancelled {
        Some(false) => LeaseStatus::Held,
        Some(true) => LeaseStatus::Cancelled,
        None => LeaseStatus::Lost,
    })
}

/// Lets a run go that goes on in another process: it stays open, without a heartbeat.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn release_run(conn: &mut DbConn, run_id: i64, holder: &str) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(
            running()
                .filter(import_runs::id.eq(run_id))
                .filter(import_runs::holder.eq(holder)),
        )
        .set(import_runs::seen_at.eq(None::<NaiveDateTime>))
        .execute(c)
        .await
    })?;
    Ok(())
}

/// Asks the process that works on a run to stop it. One that nobody works on (its last heartbeat is
/// older than that, or lies in the future) ends at once. `false`: it is not running.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn cancel_run(
    conn: &mut DbConn,
    run_id: i64,
    heartbeat_within: Duration,
) -> Result<bool, DbError> {
    let run = || running().filter(import_runs::id.eq(run_id));
    let (seen_since, now) = (
        database_time(conn, heartbeat_within),
        database_time(conn, Duration::ZERO),
    );
    let changed = on_conn!(conn, |c| {
        diesel::update(run())
            .set(import_runs::is_cancelled.eq(true))
            .execute(c)
            .await
    })?;
    // A process that lives in spite of that finds its run ended, and commits nothing more.
    let is_silent = import_runs::seen_at
        .is_null()
        .or(import_runs::seen_at.lt(seen_since))
        .or(import_runs::seen_at.gt(now));
    on_conn!(conn, |c| {
        diesel::update(run().filter(is_silent))
            .set((
                import_runs::state.eq("cancelled"),
                import_runs::finished_at.eq(utc_now()),
                import_runs::message
                    .eq("cancelled; its process was gone, what it had finished is kept"),
            ))
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

/// Returns the runs without a heartbeat for that long.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_abandoned_runs(
    conn: &mut DbConn,
    silent_for: Duration,
) -> Result<Vec<AbandonedRun>, DbError> {
    let not_seen_since = database_time(conn, silent_for);
    Ok(on_conn!(conn, |c| {
        running()
            .filter(
                import_runs::seen_at
                    .lt(not_seen_since)
                    .or(import_runs::seen_at.is_null()),
            )
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
    silent_for: Duration,
    holder: &str,
) -> Result<bool, DbError> {
    let (not_seen_since, now) = (
        database_time(conn, silent_for),
        database_time(conn, Duration::ZERO),
    );
    let changed = on_conn!(conn, |c| {
        diesel::update(
            running()
                .filter(import_runs::id.eq(run.id))
                .filter(import_runs::holder.eq(&run.holder))
                .filter(
                    import_runs::seen_at
                        .lt(not_seen_since)
                        .or(import_runs::seen_at.is_null()),
                ),
        )
        .set((import_runs::holder.eq(holder), import_runs::seen_at.eq(now)))
        .execute(c)
        .await
    })?;
    Ok(changed > 0)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn running() -> _ {
    import_runs::table.filter(import_runs::state.eq("running"))
}
