//! The people who may log in.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::users;
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::system_now;

/// A user as stored. The password hash is an Argon2id PHC string.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct UserRow {
    pub id: i64,
    pub department_id: i64,
    pub username: String,
    pub email: String,
    pub password_hash: String,
    pub full_name: String,
    pub role: String,
    pub is_active: bool,
    pub is_verified: bool,
    pub position: Option<String>,
    pub phone: Option<String>,
    pub last_login: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub version: i64,
}

/// A user to be inserted.
#[derive(Insertable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewUser {
    pub department_id: i64,
    pub username: String,
    pub email: String,
    pub password_hash: String,
    pub full_name: String,
    pub role: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A change of a user's profile; `None` leaves a column as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ProfileChange {
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub position: Option<Option<String>>,
    pub phone: Option<Option<String>>,
}

/// Whether a text holds a character that PostgreSQL stores in none: nobody is called so.
fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Returns the user of that login name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_user(conn: &mut DbConn, username: &str) -> Result<Option<UserRow>, DbError> {
    if has_nul(username) {
        return Ok(None);
    }
    Ok(on_conn!(conn, |c| {
        users::table
            .filter(users::username.eq(username))
            .select(UserRow::as_select())
            .first(c)
            .await
            .optional()
    })?)
}

/// Returns the user with that e-mail address in any letter case. Where the addresses of several
/// users differ in letter case only, it has to be spelled exactly.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_user_by_email(
    conn: &mut DbConn,
    email: &str,
) -> Result<Option<UserRow>, DbError> {
    if has_nul(email) {
        return Ok(None);
    }
    let same = list_same_emails(conn, email).await?;
    let exact = same.iter().find(|(_, known)| known == email);
    match exact.or(same.as_slice().first().filter(|_| same.len() == 1)) {
        Some((id, _)) => find_user_by_id(conn, *id).await,
        None => Ok(None),
    }
}

/// Returns id and address of the users whose e-mail addresses differ from that one in letter case
/// at most. It is folded here: SQLite folds that of ASCII only, and PostgreSQL as its locale says.
async fn list_same_emails(conn: &mut DbConn, email: &str) -> Result<Vec<(i64, String)>, DbError> {
    let addresses: Vec<(i64, String)> = on_conn!(conn, |c| users::table
        .select((users::id, users::email))
        .load(c)
        .await)?;
    let folded = email.to_lowercase();
    Ok(addresses
        .into_iter()
        .filter(|(_, known)| known.to_lowercase() == folded)
        .collect())
}

/// Returns the user of that id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_user_by_id(conn: &mut DbConn, id: i64) -> Result<Option<UserRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        users::table
            .filter(users::id.eq(id))
            .select(UserRow::as_select())
            .first(c)
            .await
            .optional()
    })?)
}

/// Returns how many users there are.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn count_users(conn: &mut DbConn) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| users::table
        .count()
        .get_result(c)
        .await)?)
}

/// Inserts a user and returns its id.
///
/// # Errors
/// [`DbError`] when the login name, the e-mail address (in whatever letter case) or the department
/// does not allow it.
pub async fn insert_user(conn: &mut DbConn, user: NewUser) -> Result<i64, DbError> {
    if !list_same_emails(conn, &user.email).await?.is_empty() {
        return Err(DbError::Duplicate);
    }
    let row = (user, users::version.eq(next_version(0)));
    Ok(on_conn!(conn, |c| diesel::insert_into(users::table)
        .values(row)
        .returning(users::id)
        .get_result(c)
        .await)?)
}

/// Updates the profile of the user of that id.
///
/// # Errors
/// [`DbError::Duplicate`] when another user has the e-mail address, in whatever letter case.
pub async fn update_profile(
    conn: &mut DbConn,
    id: i64,
    change: &ProfileChange,
) -> Result<(), DbError> {
    if let Some(email) = &change.email
        && list_same_emails(conn, email)
            .await?
            .iter()
            .any(|(other, _)| *other != id)
    {
        return Err(DbError::Duplicate);
    }
    on_conn!(conn, |c| {
        diesel::update(users::table.filter(users::id.eq(id)))
            .set((change, users::updated_at.eq(utc_now())))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Stores when a user logged in last.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn set_last_login(conn: &mut DbConn, id: i64, at: NaiveDateTime) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(users::table.filter(users::id.eq(id)))
            .set(users::last_login.eq(at))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// A change of what decides on a user's rights; `None` leaves a column as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = users)]
pub struct RightsChange {
    pub role: Option<String>,
    pub department_id: Option<i64>,
    pub is_active: Option<bool>,
    pub password_hash: Option<String>,
}

/// Changes a user's rights and raises the account's version, also when nothing else changes: that
/// ends what was issued for the version before. Returns whether there is such a user.
///
/// # Errors
/// [`DbError::NoSuchReference`] when there is no such department.
pub(crate) async fn change_rights(
    conn: &mut DbConn,
    id: i64,
    change: &RightsChange,
) -> Result<bool, DbError> {
    let user = || users::table.filter(users::id.eq(id));
    // The first update locks the row: nobody else takes the same version.
    let before: Option<i64> = on_conn!(conn, |c| diesel::update(user())
        .set(users::version.eq(users::version))
        .returning(users::version)
        .get_result(c)
        .await
        .optional())?;
    let Some(before) = before else {
        return Ok(false);
    };
    let changed = (
        change,
        users::version.eq(next_version(before)),
        users::updated_at.eq(utc_now()),
    );
    on_conn!(conn, |c| diesel::update(user())
        .set(changed)
        .execute(c)
        .await)?;
    Ok(true)
}

/// Returns the version after that one: the time in microseconds, so that none comes twice, not even
/// after a backup was played back; what was issued in the time that is lost stays refused.
fn next_version(before: i64) -> i64 {
    system_now().timestamp_micros().max(before + 1)
}

/// Returns all users by login name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_users(conn: &mut DbConn) -> Result<Vec<UserRow>, DbError> {
    Ok(on_conn!(conn, |c| users::table
        .select(UserRow::as_select())
        .order(users::username)
        .load(c)
        .await)?)
}
