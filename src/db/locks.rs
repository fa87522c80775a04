//! The locks that keep importers of one department apart.

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::{DbConn, DbError};

/// Tell these locks from others of the same database, and from each other.
const IMPORT_LOCK: i64 = 0x6372_6564_0000_0000;
const START_LOCK: i64 = 0x6372_6564_4000_0000;

/// Waits until no other transaction imports into the department; the lock ends with the
/// transaction. In SQLite a writing transaction excludes all others as it is.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_import(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock(conn, IMPORT_LOCK ^ department_id).await
}

/// Waits until no other transaction begins a run of the department. Files may go in meanwhile.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_start(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    lock(conn, START_LOCK ^ department_id).await
}

async fn lock(conn: &mut DbConn, key: i64) -> Result<(), DbError> {
    if let DbConn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(&mut **conn).await?;
    }
    Ok(())
}
