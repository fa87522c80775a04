//! Bank accounts of a department; the account number is the natural key.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::bank_accounts;
use super::{DbConn, DbError, on_conn, utc_now};

/// Identifies a bank account of a known department.
pub type BankAccountId = i64;

/// The ids of a department's bank accounts, by account number.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_bank_account_ids(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<HashMap<String, BankAccountId>, DbError> {
    let rows: Vec<(String, BankAccountId)> = on_conn!(conn, |c| {
        bank_accounts::table
            .filter(bank_accounts::department_id.eq(department_id))
            .select((bank_accounts::account_number, bank_accounts::id))
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// Stores a new bank account; gives its id.
///
/// # Errors
/// [`DbError`] when the number is taken or the database can't answer.
pub async fn insert_bank_account(
    conn: &mut DbConn,
    department_id: i64,
    account_number: &str,
    bank_name: Option<&str>,
) -> Result<BankAccountId, DbError> {
    let now = utc_now();
    let row = (
        bank_accounts::department_id.eq(department_id),
        bank_accounts::account_number.eq(account_number),
        bank_accounts::bank_name.eq(bank_name),
        bank_accounts::created_at.eq(now),
        bank_accounts::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(bank_accounts::table).values(row).returning(bank_accounts::id).get_result(c).await
    })?)
}
