//! Organizations of a department; the name is the natural key.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::organizations;
use super::{DbConn, DbError, on_conn, utc_now};

/// The ids of a department's organizations, by name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_organization_ids(conn: &mut DbConn, department_id: i64) -> Result<HashMap<String, i64>, DbError> {
    let rows: Vec<(String, i64)> = on_conn!(conn, |c| {
        organizations::table
            .filter(organizations::department_id.eq(department_id))
            .select((organizations::name, organizations::id))
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// Stores a new organization; gives its id.
///
/// # Errors
/// [`DbError`] when the name is taken or the database can't answer.
pub async fn insert_organization(conn: &mut DbConn, department_id: i64, name: &str) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        organizations::department_id.eq(department_id),
        organizations::name.eq(name),
        organizations::created_at.eq(now),
        organizations::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(organizations::table).values(row).returning(organizations::id).get_result(c).await
    })?)
}
