//! A whole database copied into another one, of the other kind: how an installation grows out of SQLite.
//!
//! Rows travel as JSON that the databases make and read themselves, a page of a table in a
//! transaction. Each of these also notes how far the copy is, in a table that exists only until the
//! copy is complete: what was broken off goes on there, and nothing else opens a database that has it.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{DbConn, DbError, on_conn};

/// Every table whose rows are copied, those that others refer to first. `database_identity` and
/// `replicas` say where a database is and who answers from it: the other one has its own.
pub(crate) const TABLES: [&str; 36] = [
    "departments",
    "users",
    "account_changes",
    "api_keys",
    "sessions",
    "audit_log",
    "organizations",
    "bank_accounts",
    "lenders",
    "contracts",
    "aliases",
    "merges",
    "import_runs",
    "import_journal",
    "rejected_rows",
    "snapshots",
    "imported_files",
    "import_sources",
    "failing_files",
    "file_organizations",
    "schedule_marks",
    "receipts",
    "expenses",
    "expense_details",
    "adjustments",
    "orphaned_details",
    "daily_findings",
    "daily_flows",
    "monthly_flows",
    "yearly_flows",
    "daily_totals",
    "monthly_totals",
    "yearly_totals",
    "monthly_debts",
    "counted_contracts",
    "data_changes",
];

/// Tables that are empty unless somebody worked with the database.
const OF_WORK: [&str; 6] = [
    "users",
    "organizations",
    "contracts",
    "receipts",
    "expenses",
    "import_runs",
];

/// So many rows are copied in a transaction.
const PAGE_ROWS: i64 = 2000;

/// What a copy that is not finished leaves in its target.
const MARK: &str = "database_copy";

/// A page of a table, as JSON.
#[derive(QueryableByName)]
pub(crate) struct TablePage {
    /// The place of its last row; the next page begins after it.
    #[diesel(sql_type = BigInt)]
    pub(crate) last: i64,
    /// How many rows it has.
    #[diesel(sql_type = BigInt)]
    pub(crate) count: i64,
    /// An array of objects.
    #[diesel(sql_type = Text)]
    rows: String,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct LastNumber {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct IsSo {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

/// Returns the names of a table's columns, in alphabetical order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn list_columns(conn: &mut DbConn, table: &str) -> Result<Vec<String>, DbError> {
    let query = match conn {
        DbConn::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name"),
        DbConn::Postgres(_) => format!(
            "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{table}'::regclass \
             AND attnum > 0 AND NOT attisdropped ORDER BY attname COLLATE \"C\""
        ),
    };
    let rows: Vec<Name> = on_conn!(conn, |c| diesel::sql_query(query).load(c).await)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Returns how many rows a table has.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn count_rows(conn: &mut DbConn, table: &str) -> Result<i64, DbError> {
    number(conn, &format!("SELECT COUNT(*) AS number FROM {table}")).await
}

async fn number(conn: &mut DbConn, query: &str) -> Result<i64, DbError> {
    let found: Number = on_conn!(conn, |c| diesel::sql_query(query).get_result(c).await)?;
    Ok(found.number)
}

/// Returns what distinguishes one state of an SQLite database from another: how many rows each table
/// has, the place of its last, the generation of the data, and when its files were written.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn source_state(conn: &mut DbConn, file: &Path) -> Result<String, DbError> {
    let mut state = Vec::with_capacity(TABLES.len() + 3);
    let log = format!("{}-wal", file.display());
    for file in [file, Path::new(&log)] {
        let written = file.metadata().ok().filter(|found| found.len() > 0);
        state.push(format!(
            "{:?}",
            written.map(|found| (found.len(), found.modified().ok()))
        ));
    }
    let generations = "SELECT COALESCE(SUM(generation), 0) AS number FROM departments";
    state.push(number(conn, generations).await?.to_string());
    for table in TABLES {
        let last = format!("SELECT COALESCE(MAX(rowid), 0) AS number FROM {table}");
        let (count, last) = (count_rows(conn, table).await?, number(conn, &last).await?);
        state.push(format!("{count}/{last}"));
    }
    Ok(state.join(" "))
}

/// Returns whether somebody has worked with the database.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn holds_work(conn: &mut DbConn) -> Result<bool, DbError> {
    for table in OF_WORK {
        if count_rows(conn, table).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the last id that each table of an SQLite database gave, also of rows that are gone.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn last_numbers(conn: &mut DbConn) -> Result<Vec<(String, i64)>, DbError> {
    let query = "SELECT name, seq AS number FROM sqlite_sequence";
    let rows: Vec<LastNumber> = on_conn!(conn, |c| diesel::sql_query(query).load(c).await)?;
    let copied = rows
        .into_iter()
        .filter(|row| TABLES.contains(&row.name.as_str()));
    Ok(copied.map(|row| (row.name, row.number)).collect())
}

/// Reads the page of an SQLite table that begins after a place.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn read_page(
    conn: &mut DbConn,
    table: &str,
    columns: &[String],
    after: i64,
) -> Result<TablePage, DbError> {
    let pairs: Vec<String> = columns
        .iter()
        .map(|name| format!("'{name}', {name}"))
        .collect();
    let query = format!(
        "SELECT COALESCE(MAX(place), 0) AS last, COUNT(*) AS count, \
         json_group_array(json(line)) AS rows \
         FROM (SELECT rowid AS place, json_object({}) AS line FROM {table} \
               WHERE rowid > {after} ORDER BY rowid LIMIT {PAGE_ROWS})",
        pairs.join(", ")
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(query)
        .get_result(c)
        .await)?)
}

/// Writes a page into the table of the same name in PostgreSQL, and notes how far the copy is.
///
/// # Errors
/// [`DbError`] when a row does not fit, or the database can't answer.
pub(crate) async fn write_page(
    conn: &mut DbConn,
    table: &str,
    columns: &[String],
    page: &TablePage,
) -> Result<(), DbError> {
    let columns = columns.join(", ");
    let insert = diesel::sql_query(format!(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE \
         SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)"
    ))
    .bind::<Text, _>(&page.rows);
    let conn = postgres(conn)?;
    insert.execute(conn).await?;
    let noted = diesel::sql_query(format!(
        "UPDATE {MARK} SET last_place = $1 WHERE table_name = $2"
    ))
    .bind::<BigInt, _>(page.last)
    .bind::<Text, _>(table);
    noted.execute(conn).await?;
    Ok(())
}

/// Returns whether a copy into the database was begun and is not complete.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn is_incomplete_copy(conn: &mut DbConn) -> Result<bool, DbError> {
    let DbConn::Postgres(conn) = conn else {
        return Ok(false);
    };
    let query = format!("SELECT to_regclass('{MARK}') IS NOT NULL AS is_so");
    let found: IsSo = diesel::sql_query(query).get_result(&mut **conn).await?;
    Ok(found.is_so)
}

/// Prepares PostgreSQL for a copy of a state, or finds one that was broken off. Returns whether it goes
/// on.
///
/// # Errors
/// [`DbError::Setting`] when the database holds data of its own.
pub(crate) async fn begin_copy(conn: &mut DbConn, state: &str) -> Result<bool, DbError> {
    let was_begun = is_incomplete_copy(conn).await?;
    if was_begun {
        let of_state = format!("SELECT COUNT(*) AS number FROM {MARK} WHERE source_state = $1");
        let known: Number = diesel::sql_query(of_state)
            .bind::<Text, _>(state)
            .get_result(postgres(conn)?)
            .await?;
        if known.number > 0 {
            return Ok(true);
        }
    } else {
        for table in OF_WORK {
            let count = count_rows(conn, table).await?;
            if count > 0 {
                return Err(DbError::Setting(format!(
                    "the target holds data already ({count} rows in {table}): name an empty database"
                )));
            }
        }
    }
    // Nobody else may take a line out of the audit log.
    let tables = TABLES.join(", ");
    let prepared = format!(
        "DROP TABLE IF EXISTS {MARK}; \
         ALTER TABLE audit_log DISABLE TRIGGER USER; TRUNCATE {tables}; \
         ALTER TABLE audit_log ENABLE TRIGGER USER; \
         CREATE TABLE {MARK} (table_name TEXT PRIMARY KEY, last_place BIGINT NOT NULL, source_state TEXT NOT NULL)"
    );
    let conn = postgres(conn)?;
    conn.batch_execute(&prepared).await?;
    let marks = TABLES.map(|table| format!("('{table}', 0, $1)")).join(", ");
    diesel::sql_query(format!("INSERT INTO {MARK} VALUES {marks}"))
        .bind::<Text, _>(state)
        .execute(conn)
        .await?;
    Ok(false)
}

/// Returns after which place of a table the copy goes on.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn copied_until(conn: &mut DbConn, table: &str) -> Result<i64, DbError> {
    let place = format!("SELECT last_place AS number FROM {MARK} WHERE table_name = '{table}'");
    number(conn, &place).await
}

/// Has new rows numbered after those that there ever were, and the planner count them.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn continue_numbers(
    conn: &mut DbConn,
    last_numbers: &[(String, i64)],
) -> Result<(), DbError> {
    let conn = postgres(conn)?;
    for (table, last) in last_numbers {
        conn.batch_execute(&format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
             GREATEST({last}, (SELECT COALESCE(MAX(id), 0) FROM {table})) + 1, false)"
        ))
        .await?;
    }
    conn.batch_execute(&format!("ANALYZE {}", TABLES.join(", ")))
        .await?;
    Ok(())
}

/// Declares the copy complete.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn end_copy(conn: &mut DbConn) -> Result<(), DbError> {
    postgres(conn)?
        .batch_execute(&format!("DROP TABLE {MARK}"))
        .await?;
    Ok(())
}

fn postgres(conn: &mut DbConn) -> Result<&mut diesel_async::AsyncPgConnection, DbError> {
    match conn {
        DbConn::Postgres(conn) => Ok(&mut **conn),
        DbConn::Sqlite(_) => Err(DbError::Setting(
            "a database can be copied into PostgreSQL only".to_owned(),
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_is_copied_but_those_that_say_where_a_database_is() {
        let schema = include_str!("schema.rs");
        let tables = schema.split("diesel::table! {").skip(1);
        let name = |table: &'static str| table.split('(').next().unwrap().trim();
        let all: BTreeSet<&str> = tables.map(name).collect();
        let of_place = ["database_identity", "replicas"];
        let copied: BTreeSet<&str> = TABLES.into_iter().chain(of_place).collect();
        assert_eq!(copied, all);
    }
}
