//! An expense.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::ExpenseRow;
use crate::domain::Money;

/// An expense as stored, with what its ids mean; amounts in kopecks.
#[derive(Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct Expense {
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
    /// The lender of the contract; without one, the recipient.
    pub counterparty: Option<String>,
    pub operation_type: Option<String>,
    /// What an expense without details pays, by its type or debit account: `Погашение долга`
    /// (principal), `Уплата процентов` (interest) or `Выдача займа` (a loan given); `null` for
    /// anything else, and where details say it.
    pub payment_type: Option<String>,
    /// Whether there is such a type: it always follows from type or account.
    pub payment_type_derived: bool,
    pub account: Option<String>,
    /// The same as `account`.
    pub accounting_account: Option<String>,
    pub recipient: Option<String>,
    pub recipient_account: Option<String>,
    pub debit_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: Money,
    /// The share of the contracts that the list is filtered by; absent without such a filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Money, required = false)]
    pub contract_amount: Option<Money>,
    pub expense_item: Option<String>,
    /// The same as `expense_item`.
    pub expense_article: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    /// The same as `responsible`.
    pub responsible_person: Option<String>,
    pub comment: Option<String>,
    pub tax_period: Option<String>,
    pub unconfirmed_by_bank: bool,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl From<ExpenseRow> for Expense {
    fn from(row: ExpenseRow) -> Expense {
        Expense {
            payment_type_derived: row.payment_type.is_some(),
            accounting_account: row.account.clone(),
            expense_article: row.expense_item.clone(),
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
            payment_type: row.payment_type,
            account: row.account,
            recipient: row.recipient,
            recipient_account: row.recipient_account,
            debit_account: row.debit_account,
            contract_text: row.contract_text,
            contract_date: row.contract_date,
            currency: row.currency,
            amount: Money::from_kopecks(row.amount),
            contract_amount: row.contract_amount.map(Money::from_kopecks),
            expense_item: row.expense_item,
            payment_purpose: row.payment_purpose,
            responsible: row.responsible,
            comment: row.comment,
            tax_period: row.tax_period,
            unconfirmed_by_bank: row.unconfirmed_by_bank,
            is_active: row.is_active,
            department_id: row.department_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
