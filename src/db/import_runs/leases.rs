//! Which process works on a run: heartbeats by the database's clock, cancelling, and the takeover of
//! a run whose process is gone.

use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::running;
use crate::db::database_time::database_time;
use crate::db::schema::import_runs;
use crate::db::{DbConn, DbError, on_conn, utc_now};

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
