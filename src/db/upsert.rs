//! The bulk upsert of operations, the one statement that the two databases want differently.
//!
//! PostgreSQL takes many rows in one statement, a column as one array; SQLite is fastest with one
//! prepared statement that runs for each row on its blocking thread, inside the transaction that is
//! open already.

/// Inserts rows into PostgreSQL, a chunk in one statement: a column is one array, so that the
/// statement is short whatever the number of rows.
macro_rules! insert_arrays {
    ($conn:expr, $table:ident, $rows:expr, [$($column:ident: $type:ty),+ $(,)?], $on_conflict:expr) => {{
        use diesel::sql_types::*;
        let columns = [$(stringify!($column)),+];
        // In the select list the arrays are walked in step, without a table of rows in between.
        let arrays: Vec<String> = (1..=columns.len()).map(|at| format!("unnest(${at})")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} {}",
            stringify!($table), columns.join(", "), arrays.join(", "), $on_conflict
        );
        for chunk in $rows.chunks($crate::db::ARRAY_ROWS) {
            diesel::sql_query(sql.as_str())
                $(.bind::<Array<$type>, _>(chunk.iter().map(|row| &row.$column).collect::<Vec<_>>()))+
                .execute($conn)
                .await?;
        }
    }};
}
pub(super) use insert_arrays;

/// Inserts rows that are new (`$are_new`), or overwrites those whose operation id is known. Expands
/// to the statements for the connection's backend; `rows` is an owned `Vec`, the columns are those
/// to overwrite, each with its type. PostgreSQL is faster when it need not look for conflicts.
macro_rules! upsert_operations {
    ($conn:expr, $table:ident, $rows:expr, $are_new:expr, [$($column:ident: $type:ty),+ $(,)?]) => {{
        use diesel::upsert::excluded;
        let rows = $rows;
        match $conn {
            $crate::db::DbConn::Postgres(conn) => {
                let set = [$(concat!(stringify!($column), " = excluded.", stringify!($column))),+].join(", ");
                let on_conflict = match $are_new {
                    true => String::new(),
                    false => format!("ON CONFLICT (department_id, operation_id) DO UPDATE SET {set}"),
                };
                $crate::db::upsert::insert_arrays!(
                    &mut **conn,
                    $table,
                    rows,
                    [department_id: BigInt, operation_id: Text, created_at: Timestamp, $($column: $type),+],
                    on_conflict
                );
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
    /// Its contract.
    pub contract_id: Option<i64>,
    /// The version that its content came from.
    pub version: super::RowVersion,
}

/// Reads what is known of operations, by operation id. Expands to one query a chunk.
macro_rules! known_operations {
    ($conn:expr, $table:ident, $department_id:expr, $operation_ids:expr) => {{
        let mut known = std::collections::HashMap::with_capacity($operation_ids.len());
        for ids in $operation_ids.chunks($crate::db::id_chunk($conn)) {
            let rows: Vec<(
                String,
                i64,
                bool,
                i64,
                Option<chrono::NaiveDate>,
                Option<i64>,
                $crate::db::RowVersion,
            )> = $crate::db::on_conn!($conn, |c| {
                $table::table
                    .filter($table::department_id.eq($department_id))
                    .filter($table::operation_id.eq_any(ids))
                    .select((
                        $table::operation_id,
                        $table::fingerprint,
                        $table::is_active,
                        $table::organization_id,
                        $table::document_date,
                        $table::contract_id,
                        ($table::snapshot_id, $table::version_at),
                    ))
                    .load(c)
                    .await
            })?;
            known.extend(rows.into_iter().map(
                |(
                    id,
                    fingerprint,
                    is_active,
                    organization_id,
                    document_date,
                    contract_id,
                    version,
                )| {
                    let operation = $crate::db::KnownOperation {
                        fingerprint,
                        is_active,
                        organization_id,
                        document_date,
                        contract_id,
                        version,
                    };
                    (id, operation)
                },
            ));
        }
        Ok(known)
    }};
}
pub(super) use known_operations;
