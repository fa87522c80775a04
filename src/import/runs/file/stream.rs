//! Reads the rows of a file and writes them with their rollups, batch by batch, within a
//! transaction that the caller has opened.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use crate::db::{self, DbConn, DbError};
use crate::domain::ChangedData;
use crate::import::load::versions::WrittenAt;
use crate::import::load::{LoadError, Loaded, Loader, Workbook};
use crate::import::runs::file::FileError;
use crate::import::runs::journal::{FileReport, stored_rejects};
use crate::import::runs::pipeline::Run;
use crate::import::runs::reading::Reading;
use crate::import::runs::report::{EventSink, ImportEvent};
use crate::import::sources::Source;
use crate::import::workbook::{ReadingRules, Reject, WorkbookTotals};

/// Of a file that changed no more rows it is found out which days' sums are others now, so that the
/// cache keeps all other figures.
const SMALL_CHANGE: usize = 1_000;

/// What has arrived of a file, and when that was written.
pub(in crate::import) struct Content {
    pub file: File,
    pub written_at: WrittenAt,
}

/// What reading and writing the rows of a file did.
pub(in crate::import) struct Streamed {
    /// What it changed.
    pub changed: ChangedData,
    /// The journal entry that its rejected rows belong to, when there are any.
    pub journal_id: Option<i64>,
    /// The organizations that it holds, each with its newest document.
    pub organizations: BTreeMap<i64, Option<NaiveDate>>,
}

impl Run<'_> {
    /// Reads the rows of a file and writes them with their rollups. Rejected rows are written as
    /// they come, with a journal entry that is completed later.
    pub(crate) async fn stream(
        &self,
        conn: &mut DbConn,
        report: &mut FileReport,
        content: Content,
        source: &Source,
        announce: EventSink<'_>,
    ) -> Result<Streamed, FileError> {
        let department_id = source.department_id;
        let rules = self.reading_rules();
        let today = rules.today;
        let (mut reading, header) = Reading::open(content.file, report.kind, rules).await?;
        (report.kind, report.titles) = (Some(header.kind), header.titles);
        let run_id = self.run_id.unwrap_or_default();
        let workbook = Workbook::at(source, &report.name, content.written_at, run_id);
        let mut loader = Loader::open(conn, department_id, header.kind, workbook, today).await?;
        let mut journal_id = None;
        let mut load_time = Duration::ZERO;
        while let Some(batch) = reading.next_batch().await {
            if self.stop.reason().is_some() {
                return Err(FileError::Stopped);
            }
            let began = Instant::now();
            self.store_rejects(conn, source, report, &batch.rejects, &mut journal_id)
                .await?;
            loader.note_rejects(conn, &batch.rejects).await?;
            loader.take(conn, batch.rows).await?;
            load_time += began.elapsed();
            announce(ImportEvent::Loaded {
                rows: loader.rows_taken(),
                of: header.expected_rows,
            });
        }
        let (totals, parse_time) = reading.end().await?;
        let began = Instant::now();
        enforce_row_policy(source, report)?;
        let loaded = loader.finish(conn, &totals).await?;
        note_loaded(report, &loaded, &totals);
        let loaded_at = Instant::now();
        let is_small = loaded.counts.changed_rows() <= SMALL_CHANGE;
        let flows = db::refresh_rollups(conn, department_id, &loaded.touched, is_small)
            .await?
            .into_flows();
        report.rollup_time = loaded_at.elapsed();
        report.load_time = load_time + began.elapsed();
        report.parse_time = parse_time;
        let changed = ChangedData {
            everything: false,
            reference_data: loaded.has_new_parties,
            flows,
        };
        Ok(Streamed {
            changed,
            journal_id,
            organizations: loaded.organizations,
        })
    }

    fn reading_rules(&self) -> ReadingRules {
        ReadingRules {
            base_currency: self.context.base_currency.clone(),
            today: self.context.cache.today(),
        }
    }

    /// Notes rejected rows and, in a run that writes, stores them with the journal entry of their
    /// file; the first of them begin that entry.
    async fn store_rejects(
        &self,
        conn: &mut DbConn,
        source: &Source,
        report: &mut FileReport,
        rejects: &[Reject],
        journal_id: &mut Option<i64>,
    ) -> Result<(), DbError> {
        report.reject(rejects);
        let Some(run_id) = self.run_id.filter(|_| !rejects.is_empty()) else {
            return Ok(());
        };
        let department_id = source.department_id;
        let id = match *journal_id {
            Some(id) => id,
            None => {
                let entry = report.entry(department_id, run_id, &self.order.started_by);
                *journal_id.insert(db::insert_journal_entry(conn, entry).await?)
            }
        };
        db::insert_rejects(conn, stored_rejects(rejects, department_id, id)).await
    }
}

/// Refuses a file with rejected rows where its source takes only whole ones.
fn enforce_row_policy(source: &Source, report: &FileReport) -> Result<(), LoadError> {
    if !source.policy.is_strict || report.rejected == 0 {
        return Ok(());
    }
    let first = report.first_reject().unwrap_or_default();
    let message = format!("nothing was taken, because IMPORT_ROW_POLICY is strict: {first}");
    Err(LoadError::Refused(message))
}

/// Adds to a report what its rows did, what they add up to, and what is to be said about that.
fn note_loaded(report: &mut FileReport, loaded: &Loaded, totals: &WorkbookTotals) {
    report.counts = loaded.counts;
    report.rejected_still_stored = loaded.rejected_still_stored;
    report.add_up(totals);
    loaded
        .remarks
        .iter()
        .for_each(|remark| report.remark(remark));
    loaded.notes.iter().for_each(|note| report.note(note));
}
