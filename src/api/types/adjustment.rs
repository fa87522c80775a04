//! An adjustment.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::AdjustmentRow;
use crate::domain::Money;

/// A change of what is owed on a contract that no export holds.
#[derive(Clone, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct Adjustment {
    pub id: i64,
    pub contract_id: i64,
    pub contract: String,
    pub organization_id: i64,
    pub organization: String,
    pub counterparty: Option<String>,
    /// The day that it counts on.
    pub date: NaiveDate,
    /// `opening_balance`, `set_off`, `assignment`, `capitalized_interest`, `fee_withheld` or
    /// `correction`.
    pub kind: String,
    /// In the contract's currency; above zero it raises what is owed.
    pub amount: Money,
    /// The contract's currency; absent until it has operations.
    pub currency: Option<String>,
    pub comment: Option<String>,
    pub author: String,
    /// `manual`, or the workbook that it came from.
    pub source: String,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// What may be wrong with it.
    pub warnings: Vec<String>,
}

impl From<AdjustmentRow> for Adjustment {
    fn from(row: AdjustmentRow) -> Adjustment {
        Adjustment {
            id: row.id,
            contract_id: row.contract_id,
            contract: row.contract,
            organization_id: row.organization_id,
            organization: row.organization,
            counterparty: row.counterparty,
            date: row.effective_date,
            kind: row.kind,
            amount: Money::from_kopecks(row.amount),
            currency: row.currency,
            comment: row.comment,
            author: row.author,
            source: row.source,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings: Vec::new(),
        }
    }
}
