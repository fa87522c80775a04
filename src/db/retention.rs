//! What imports left behind and is outdated: found by reading, and deleted a small batch at a time,
//! so that no lock is held for long.
//!
//! The newest entry of a file and the newest that it went in with always stay:
//! `control_totals_differ` and the next import of the file read them. Ages go by the database's
//! clock.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::database_time::database_time_sql;
use super::sql_text::id_list;
use super::sql_text::numbered;
use super::{DbConn, DbError, on_conn};

/// How many rows a batch has at most.
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

/// What is deleted when it is old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutdatedRows {
    /// The rejected rows of files of which a later version went in since.
    SupersededRejects,
    /// The rejected rows of old entries of the journal.
    OldRejects,
    /// Old entries of the journal that have no rejected rows.
    OldEntries,
    /// Old runs of which the journal has no entries.
    OldRuns,
}

impl OutdatedRows {
    fn table(self) -> &'static str {
        match self {
            OutdatedRows::SupersededRejects | OutdatedRows::OldRejects => "rejected_rows",
            OutdatedRows::OldEntries => "import_journal",
            OutdatedRows::OldRuns => "import_runs",
        }
    }

    fn ids(self) -> String {
        match self {
            OutdatedRows::SupersededRejects => format!(
                "SELECT r.id FROM import_journal j \
                 JOIN rejected_rows r ON r.department_id = j.department_id AND r.journal_id = j.id WHERE {SUPERSEDED}"
            ),
            OutdatedRows::OldRejects => format!(
                "SELECT r.id FROM rejected_rows r WHERE r.department_id = $1 AND r.journal_id IN ({OLD_ENTRIES})"
            ),
            OutdatedRows::OldEntries => format!(
                "{OLD_ENTRIES} AND NOT EXISTS (SELECT 1 FROM rejected_rows r \
                 WHERE r.department_id = j.department_id AND r.journal_id = j.id)"
            ),
            OutdatedRows::OldRuns => OLD_RUNS.to_owned(),
        }
    }
}

#[derive(QueryableByName)]
struct RowId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Returns the ids of a department's rows that are outdated for longer than `kept_for`: a batch of
/// them.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_outdated_rows(
    conn: &mut DbConn,
    department_id: i64,
    outdated: OutdatedRows,
    kept_for: Duration,
) -> Result<Vec<i64>, DbError> {
    let cutoff = format!("({})", database_time_sql(conn, kept_for));
    let ids = outdated
        .ids()
        .replace("{is_later}", IS_LATER)
        .replace("{cutoff}", &cutoff);
    let sql = numbered(conn, &format!("{ids} LIMIT {BATCH}"));
    let rows: Vec<RowId> = on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<BigInt, _>(department_id)
        .load(c)
        .await)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Deletes outdated rows of a department by their ids. Returns how many. What is outdated stays so:
/// a later version never becomes an earlier one.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_outdated_rows(
    conn: &mut DbConn,
    department_id: i64,
    outdated: OutdatedRows,
    ids: &[i64],
) -> Result<usize, DbError> {
    let (table, ids) = (outdated.table(), id_list(ids));
    let sql = numbered(
        conn,
        &format!("DELETE FROM {table} WHERE department_id = $1 AND id IN ({ids})"),
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<BigInt, _>(department_id)
        .execute(c)
        .await)?)
}
