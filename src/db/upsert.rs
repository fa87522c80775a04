//! The bulk upsert of operations, the one statement that the two databases want differently.
//!
//! PostgreSQL takes many rows in one statement; SQLite is fastest with one prepared statement
//! that runs for each row on its blocking thread, inside the transaction that is open already.

/// Inserts rows, or overwrites those whose operation id is known. Expands to the upsert for the
/// connection's backend; `rows` is an owned `Vec`, the columns are those to overwrite.
macro_rules! upsert_operations {
    ($conn:expr, $table:ident, $rows:expr, [$($column:ident),+ $(,)?]) => {{
        use diesel::upsert::excluded;
        let rows = $rows;
        match $conn {
            $crate::db::DbConn::Postgres(conn) => {
                for chunk in rows.chunks($crate::db::CHUNK) {
                    diesel::insert_into($table::table)
                        .values(chunk)
                        .on_conflict(($table::department_id, $table::operation_id))
                        .do_update()
                        .set(($($table::$column.eq(excluded($table::$column))),+))
                        .execute(&mut **conn)
                        .await?;
                }
            }
            $crate::db::DbConn::Sqlite(conn) => {
                conn.spawn_blocking(move |conn| {
                    for row in &rows {
                        diesel::RunQueryDsl::execute(
                            diesel::insert_into($table::table)
                                .values(row)
                                .on_conflict(($table::department_id, $table::operation_id))
                                .do_update()
                                .set(($($table::$column.eq(excluded($table::$column))),+)),
                            conn,
                        )?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
    }};
}
pub(super) use upsert_operations;

/// What is stored of an operation, as far as a new row is compared with it.
#[derive(Clone, Copy, Debug)]
pub struct KnownOperation {
    /// Stands for its content.
    pub fingerprint: i64,
    /// An inactive one is brought back by any row.
    pub is_active: bool,
    /// Whose it is.
    pub organization_id: i64,
    /// The day that it counts on.
    pub document_date: Option<chrono::NaiveDate>,
}

/// Reads what is known of operations, by operation id. Expands to one query a chunk.
macro_rules! known_operations {
    ($conn:expr, $table:ident, $department_id:expr, $operation_ids:expr) => {{
        let mut known = std::collections::HashMap::with_capacity($operation_ids.len());
        for ids in $operation_ids.chunks($crate::db::CHUNK) {
            let rows: Vec<(String, i64, bool, i64, Option<chrono::NaiveDate>)> = $crate::db::on_conn!($conn, |c| {
                $table::table
                    .filter($table::department_id.eq($department_id))
                    .filter($table::operation_id.eq_any(ids))
                    .select((
                        $table::operation_id,
                        $table::fingerprint,
                        $table::is_active,
                        $table::organization_id,
                        $table::document_date,
                    ))
                    .load(c)
                    .await
            })?;
            known.extend(rows.into_iter().map(|(id, fingerprint, is_active, organization_id, document_date)| {
                (id, $crate::db::KnownOperation { fingerprint, is_active, organization_id, document_date })
            }));
        }
        Ok(known)
    }};
}
pub(super) use known_operations;
