//! One file: fetched if it is new, then read and loaded at the same time, in one transaction.

use std::fs::File;
use std::time::{Duration, Instant};

use super::journal::{FileReport, FileStatus, stored_rejects};
use super::landing::{Fetched, Landing};
use super::load::{LoadError, Loader};
use super::patience::Patience;
use super::reading::Reading;
use super::report::{Announce, ImportEvent};
use super::run::Run;
use super::source::{Connection, OfferedFile, Source, SourceError};
use super::workbook::{Kind, Part, WorkbookError};
use crate::db::{self, DbConn, DbError, Hold, ImportedFile, utc_now};
use crate::domain::ChangedData;
use crate::import::hold::StopReason;

/// A time younger than this when the fetching of a file began is not relied on later.
const YOUNG: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

/// Of a file that changed no more rows it is found out which days' sums are others now, so that the
/// cache keeps all other figures.
const SMALL_CHANGE: usize = 1_000;

/// Why a file does not go in.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It can't be read.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    /// It can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The run has to stop.
    #[error("the run was stopped")]
    Stopped,
}

impl From<DbError> for FileError {
    fn from(err: DbError) -> FileError {
        FileError::Load(err.into())
    }
}

impl FileError {
    /// Whether it is the file's fault, so that trying again is of no use until it changes.
    fn is_of_the_file(&self) -> bool {
        match self {
            FileError::Workbook(err) => !matches!(err, WorkbookError::NoRoom(_)),
            FileError::Load(err) => matches!(err, LoadError::Refused(_)),
            FileError::Stopped => false,
        }
    }
}

impl Run<'_> {
    /// Imports a file; `known` is what the ledger knows of it. `None`: the run was stopped, and all of
    /// the file undone.
    pub async fn import_file(
        &self,
        source: &Source,
        connection: &mut Connection,
        file: &OfferedFile,
        known: Option<&ImportedFile>,
        announce: Announce<'_>,
    ) -> Result<Option<FileReport>, DbError> {
        let started = Instant::now();
        let mut report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
        if let Some(reason) = not_ours(&file.name, report.kind) {
            let report = report.untouched(FileStatus::Skipped, reason.to_owned());
            self.journal(&report).await?;
            return Ok(Some(report));
        }
        if let Some(why) = known.filter(|known| file.is(known)).and_then(|known| settled_already(known, source)) {
            return Ok(Some(report.untouched(FileStatus::Skipped, why)));
        }
        let fetched = tokio::select! {
            fetched = self.fetch(source, connection, file, announce) => fetched,
            () = self.stop.stopped() => return Ok(None),
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(err) => {
                let report = report.untouched(FileStatus::Failed, err.to_string());
                self.journal(&report).await?;
                return Ok(Some(report));
            }
        };
        let same = known.filter(|known| known.sha256 == fetched.sha256);
        let mut version = self.version(source, file, &fetched);
        if let Some((known, why)) = same.and_then(|known| Some((known, settled_already(known, source)?))) {
            version.failures = known.failures;
            version.error_message = known.error_message.clone();
            self.context.db.write(async |conn| db::upsert_imported_file(conn, &version).await).await?;
            return Ok(Some(report.untouched(FileStatus::Skipped, why)));
        }
        let loaded = self.load(&mut report, fetched.file, source, &version, started, announce).await;
        match loaded {
            Ok(()) => Ok(Some(report)),
            Err(_) if self.stop.reason().is_some() => Ok(None),
            Err(err) => {
                report.time = started.elapsed();
                let report = report.untouched(FileStatus::Failed, err.to_string());
                version.failures = same.map_or(0, |known| known.failures) + 1;
                version.error_message = Some(err.to_string());
                let written = async |conn: &mut DbConn| {
                    if err.is_of_the_file() && source.has_ledger() {
                        db::upsert_imported_file(conn, &version).await?;
                    }
                    self.journal_within(conn, &report).await
                };
                self.context.db.write(written).await?;
                report.log(self.run_id.unwrap_or_default());
                Ok(Some(report))
            }
        }
    }

    /// Fetches a file, trying again what may pass. A connection that failed is not used again; what
    /// has arrived is not fetched twice where the server can begin in the middle.
    pub async fn fetch(
        &self,
        source: &Source,
        connection: &mut Connection,
        file: &OfferedFile,
        announce: Announce<'_>,
    ) -> Result<Fetched, SourceError> {
        if let Some(why) = &connection.lost {
            return Err(SourceError::lasting(format!("not fetched, because the source no longer answers: {why}")));
        }
        let mut landing = Landing::new(self.context.max_file_bytes)?;
        landing.check_announced(file.size)?;
        let mut patience = Patience::new();
        loop {
            let arrived = landing.bytes();
            let fetched = async {
                let mut open = connection.open(source).await?;
                let mut told = |bytes| announce(ImportEvent::Fetched { bytes, of: file.size });
                open.fetch(file, &mut landing, &mut told).await?;
                connection.session = Some(open);
                Ok(())
            };
            let err = match fetched.await {
                Ok(()) => return landing.finish(),
                Err(err) => err,
            };
            if landing.bytes() > arrived {
                patience.renew();
            }
            if let Err(err) = patience.endure(err).await {
                connection.lost = err.is_of_source.then(|| err.to_string());
                return Err(err);
            }
        }
    }

    /// Writes rows, generation, journal entry and ledger in one transaction, and tells the cache.
    async fn load(
        &self,
        report: &mut FileReport,
        file: File,
        source: &Source,
        version: &ImportedFile,
        started: Instant,
        announce: Announce<'_>,
    ) -> Result<(), FileError> {
        let department_id = source.department_id;
        let run_id = self.run_id.unwrap_or_default();
        let change = self
            .context
            .db
            .write(async |conn| {
                db::lock_import(conn, department_id).await?;
                let (changed, journal_id) = self.stream(conn, report, file, source, announce).await?;
                let counts = report.counts;
                let changed_rows = counts.inserted + counts.updated + counts.deleted;
                let change = match self.context.record(changed, changed_rows) {
                    Some(changed) => Some(db::record_change(conn, department_id, changed).await?),
                    None => None,
                };
                db::set_data_as_of(conn, department_id).await?;
                if source.has_ledger() {
                    db::upsert_imported_file(conn, version).await?;
                }
                report.time = started.elapsed();
                let entry = report.entry(department_id, run_id, &self.order.started_by);
                match journal_id {
                    Some(id) => db::complete_journal_entry(conn, id, entry).await?,
                    None => drop(db::insert_journal_entry(conn, entry).await?),
                }
                match db::keep_run(conn, run_id, self.context.cache.replica_id()).await? {
                    Hold::Held => Ok(change),
                    Hold::Cancelled => Err(self.stopped(StopReason::Cancelled)),
                    Hold::Lost => Err(self.stopped(StopReason::TakenOver)),
                }
            })
            .await?;
        if let Some(change) = change {
            self.committed.set(Some(Instant::now()));
            self.context.cache.announce(&change).await;
        }
        report.log(run_id);
        Ok(())
    }

    /// Reads the rows of a file and writes them with their rollups; gives what that changed. Rejected
    /// rows are written as they come, with a journal entry that is completed later; its id is given,
    /// too.
    pub async fn stream(
        &self,
        conn: &mut DbConn,
        report: &mut FileReport,
        file: File,
        source: &Source,
        announce: Announce<'_>,
    ) -> Result<(ChangedData, Option<i64>), FileError> {
        let department_id = source.department_id;
        let mut journal_id = None;
        let mut reading = Reading::start(file, report.kind, self.context.base_currency.clone());
        let Some(Part::Header(header)) = reading.next().await else {
            return Err(reading.end().await.err().unwrap_or(WorkbookError::Unknown).into());
        };
        (report.kind, report.titles) = (Some(header.kind), header.titles);
        let mut loader = Loader::open(conn, department_id, header.kind, &report.name).await?;
        let mut load_time = Duration::ZERO;
        while let Some(part) = reading.next().await {
            let Part::Rows(batch) = part else { continue };
            if self.stop.reason().is_some() {
                return Err(FileError::Stopped);
            }
            let began = Instant::now();
            report.reject(&batch.rejects);
            if let Some(run_id) = self.run_id.filter(|_| !batch.rejects.is_empty()) {
                let id = match journal_id {
                    Some(id) => id,
                    None => {
                        let entry = report.entry(department_id, run_id, &self.order.started_by);
                        *journal_id.insert(db::insert_journal_entry(conn, entry).await?)
                    }
                };
                db::insert_rejects(conn, stored_rejects(&batch.rejects, department_id, id)).await?;
            }
            loader.take(conn, batch.rows).await?;
            load_time += began.elapsed();
            announce(ImportEvent::Loaded { rows: loader.rows_taken(), of: header.expected_rows });
        }
        let (totals, parse_time) = reading.end().await?;
        let began = Instant::now();
        if source.policy.is_strict && report.rejected > 0 {
            let told = report.first_reject().unwrap_or_default();
            let message = format!("nothing was taken, because IMPORT_ROW_POLICY is strict: {told}");
            return Err(LoadError::Refused(message).into());
        }
        let max_percent = source.policy.missing_rows_max_percent;
        let missing = max_percent.filter(|_| !totals.has_nameless_rows).map(|percent| (&totals.seen, percent));
        let loaded = loader.finish(conn, report.rejected > 0, missing).await?;
        report.counts = loaded.counts;
        report.add_up(&totals);
        if max_percent.is_some() && totals.has_nameless_rows {
            report.remark("no operation became inactive, because some rows do not tell which operation they are");
        }
        let loaded_at = Instant::now();
        let changed_rows = loaded.counts.inserted + loaded.counts.updated + loaded.counts.deleted;
        let is_small = changed_rows <= SMALL_CHANGE;
        let flows = db::refresh_rollups(conn, department_id, &loaded.touched, is_small).await?.into_flows();
        report.rollup_time = loaded_at.elapsed();
        report.load_time = load_time + began.elapsed();
        report.parse_time = parse_time;
        let changed = ChangedData { everything: false, reference_data: loaded.has_new_parties, flows };
        Ok((changed, journal_id))
    }

    fn stopped(&self, reason: StopReason) -> FileError {
        self.stop.stop(reason);
        FileError::Stopped
    }

    fn version(&self, source: &Source, file: &OfferedFile, fetched: &Fetched) -> ImportedFile {
        ImportedFile {
            department_id: source.department_id,
            source: source.name.clone(),
            path: file.name.clone(),
            size: i64::try_from(fetched.bytes).unwrap_or(i64::MAX),
            modified_at: file.modified_at.filter(|time| *time + YOUNG <= fetched.begun_at),
            sha256: fetched.sha256.clone(),
            failures: 0,
            error_message: None,
            run_id: self.run_id.unwrap_or_default(),
            fetched_at: utc_now(),
        }
    }
}

/// Why a version that is known needs no work, if it needs none.
fn settled_already(known: &ImportedFile, source: &Source) -> Option<String> {
    let (run, failures) = (known.run_id, known.failures);
    if failures == 0 {
        return Some(format!("unchanged since run {run}"));
    }
    let is_parked = u32::try_from(failures).is_ok_and(|failures| failures >= source.policy.park_after);
    let why = known.error_message.as_deref().unwrap_or_default();
    is_parked.then(|| format!("left alone until it changes, after {failures} failures: {why}"))
}

/// A file that was written to between two looks.
pub(super) fn still_written(source: &Source, file: &OfferedFile) -> FileReport {
    let report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
    report.untouched(FileStatus::Skipped, "it is still being written; the next run takes it".to_owned())
}

/// Why a file is passed over, by its name alone.
pub(super) fn not_ours(name: &str, kind: Option<Kind>) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if lower.starts_with("~$") || [".part", ".tmp", ".filepart"].iter().any(|ending| lower.ends_with(ending)) {
        return Some("a temporary file");
    }
    let is_workbook = lower.ends_with(".xlsx");
    (kind.is_none() && !is_workbook).then_some("neither the name nor the type says that it is an export")
}
