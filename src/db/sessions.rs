//! Sessions of the dashboard, and what each user prefers to see there.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{sessions, users};
use super::{DbConn, DbError, on_conn};

/// A session to be stored.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession {
    /// The SHA-256 of the cookie, in hexadecimal digits.
    pub cookie_hash: String,
    pub user_id: i64,
    /// The account's version that it holds for.
    pub version: i64,
    pub created_at: NaiveDateTime,
    pub last_seen_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
}

/// A session with what pages show of its user.
#[derive(Clone, Debug, Queryable)]
pub struct SessionRow {
    pub user_id: i64,
    pub version: i64,
    pub created_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    pub full_name: String,
    pub language: Option<String>,
    pub theme: Option<String>,
}

/// Inserts a session.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn insert_session(conn: &mut DbConn, session: NewSession) -> Result<(), DbError> {
    on_conn!(conn, |c| diesel::insert_into(sessions::table)
        .values(session)
        .execute(c)
        .await)?;
    Ok(())
}

/// Returns the session of a cookie's hash.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn find_session(
    conn: &mut DbConn,
    cookie_hash: &str,
) -> Result<Option<SessionRow>, DbError> {
    Ok(on_conn!(conn, |c| sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::cookie_hash.eq(cookie_hash))
        .select((
            sessions::user_id,
            sessions::version,
            sessions::created_at,
            sessions::ends_at,
            users::full_name,
            users::language,
            users::theme,
        ))
        .first(c)
        .await
        .optional())?)
}

/// Deletes the session of a cookie's hash.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn delete_session(conn: &mut DbConn, cookie_hash: &str) -> Result<(), DbError> {
    let session = sessions::table.filter(sessions::cookie_hash.eq(cookie_hash));
    on_conn!(conn, |c| diesel::delete(session).execute(c).await)?;
    Ok(())
}

/// Stores when a session was seen last, and its new end.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn set_session_seen(
    conn: &mut DbConn,
    cookie_hash: &str,
    seen_at: NaiveDateTime,
    ends_at: NaiveDateTime,
) -> Result<(), DbError> {
    let session = sessions::table.filter(sessions::cookie_hash.eq(cookie_hash));
    let seen = diesel::update(session).set((
        sessions::last_seen_at.eq(seen_at),
        sessions::ends_at.eq(ends_at),
    ));
    on_conn!(conn, |c| seen.execute(c).await)?;
    Ok(())
}

/// Deletes the sessions that ended before a time.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn delete_ended_sessions(
    conn: &mut DbConn,
    before: NaiveDateTime,
) -> Result<(), DbError> {
    let ended = sessions::table.filter(sessions::ends_at.lt(before));
    on_conn!(conn, |c| diesel::delete(ended).execute(c).await)?;
    Ok(())
}

/// Stores the language and the theme that a user chose; `None` leaves one as it is,
/// `Some(None)` leaves it to the browser.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn update_preferences(
    conn: &mut DbConn,
    user_id: i64,
    language: Option<&str>,
    theme: Option<Option<&str>>,
) -> Result<(), DbError> {
    if let Some(language) = language {
        let user = users::table.filter(users::id.eq(user_id));
        on_conn!(conn, |c| diesel::update(user)
            .set(users::language.eq(language))
            .execute(c)
            .await)?;
    }
    if let Some(theme) = theme {
        let user = users::table.filter(users::id.eq(user_id));
        on_conn!(conn, |c| diesel::update(user)
            .set(users::theme.eq(theme))
            .execute(c)
            .await)?;
    }
    Ok(())
}
