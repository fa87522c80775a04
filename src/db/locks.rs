//! The locks that keep importers of one department apart.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

use super::{DbConn, DbError};

/// Tell these locks from others of the same database, and from each other.
const IMPORT_LOCK: i64 = 0x6372_6564_0000_0000;
const START_LOCK: i64 = 0x6372_6564_4000_0000;
const IDENTITY_LOCK: i64 = 0x6372_6564_6000_0000;

/// How long a lock is waited for by what must not wait for a whole file.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Waits until no other transaction imports into the department; the lock ends with the
/// transaction. In SQLite a writing transaction excludes all others as it is.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_import(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock(conn, IMPORT_LOCK ^ department_id).await
}

/// The same for a change by hand, which does not wait for a whole file: its connection would be
/// held meanwhile. It queues with the imports, so that a run of many files lets it in between two
/// of them.
///
/// # Errors
/// [`DbError::Busy`] when another transaction writes into the department for some seconds.
pub async fn lock_import_briefly(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock_briefly(conn, IMPORT_LOCK ^ department_id).await
}

/// The same without waiting. Returns whether no other transaction has the lock.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn try_lock_import(conn: &mut DbConn, department_id: i64) -> Result<bool, DbError> {
    let DbConn::Postgres(conn) = conn else {
        return Ok(true);
    };
    let taken: Taken = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS is_taken")
        .bind::<BigInt, _>(IMPORT_LOCK ^ department_id)
        .get_result(&mut **conn)
        .await?;
    Ok(taken.is_taken)
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_taken: bool,
}

#[derive(QueryableByName)]
struct LockTimeout {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Limits how long each statement waits for a lock, until the transaction ends.
async fn set_lock_timeout(conn: &mut DbConn, value: &str) -> Result<(), DbError> {
    if let DbConn::Postgres(conn) = conn {
        let set =
            diesel::sql_query("SELECT set_config('lock_timeout', $1, TRUE)").bind::<Text, _>(value);
        set.execute(&mut **conn).await?;
    }
    Ok(())
}

/// Waits until no other transaction begins a run of the department, but not for a process that is
/// stuck in the middle of its transaction. Files may go in meanwhile.
///
/// # Errors
/// [`DbError::Busy`] when another transaction begins runs of the department for some seconds.
pub async fn lock_start_briefly(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock_briefly(conn, START_LOCK ^ department_id).await
}

/// Waits until no other transaction gives the database an id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn lock_identity(conn: &mut DbConn) -> Result<(), DbError> {
    lock(conn, IDENTITY_LOCK).await
}

/// Queues for a lock for some seconds only.
async fn lock_briefly(conn: &mut DbConn, key: i64) -> Result<(), DbError> {
    let DbConn::Postgres(postgres) = &mut *conn else {
        return Ok(());
    };
    let usual: LockTimeout = diesel::sql_query("SELECT current_setting('lock_timeout') AS value")
        .get_result(&mut **postgres)
        .await?;
    set_lock_timeout(conn, &format!("{}ms", LONGEST_WAIT.as_millis())).await?;
    let started = Instant::now();
    match lock(conn, key).await {
        Ok(()) => set_lock_timeout(conn, &usual.value).await,
        // The driver keeps the text only, which is in the server's language, and not the code
        // (55P03). The server measures the wait by a clock of its own.
        Err(DbError::Query(Error::DatabaseError(DatabaseErrorKind::Unknown, _)))
            if started.elapsed() >= LONGEST_WAIT.mul_f32(0.9) =>
        {
            Err(DbError::Busy)
        }
        // The limit of the statement may be shorter.
        Err(DbError::TimedOut) => Err(DbError::Busy),
        Err(err) => Err(err),
    }
}

async fn lock(conn: &mut DbConn, key: i64) -> Result<(), DbError> {
    if let DbConn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(key)
            .execute(&mut **conn)
            .await?;
    }
    Ok(())
}
