//! Receipts: money that came in.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::receipts;
use super::upsert::{KnownOperation, known_operations, upsert_operations};
use super::{DbConn, DbError};

/// A receipt to be stored. Amounts are kopecks; `fingerprint` stands for all of its content.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = receipts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewReceipt {
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
    pub payer: Option<String>,
    pub payer_account: Option<String>,
    pub settlement_account: Option<String>,
    pub settlement_rate: Option<String>,
    pub settlement_amount: Option<i64>,
    pub settled_amount: Option<i64>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: i64,
    pub commission: Option<i64>,
    pub income_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub is_active: bool,
    pub fingerprint: i64,
    pub snapshot_id: Option<i64>,
    pub version_at: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What is stored of the receipts among `operation_ids`, by operation id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_known_receipts(
    conn: &mut DbConn,
    department_id: i64,
    operation_ids: &[&str],
) -> Result<HashMap<String, KnownOperation>, DbError> {
    known_operations!(conn, receipts, department_id, operation_ids)
}

/// Stores receipts: ones that are all new, or ones of which those with a known operation id are
/// overwritten.
///
/// # Errors
/// [`DbError`] when a row violates a key or the database can't answer.
pub async fn upsert_receipts(
    conn: &mut DbConn,
    rows: Vec<NewReceipt>,
    are_new: bool,
) -> Result<(), DbError> {
    upsert_operations!(
        conn,
        receipts,
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
            payer: Nullable<Text>,
            payer_account: Nullable<Text>,
            settlement_account: Nullable<Text>,
            settlement_rate: Nullable<Text>,
            settlement_amount: Nullable<BigInt>,
            settled_amount: Nullable<BigInt>,
            contract_text: Nullable<Text>,
            contract_date: Nullable<Date>,
            currency: Text,
            amount: BigInt,
            commission: Nullable<BigInt>,
            income_item: Nullable<Text>,
            payment_purpose: Nullable<Text>,
            responsible: Nullable<Text>,
            comment: Nullable<Text>,
            is_active: Bool,
            fingerprint: BigInt,
            snapshot_id: Nullable<BigInt>,
            version_at: Nullable<Timestamp>,
            updated_at: Timestamp,
        ]
    );
    Ok(())
}
