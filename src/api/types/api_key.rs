//! An API key as it is listed.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::ApiKeyRow;

/// An API key, without the key itself.
#[derive(Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: i64,
    /// Its owner.
    pub user_id: i64,
    /// The owner's login name.
    pub username: String,
    /// What it is for, as its owner said.
    pub name: String,
    /// What it begins with.
    pub hint: String,
    /// When it was made, UTC.
    pub created_at: NaiveDateTime,
    /// When it ends, UTC; null: never.
    pub expires_at: Option<NaiveDateTime>,
    /// When it was used last, UTC, to a few seconds.
    pub last_used_at: Option<NaiveDateTime>,
    /// When it was revoked, UTC.
    pub revoked_at: Option<NaiveDateTime>,
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> ApiKey {
        ApiKey {
            id: row.id,
            user_id: row.user_id,
            username: row.username,
            name: row.name,
            hint: row.hint,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}
