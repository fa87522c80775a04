//! A contract without its figures.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::ContractRow;

/// As stored and answered, without the figures.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct StoredContract {
    pub id: i64,
    pub contract_number: String,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<String>,
    pub lender_id: Option<i64>,
    /// The lender's name.
    pub counterparty: Option<String>,
    /// `borrowed` or `lent`; absent when nothing says which: it counts as borrowed.
    pub direction: Option<String>,
    /// The currency of what is owed.
    pub currency: Option<String>,
    pub organization_id: i64,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub merged_into: Option<i64>,
}

impl From<ContractRow> for StoredContract {
    fn from(row: ContractRow) -> StoredContract {
        StoredContract {
            id: row.id,
            contract_number: row.contract_number,
            contract_date: row.contract_date,
            contract_type: row.contract_type,
            lender_id: row.lender_id,
            counterparty: row.counterparty,
            direction: row.direction,
            currency: row.currency,
            organization_id: row.organization_id,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            merged_into: row.merged_into,
        }
    }
}
