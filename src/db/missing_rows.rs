//! Operations that exports no longer name: what is stored is walked in order of ids, and some of it
//! becomes inactive.

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{expense_details, expenses, organizations, receipts};
use super::{CHUNK, DbConn, DbError, RowVersion, on_conn, utc_now};

/// Which operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationTable {
    /// Money that came in.
    Receipts,
    /// Money that was paid.
    Expenses,
}

/// An active operation, as far as a file is compared with it.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct StoredOperation {
    pub id: i64,
    pub operation_id: String,
    pub organization_id: i64,
    pub document_date: Option<NaiveDate>,
    pub contract_id: Option<i64>,
    pub version: RowVersion,
}

/// Whose operations a file is compared with.
#[derive(Clone, Copy, Debug)]
pub struct OwnersOfOperations<'i> {
    /// These organizations.
    pub organization_ids: &'i [i64],
    /// Of those that others were merged into, only what was recognized by `alias_ids`.
    pub merged: &'i [i64],
    /// The aliases of the names in the file.
    pub alias_ids: &'i [i64],
}

/// Returns the organizations of a department that others were merged into.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_merge_targets(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(on_conn!(conn, |c| {
        organizations::table
            .filter(organizations::department_id.eq(department_id))
            .filter(organizations::merged_into.is_not_null())
            .select(organizations::merged_into.assume_not_null())
            .distinct()
            .load(c)
            .await
    })?)
}

macro_rules! on_table {
    ($which:expr, |$table:ident| $body:expr) => {
        match $which {
            OperationTable::Receipts => {
                use receipts as $table;
                $body
            }
            OperationTable::Expenses => {
                use expenses as $table;
                $body
            }
        }
    };
}

/// The next active operations of some organizations, in the order of their ids, after that id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_active_operations(
    conn: &mut DbConn,
    which: OperationTable,
    department_id: i64,
    of: &OwnersOfOperations<'_>,
    after: i64,
) -> Result<Vec<StoredOperation>, DbError> {
    Ok(on_table!(which, |table| on_conn!(conn, |c| {
        table::table
            .filter(table::department_id.eq(department_id))
            .filter(table::id.gt(after))
            .filter(table::is_active.eq(true))
            .filter(table::organization_id.eq_any(of.organization_ids))
            .filter(
                table::organization_id
                    .ne_all(of.merged)
                    .or(table::organization_alias_id.eq_any(of.alias_ids)),
            )
            .order(table::id)
            .limit(CHUNK as i64)
            .select((
                table::id,
                table::operation_id,
                table::organization_id,
                table::document_date,
                table::contract_id,
                (table::snapshot_id, table::version_at),
            ))
            .load(c)
            .await
    }))?)
}

/// Returns the next active expenses of some organizations that have details, in the order of their
/// ids, after that id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_detailed_expenses(
    conn: &mut DbConn,
    department_id: i64,
    of: &OwnersOfOperations<'_>,
    after: i64,
) -> Result<Vec<StoredOperation>, DbError> {
    let details = expense_details::table
        .filter(expense_details::department_id.eq(department_id))
        .filter(expense_details::expense_operation_id.eq(expenses::operation_id));
    Ok(on_conn!(conn, |c| {
        expenses::table
            .filter(expenses::department_id.eq(department_id))
            .filter(expenses::id.gt(after))
            .filter(expenses::is_active.eq(true))
            .filter(expenses::organization_id.eq_any(of.organization_ids))
            .filter(
                expenses::organization_id
                    .ne_all(of.merged)
                    .or(expenses::organization_alias_id.eq_any(of.alias_ids)),
            )
            .filter(exists(details))
            .order(expenses::id)
            .limit(CHUNK as i64)
            .select((
                expenses::id,
                expenses::operation_id,
                expenses::organization_id,
                expenses::document_date,
                expenses::contract_id,
                (expenses::snapshot_id, expenses::version_at),
            ))
            .load(c)
            .await
    })?)
}

/// Makes operations inactive: they count nowhere until a file that is not older than `version`
/// names them again.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn deactivate_operations(
    conn: &mut DbConn,
    which: OperationTable,
    department_id: i64,
    ids: &[i64],
    version: RowVersion,
) -> Result<(), DbError> {
    for ids in ids.chunks(CHUNK) {
        on_table!(which, |table| on_conn!(conn, |c| {
            diesel::update(
                table::table
                    .filter(table::department_id.eq(department_id))
                    .filter(table::id.eq_any(ids)),
            )
            .set((
                table::is_active.eq(false),
                table::snapshot_id.eq(version.snapshot_id),
                table::version_at.eq(version.version_at),
                table::updated_at.eq(utc_now()),
            ))
            .execute(c)
            .await
        }))?;
    }
    Ok(())
}
