//! A receipt.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::ReceiptRow;
use crate::domain::Money;

/// A receipt as stored, with what its ids mean; amounts in kopecks.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct Receipt {
    pub id: i64,
    pub operation_id: String,
    pub document_date: Option<NaiveDate>,
    pub document_number: Option<String>,
    pub organization_id: i64,
    pub organization: String,
    pub bank_account_id: Option<i64>,
    pub bank_account: Option<String>,
    pub contract_id: Option<i64>,
    pub contract: Option<String>,
    /// The lender of the contract; without one, the payer.
    pub counterparty: Option<String>,
    pub operation_type: Option<String>,
    pub account: Option<String>,
    /// The same as `account`.
    pub accounting_account: Option<String>,
    pub payer: Option<String>,
    pub payer_account: Option<String>,
    pub settlement_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: Money,
    pub commission: Option<Money>,
    pub income_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    /// The same as `responsible`.
    pub responsible_person: Option<String>,
    pub comment: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl From<ReceiptRow> for Receipt {
    fn from(row: ReceiptRow) -> Receipt {
        Receipt {
            accounting_account: row.account.clone(),
            responsible_person: row.responsible.clone(),
            id: row.id,
            operation_id: row.operation_id,
            document_date: row.document_date,
            document_number: row.document_number,
            organization_id: row.organization_id,
            organization: row.organization,
            bank_account_id: row.bank_account_id,
            bank_account: row.bank_account,
            contract_id: row.contract_id,
            contract: row.contract,
            counterparty: row.counterparty,
            operation_type: row.operation_type,
            account: row.account,
            payer: row.payer,
            payer_account: row.payer_account,
            settlement_account: row.settlement_account,
            contract_text: row.contract_text,
            contract_date: row.contract_date,
            currency: row.currency,
            amount: Money::from_kopecks(row.amount),
            commission: row.commission.map(Money::from_kopecks),
            income_item: row.income_item,
            payment_purpose: row.payment_purpose,
            responsible: row.responsible,
            comment: row.comment,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
