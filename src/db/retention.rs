//! Deletes what imports left behind, a small batch at a time: a deletion never holds a lock for long.
//!
//! The newest entry of a file and the newest that it went in with always stay: `control_totals_differ` and the next
//! import of the file read them. Ages go by the database's clock.

use std::time::Duration;

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::daily_findings::numbered;
use super::database_time::database_time_sql;
use super::{DbConn, DbError, on_conn};

/// How many rows one call deletes at most.
const BATCH: usize = 1_000;

/// Whether an entry `n` of the journal is a later one of the file of the entry `j`.
const IS_LATER: &str = "n.department_id = j.department_id AND n.source_file = j.source_file \
     AND COALESCE(n.source, '') = COALESCE(j.source, '') AND n.id > j.id";

/// Entries whose file went in again before the cutoff.
const SUPERSEDED: &str = "j.department_id = $1 AND j.rows_failed > 0 AND EXISTS (SELECT 1 FROM import_journal n \
     WHERE {is_later} AND n.status IN ('success', 'partial') AND n.import_date < {cutoff})";

/// Entries from before the cutoff that say nothing of the present state of their file.
const OLD_ENTRIES: &str = "SELECT j.id FROM import_journal j WHERE j.department_id = $1 AND j.import_date < {cutoff} \
     AND EXISTS (SELECT 1 FROM import_journal n WHERE {is_later} \
       AND (n.status IN ('success', 'partial') OR j.status NOT IN ('success', 'partial')))";

/// Runs that ended before the cutoff, without entries, but for the newest that ended in each way.
const OLD_RUNS: &str = "SELECT r.id FROM import_runs r WHERE r.department_id = $1 AND r.state <> 'running' \
     AND r.finished_at < {cutoff} \
     AND NOT EXISTS (SELECT 1 FROM import_journal j WHERE j.department_id = r.department_id AND j.run_id = r.id) \
     AND EXISTS (SELECT 1 FROM import_runs n WHERE n.department_id = r.department_id AND n.state = r.state \
       AND (n.files_failing = 0) = (r.files_failing = 0) AND n.id > r.id)";

/// Deletes rejected rows of a department's files of which a later version went in longer ago than `kept_for`.
/// Returns how many; 0 when there are none left.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_superseded_rejects(
    conn: &mut DbConn,
    department_id: i64,
    kept_for: Duration,
) -> Result<usize, DbError> {
    let rejects = format!(
        "SELECT r.id FROM import_journal j \
         JOIN rejected_rows r ON r.department_id = j.department_id AND r.journal_id = j.id WHERE {SUPERSEDED}"
    );
    delete(conn, "rejected_rows", &rejects, department_id, kept_for).await
}

/// Deletes old entries of a department's journal, their rejected rows first. Returns how many rows; 0 when there are
/// none left.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_old_journal(conn: &mut DbConn, department_id: i64, kept_for: Duration) -> Result<usize, DbError> {
    let rejects =
        format!("SELECT r.id FROM rejected_rows r WHERE r.department_id = $1 AND r.journal_id IN ({OLD_ENTRIES})");
    match delete(conn, "rejected_rows", &rejects, department_id, kept_for).await? {
        0 => delete(conn, "import_journal", OLD_ENTRIES, department_id, kept_for).await,
        deleted => Ok(deleted),
    }
}

/// Deletes old runs of a department of which the journal has no entries. Returns how many; 0 when there are none
/// left.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_old_runs(conn: &mut DbConn, department_id: i64, kept_for: Duration) -> Result<usize, DbError> {
    delete(conn, "import_runs", OLD_RUNS, department_id, kept_for).await
}

/// Deletes a batch of the rows of a table whose ids a query gives.
async fn delete(
    conn: &mut DbConn,
    table: &str,
    ids: &str,
    department_id: i64,
    kept_for: Duration,
) -> Result<usize, DbError> {
    let ids =
        ids.replace("{is_later}", IS_LATER).replace("{cutoff}", &format!("({})", database_time_sql(conn, kept_for)));
    let sql = format!("DELETE FROM {table} WHERE department_id = $1 AND id IN ({ids} LIMIT {BATCH})");
    let sql = numbered(conn, &sql);
    Ok(on_conn!(conn, |c| diesel::sql_query(sql).bind::<BigInt, _>(department_id).execute(c).await)?)
}
