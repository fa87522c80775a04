//! A bank account.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Alias, answers};
use crate::db::{BankAccountRow, Spelling};

/// A bank account as it is answered.
#[derive(Serialize, ToSchema)]
pub struct BankAccount {
    #[serde(flatten)]
    row: StoredBankAccount,
    /// The spellings that exports recognize it by.
    aliases: Vec<Alias>,
}

/// As stored and answered.
#[derive(Serialize, ToSchema)]
pub struct StoredBankAccount {
    pub id: i64,
    pub account_number: String,
    pub bank_name: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub merged_into: Option<i64>,
}

impl From<(BankAccountRow, Vec<Spelling>)> for BankAccount {
    fn from((row, aliases): (BankAccountRow, Vec<Spelling>)) -> BankAccount {
        BankAccount {
            row: row.into(),
            aliases: answers(aliases),
        }
    }
}

impl From<BankAccountRow> for StoredBankAccount {
    fn from(row: BankAccountRow) -> StoredBankAccount {
        StoredBankAccount {
            id: row.id,
            account_number: row.account_number,
            bank_name: row.bank_name,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            merged_into: row.merged_into,
        }
    }
}
