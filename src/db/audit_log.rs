//! The audit log of accounts: rows are added and read, never changed.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::audit_log;
use super::{DbConn, DbError, Page, on_conn};

/// A line to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = audit_log)]
pub struct NewAuditEntry {
    pub at: NaiveDateTime,
    pub actor_id: Option<i64>,
    pub actor: String,
    pub address: Option<String>,
    pub action: String,
    pub user_id: Option<i64>,
    pub username: String,
    pub details: Option<String>,
}

/// A line as it was written.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct AuditRow {
    pub id: i64,
    pub at: NaiveDateTime,
    pub actor_id: Option<i64>,
    pub actor: String,
    pub address: Option<String>,
    pub action: String,
    pub user_id: Option<i64>,
    pub username: String,
    pub details: Option<String>,
}

/// Adds a line, in the transaction that makes the change.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn insert_audit_entry(
    conn: &mut DbConn,
    entry: NewAuditEntry,
) -> Result<(), DbError> {
    on_conn!(conn, |c| diesel::insert_into(audit_log::table)
        .values(entry)
        .execute(c)
        .await)?;
    Ok(())
}

/// Returns a page of the log, the newest line first, and the full count; of one user if one is
/// given.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_audit_log(
    conn: &mut DbConn,
    user_id: Option<i64>,
    page: Page,
) -> Result<(Vec<AuditRow>, i64), DbError> {
    on_conn!(conn, |c| {
        let (mut rows, mut all) = (
            audit_log::table
                .select(AuditRow::as_select())
                .order(audit_log::id.desc())
                .into_boxed(),
            audit_log::table.count().into_boxed(),
        );
        if let Some(id) = user_id {
            rows = rows.filter(audit_log::user_id.eq(id));
            all = all.filter(audit_log::user_id.eq(id));
        }
        let total = all.get_result(c).await?;
        Ok((
            rows.offset(page.skip).limit(page.limit).load(c).await?,
            total,
        ))
    })
}

/// Returns how many lines of an action there are on a user since a time.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn count_audit_entries(
    conn: &mut DbConn,
    user_id: i64,
    action: &str,
    since: NaiveDateTime,
) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| audit_log::table
        .filter(audit_log::user_id.eq(user_id))
        .filter(audit_log::action.eq(action))
        .filter(audit_log::at.ge(since))
        .count()
        .get_result(c)
        .await)?)
}
