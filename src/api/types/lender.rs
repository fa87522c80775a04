//! A lender.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Alias, answers};
use crate::db::{LenderRow, Spelling};

/// A lender as it is answered.
#[derive(Serialize, ToSchema)]
pub struct Lender {
    #[serde(flatten)]
    row: StoredLender,
    /// The spellings that exports recognize it by.
    aliases: Vec<Alias>,
}

/// As stored and answered.
#[derive(Serialize, ToSchema)]
pub struct StoredLender {
    pub id: i64,
    pub name: String,
    pub inn: Option<String>,
    #[serde(rename = "group")]
    pub group_name: Option<String>,
    /// Whether it is one of the holding's own organizations.
    pub is_intra_group: bool,
    /// Whether that was set by hand; else it follows from INN and name.
    pub is_intra_group_manual: bool,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub merged_into: Option<i64>,
}

impl From<(LenderRow, Vec<Spelling>)> for Lender {
    fn from((row, aliases): (LenderRow, Vec<Spelling>)) -> Lender {
        Lender {
            row: row.into(),
            aliases: answers(aliases),
        }
    }
}

impl From<LenderRow> for StoredLender {
    fn from(row: LenderRow) -> StoredLender {
        StoredLender {
            id: row.id,
            name: row.name,
            inn: row.inn,
            group_name: row.group_name,
            is_intra_group: row.is_intra_group,
            is_intra_group_manual: row.is_intra_group_manual,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            merged_into: row.merged_into,
        }
    }
}
