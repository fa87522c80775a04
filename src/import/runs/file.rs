//! One file of a run, from its name to its journal entry: passed over if it need not be read,
//! otherwise fetched, then read and loaded at the same time, in one transaction.
//!
//! `fetch` gets it, `stream` takes its rows in, `commit` makes that final or records the failure.

mod commit;
mod error;
mod fetch;
mod stream;

use std::time::Instant;

use crate::db::{self, DbConn, DbError, ImportedFile, utc_now};
use crate::import::load::versions::WrittenAt;
use crate::import::load::{LoadError, Workbook};
use crate::import::remark::RemarkCode;
use crate::import::runs::journal::{FileReport, Standing};
use crate::import::runs::pipeline::Run;
use crate::import::runs::report::EventSink;
use crate::import::runs::skipping::{READER_VERSION, Skip, known_skip_reason, name_skip_reason};
use crate::import::sources::download::Fetched;
use crate::import::sources::{Connection, OfferedFile, Source};
use crate::import::workbook::Kind;
use error::FileError;
pub(in crate::import) use stream::Content;
use stream::Streamed;

/// A time younger than this when the fetching of a file began is not relied on later.
const YOUNG: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

impl Run<'_> {
    /// Imports a file; `ledger` is what the ledger knows of it. `None`: the run was stopped, and
    /// all of the file undone.
    pub(crate) async fn import_file(
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
        if let Some(skip) = name_skip_reason(&file.name, report.kind) {
            let report = report.skipped(skip);
            self.journal(&report).await?;
            return Ok(Some(report));
        }
        if let Some(skip) = known
            .filter(|known| file.matches_version(known))
            .and_then(|known| known_skip_reason(known, source))
        {
            return Ok(Some(report.skipped(skip)));
        }
        let fetched = tokio::select! {
            fetched = self.fetch(source, connection, file, announce) => fetched,
            () = self.stop.stopped() => return Ok(None),
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(err) => {
                let report = report.failed(RemarkCode::NotFetched, err.to_string());
                self.record_failure(source, &report, None).await?;
                return Ok(Some(report));
            }
        };
        let same = known.filter(|known| known.sha256 == fetched.sha256);
        let mut version = self.version(source, file, &fetched);
        let written_at = WrittenAt::of(source, file, &fetched, ledger);
        if let Some(known) = same
            && let Some(skip) = self
                .skip_same_content(source, known, &mut version, written_at)
                .await?
        {
            return Ok(Some(report.skipped(skip)));
        }
        let content = Content {
            file: fetched.file,
            written_at,
        };
        let loaded = self
            .load(&mut report, content, source, &version, started, announce)
            .await;
        match loaded {
            Ok(()) => Ok(Some(report)),
            Err(_) if self.stop.reason().is_some() => Ok(None),
            Err(FileError::Load(LoadError::Database(err))) if self.is_resumed_after(&err) => {
                Err(err)
            }
            Err(err) => {
                report.time = started.elapsed();
                let report = report.failed(err.code(), err.to_string());
                count_failure(&mut version, same, &err);
                let version = Some(&version).filter(|_| err.is_of_the_file());
                self.record_failure(source, &report, version).await?;
                Ok(Some(report))
            }
        }
    }

    /// Returns whether the run is taken up again after an error of the database, and does the file
    /// then: a run of the schedule, after an error that may pass.
    fn is_resumed_after(&self, err: &DbError) -> bool {
        self.order.scheduled_for.is_some() && err.is_transient()
    }

    /// Returns why content that is already known need not be loaded, if it need not, and notes that
    /// it came again.
    async fn skip_same_content(
        &self,
        source: &Source,
        known: &ImportedFile,
        version: &mut ImportedFile,
        written_at: WrittenAt,
    ) -> Result<Option<Skip>, DbError> {
        let Some(skip) = known_skip_reason(known, source) else {
            return Ok(None);
        };
        version.failures = known.failures;
        version.error_message = known.error_message.clone();
        // Whether it is offered again is noted at the end, with the change that this is.
        version.is_offered = known.is_offered;
        let is_noted = self
            .note_repeated(source, version, written_at, skip.standing)
            .await?;
        Ok(is_noted.then_some(skip))
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

    /// Returns what the ledger is to know of a file that has been fetched.
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

/// Counts a failure of a version; `same` is what the ledger knows of the same content.
fn count_failure(version: &mut ImportedFile, same: Option<&ImportedFile>, err: &FileError) {
    let failed_alike = same.filter(|known| known.reader_version == READER_VERSION);
    version.failures = failed_alike.map_or(0, |known| known.failures) + 1;
    version.error_message = Some(err.to_string());
}
