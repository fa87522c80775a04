//! One import run, read top to bottom: list, fetch, parse, load, journal, invalidate.
//!
//! Each file has one transaction with its rows, its generation and its journal entry. What goes
//! wrong with a file is its journal entry; only a database that can't be written to ends a run.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::journal::{FileReport, FileStatus};
use super::load::{load_details, load_expenses, load_receipts};
use super::report::{ImportEvent, RunReport, RunState};
use super::source::{OfferedFile, Session, Source, SourceError};
use super::workbook::{Kind, Workbook};
use crate::cache::{Cache, NAMESPACE};
use crate::db::{self, Db, DbConn, DbError, NewRun, RunResult, utc_now};
use crate::domain::{ChangedData, Currency};
use crate::metrics;

/// What a run works with.
#[derive(Clone)]
pub struct ImportContext {
    /// Where the rows go.
    pub db: Db,
    /// What has to hear of new rows.
    pub cache: Cache,
    /// Whose rows they are.
    pub department_id: i64,
    /// The currency of rows that name none.
    pub base_currency: Currency,
    /// A larger file is refused.
    pub max_file_bytes: u64,
    /// Whether a change concerns only what it touches, or everything.
    pub is_scoped: bool,
}

/// Runs an import from beginning to end.
///
/// # Errors
/// [`DbError`] when the database can't be written to.
pub async fn run_once(
    context: &ImportContext,
    source: &Source,
    started_by: &str,
    stop: &AtomicBool,
    announce: &mut dyn FnMut(ImportEvent<'_>),
) -> Result<RunReport, DbError> {
    let run_id = begin(context, started_by, None).await?;
    execute(context, run_id, source, started_by, stop, announce).await
}

/// Writes down that a run begins; gives its id. For one time of the schedule one run begins, in
/// whichever process is first.
pub(super) async fn begin(
    context: &ImportContext,
    started_by: &str,
    scheduled_for: Option<DateTime<Utc>>,
) -> Result<i64, DbError> {
    let run = NewRun {
        department_id: context.department_id,
        state: "running".to_owned(),
        started_by: started_by.to_owned(),
        started_at: utc_now(),
        scheduled_for: scheduled_for.map(|time| time.naive_utc()),
    };
    context.db.write(async |conn| db::insert_run(conn, run).await).await
}

/// Does the work of a run that has begun. Between two files it looks whether it has to stop.
pub(super) async fn execute(
    context: &ImportContext,
    run_id: i64,
    source: &Source,
    started_by: &str,
    stop: &AtomicBool,
    announce: &mut dyn FnMut(ImportEvent<'_>),
) -> Result<RunReport, DbError> {
    log::info!("Import run {run_id} of {}, started by {started_by}", source.describe());
    let run = Run::new(context, run_id, source, started_by);
    let mut report =
        RunReport { run_id, state: RunState::Completed, message: String::new(), files: Vec::new(), total_files: 0 };
    match run.list().await {
        Err(err) => {
            let file = FileReport::untouched(&source.describe(), None, FileStatus::Failed, err.to_string());
            run.journal(&file).await?;
            report.message = err.to_string();
            report.files.push(file);
        }
        Ok((session, files)) => {
            report.total_files = files.len();
            announce(ImportEvent::Listed(files.len()));
            run.import_files(session, files, stop, &mut report, announce).await?;
        }
    }
    if report.state == RunState::Completed && report.count(FileStatus::Failed) > 0 {
        report.state = RunState::Failed;
    }
    if report.message.is_empty() {
        report.message = format!(
            "{} of {} files imported, {} failed, {} skipped",
            report.processed(),
            report.total_files,
            report.count(FileStatus::Failed),
            report.count(FileStatus::Skipped)
        );
    }
    run.finish(&report).await?;
    Ok(report)
}

/// What reading a file gave.
pub(super) enum Parsed {
    /// Nothing to be loaded, and why.
    Nothing(FileReport),
    /// Its rows.
    Rows(FileReport, Workbook),
}

pub(super) struct Run<'r> {
    context: &'r ImportContext,
    run_id: i64,
    source: &'r Source,
    started_by: &'r str,
    /// When the last file that changed figures was committed.
    committed: Cell<Option<Instant>>,
}

impl ImportContext {
    /// What is written down of a change; nothing when no figure changed.
    fn record(&self, changed: ChangedData) -> Option<ChangedData> {
        if !changed.reference_data && changed.flows.is_empty() {
            return None;
        }
        Some(if self.is_scoped { changed } else { ChangedData::everything() })
    }
}

impl<'r> Run<'r> {
    pub(super) fn new(context: &'r ImportContext, run_id: i64, source: &'r Source, started_by: &'r str) -> Run<'r> {
        Run { context, run_id, source, started_by, committed: Cell::new(None) }
    }

    /// Opens the source and puts its files in order: receipts, expenses, details, then those
    /// whose name tells nothing.
    pub(super) async fn list(&self) -> Result<(Session, Vec<OfferedFile>), SourceError> {
        let mut session = self.source.open().await?;
        let mut files = session.list().await?;
        files.sort_by_key(|file| {
            let kind = Kind::of_name(&file.name);
            (kind.is_none(), kind, file.name.clone())
        });
        Ok((session, files))
    }

    async fn import_files(
        &self,
        session: Session,
        files: Vec<OfferedFile>,
        stop: &AtomicBool,
        report: &mut RunReport,
        announce: &mut dyn FnMut(ImportEvent<'_>),
    ) -> Result<(), DbError> {
        let mut session = Some(session);
        for file in &files {
            if stop.load(Ordering::Acquire) {
                report.state = RunState::Interrupted;
                report.message = "stopped between two files; the next run does the rest".to_owned();
                break;
            }
            announce(ImportEvent::FileStarted(&file.name));
            let imported = self.import_file(&mut session, file).await?;
            announce(ImportEvent::FileEnded(&imported));
            report.files.push(imported);
        }
        if let Some(session) = session {
            session.close().await;
        }
        Ok(())
    }

    async fn import_file(&self, session: &mut Option<Session>, file: &OfferedFile) -> Result<FileReport, DbError> {
        match self.read(session, file).await {
            Parsed::Nothing(report) => {
                self.journal(&report).await?;
                Ok(report)
            }
            Parsed::Rows(report, workbook) => {
                let kind = report.kind;
                match self.load(report, workbook).await {
                    Ok(report) => Ok(report),
                    Err(err) => {
                        let message = format!("the rows could not be written: {err}");
                        let report = FileReport::untouched(&file.name, kind, FileStatus::Failed, message);
                        self.journal(&report).await?;
                        Ok(report)
                    }
                }
            }
        }
    }

    /// Fetches a file and reads its rows.
    pub(super) async fn read(&self, session: &mut Option<Session>, file: &OfferedFile) -> Parsed {
        let kind = Kind::of_name(&file.name);
        let nothing = |status, message| Parsed::Nothing(FileReport::untouched(&file.name, kind, status, message));
        if let Some(reason) = not_ours(&file.name, kind) {
            return nothing(FileStatus::Skipped, reason.to_owned());
        }
        match self.fetch(session, file).await {
            Err(err) => nothing(FileStatus::Failed, err.to_string()),
            Ok(bytes) => match self.parse(&file.name, kind, bytes).await {
                Err(message) => nothing(FileStatus::Failed, message),
                Ok((report, workbook)) => Parsed::Rows(report, workbook),
            },
        }
    }

    /// Fetches a file. A connection that failed is not used again: the next file opens another.
    async fn fetch(&self, session: &mut Option<Session>, file: &OfferedFile) -> Result<Vec<u8>, SourceError> {
        let mut open = match session.take() {
            Some(open) => open,
            None => self.source.open().await?,
        };
        let bytes = open.fetch(file, self.context.max_file_bytes).await?;
        *session = Some(open);
        Ok(bytes)
    }

    /// Reads the rows on a thread of its own, so that neither time nor a panic hurts others.
    async fn parse(&self, name: &str, kind: Option<Kind>, bytes: Vec<u8>) -> Result<(FileReport, Workbook), String> {
        let started = Instant::now();
        let base_currency = self.context.base_currency.clone();
        let workbook = tokio::task::spawn_blocking(move || Workbook::read(bytes, kind, &base_currency))
            .await
            .map_err(|_| "the workbook is damaged in a way that its reader does not know".to_owned())?
            .map_err(|err| err.to_string())?;
        let (kind, time) = (workbook.kind(), started.elapsed());
        let report = match &workbook {
            Workbook::Receipts(content) => FileReport::read(name, kind, content, time),
            Workbook::Expenses(content) => FileReport::read(name, kind, content, time),
            Workbook::Details(content) => FileReport::read(name, kind, content, time),
        };
        Ok((report, workbook))
    }

    /// Writes rows, generation and journal entry in one transaction, and tells the cache.
    async fn load(&self, report: FileReport, workbook: Workbook) -> Result<FileReport, DbError> {
        let department_id = self.context.department_id;
        let (report, change) = self
            .context
            .db
            .write(async |conn| {
                db::lock_import(conn, department_id).await?;
                let (report, changed) = self.apply(conn, report, workbook).await?;
                let change = match self.context.record(changed) {
                    Some(changed) => Some(db::record_change(conn, department_id, changed).await?),
                    None => None,
                };
                db::set_data_as_of(conn, department_id).await?;
                let entry = report.entry(department_id, self.run_id, self.started_by);
                db::insert_journal_entry(conn, entry, |id| report.rejected_rows(department_id, id)).await?;
                Ok::<_, DbError>((report, change))
            })
            .await?;
        if let Some(change) = change {
            self.committed.set(Some(Instant::now()));
            self.context.cache.announce(&change).await;
        }
        log_file(self.run_id, &report);
        Ok(report)
    }

    /// Writes rows and rollups; gives what that changed.
    pub(super) async fn apply(
        &self,
        conn: &mut DbConn,
        mut report: FileReport,
        workbook: Workbook,
    ) -> Result<(FileReport, ChangedData), DbError> {
        let (department_id, started) = (self.context.department_id, Instant::now());
        let loaded = match workbook {
            Workbook::Receipts(content) => load_receipts(conn, department_id, content.rows).await?,
            Workbook::Expenses(content) => load_expenses(conn, department_id, content.rows).await?,
            Workbook::Details(content) => load_details(conn, department_id, content.rows).await?,
        };
        report.counts = loaded.counts;
        let loaded_at = Instant::now();
        let flows = db::refresh_rollups(conn, department_id, &loaded.touched).await?.into_flows();
        report.rollup_time = loaded_at.elapsed();
        report.load_time = started.elapsed();
        Ok((report, ChangedData { everything: false, reference_data: loaded.has_new_parties, flows }))
    }

    /// Writes the journal entry of a file of which nothing was taken.
    async fn journal(&self, report: &FileReport) -> Result<(), DbError> {
        log_file(self.run_id, report);
        let entry = report.entry(self.context.department_id, self.run_id, self.started_by);
        let entry = async |conn: &mut DbConn| db::insert_journal_entry(conn, entry, |_| Vec::new()).await;
        self.context.db.write(entry).await.map(drop)
    }

    /// The end of a run may be told only when no process answers from older data: others look for
    /// changes within the lease.
    async fn wait_for_replicas(&self, committed: Instant) -> Result<(), DbError> {
        let replica_id = self.context.cache.replica_id();
        if db::has_other_replicas(&mut self.context.db.conn().await?, replica_id).await? {
            let left = self.context.cache.lease().saturating_sub(committed.elapsed());
            tokio::time::sleep(left).await;
        }
        Ok(())
    }

    /// Writes down how the run ended and drops what the cache held of the old figures.
    async fn finish(&self, report: &RunReport) -> Result<(), DbError> {
        let count = |files: usize| i32::try_from(files).unwrap_or(i32::MAX);
        let result = RunResult {
            state: report.state.as_str().to_owned(),
            finished_at: Some(utc_now()),
            total_files: count(report.total_files),
            files_processed: count(report.processed()),
            files_failed: count(report.count(FileStatus::Failed)),
            files_skipped: count(report.count(FileStatus::Skipped)),
            message: report.message.clone(),
        };
        if let Some(committed) = self.committed.get() {
            if !self.context.is_scoped {
                self.context.cache.invalidate_namespace(NAMESPACE).await;
            }
            self.wait_for_replicas(committed).await?;
            log::info!("Invalidated analytics cache");
        }
        self.context.db.write(async |conn| db::finish_run(conn, self.run_id, &result).await).await?;
        metrics::IMPORT_RUNS.with_label_values(&[report.state.as_str()]).inc();
        if report.state == RunState::Completed {
            metrics::IMPORT_COMPLETED_AT.set(utc_now().and_utc().timestamp());
        }
        log::info!("Import run {} {}: {}", self.run_id, report.state.as_str(), report.message);
        Ok(())
    }
}

/// Why a file is passed over, by its name alone.
fn not_ours(name: &str, kind: Option<Kind>) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if lower.starts_with("~$") || [".part", ".tmp", ".filepart"].iter().any(|ending| lower.ends_with(ending)) {
        return Some("a temporary file");
    }
    let is_workbook = lower.ends_with(".xlsx");
    (kind.is_none() && !is_workbook).then_some("neither the name nor the type says that it is an export")
}

fn log_file(run_id: i64, report: &FileReport) {
    let counts = report.counts;
    for (result, rows) in [
        ("inserted", counts.inserted),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("deleted", counts.deleted),
        ("rejected", report.rejects.len()),
    ] {
        metrics::IMPORT_ROWS.with_label_values(&[result]).inc_by(rows as u64);
    }
    let line = format!(
        "Import run {run_id}, {:?}: {}, {} inserted, {} updated, {} unchanged, {} deleted, {} rejected{}",
        report.name,
        report.status.as_str(),
        counts.inserted,
        counts.updated,
        counts.unchanged,
        counts.deleted,
        report.rejects.len(),
        report.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default()
    );
    match report.status {
        FileStatus::Success | FileStatus::Skipped => log::info!("{line}"),
        FileStatus::Partial | FileStatus::Failed => log::warn!("{line}"),
    }
}
