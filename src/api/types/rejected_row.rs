//! A row that an import rejected.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::RejectRow;

/// A rejected row as stored.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct RejectedRow {
    pub row_number: i32,
    pub column_name: String,
    pub value: String,
    pub reason: String,
    /// The kind of fault: `not_an_amount`; null of rows that were rejected before codes were kept.
    pub code: Option<String>,
    /// The sheet that the row stands on, where the file has several.
    pub sheet: Option<String>,
}

impl From<RejectRow> for RejectedRow {
    fn from(row: RejectRow) -> RejectedRow {
        RejectedRow {
            row_number: row.row_number,
            column_name: row.column_name,
            value: row.value,
            reason: row.reason,
            code: row.code,
            sheet: row.sheet,
        }
    }
}
