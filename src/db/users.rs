//! The people who may log in.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::users;
use super::{DbConn, DbError, on_conn, utc_now};

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
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A user to be made.
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

/// The user of that login name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_user(conn: &mut DbConn, username: &str) -> Result<Option<UserRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        users::table.filter(users::username.eq(username)).select(UserRow::as_select()).first(c).await.optional()
    })?)
}

/// The user of that id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_user_by_id(conn: &mut DbConn, id: i64) -> Result<Option<UserRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        users::table.filter(users::id.eq(id)).select(UserRow::as_select()).first(c).await.optional()
    })?)
}

/// How many users there are.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn count_users(conn: &mut DbConn) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| users::table.count().get_result(c).await)?)
}

/// Stores a new user; gives the id.
///
/// # Errors
/// [`DbError`] when the login name, the e-mail address or the department does not allow it.
pub async fn insert_user(conn: &mut DbConn, user: NewUser) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| diesel::insert_into(users::table).values(user).returning(users::id).get_result(c).await)?)
}

/// Stores another password; gives whether there is such a user.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn set_password_hash(conn: &mut DbConn, username: &str, hash: &str) -> Result<bool, DbError> {
    let changed = on_conn!(conn, |c| {
        diesel::update(users::table.filter(users::username.eq(username)))
            .set((users::password_hash.eq(hash), users::updated_at.eq(utc_now())))
            .execute(c)
            .await
    })?;
    Ok(changed == 1)
}
