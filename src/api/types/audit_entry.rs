//! A line of the audit log.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::AuditRow;

/// Who changed which account, when and how.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id, in the order of time.
    pub id: i64,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Who; null: somebody at the command line.
    pub actor_id: Option<i64>,
    /// That user's login name, or `command line`.
    pub actor: String,
    /// Where the request came from.
    pub address: Option<String>,
    /// `user.created`, `user.changed`, `user.password_set`, `user.logged_out`, `key.created` or `key.revoked`.
    pub action: String,
    /// Whose account.
    pub user_id: Option<i64>,
    /// That user's login name.
    pub username: String,
    /// What changed.
    pub details: Option<String>,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> AuditEntry {
        AuditEntry {
            id: row.id,
            at: row.at,
            actor_id: row.actor_id,
            actor: row.actor,
            address: row.address,
            action: row.action,
            user_id: row.user_id,
            username: row.username,
            details: row.details,
        }
    }
}
