//! The import journal: one entry for each file of a run, with the rows it rejected.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{import_journal, rejected_rows};
use super::{CHUNK, DbConn, DbError, Page, on_conn};
use crate::domain::DepartmentScope;

/// What became of one file.
#[derive(Clone, Debug, Insertable, AsChangeset)]
#[diesel(table_name = import_journal)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewJournalEntry {
    pub department_id: i64,
    pub run_id: i64,
    pub import_date: NaiveDateTime,
    pub source_file: String,
    pub table_name: Option<String>,
    pub rows_inserted: i32,
    pub rows_updated: i32,
    pub rows_unchanged: i32,
    pub rows_deleted: i32,
    pub rows_failed: i32,
    pub status: String,
    pub error_message: Option<String>,
    /// The kinds of what may be wrong with the file, with commas between.
    pub remark_codes: Option<String>,
    pub processed_by: String,
    pub processing_time_ms: i64,
    pub control_total: Option<i64>,
    pub rows_total: Option<i64>,
    /// The source's name.
    pub source: Option<String>,
    /// The file's header row, as a JSON array.
    pub titles: Option<String>,
    /// Operations that became inactive.
    pub rows_deactivated: i32,
    /// Rows that were not written because what is stored stays.
    pub rows_left_alone: i32,
    /// Rejected rows whose operation is stored as it was read earlier.
    pub rejected_still_stored: i32,
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = rejected_rows)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewReject {
    pub department_id: i64,
    pub journal_id: i64,
    pub row_number: i32,
    pub column_name: String,
    pub value: String,
    pub reason: String,
    /// The whole row, as a JSON array.
    pub cells: Option<String>,
    pub code: Option<&'static str>,
    pub sheet: Option<String>,
}

/// A journal entry as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = import_journal)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct JournalRow {
    pub id: i64,
    pub department_id: i64,
    pub run_id: i64,
    pub import_date: NaiveDateTime,
    pub source_file: String,
    pub table_name: Option<String>,
    pub rows_inserted: i32,
    pub rows_updated: i32,
    pub rows_unchanged: i32,
    pub rows_deleted: i32,
    pub rows_failed: i32,
    pub status: String,
    pub error_message: Option<String>,
    /// The kinds of what may be wrong with the file, with commas between.
    pub remark_codes: Option<String>,
    pub processed_by: String,
    pub processing_time_ms: i64,
    pub control_total: Option<i64>,
    pub rows_total: Option<i64>,
    pub source: Option<String>,
    pub rows_deactivated: i32,
    pub rows_left_alone: i32,
}

/// Stores an entry; gives its id.
///
/// # Errors
/// [`DbError`] when the run is unknown or the database can't answer.
pub async fn insert_journal_entry(
    conn: &mut DbConn,
    entry: NewJournalEntry,
) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(import_journal::table)
            .values(entry)
            .returning(import_journal::id)
            .get_result(c)
            .await
    })?)
}

/// Completes an entry that was stored at the beginning of its file.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn complete_journal_entry(
    conn: &mut DbConn,
    id: i64,
    entry: NewJournalEntry,
) -> Result<(), DbError> {
    let of_department = import_journal::department_id.eq(entry.department_id);
    on_conn!(conn, |c| {
        diesel::update(
            import_journal::table
                .filter(import_journal::id.eq(id))
                .filter(of_department),
        )
        .set(entry)
        .execute(c)
        .await
    })?;
    Ok(())
}

/// Returns whether a file of that name was a finding when it last went in, from any source: its own
/// total was not the sum of its rows, or operations of rows that it rejects are stored.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn was_finding(
    conn: &mut DbConn,
    department_id: i64,
    source_file: &str,
) -> Result<bool, DbError> {
    let latest: Vec<Option<i64>> = on_conn!(conn, |c| {
        import_journal::table
            .filter(import_journal::department_id.eq(department_id))
            .filter(import_journal::source_file.eq(source_file))
            .filter(import_journal::status.eq_any(["success", "partial"]))
            .group_by(import_journal::source)
            .select(diesel::dsl::max(import_journal::id))
            .load(c)
            .await
    })?;
    let differing = import_journal::table
        .filter(import_journal::department_id.eq(department_id))
        .filter(import_journal::id.eq_any(latest.into_iter().flatten().collect::<Vec<i64>>()))
        .filter(
            import_journal::control_total
                .ne(import_journal::rows_total)
                .or(import_journal::rejected_still_stored.gt(0)),
        );
    Ok(on_conn!(conn, |c| differing.count().get_result::<i64>(c).await)? > 0)
}

/// Stores rejected rows of an entry.
///
/// # Errors
/// [`DbError`] when the entry is unknown or the database can't answer.
pub async fn insert_rejects(conn: &mut DbConn, rejects: Vec<NewReject>) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            for chunk in rejects.chunks(CHUNK) {
                diesel::insert_into(rejected_rows::table)
                    .values(chunk)
                    .execute(&mut **conn)
                    .await?;
            }
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for row in &rejects {
                    diesel::RunQueryDsl::execute(
                        diesel::insert_into(rejected_rows::table).values(row),
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

/// Which entries of the journal.
#[derive(Clone, Copy, Debug)]
pub struct JournalFilter {
    /// Of which departments.
    pub department: DepartmentScope,
    /// Of one run only.
    pub run_id: Option<i64>,
}

macro_rules! entries {
    ($filter:expr) => {{
        let mut query = import_journal::table.into_boxed();
        if let Some(id) = $filter.department.id() {
            query = query.filter(import_journal::department_id.eq(id));
        }
        if let Some(id) = $filter.run_id {
            query = query.filter(import_journal::run_id.eq(id));
        }
        query
    }};
}

/// The entries, newest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_journal(
    conn: &mut DbConn,
    filter: JournalFilter,
    page: Page,
) -> Result<Vec<JournalRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        entries!(filter)
            .select(JournalRow::as_select())
            .order(import_journal::id.desc())
            .offset(page.skip)
            .limit(page.limit)
            .load(c)
            .await
    })?)
}

/// The entries of a run, in the order of its work.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_journal_of_run(
    conn: &mut DbConn,
    department_id: i64,
    run_id: i64,
) -> Result<Vec<JournalRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        import_journal::table
            .filter(import_journal::department_id.eq(department_id))
            .filter(import_journal::run_id.eq(run_id))
            .select(JournalRow::as_select())
            .order(import_journal::id)
            .load(c)
            .await
    })?)
}

/// Returns the entry of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_journal_entry(
    conn: &mut DbConn,
    department: DepartmentScope,
    id: i64,
) -> Result<Option<JournalRow>, DbError> {
    let entry: Option<JournalRow> = on_conn!(conn, |c| {
        import_journal::table
            .filter(import_journal::id.eq(id))
            .select(JournalRow::as_select())
            .first(c)
            .await
            .optional()
    })?;
    let in_scope = |owner: i64| department.id().is_none_or(|id| id == owner);
    Ok(entry.filter(|entry| in_scope(entry.department_id)))
}

/// How many entries there are in all.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn count_journal(conn: &mut DbConn, filter: JournalFilter) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| entries!(filter)
        .count()
        .get_result(c)
        .await)?)
}

/// A rejected row as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = rejected_rows)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct RejectRow {
    pub row_number: i32,
    pub column_name: String,
    pub value: String,
    pub reason: String,
    /// The kind of fault: `not_an_amount`; null of rows that were rejected before codes were kept.
    pub code: Option<String>,
    /// The sheet that the row stands on, where the file has several.
    pub sheet: Option<String>,
}

/// The rejected rows of an entry.
#[derive(Clone, Debug)]
pub struct RejectedRows {
    /// What is wrong with each, in the order of the file.
    pub rows: Vec<RejectRow>,
    /// The header row of the file (JSON), if it is known.
    pub titles: Option<String>,
    /// Each row whole (JSON), as far as that is known.
    pub cells: Vec<Option<String>>,
}

/// The rejected rows of an entry; `None` when there is no such entry in the scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_rejects(
    conn: &mut DbConn,
    department: DepartmentScope,
    journal_id: i64,
) -> Result<Option<RejectedRows>, DbError> {
    let entry: Option<(i64, Option<String>)> = on_conn!(conn, |c| {
        import_journal::table
            .filter(import_journal::id.eq(journal_id))
            .select((import_journal::department_id, import_journal::titles))
            .first(c)
            .await
            .optional()
    })?;
    let in_scope = |owner: i64| department.id().is_none_or(|id| id == owner);
    let Some((owner, titles)) = entry.filter(|(owner, _)| in_scope(*owner)) else {
        return Ok(None);
    };
    let rows: Vec<(RejectRow, Option<String>)> = on_conn!(conn, |c| {
        rejected_rows::table
            .filter(rejected_rows::department_id.eq(owner))
            .filter(rejected_rows::journal_id.eq(journal_id))
            .order((rejected_rows::row_number, rejected_rows::id))
            .select((RejectRow::as_select(), rejected_rows::cells))
            .load(c)
            .await
    })?;
    let (rows, cells) = rows.into_iter().unzip();
    Ok(Some(RejectedRows {
        rows,
        titles,
        cells,
    }))
}
