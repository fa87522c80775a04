//! A user.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::UserRow;

/// A user as others may see it.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct User {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub full_name: String,
    pub role: String,
    pub department_id: i64,
    pub is_active: bool,
    pub is_verified: bool,
    pub position: Option<String>,
    pub phone: Option<String>,
    pub last_login: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> User {
        User {
            id: row.id,
            username: row.username,
            email: row.email,
            full_name: row.full_name,
            role: row.role,
            department_id: row.department_id,
            is_active: row.is_active,
            is_verified: row.is_verified,
            position: row.position,
            phone: row.phone,
            last_login: row.last_login,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
