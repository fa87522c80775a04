//! API keys: who owns them, and when they were used last.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{api_keys, users};
use super::{DbConn, DbError, Page, on_conn, utc_now};

/// A key as it is listed: without its hash.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ApiKeyRow {
    pub id: i64,
    pub user_id: i64,
    pub username: String,
    pub name: String,
    pub hint: String,
    pub created_at: NaiveDateTime,
    pub expires_at: Option<NaiveDateTime>,
    pub last_used_at: Option<NaiveDateTime>,
    pub revoked_at: Option<NaiveDateTime>,
}

/// A key to be stored.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = api_keys)]
pub struct NewApiKey {
    pub user_id: i64,
    pub name: String,
    pub key_hash: String,
    pub hint: String,
    pub created_at: NaiveDateTime,
    pub expires_at: Option<NaiveDateTime>,
}

macro_rules! listed_keys {
    () => {
        api_keys::table
            .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
            .select((
                api_keys::id,
                api_keys::user_id,
                users::username,
                api_keys::name,
                api_keys::hint,
                api_keys::created_at,
                api_keys::expires_at,
                api_keys::last_used_at,
                api_keys::revoked_at,
            ))
    };
}

/// Returns a page of the keys of a user, or of all, the newest first, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_api_keys(
    conn: &mut DbConn,
    user_id: Option<i64>,
    page: Page,
) -> Result<(Vec<ApiKeyRow>, i64), DbError> {
    on_conn!(conn, |c| {
        let (mut rows, mut all) = (
            listed_keys!().order(api_keys::id.desc()).into_boxed(),
            api_keys::table.count().into_boxed(),
        );
        if let Some(id) = user_id {
            rows = rows.filter(api_keys::user_id.eq(id));
            all = all.filter(api_keys::user_id.eq(id));
        }
        let total = all.get_result(c).await?;
        Ok((
            rows.offset(page.skip).limit(page.limit).load(c).await?,
            total,
        ))
    })
}

/// Returns one key.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn find_api_key(conn: &mut DbConn, id: i64) -> Result<Option<ApiKeyRow>, DbError> {
    Ok(on_conn!(conn, |c| listed_keys!()
        .filter(api_keys::id.eq(id))
        .first(c)
        .await
        .optional())?)
}

/// Inserts a key and returns its id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn insert_api_key(conn: &mut DbConn, key: NewApiKey) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| diesel::insert_into(api_keys::table)
        .values(key)
        .returning(api_keys::id)
        .get_result(c)
        .await)?)
}

/// Revokes a key; returns whether it was not revoked before.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn revoke_api_key(conn: &mut DbConn, id: i64) -> Result<bool, DbError> {
    let key = api_keys::table
        .filter(api_keys::id.eq(id))
        .filter(api_keys::revoked_at.is_null());
    let revoked = diesel::update(key).set(api_keys::revoked_at.eq(utc_now()));
    Ok(on_conn!(conn, |c| revoked.execute(c).await)? == 1)
}

/// Stores when a key was used last.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn set_key_last_used(
    conn: &mut DbConn,
    id: i64,
    at: NaiveDateTime,
) -> Result<(), DbError> {
    let key = api_keys::table.filter(api_keys::id.eq(id));
    let used = diesel::update(key).set(api_keys::last_used_at.eq(at));
    on_conn!(conn, |c| used.execute(c).await)?;
    Ok(())
}
