//! Lenders: the other parties of contracts, borrowers of loans given included.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::aliases::{AliasKind, NewAlias, find_target, insert_alias};
use super::reference_lists::{ReferenceFilter, ReferenceOrder, ReferenceRow, reference_table};
use super::schema::lenders;
use super::{DbConn, DbError, Page, on_conn, utc_now};
use crate::domain::{DepartmentScope, PartyName};

/// As stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = lenders)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct LenderRow {
    pub id: i64,
    pub name: String,
    pub inn: Option<String>,
    pub group_name: Option<String>,
    /// Whether it is one of the holding's own organizations.
    pub is_intra_group: bool,
    /// Whether that was set by hand; else it follows from INN and name.
    pub is_intra_group_manual: bool,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    pub merged_into: Option<i64>,
}

/// What is to be changed; `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = lenders)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct LenderChange {
    pub name: Option<String>,
    pub inn: Option<Option<String>>,
    pub group_name: Option<Option<String>>,
    pub is_intra_group: Option<bool>,
    pub is_intra_group_manual: Option<bool>,
    pub is_active: Option<bool>,
}

reference_table!(LenderRow, LenderChange, lenders, name, AliasKind::Lender);

/// Stores a new lender; returns its id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn insert_lender(
    conn: &mut DbConn,
    department_id: i64,
    name: &str,
    inn: Option<&str>,
) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        lenders::department_id.eq(department_id),
        lenders::name.eq(name),
        lenders::inn.eq(inn),
        lenders::created_at.eq(now),
        lenders::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(lenders::table)
            .values(row)
            .returning(lenders::id)
            .get_result(c)
            .await
    })?)
}

/// Returns the lender that a name is recognized as; one that is not known is made.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn lender_of_name(
    conn: &mut DbConn,
    department_id: i64,
    name: &str,
) -> Result<i64, DbError> {
    let key = PartyName::parse(name).key();
    if let Some(id) = find_target(conn, department_id, AliasKind::Lender, &key).await? {
        return Ok(id);
    }
    let id = insert_lender(conn, department_id, name, None).await?;
    insert_alias(
        conn,
        NewAlias::new(department_id, AliasKind::Lender, key, name, id),
    )
    .await?;
    refresh_intra_group(conn, department_id).await?;
    Ok(id)
}

/// Returns the INNs of a department's lenders, by their ids.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_lender_inns(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<HashMap<i64, String>, DbError> {
    let rows: Vec<(i64, String)> = on_conn!(conn, |c| {
        lenders::table
            .filter(lenders::department_id.eq(department_id))
            .filter(lenders::inn.is_not_null())
            .select((lenders::id, lenders::inn.assume_not_null()))
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// A lender is one of the holding's own organizations when both have the same INN, or a spelling in
/// common (the same folded name with the same legal form) and not two INNs.
const REFRESH_INTRA_GROUP: &str = "
UPDATE lenders SET is_intra_group = NOT is_intra_group
WHERE department_id = $1 AND NOT is_intra_group_manual AND is_intra_group <> (
    EXISTS (SELECT 1 FROM organizations o WHERE o.department_id = lenders.department_id AND o.inn = lenders.inn)
    OR EXISTS (
        SELECT 1 FROM aliases l
        JOIN aliases o ON o.department_id = l.department_id AND o.kind = 'organization' AND o.key = l.key
        JOIN organizations n ON n.department_id = o.department_id AND n.id = o.target_id
            AND COALESCE(n.inn, lenders.inn, '') = COALESCE(lenders.inn, n.inn, '')
        WHERE l.department_id = lenders.department_id AND l.kind = 'lender' AND l.target_id = lenders.id
    )
)";

/// Finds out again which lenders are the holding's own organizations, but for those that it was set
/// of by hand. Returns whether any changed.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn refresh_intra_group(conn: &mut DbConn, department_id: i64) -> Result<bool, DbError> {
    let changed = on_conn!(conn, |c| {
        diesel::sql_query(REFRESH_INTRA_GROUP)
            .bind::<BigInt, _>(department_id)
            .execute(c)
            .await
    })?;
    Ok(changed > 0)
}
