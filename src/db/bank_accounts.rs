//! Bank accounts of a department; the account number is the natural key.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::reference_lists::{ReferenceFilter, ReferenceOrder, list_reference_rows};
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

/// Returns a part of the list and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_bank_accounts(
    conn: &mut DbConn,
    filter: &ReferenceFilter,
    page: Page,
) -> Result<(Vec<BankAccountRow>, i64), DbError> {
    Ok(list_reference_rows!(
        conn,
        bank_accounts,
        account_number,
        BankAccountRow,
        filter,
        page
    ))
}

/// The one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_bank_account(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<BankAccountRow>, DbError> {
    let row: Option<BankAccountRow> = on_conn!(conn, |c| {
        bank_accounts::table
            .filter(bank_accounts::id.eq(id))
            .select(BankAccountRow::as_select())
            .first(c)
            .await
            .optional()
    })?;
    Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
}

/// Changes the one of that id.
///
/// # Errors
/// [`DbError::Duplicate`] when the new key is taken, [`DbError::NoSuchReference`] when there is none or it was
/// merged into another one.
pub async fn update_bank_account(
    conn: &mut DbConn,
    id: i64,
    change: &BankAccountChange,
) -> Result<(), DbError> {
    let changed = on_conn!(conn, |c| {
        diesel::update(
            bank_accounts::table
                .filter(bank_accounts::id.eq(id))
                .filter(bank_accounts::merged_into.is_null()),
        )
        .set((change, bank_accounts::updated_at.eq(utc_now())))
        .execute(c)
        .await
    })?;
    if changed == 0 {
        Err(DbError::NoSuchReference)
    } else {
        Ok(())
    }
}
