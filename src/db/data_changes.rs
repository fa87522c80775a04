//! What each commit changed: written in its own transaction, read by whoever caches figures.
//!
//! A generation is a number that no department ever gets twice, not even after a backup was
//! played back: it is the time of the commit in microseconds, or one more than the last.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::database_time::database_time;
use super::monthly_debts::refresh_outdated_debts;
use super::schema::{data_changes, departments, replicas};
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::{ChangedData, DataChange, system_now};

/// Changes are kept for so long. An entry of a cache that is older is not valid.
const RETENTION: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// A process that was not seen for so long does not answer any more. It is long, for a long write
/// of SQLite keeps others from telling that they are there; and what it costs is a short wait.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Raises the generation of a department's data and writes down what changed. Called in the
/// transaction that changes it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_change(
    conn: &mut DbConn,
    department_id: i64,
    changed: ChangedData,
) -> Result<DataChange, DbError> {
    let own = || departments::table.filter(departments::id.eq(department_id));
    // The first update locks the row: nobody else takes the same number.
    let (previous, of_totals, of_debts): (i64, i64, i64) = on_conn!(conn, |c| {
        diesel::update(own())
            .set(departments::generation.eq(departments::generation))
            .returning((
                departments::generation,
                departments::totals_generation,
                departments::debts_generation,
            ))
            .get_result(c)
            .await
    })?;
    let generation = system_now().timestamp_micros().max(previous + 1);
    // What was left behind stays so: only who has the import lock may make sums again.
    let of_totals = if of_totals == previous {
        generation
    } else {
        of_totals
    };
    let of_debts = if of_debts == previous && refresh_outdated_debts(conn, department_id).await? {
        generation
    } else {
        of_debts
    };
    let raised = diesel::update(own()).set((
        departments::generation.eq(generation),
        departments::totals_generation.eq(of_totals),
        departments::debts_generation.eq(of_debts),
    ));
    on_conn!(conn, |c| raised.execute(c).await)?;
    let text = serde_json::to_string(&changed).unwrap_or_default();
    let now = utc_now();
    let row = (
        data_changes::department_id.eq(department_id),
        data_changes::generation.eq(generation),
        data_changes::previous.eq(previous),
        data_changes::changed.eq(text),
        data_changes::created_at.eq(now),
    );
    on_conn!(conn, |c| diesel::insert_into(data_changes::table)
        .values(row)
        .execute(c)
        .await)?;
    let outdated = data_changes::table
        .filter(data_changes::department_id.eq(department_id))
        .filter(data_changes::created_at.lt(now - RETENTION));
    on_conn!(conn, |c| diesel::delete(outdated).execute(c).await)?;
    Ok(DataChange {
        department_id,
        generation,
        previous,
        changed,
    })
}

/// The generation of each department's data.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn list_generations(conn: &mut DbConn) -> Result<Vec<(i64, i64)>, DbError> {
    Ok(on_conn!(conn, |c| departments::table
        .select((departments::id, departments::generation))
        .load(c)
        .await)?)
}

/// The changes of a department after a generation, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn changes_after(
    conn: &mut DbConn,
    department_id: i64,
    generation: i64,
) -> Result<Vec<DataChange>, DbError> {
    let rows: Vec<(i64, i64, String)> = on_conn!(conn, |c| {
        data_changes::table
            .filter(data_changes::department_id.eq(department_id))
            .filter(data_changes::generation.gt(generation))
            .order(data_changes::generation)
            .select((
                data_changes::generation,
                data_changes::previous,
                data_changes::changed,
            ))
            .load(c)
            .await
    })?;
    let change = |(generation, previous, text): (i64, i64, String)| DataChange {
        department_id,
        generation,
        previous,
        // What another version of this program wrote may have changed anything.
        changed: serde_json::from_str(&text).unwrap_or_else(|_| ChangedData::everything()),
    };
    Ok(rows.into_iter().map(change).collect())
}

/// Notes that a process answers.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn register_replica(conn: &mut DbConn, id: &str) -> Result<(), DbError> {
    // By the database's clock: the clocks of processes may differ by more than the limit.
    let (now, limit) = (
        database_time(conn, Duration::ZERO),
        database_time(conn, REPLICA_TIMEOUT),
    );
    // One that lies in the future is of before the clock was set back; its process, if it lives, comes
    // again in a moment.
    let from_future = replicas::seen_at.gt(now.clone().assume_not_null());
    let row = (
        replicas::id.eq(id),
        replicas::seen_at.eq(now.clone().assume_not_null()),
    );
    on_conn!(conn, |c| {
        diesel::insert_into(replicas::table)
            .values(row)
            .on_conflict(replicas::id)
            .do_update()
            .set(replicas::seen_at.eq(now.assume_not_null()))
            .execute(c)
            .await
    })?;
    let gone = replicas::table.filter(
        replicas::seen_at
            .lt(limit.assume_not_null())
            .or(from_future.and(replicas::id.ne(id))),
    );
    on_conn!(conn, |c| diesel::delete(gone).execute(c).await)?;
    Ok(())
}

/// Notes that a process answers no more.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn forget_replica(conn: &mut DbConn, id: &str) -> Result<(), DbError> {
    on_conn!(conn, |c| diesel::delete(
        replicas::table.filter(replicas::id.eq(id))
    )
    .execute(c)
    .await)?;
    Ok(())
}

/// Whether another process answers, too.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_other_replicas(conn: &mut DbConn, own_id: &str) -> Result<bool, DbError> {
    let other: Option<String> = on_conn!(conn, |c| {
        replicas::table
            .filter(replicas::id.ne(own_id))
            .select(replicas::id)
            .first(c)
            .await
            .optional()
    })?;
    Ok(other.is_some())
}
