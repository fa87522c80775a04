//! One file: fetched if it is new, then read and loaded at the same time, in one transaction.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::journal::{FileReport, FileStatus, Standing, stored_rejects};
use super::landing::{Fetched, Landing};
use super::load::{LoadError, Loader, Workbook};
use super::needless::{not_ours, settled, unchanged_since};
use super::patience::Patience;
use super::reading::Reading;
use super::report::{Announce, ImportEvent};
use super::run::Run;
use super::source::{Connection, OfferedFile, Source, SourceError};
use super::workbook::{Kind, Part, WorkbookError};
use crate::db::{self, DbConn, DbError, FileKey, Hold, ImportedFile, utc_now};
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

/// What reading and writing the rows of a file did.
pub(super) struct Streamed {
    /// What it changed.
    pub changed: ChangedData,
    /// The journal entry that its rejected rows belong to, when there are any.
    pub journal_id: Option<i64>,
    /// The organizations that it holds, each with its newest document.
    pub organizations: BTreeMap<i64, Option<NaiveDate>>,
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
            let report = report.skipped(Standing::Unknown, reason.to_owned());
            self.journal(&report).await?;
            return Ok(Some(report));
        }
        if let Some((standing, why)) = known.filter(|known| file.is(known)).and_then(|known| settled(known, source)) {
            return Ok(Some(report.skipped(standing, why)));
        }
        let fetched = tokio::select! {
            fetched = self.fetch(source, connection, file, announce) => fetched,
            () = self.stop.stopped() => return Ok(None),
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(err) => {
                let report = report.failed(err.to_string());
                self.record_failure(source, &report, None).await?;
                return Ok(Some(report));
            }
        };
        let same = known.filter(|known| known.sha256 == fetched.sha256);
        let mut version = self.version(source, file, &fetched);
        if let Some((known, (standing, why))) = same.and_then(|known| Some((known, settled(known, source)?))) {
            version.failures = known.failures;
            version.error_message = known.error_message.clone();
            version.is_described = known.is_described;
            // Whether it is offered again is noted at the end, with the change that this is.
            version.is_offered = known.is_offered;
            self.context.db.write(async |conn| db::upsert_imported_file(conn, &version).await).await?;
            return Ok(Some(report.skipped(standing, why)));
        }
        let in_tables = same.filter(|known| known.failures == 0);
        let done = match in_tables {
            Some(known) => self.describe(&report, fetched.file, source, known, announce).await,
            None => self.load(&mut report, fetched.file, source, &version, started, announce).await,
        };
        match (done, in_tables) {
            (Ok(()), Some(known)) => Ok(Some(report.skipped(Standing::Current, unchanged_since(known)))),
            (Ok(()), None) => Ok(Some(report)),
            (Err(_), _) if self.stop.reason().is_some() => Ok(None),
            (Err(err), _) => {
                report.time = started.elapsed();
                let report = report.failed(err.to_string());
                version.failures = same.map_or(0, |known| known.failures) + 1;
                version.error_message = Some(err.to_string());
                let version = Some(&version).filter(|_| err.is_of_the_file());
                self.record_failure(source, &report, version).await?;
                Ok(Some(report))
            }
        }
    }

    /// Writes down that a file can't be imported: journal entry, and what the source remembers of it.
    pub(super) async fn record_failure(
        &self,
        source: &Source,
        report: &FileReport,
        version: Option<&ImportedFile>,
    ) -> Result<(), DbError> {
        let written = async |conn: &mut DbConn| {
            if source.has_ledger() {
                if let Some(version) = version {
                    db::upsert_imported_file(conn, version).await?;
                }
                let (kind, reason) = (report.kind.map(Kind::table_name), report.message.as_deref());
                db::record_failure(conn, key(source, &report.name), kind, reason.unwrap_or_default(), utc_now())
                    .await?;
            }
            self.journal_within(conn, report).await?;
            match source.has_ledger() {
                true => db::record_change(conn, source.department_id, ChangedData::default()).await.map(Some),
                false => Ok(None),
            }
        };
        if let Some(change) = self.context.db.write(written).await? {
            self.committed.set(Some(Instant::now()));
            self.context.cache.announce(&change).await;
        }
        report.log(self.run_id.unwrap_or_default());
        Ok(())
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

    /// Notes the organizations of a version that went in before they were kept. Its rows stay as they are in the
    /// tables: files that came after it may have changed them.
    async fn describe(
        &self,
        report: &FileReport,
        file: File,
        source: &Source,
        known: &ImportedFile,
        announce: Announce<'_>,
    ) -> Result<(), FileError> {
        let version = ImportedFile { is_described: true, ..known.clone() };
        let mut read = report.clone();
        self.context
            .db
            .write(async |conn| {
                db::lock_import(conn, source.department_id).await?;
                db::set_savepoint(conn).await?;
                let organizations = self.stream(conn, &mut read, file, source, announce).await?.organizations;
                db::undo_to_savepoint(conn).await?;
                if let Some(kind) = read.kind {
                    let (file, is_whole) = (key(source, &report.name), read.status == FileStatus::Success);
                    let arrived_at = known.fetched_at;
                    db::record_arrival(conn, file, kind.table_name(), &organizations, is_whole, arrived_at).await?;
                }
                Ok(db::upsert_imported_file(conn, &version).await?)
            })
            .await
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
                let differed = db::last_total_differed(conn, department_id, &report.name).await?;
                let Streamed { changed, journal_id, organizations } =
                    self.stream(conn, report, file, source, announce).await?;
                let mut has_changes = report.counts.changed_anything() || differed || report.total_differs();
                if let Some(kind) = report.kind {
                    let file = key(source, &report.name);
                    let is_whole = report.status == FileStatus::Success;
                    let failed =
                        db::record_arrival(conn, file, kind.table_name(), &organizations, is_whole, utc_now()).await?;
                    has_changes |= failed;
                }
                let change = match self.context.record(changed, has_changes) {
                    Some(changed) => Some(db::record_change(conn, department_id, changed).await?),
                    None => None,
                };
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

    /// Reads the rows of a file and writes them with their rollups. Rejected rows are written as they
    /// come, with a journal entry that is completed later.
    pub async fn stream(
        &self,
        conn: &mut DbConn,
        report: &mut FileReport,
        file: File,
        source: &Source,
        announce: Announce<'_>,
    ) -> Result<Streamed, FileError> {
        let department_id = source.department_id;
        let mut journal_id = None;
        let mut reading = Reading::start(file, report.kind, self.context.base_currency.clone());
        let Some(Part::Header(header)) = reading.next().await else {
            return Err(reading.end().await.err().unwrap_or(WorkbookError::Unknown).into());
        };
        (report.kind, report.titles) = (Some(header.kind), header.titles);
        let today = self.context.cache.today();
        let workbook = Workbook::at(source, &report.name);
        let mut loader = Loader::open(conn, department_id, header.kind, workbook, today).await?;
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
        loaded.remarks.iter().for_each(|remark| report.remark(remark));
        if !loaded.made_contracts.is_empty() {
            let made = loaded.made_contracts.join("\", \"");
            report
                .note(&format!("no operation names the contract \"{made}\": it was created; check how it is written"));
        }
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
        Ok(Streamed { changed, journal_id, organizations: loaded.organizations })
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
            is_described: true,
            is_offered: true,
        }
    }
}

fn key<'f>(source: &'f Source, path: &'f str) -> FileKey<'f> {
    FileKey { department_id: source.department_id, source: &source.name, path }
}
