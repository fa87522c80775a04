//! Expense details: what an expense paid, contract by contract.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{expense_details, expenses};
use super::upsert::insert_arrays;
use super::{CHUNK, DbConn, DbError, ExpenseFacts, RowVersion, on_conn};

/// A detail to be stored. Amounts are kopecks. Equal details of one expense have equal
/// fingerprints and are distinguished by `occurrence`, from 0.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = expense_details)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewExpenseDetail {
    pub department_id: i64,
    pub expense_operation_id: String,
    pub contract_id: Option<i64>,
    pub contract_alias_id: Option<i64>,
    pub contract_text: Option<String>,
    pub repayment_type: Option<String>,
    pub settlement_account: Option<String>,
    pub advance_account: Option<String>,
    pub payment_type: Option<String>,
    pub amount: i64,
    pub settlement_rate: Option<String>,
    pub settlement_amount: Option<i64>,
    pub settled_amount: Option<i64>,
    pub vat_amount: Option<i64>,
    pub expense_amount: Option<i64>,
    pub included_vat: Option<i64>,
    pub expense_item: Option<String>,
    pub fingerprint: i64,
    pub occurrence: i32,
    pub snapshot_id: Option<i64>,
    pub version_at: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
}

/// A stored detail, as far as a new set of details is compared with it.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct KnownDetail {
    pub id: i64,
    pub expense_operation_id: String,
    pub fingerprint: i64,
    pub occurrence: i32,
    pub contract_id: Option<i64>,
    pub version: RowVersion,
}

/// A stored detail whose expense is known: what decides on its contract.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct LinkableDetail {
    pub id: i64,
    pub contract_id: Option<i64>,
    pub contract_alias_id: Option<i64>,
    pub contract_text: String,
    #[diesel(embed)]
    pub expense: ExpenseFacts,
}

/// Whether a department has any details.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_details(conn: &mut DbConn, department_id: i64) -> Result<bool, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::select(diesel::dsl::exists(
            expense_details::table.filter(expense_details::department_id.eq(department_id)),
        ))
        .get_result(c)
        .await
    })?)
}

/// The stored details of some expenses.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_details_of(
    conn: &mut DbConn,
    department_id: i64,
    expense_operation_ids: &[&str],
) -> Result<Vec<KnownDetail>, DbError> {
    let mut known = Vec::new();
    for ids in expense_operation_ids.chunks(CHUNK) {
        let rows: Vec<KnownDetail> = on_conn!(conn, |c| {
            expense_details::table
                .filter(expense_details::department_id.eq(department_id))
                .filter(expense_details::expense_operation_id.eq_any(ids))
                .select((
                    expense_details::id,
                    expense_details::expense_operation_id,
                    expense_details::fingerprint,
                    expense_details::occurrence,
                    expense_details::contract_id,
                    (expense_details::snapshot_id, expense_details::version_at),
                ))
                .load(c)
                .await
        })?;
        known.extend(rows);
    }
    Ok(known)
}

/// The stored details with a contract of some known expenses.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_linkable_details(
    conn: &mut DbConn,
    department_id: i64,
    expense_operation_ids: &[&str],
) -> Result<Vec<LinkableDetail>, DbError> {
    let mut details = Vec::new();
    for ids in expense_operation_ids.chunks(CHUNK) {
        let rows: Vec<LinkableDetail> = on_conn!(conn, |c| {
            expense_details::table
                .inner_join(
                    expenses::table.on(expenses::department_id
                        .eq(expense_details::department_id)
                        .and(expenses::operation_id.eq(expense_details::expense_operation_id))),
                )
                .filter(expense_details::department_id.eq(department_id))
                .filter(expense_details::expense_operation_id.eq_any(ids))
                .filter(expense_details::contract_text.is_not_null())
                .order(expense_details::id)
                .select((
                    expense_details::id,
                    expense_details::contract_id,
                    expense_details::contract_alias_id,
                    expense_details::contract_text.assume_not_null(),
                    ExpenseFacts::as_select(),
                ))
                .load(c)
                .await
        })?;
        details.extend(rows);
    }
    Ok(details)
}

/// Gives details their contract, and the alias that it was recognized by.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn link_details_to_contract(
    conn: &mut DbConn,
    department_id: i64,
    detail_ids: &[i64],
    contract_id: i64,
    contract_alias_id: i64,
) -> Result<(), DbError> {
    for ids in detail_ids.chunks(CHUNK) {
        on_conn!(conn, |c| {
            diesel::update(
                expense_details::table
                    .filter(expense_details::department_id.eq(department_id))
                    .filter(expense_details::id.eq_any(ids)),
            )
            .set((
                expense_details::contract_id.eq(contract_id),
                expense_details::contract_alias_id.eq(contract_alias_id),
            ))
            .execute(c)
            .await
        })?;
    }
    Ok(())
}

/// Removes details that their expense no longer has.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_expense_details(
    conn: &mut DbConn,
    department_id: i64,
    detail_ids: &[i64],
) -> Result<(), DbError> {
    for ids in detail_ids.chunks(CHUNK) {
        on_conn!(conn, |c| {
            diesel::delete(
                expense_details::table
                    .filter(expense_details::department_id.eq(department_id))
                    .filter(expense_details::id.eq_any(ids)),
            )
            .execute(c)
            .await
        })?;
    }
    Ok(())
}

/// Stores new details.
///
/// # Errors
/// [`DbError`] when a row violates a key or the database can't answer.
pub async fn insert_expense_details(
    conn: &mut DbConn,
    rows: Vec<NewExpenseDetail>,
) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            insert_arrays!(
                &mut **conn,
                expense_details,
                rows,
                [
                    department_id: BigInt,
                    expense_operation_id: Text,
                    contract_id: Nullable<BigInt>,
                    contract_alias_id: Nullable<BigInt>,
                    contract_text: Nullable<Text>,
                    repayment_type: Nullable<Text>,
                    settlement_account: Nullable<Text>,
                    advance_account: Nullable<Text>,
                    payment_type: Nullable<Text>,
                    amount: BigInt,
                    settlement_rate: Nullable<Text>,
                    settlement_amount: Nullable<BigInt>,
                    settled_amount: Nullable<BigInt>,
                    vat_amount: Nullable<BigInt>,
                    expense_amount: Nullable<BigInt>,
                    included_vat: Nullable<BigInt>,
                    expense_item: Nullable<Text>,
                    fingerprint: BigInt,
                    occurrence: Integer,
                    snapshot_id: Nullable<BigInt>,
                    version_at: Nullable<Timestamp>,
                    created_at: Timestamp,
                ],
                ""
            );
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for row in &rows {
                    diesel::RunQueryDsl::execute(
                        diesel::insert_into(expense_details::table).values(row),
                        conn,
                    )?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
