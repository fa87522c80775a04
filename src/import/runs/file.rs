//! One file: fetched if it is new, then read and loaded at the same time, in one transaction.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use crate::db::{self, DbConn, DbError, FileKey, ImportedFile, LeaseStatus, utc_now};
use crate::domain::ChangedData;
use crate::import::load::versions::WrittenAt;
use crate::import::load::{LoadError, Loader, Workbook};
use crate::import::runs::journal::{FileReport, FileStatus, Standing, stored_rejects};
use crate::import::runs::lease::StopReason;
use crate::import::runs::pipeline::Run;
use crate::import::runs::reading::Reading;
use crate::import::runs::report::{EventSink, ImportEvent};
use crate::import::runs::skipping::{READER_VERSION, known_skip_reason, name_skip_reason};
use crate::import::sources::backoff::Backoff;
use crate::import::sources::download::{Download, Fetched};
use crate::import::sources::{Connection, OfferedFile, Source, SourceError};
use crate::import::workbook::{Kind, Part, ReadingRules, WorkbookError};

/// A time younger than this when the fetching of a file began is not relied on later.
const YOUNG: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

/// Of a file that changed no more rows it is found out which days' sums are others now, so that the
/// cache keeps all other figures.
const SMALL_CHANGE: usize = 1_000;

/// Why a file does not go in.
#[derive(Debug, thiserror::Error)]
pub(in crate::import) enum FileError {
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
            FileError::Workbook(_) => true,
            FileError::Load(err) => matches!(err, LoadError::Refused(_)),
            FileError::Stopped => false,
        }
    }
}

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
    /// Imports a file; `ledger` is what the ledger knows of it. `None`: the run was stopped, and
    /// all of the file undone.
    pub async fn import_file(
        &self,
        source: &Source,
        connection: &mut Connection,
        file: &OfferedFile,
        ledger: Option<&ImportedFile>,
        announce: EventSink<'_>,
    ) -> Result<Option<FileReport>, DbError> {
        let started = Instant::now();
        let known = ledger.filter(|_| !self.order.is_forced);
        let mut report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
        if let Some(reason) = name_skip_reason(&file.name, report.kind) {
            let report = report.skipped(Standing::Unknown, reason.to_owned());
            self.journal(&report).await?;
            return Ok(Some(report));
        }
        if let Some((standing, why)) = known
            .filter(|known| file.matches_version(known))
            .and_then(|known| known_skip_reason(known, source))
        {
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
        let written_at = WrittenAt::of(source, file, &fetched, ledger);
        if let Some((known, (standing, why))) =
            same.and_then(|known| Some((known, known_skip_reason(known, source)?)))
        {
            version.failures = known.failures;
            version.error_message = known.error_message.clone();
            // Whether it is offered again is noted at the end, with the change that this is.
            version.is_offered = known.is_offered;
            if self
                .note_repeated(source, &version, written_at, standing)
                .await?
            {
                return Ok(Some(report.skipped(standing, why)));
            }
        }
        let content = Content {
            file: fetched.file,
            written_at,
        };
        match self
            .load(&mut report, content, source, &version, started, announce)
            .await
        {
            Ok(()) => Ok(Some(report)),
            Err(_) if self.stop.reason().is_some() => Ok(None),
            // A run of the schedule is taken up again and does this file then.
            Err(FileError::Load(LoadError::Database(err)))
                if self.order.scheduled_for.is_some() && err.is_transient() =>
            {
                Err(err)
            }
            Err(err) => {
                report.time = started.elapsed();
                let report = report.failed(err.to_string());
                let failed_alike = same.filter(|known| known.reader_version == READER_VERSION);
                version.failures = failed_alike.map_or(0, |known| known.failures) + 1;
                version.error_message = Some(err.to_string());
                let version = Some(&version).filter(|_| err.is_of_the_file());
                self.record_failure(source, &report, version).await?;
                Ok(Some(report))
            }
        }
    }

    /// Notes that a file has the same content as before; returns whether it need not be loaded.
    async fn note_repeated(
        &self,
        source: &Source,
        version: &ImportedFile,
        written_at: WrittenAt,
        standing: Standing,
    ) -> Result<bool, DbError> {
        let workbook = Workbook::at(source, &version.path, written_at, version.run_id);
        let noted = async |conn: &mut DbConn| {
            if standing == Standing::Current && !workbook.repeat(conn, source.department_id).await?
            {
                return Ok(false);
            }
            db::upsert_imported_file(conn, version).await?;
            Ok(true)
        };
        self.context.db.write(noted).await
    }

    /// Writes down that a file can't be imported: journal entry, and what the source remembers of
    /// it.
    pub(in crate::import) async fn record_failure(
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
                db::record_failure(
                    conn,
                    key(source, &report.name),
                    kind,
                    reason.unwrap_or_default(),
                    utc_now(),
                )
                .await?;
            }
            self.journal_within(conn, report).await?;
            match source.has_ledger() {
                true => db::record_change(conn, source.department_id, ChangedData::default())
                    .await
                    .map(Some),
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
        announce: EventSink<'_>,
    ) -> Result<Fetched, SourceError> {
        if let Some(why) = &connection.lost {
            return Err(SourceError::permanent(format!(
                "not fetched, because the source no longer answers: {why}"
            )));
        }
        let mut download = Download::new(self.context.max_file_bytes)?;
        download.check_announced(file.size)?;
        let mut backoff = Backoff::new();
        loop {
            let arrived = download.bytes();
            let fetched = async {
                let mut open = connection.open(source).await?;
                let mut on_progress = |bytes| {
                    announce(ImportEvent::Fetched {
                        bytes,
                        of: file.size,
                    })
                };
                open.fetch(file, &mut download, &mut on_progress).await?;
                connection.session = Some(open);
                Ok(())
            };
            let err = match fetched.await {
                Ok(()) => return download.finish(),
                Err(err) => err,
            };
            if download.bytes() > arrived {
                backoff.reset();
            }
            if let Err(err) = backoff.wait_or_give_up(err).await {
                connection.lost = err.is_of_source.then(|| err.to_string());
                return Err(err);
            }
        }
    }

    /// Writes rows, generation, journal entry and ledger in one transaction, and announces them to
    /// the cache.
    async fn load(
        &self,
        report: &mut FileReport,
        content: Content,
        source: &Source,
        version: &ImportedFile,
        started: Instant,
        announce: EventSink<'_>,
    ) -> Result<(), FileError> {
        let department_id = source.department_id;
        let run_id = self.run_id.unwrap_or_default();
        let change = self
            .context
            .db
            .write(async |conn| {
                db::lock_import(conn, department_id).await?;
                let was_finding = db::was_finding(conn, department_id, &report.name).await?;
                let Streamed {
                    changed,
                    journal_id,
                    organizations,
                } = self.stream(conn, report, content, source, announce).await?;
                let mut has_changes =
                    report.counts.changed_anything() || was_finding || report.is_finding();
                if let Some(kind) = report.kind {
                    let file = key(source, &report.name);
                    let is_whole =
                        report.status == FileStatus::Success && report.counts.left_alone == 0;
                    let failed = db::record_arrival(
                        conn,
                        file,
                        kind.table_name(),
                        &organizations,
                        is_whole,
                        utc_now(),
                    )
                    .await?;
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
                    LeaseStatus::Held => Ok(change),
                    LeaseStatus::Cancelled => Err(self.stopped(StopReason::Cancelled)),
                    LeaseStatus::Lost => Err(self.stopped(StopReason::TakenOver)),
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

    /// Reads the rows of a file and writes them with their rollups. Rejected rows are written as
    /// they come, with a journal entry that is completed later.
    pub async fn stream(
        &self,
        conn: &mut DbConn,
        report: &mut FileReport,
        content: Content,
        source: &Source,
        announce: EventSink<'_>,
    ) -> Result<Streamed, FileError> {
        let department_id = source.department_id;
        let mut journal_id = None;
        let today = self.context.cache.today();
        let rules = ReadingRules {
            base_currency: self.context.base_currency.clone(),
            today,
        };
        let mut reading = Reading::start(content.file, report.kind, rules);
        let Some(Part::Header(header)) = reading.next().await else {
            return Err(reading
                .end()
                .await
                .err()
                .unwrap_or(WorkbookError::Unknown)
                .into());
        };
        (report.kind, report.titles) = (Some(header.kind), header.titles);
        let run_id = self.run_id.unwrap_or_default();
        let workbook = Workbook::at(source, &report.name, content.written_at, run_id);
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
        if source.policy.is_strict && report.rejected > 0 {
            let first = report.first_reject().unwrap_or_default();
            let message =
                format!("nothing was taken, because IMPORT_ROW_POLICY is strict: {first}");
            return Err(LoadError::Refused(message).into());
        }
        let loaded = loader.finish(conn, &totals).await?;
        report.counts = loaded.counts;
        report.rejected_still_stored = loaded.rejected_still_stored;
        report.add_up(&totals);
        loaded
            .remarks
            .iter()
            .for_each(|remark| report.remark(remark));
        loaded.notes.iter().for_each(|note| report.note(note));
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
            modified_at: file
                .modified_at
                .filter(|time| *time + YOUNG <= fetched.begun_at),
            sha256: fetched.sha256.clone(),
            failures: 0,
            error_message: None,
            run_id: self.run_id.unwrap_or_default(),
            fetched_at: utc_now(),
            is_offered: true,
            reader_version: READER_VERSION,
        }
    }
}

fn key<'f>(source: &'f Source, path: &'f str) -> FileKey<'f> {
    FileKey {
        department_id: source.department_id,
        source: &source.name,
        path,
    }
}
