//! Bank accounts of a department; the account number is the natural key.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::aliases::AliasKind;
use super::reference_lists::{ReferenceFilter, ReferenceOrder, ReferenceRow, reference_table};
use super::schema::bank_accounts;
use super::{DbConn, DbError, Page, on_conn, utc_now};
use crate::domain::DepartmentScope;

/// Identifies a bank account of a known department.
pub type BankAccountId = i64;

/// Stores the bank's name of an account that has none.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn fill_bank_name(
    conn: &mut DbConn,
    id: BankAccountId,
    bank_name: &str,
) -> Result<bool, DbError> {
    let nameless = bank_accounts::table
        .filter(bank_accounts::id.eq(id))
        .filter(bank_accounts::bank_name.is_null());
    let changed = on_conn!(conn, |c| diesel::update(nameless)
        .set(bank_accounts::bank_name.eq(bank_name))
        .execute(c)
        .await)?;
    Ok(changed > 0)
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
        diesel::insert_into(bank_accounts::table)
            .values(row)
            .returning(bank_accounts::id)
            .get_result(c)
            .await
    })?)
}

/// As stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = bank_accounts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct BankAccountRow {
    pub id: i64,
    pub account_number: String,
    pub bank_name: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    pub merged_into: Option<i64>,
}

/// What is to be changed; `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = bank_accounts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct BankAccountChange {
    pub account_number: Option<String>,
    pub bank_name: Option<Option<String>>,
    pub is_active: Option<bool>,
}

reference_table!(
    BankAccountRow,
    BankAccountChange,
    bank_accounts,
    account_number,
    AliasKind::BankAccount
);
