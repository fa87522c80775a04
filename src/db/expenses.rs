//! Expenses: money that was paid.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::expenses;
use super::upsert::{KnownOperation, known_operations, upsert_operations};
use super::{CHUNK, DbConn, DbError, on_conn};

/// An expense to be stored. Amounts are kopecks; `fingerprint` stands for all of its content.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = expenses)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewExpense {
    pub department_id: i64,
    pub organization_id: i64,
    pub bank_account_id: Option<i64>,
    pub contract_id: Option<i64>,
    pub organization_alias_id: Option<i64>,
    pub bank_account_alias_id: Option<i64>,
    pub contract_alias_id: Option<i64>,
    pub lender_alias_id: Option<i64>,
    pub operation_id: String,
    pub document_date: Option<NaiveDate>,
    pub operation_type: Option<String>,
    pub account: Option<String>,
    pub document_number: Option<String>,
    pub recipient: Option<String>,
    pub recipient_account: Option<String>,
    pub debit_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: i64,
    pub expense_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub tax_period: Option<String>,
    pub unconfirmed_by_bank: Option<bool>,
    pub is_active: bool,
    pub fingerprint: i64,
    pub snapshot_id: Option<i64>,
    pub version_at: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What a detail's contract takes from its expense.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = expenses)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ExpenseFacts {
    pub operation_id: String,
    pub organization_id: i64,
    pub organization_alias_id: Option<i64>,
    pub lender_alias_id: Option<i64>,
    pub contract_id: Option<i64>,
    pub document_date: Option<NaiveDate>,
    pub is_active: bool,
}

/// What is stored of the expenses among `operation_ids`, by operation id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_known_expenses(
    conn: &mut DbConn,
    department_id: i64,
    operation_ids: &[&str],
) -> Result<HashMap<String, KnownOperation>, DbError> {
    known_operations!(conn, expenses, department_id, operation_ids)
}

/// Stores expenses: ones that are all new, or ones of which those with a known operation id are
/// overwritten.
///
/// # Errors
/// [`DbError`] when a row violates a key or the database can't answer.
pub async fn upsert_expenses(
    conn: &mut DbConn,
    rows: Vec<NewExpense>,
    are_new: bool,
) -> Result<(), DbError> {
    upsert_operations!(
        conn,
        expenses,
        rows,
        are_new,
        [
            organization_id: BigInt,
            bank_account_id: Nullable<BigInt>,
            contract_id: Nullable<BigInt>,
            organization_alias_id: Nullable<BigInt>,
            bank_account_alias_id: Nullable<BigInt>,
            contract_alias_id: Nullable<BigInt>,
            lender_alias_id: Nullable<BigInt>,
            document_date: Nullable<Date>,
            operation_type: Nullable<Text>,
            account: Nullable<Text>,
            document_number: Nullable<Text>,
            recipient: Nullable<Text>,
            recipient_account: Nullable<Text>,
            debit_account: Nullable<Text>,
            contract_text: Nullable<Text>,
            contract_date: Nullable<Date>,
            currency: Text,
            amount: BigInt,
            expense_item: Nullable<Text>,
            payment_purpose: Nullable<Text>,
            responsible: Nullable<Text>,
            comment: Nullable<Text>,
            tax_period: Nullable<Text>,
            unconfirmed_by_bank: Nullable<Bool>,
            is_active: Bool,
            fingerprint: BigInt,
            snapshot_id: Nullable<BigInt>,
            version_at: Nullable<Timestamp>,
            updated_at: Timestamp,
        ]
    );
    Ok(())
}

/// What is known of the expenses among `operation_ids`, by operation id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_expense_facts(
    conn: &mut DbConn,
    department_id: i64,
    operation_ids: &[&str],
) -> Result<HashMap<String, ExpenseFacts>, DbError> {
    let mut known = HashMap::with_capacity(operation_ids.len());
    for ids in operation_ids.chunks(CHUNK) {
        let rows: Vec<ExpenseFacts> = on_conn!(conn, |c| {
            expenses::table
                .filter(expenses::department_id.eq(department_id))
                .filter(expenses::operation_id.eq_any(ids))
                .select(ExpenseFacts::as_select())
                .load(c)
                .await
        })?;
        known.extend(
            rows.into_iter()
                .map(|facts| (facts.operation_id.clone(), facts)),
        );
    }
    Ok(known)
}
