//! A merge or split.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::MergeRow;

/// A merge or split as it is answered. The names are those of its time.
#[derive(Serialize, ToSchema)]
pub struct Merge {
    /// Its id.
    pub id: i64,
    /// `organization`, `bank_account`, `lender` or `contract`.
    pub kind: String,
    /// `merge` or `split`.
    pub action: String,
    /// The row that was merged into the target, or that the split made.
    pub source_id: i64,
    /// Its name.
    pub source: String,
    /// The row that took the other one over, or that was split.
    pub target_id: i64,
    /// Its name.
    pub target: String,
    /// The department.
    pub department_id: i64,
    /// Who did it.
    pub created_by: String,
    /// When (UTC).
    pub created_at: NaiveDateTime,
    /// When it was undone (UTC); absent while it holds.
    pub undone_at: Option<NaiveDateTime>,
}

impl From<MergeRow> for Merge {
    fn from(row: MergeRow) -> Merge {
        Merge {
            id: row.id,
            kind: row.kind,
            action: row.action,
            source_id: row.source_id,
            source: row.source,
            target_id: row.target_id,
            target: row.target,
            department_id: row.department_id,
            created_by: row.created_by,
            created_at: row.created_at,
            undone_at: row.undone_at,
        }
    }
}
