//! Organizations of a department; the name is the natural key.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::aliases::AliasKind;
use super::reference_lists::{ReferenceFilter, ReferenceOrder, ReferenceRow, reference_table};
use super::schema::organizations;
use super::{DbConn, DbError, Page, on_conn, utc_now};
use crate::domain::DepartmentScope;

/// The ids of a department's organizations, by name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_organization_ids(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<HashMap<String, i64>, DbError> {
    let rows: Vec<(String, i64)> = on_conn!(conn, |c| {
        organizations::table
            .filter(organizations::department_id.eq(department_id))
            .select((organizations::name, organizations::id))
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// The names of the organizations of a scope, by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_organization_names(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<HashMap<i64, String>, DbError> {
    let rows: Vec<(i64, String)> = on_conn!(conn, |c| {
        let mut query = organizations::table
            .select((organizations::id, organizations::name))
            .into_boxed();
        if let Some(id) = scope.id() {
            query = query.filter(organizations::department_id.eq(id));
        }
        query.load(c).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Stores a new organization; gives its id.
///
/// # Errors
/// [`DbError`] when the name is taken or the database can't answer.
pub async fn insert_organization(
    conn: &mut DbConn,
    department_id: i64,
    name: &str,
    inn: Option<&str>,
) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        organizations::department_id.eq(department_id),
        organizations::name.eq(name),
        organizations::inn.eq(inn),
        organizations::created_at.eq(now),
        organizations::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(organizations::table)
            .values(row)
            .returning(organizations::id)
            .get_result(c)
            .await
    })?)
}

/// As stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = organizations)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct OrganizationRow {
    pub id: i64,
    pub name: String,
    pub inn: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    pub merged_into: Option<i64>,
}

/// What is to be changed; `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = organizations)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct OrganizationChange {
    pub name: Option<String>,
    pub inn: Option<Option<String>>,
    pub is_active: Option<bool>,
}

reference_table!(
    OrganizationRow,
    OrganizationChange,
    organizations,
    name,
    AliasKind::Organization
);
