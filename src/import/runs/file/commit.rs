//! Everything that a file changes, in one transaction: rows, rollups, generation, journal entry,
//! ledger, and the question whether the run still holds its lease. The cache is informed after it.

use std::time::Instant;

use crate::db::{self, DbConn, DbError, Failure, FileKey, ImportedFile, LeaseStatus, utc_now};
use crate::domain::{ChangedData, DataChange};
use crate::import::runs::file::{Content, FileError, Streamed};
use crate::import::runs::journal::{FileReport, FileStatus};
use crate::import::runs::lease::StopReason;
use crate::import::runs::pipeline::Run;
use crate::import::runs::report::EventSink;
use crate::import::sources::Source;
use crate::import::workbook::Kind;

impl Run<'_> {
    /// Loads the content of a file and commits it with all that belongs to it.
    pub(super) async fn load(
        &self,
        report: &mut FileReport,
        content: Content,
        source: &Source,
        version: &ImportedFile,
        started: Instant,
        announce: EventSink<'_>,
    ) -> Result<(), FileError> {
        let department_id = source.department_id;
        let loaded = async |conn: &mut DbConn| {
            db::lock_import(conn, department_id).await?;
            let was_finding = db::was_finding(conn, department_id, &report.name).await?;
            let streamed = self.stream(conn, report, content, source, announce).await?;
            let was_failing = record_arrival(conn, source, report, &streamed).await?;
            let has_changes = report.counts.changed_anything()
                || was_finding
                || report.is_finding()
                || was_failing;
            let change = match self.context.record(streamed.changed, has_changes) {
                Some(changed) => Some(db::record_change(conn, department_id, changed).await?),
                None => None,
            };
            if source.has_ledger() {
                db::upsert_imported_file(conn, version).await?;
            }
            report.time = started.elapsed();
            self.complete_journal(conn, source, report, streamed.journal_id)
                .await?;
            self.ensure_lease(conn).await?;
            Ok::<_, FileError>(change)
        };
        if let Some(change) = self.context.db.write(loaded).await? {
            self.announce_commit(&change).await;
        }
        report.log(self.run_id.unwrap_or_default());
        Ok(())
    }

    /// Records that a file can't be imported: journal entry, and what the source remembers of it.
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
                let code = report.remark_codes.first().map(|code| code.as_str());
                let failure = Failure {
                    kind: report.kind.map(Kind::table_name),
                    reason: report.message.as_deref().unwrap_or_default(),
                    code,
                };
                db::record_failure(conn, key(source, &report.name), failure, utc_now()).await?;
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
            self.announce_commit(&change).await;
        }
        report.log(self.run_id.unwrap_or_default());
        Ok(())
    }

    /// Completes the journal entry that the rejected rows of a file belong to, or inserts one.
    async fn complete_journal(
        &self,
        conn: &mut DbConn,
        source: &Source,
        report: &FileReport,
        journal_id: Option<i64>,
    ) -> Result<(), DbError> {
        let run_id = self.run_id.unwrap_or_default();
        let entry = report.entry(source.department_id, run_id, &self.order.started_by);
        match journal_id {
            Some(id) => db::complete_journal_entry(conn, id, entry).await,
            None => db::insert_journal_entry(conn, entry).await.map(drop),
        }
    }

    /// Stops the run unless it still holds its lease.
    async fn ensure_lease(&self, conn: &mut DbConn) -> Result<(), FileError> {
        let run_id = self.run_id.unwrap_or_default();
        let reason = match db::keep_run(conn, run_id, self.context.cache.replica_id()).await? {
            LeaseStatus::Held => return Ok(()),
            LeaseStatus::Cancelled => StopReason::Cancelled,
            LeaseStatus::Lost => StopReason::TakenOver,
        };
        self.stop.stop(reason);
        Err(FileError::Stopped)
    }

    /// Informs the cache of a change that is committed.
    async fn announce_commit(&self, change: &DataChange) {
        self.committed.set(Some(Instant::now()));
        self.context.cache.announce(change).await;
    }
}

/// Records that a file has gone in; returns whether it failed before. Files of an unknown kind
/// leave nothing to record.
async fn record_arrival(
    conn: &mut DbConn,
    source: &Source,
    report: &FileReport,
    streamed: &Streamed,
) -> Result<bool, DbError> {
    let Some(kind) = report.kind else {
        return Ok(false);
    };
    let is_whole = report.status == FileStatus::Success && report.counts.left_alone == 0;
    db::record_arrival(
        conn,
        key(source, &report.name),
        kind.table_name(),
        &streamed.organizations,
        is_whole,
        utc_now(),
    )
    .await
}

fn key<'f>(source: &'f Source, path: &'f str) -> FileKey<'f> {
    FileKey {
        department_id: source.department_id,
        source: &source.name,
        path,
    }
}
