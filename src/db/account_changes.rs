//! What a user may do, for processes that keep it in memory: one number says whether it changed.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{account_changes, api_keys, users};
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::system_now;

/// What decides on what a user may do.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct AccountRow {
    /// The user's id.
    pub id: i64,
    /// Raised by every change of the rest and of the password.
    pub version: i64,
    /// Whether the user may log in.
    pub is_active: bool,
    /// The role's name.
    pub role: String,
    /// The user's department.
    pub department_id: i64,
    /// The login name.
    pub username: String,
}

/// A key that is accepted, unless its time is over.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub struct ValidKeyRow {
    /// The key's id.
    pub id: i64,
    /// Its owner.
    pub user_id: i64,
    /// The SHA-256 of the key, in hexadecimal digits.
    pub key_hash: String,
    /// When it ends, in UTC.
    pub expires_at: Option<chrono::NaiveDateTime>,
}

/// Returns the number that every change of accounts raises.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn account_generation(conn: &mut DbConn) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| account_changes::table
        .select(account_changes::generation)
        .first(c)
        .await)?)
}

/// Raises that number, in the transaction that changes an account. Changes of accounts wait for
/// each other here.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn raise_account_generation(conn: &mut DbConn) -> Result<(), DbError> {
    // The first update locks the row. Like a department's, a number is never given twice, not even
    // after a backup was played back.
    let previous: i64 = on_conn!(conn, |c| diesel::update(account_changes::table)
        .set(account_changes::generation.eq(account_changes::generation))
        .returning(account_changes::generation)
        .get_result(c)
        .await)?;
    let generation = system_now().timestamp_micros().max(previous + 1);
    on_conn!(conn, |c| diesel::update(account_changes::table)
        .set(account_changes::generation.eq(generation))
        .execute(c)
        .await)?;
    Ok(())
}

/// Returns what decides on the rights of every user.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_accounts(conn: &mut DbConn) -> Result<Vec<AccountRow>, DbError> {
    Ok(on_conn!(conn, |c| users::table
        .select(AccountRow::as_select())
        .load(c)
        .await)?)
}

/// Returns the API keys that are not revoked and whose time is not over.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_valid_keys(conn: &mut DbConn) -> Result<Vec<ValidKeyRow>, DbError> {
    let now = utc_now();
    Ok(on_conn!(conn, |c| api_keys::table
        .filter(api_keys::revoked_at.is_null())
        .filter(
            api_keys::expires_at
                .is_null()
                .or(api_keys::expires_at.gt(now))
        )
        .select(ValidKeyRow::as_select())
        .load(c)
        .await)?)
}
