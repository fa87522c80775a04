//! A detail of an expense.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DetailRow;
use crate::domain::Money;

/// An expense detail as stored, with what its ids mean; amounts in kopecks.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct ExpenseDetail {
    pub id: i64,
    pub expense_operation_id: String,
    /// Of the expense, when that is known.
    pub document_date: Option<NaiveDate>,
    pub contract_id: Option<i64>,
    pub contract: Option<String>,
    /// The same as `contract`.
    pub contract_number: Option<String>,
    /// The lender of the contract.
    pub counterparty: Option<String>,
    pub contract_text: Option<String>,
    pub repayment_type: Option<String>,
    pub settlement_account: Option<String>,
    pub advance_account: Option<String>,
    /// What it pays: what it says, else what its account says, else what its expense says.
    /// `Погашение долга` (principal), `Уплата процентов` (interest), `Выдача займа` (a loan given)
    /// or any other text.
    pub payment_type: Option<String>,
    /// Whether that follows from an account or the expense, because the detail does not say it.
    pub payment_type_derived: bool,
    /// What it says, as the export has it.
    pub payment_type_text: Option<String>,
    /// Of the expense, when that is known.
    pub currency: Option<String>,
    pub amount: Money,
    /// The same as `amount`.
    pub payment_amount: Money,
    pub settlement_rate: Option<String>,
    pub settlement_amount: Option<Money>,
    pub vat_amount: Option<Money>,
    pub expense_amount: Option<Money>,
    pub included_vat: Option<Money>,
    /// The same as `included_vat`.
    pub vat_in_expense: Option<Money>,
    pub expense_item: Option<String>,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
}

impl From<DetailRow> for ExpenseDetail {
    fn from(row: DetailRow) -> ExpenseDetail {
        ExpenseDetail {
            contract_number: row.contract.clone(),
            id: row.id,
            expense_operation_id: row.expense_operation_id,
            document_date: row.document_date,
            contract_id: row.contract_id,
            contract: row.contract,
            counterparty: row.counterparty,
            contract_text: row.contract_text,
            repayment_type: row.repayment_type,
            settlement_account: row.settlement_account,
            advance_account: row.advance_account,
            payment_type: row.payment_type,
            payment_type_derived: row.payment_type_derived,
            payment_type_text: row.payment_type_text,
            currency: row.currency,
            amount: Money::from_kopecks(row.amount),
            payment_amount: Money::from_kopecks(row.amount),
            settlement_rate: row.settlement_rate,
            settlement_amount: row.settlement_amount.map(Money::from_kopecks),
            vat_amount: row.vat_amount.map(Money::from_kopecks),
            expense_amount: row.expense_amount.map(Money::from_kopecks),
            included_vat: row.included_vat.map(Money::from_kopecks),
            vat_in_expense: row.included_vat.map(Money::from_kopecks),
            expense_item: row.expense_item,
            department_id: row.department_id,
            created_at: row.created_at,
        }
    }
}
