//! The lock that keeps two importers of one department apart.

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::{DbConn, DbError};

/// Tells this lock from others of the same database.
const IMPORT_LOCK: i64 = 0x6372_6564_0000_0000;

/// Waits until no other transaction imports into the department; the lock ends with the
/// transaction. In SQLite a writing transaction excludes all others as it is.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lock_import(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    if let DbConn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(IMPORT_LOCK ^ department_id)
            .execute(&mut **conn)
            .await?;
    }
    Ok(())
}
