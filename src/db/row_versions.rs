//! The versions of rows: which snapshot the content of a row came from.
//!
//! Written with the row. Rows that a part of a workbook holds unchanged are moved to its version
//! without being written otherwise; those of a whole file are not written at all (see `snapshots`).

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{expense_details, expenses, receipts};
use super::{CHUNK, DbConn, DbError, OperationTable, on_conn};

/// Where a row's content came from; `None`: from before versions were kept, which is older than
/// any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct RowVersion {
    /// The snapshot.
    pub snapshot_id: Option<i64>,
    /// The version of it (UTC).
    pub version_at: Option<NaiveDateTime>,
}

/// Notes that operations which were not written are of that version: a part of a workbook confirms
/// nothing else.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn move_operations_to_version(
    conn: &mut DbConn,
    which: OperationTable,
    department_id: i64,
    operation_ids: &[String],
    version: RowVersion,
) -> Result<(), DbError> {
    for ids in operation_ids.chunks(CHUNK) {
        match which {
            OperationTable::Receipts => {
                let rows = receipts::table
                    .filter(receipts::department_id.eq(department_id))
                    .filter(receipts::operation_id.eq_any(ids));
                let moved = diesel::update(rows).set((
                    receipts::snapshot_id.eq(version.snapshot_id),
                    receipts::version_at.eq(version.version_at),
                ));
                on_conn!(conn, |c| moved.execute(c).await)?;
            }
            OperationTable::Expenses => {
                let rows = expenses::table
                    .filter(expenses::department_id.eq(department_id))
                    .filter(expenses::operation_id.eq_any(ids));
                let moved = diesel::update(rows).set((
                    expenses::snapshot_id.eq(version.snapshot_id),
                    expenses::version_at.eq(version.version_at),
                ));
                on_conn!(conn, |c| moved.execute(c).await)?;
            }
        }
    }
    Ok(())
}

/// The same of expense details, by their ids.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn move_details_to_version(
    conn: &mut DbConn,
    department_id: i64,
    ids: &[i64],
    version: RowVersion,
) -> Result<(), DbError> {
    for ids in ids.chunks(CHUNK) {
        let rows = expense_details::table
            .filter(expense_details::department_id.eq(department_id))
            .filter(expense_details::id.eq_any(ids));
        let moved = diesel::update(rows).set((
            expense_details::snapshot_id.eq(version.snapshot_id),
            expense_details::version_at.eq(version.version_at),
        ));
        on_conn!(conn, |c| moved.execute(c).await)?;
    }
    Ok(())
}
