//! The locks that keep importers of one department apart.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::RunQueryDsl;

use super::{DbConn, DbError};

/// Tell these locks from others of the same database, and from each other.
const IMPORT_LOCK: i64 = 0x6372_6564_0000_0000;
const START_LOCK: i64 = 0x6372_6564_4000_0000;

/// How long a lock is waited for by what must not wait for a whole file, and the pause between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Waits until no other transaction imports into the department; the lock ends with the
/// transaction. In SQLite a writing transaction excludes all others as it is.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_import(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock(conn, IMPORT_LOCK ^ department_id).await
}

/// The same for a change by hand, which does not wait for a whole file: its connection would be held meanwhile.
///
/// # Errors
/// [`DbError::Busy`] when another transaction writes into the department for some seconds.
pub async fn lock_import_briefly(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock_briefly(conn, IMPORT_LOCK ^ department_id).await
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// Waits until no other transaction begins a run of the department. Files may go in meanwhile.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_start(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock(conn, START_LOCK ^ department_id).await
}

/// The same for the schedule, which must not hang on a process that is stuck in the middle of its transaction.
///
/// # Errors
/// [`DbError::Busy`] when another transaction begins runs of the department for some seconds.
pub async fn lock_start_briefly(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock_briefly(conn, START_LOCK ^ department_id).await
}

async fn lock_briefly(conn: &mut DbConn, key: i64) -> Result<(), DbError> {
    let DbConn::Postgres(conn) = conn else { return Ok(()) };
    let started = Instant::now();
    loop {
        let taken: Taken = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS taken")
            .bind::<BigInt, _>(key)
            .get_result(&mut **conn)
            .await?;
        match taken.taken {
            true => return Ok(()),
            false if started.elapsed() > LONGEST_WAIT => return Err(DbError::Busy),
            false => tokio::time::sleep(BETWEEN_TRIES).await,
        }
    }
}

async fn lock(conn: &mut DbConn, key: i64) -> Result<(), DbError> {
    if let DbConn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(&mut **conn).await?;
    }
    Ok(())
}
