//! An organization.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Alias, answers};
use crate::db::{OrganizationRow, Spelling};

/// An organization as it is answered.
#[derive(Serialize, ToSchema)]
pub struct Organization {
    #[serde(flatten)]
    row: StoredOrganization,
    /// The spellings that exports recognize it by.
    aliases: Vec<Alias>,
}

/// As stored and answered.
#[derive(Serialize, ToSchema)]
pub struct StoredOrganization {
    pub id: i64,
    pub name: String,
    pub inn: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub merged_into: Option<i64>,
}

impl From<(OrganizationRow, Vec<Spelling>)> for Organization {
    fn from((row, aliases): (OrganizationRow, Vec<Spelling>)) -> Organization {
        Organization {
            row: row.into(),
            aliases: answers(aliases),
        }
    }
}

impl From<OrganizationRow> for StoredOrganization {
    fn from(row: OrganizationRow) -> StoredOrganization {
        StoredOrganization {
            id: row.id,
            name: row.name,
            inn: row.inn,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            merged_into: row.merged_into,
        }
    }
}
