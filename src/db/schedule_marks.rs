//! Up to which time of its schedule each source was handled.
//!
//! A mark moves in the transaction that stores the run which covers the times up to it.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::schedule_marks;
use super::{DbConn, DbError, on_conn};

/// Returns the marks of a department's sources (UTC), by the source's name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_schedule_marks(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<Vec<(String, NaiveDateTime)>, DbError> {
    Ok(on_conn!(conn, |c| {
        schedule_marks::table
            .filter(schedule_marks::department_id.eq(department_id))
            .select((schedule_marks::source, schedule_marks::handled_until))
            .load(c)
            .await
    })?)
}

/// Stores up to which time (UTC) a source was handled.
///
/// # Errors
/// [`DbError`] when the department is unknown or the database can't answer.
pub async fn set_schedule_mark(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    handled_until: NaiveDateTime,
) -> Result<(), DbError> {
    let row = (
        schedule_marks::department_id.eq(department_id),
        schedule_marks::source.eq(source),
        schedule_marks::handled_until.eq(handled_until),
    );
    on_conn!(conn, |c| {
        diesel::insert_into(schedule_marks::table)
            .values(row)
            .on_conflict((schedule_marks::department_id, schedule_marks::source))
            .do_update()
            .set(schedule_marks::handled_until.eq(handled_until))
            .execute(c)
            .await
    })?;
    Ok(())
}
