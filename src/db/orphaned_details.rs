//! Expenses that details name and that are not there, or are inactive: kept by the import, so that
//! no question compares all details with all expenses.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::orphaned_details;
use super::{CHUNK, DbConn, DbError, on_conn};

/// Notes that details name these expenses, none of which is there and active.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn note_orphaned_details(
    conn: &mut DbConn,
    department_id: i64,
    expense_operation_ids: &[&str],
) -> Result<(), DbError> {
    let row = |id: &&str| {
        (
            orphaned_details::department_id.eq(department_id),
            orphaned_details::expense_operation_id.eq((*id).to_owned()),
        )
    };
    for ids in expense_operation_ids.chunks(CHUNK) {
        let rows: Vec<_> = ids.iter().map(row).collect();
        match conn {
            DbConn::Postgres(conn) => {
                let insert = diesel::insert_into(orphaned_details::table)
                    .values(&rows)
                    .on_conflict_do_nothing();
                insert.execute(&mut **conn).await?;
            }
            DbConn::Sqlite(conn) => {
                conn.spawn_blocking(move |conn| {
                    for row in rows {
                        let insert = diesel::insert_into(orphaned_details::table)
                            .values(row)
                            .on_conflict_do_nothing();
                        diesel::RunQueryDsl::execute(insert, conn)?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
    }
    Ok(())
}

/// Notes that these expenses are there and active.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn forget_orphaned_details(
    conn: &mut DbConn,
    department_id: i64,
    expense_operation_ids: &[&str],
) -> Result<(), DbError> {
    for ids in expense_operation_ids.chunks(CHUNK) {
        let there = orphaned_details::table
            .filter(orphaned_details::department_id.eq(department_id))
            .filter(orphaned_details::expense_operation_id.eq_any(ids));
        on_conn!(conn, |c| diesel::delete(there).execute(c).await)?;
    }
    Ok(())
}

/// Finds, from all rows, which expenses details name that are not there.
pub(super) const ORPHANED: &str = "SELECT DISTINCT d.department_id, d.expense_operation_id FROM expense_details d \
     WHERE NOT EXISTS (SELECT 1 FROM expenses e WHERE e.department_id = d.department_id \
       AND e.operation_id = d.expense_operation_id AND e.is_active)";

/// Finds out again, from all rows, which expenses details name that are not there.
pub(super) async fn recount_orphaned_details(conn: &mut DbConn) -> Result<(), DbError> {
    on_conn!(conn, |c| diesel::delete(orphaned_details::table)
        .execute(c)
        .await)?;
    let insert =
        format!("INSERT INTO orphaned_details (department_id, expense_operation_id) {ORPHANED}");
    on_conn!(conn, |c| diesel::sql_query(insert).execute(c).await)?;
    Ok(())
}
