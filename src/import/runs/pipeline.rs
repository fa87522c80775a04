//! One import run, read top to bottom: for each source list, then for each file fetch, read, load,
//! journal; in the end the caches are informed.
//!
//! Each file has one transaction with its rows, its generation, its journal entry and its place in
//! the ledger. What goes wrong with a file is its journal entry; only a database that can't be
//! written to ends a run.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Instant;

use crate::db::{self, DbConn, DbError, NewRun, SourceTimes, utc_now};
use crate::import::remark::RemarkCode;
use crate::import::runs::freshness::SourceCheck;
use crate::import::runs::journal::{FileReport, stored_rejects};
use crate::import::runs::lease::{HEARTBEAT_MISSED_AFTER, RunLease, StopSignal};
use crate::import::runs::report::{EventSink, ImportEvent, RunReport, RunState};
use crate::import::runs::request::{ImportContext, ImportRequest};
use crate::import::runs::skipping::still_changing;
use crate::import::sources::{Connection, Source, SourceError};

/// Runs an import from beginning to end.
///
/// # Errors
/// [`DbError`] when the database can't be written to.
pub async fn run_once(
    context: &ImportContext,
    order: &ImportRequest,
    stop: &StopSignal,
    announce: EventSink<'_>,
) -> Result<RunReport, DbError> {
    let run_id = begin(context, order).await?;
    execute(context, run_id, order, stop, announce).await
}

/// Writes down that a run begins; gives its id.
async fn begin(context: &ImportContext, order: &ImportRequest) -> Result<i64, DbError> {
    let run = new_run(context, order);
    context
        .db
        .write(async |conn| db::insert_run(conn, run).await)
        .await
}

/// The same unless some process works on a run of the department. `Err`: its id.
pub(in crate::import) async fn begin_alone(
    context: &ImportContext,
    order: &ImportRequest,
) -> Result<Result<i64, i64>, DbError> {
    let run = new_run(context, order);
    let begun = async |conn: &mut DbConn| {
        db::lock_start_briefly(conn, run.department_id).await?;
        db::correct_heartbeats(conn).await?;
        match db::find_run_at_work(conn, run.department_id, HEARTBEAT_MISSED_AFTER).await? {
            Some(run_id) => Ok(Err(run_id)),
            None => Ok(Ok(db::insert_run(conn, run).await?)),
        }
    };
    context.leases.write(begun).await
}

fn new_run(context: &ImportContext, order: &ImportRequest) -> NewRun {
    let names: Vec<&str> = order
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    NewRun {
        department_id: order.department_id(),
        state: "running".to_owned(),
        started_by: order.started_by.clone(),
        started_at: utc_now(),
        scheduled_for: order.scheduled_for.map(|time| time.naive_utc()),
        covers_after: None,
        sources: names.join(","),
        holder: context.cache.replica_id().to_owned(),
    }
}

/// Does the work of a run that this process has begun or taken over. Between two batches of rows it
/// looks whether it has to stop: what is not committed then is undone.
pub(in crate::import) async fn execute(
    context: &ImportContext,
    run_id: i64,
    order: &ImportRequest,
    stop: &StopSignal,
    announce: EventSink<'_>,
) -> Result<RunReport, DbError> {
    let lease = RunLease::take(&context.leases, run_id, context.cache.replica_id(), stop);
    let done = import_all(context, run_id, order, stop, announce).await;
    lease.end().await;
    done
}

async fn import_all(
    context: &ImportContext,
    run_id: i64,
    order: &ImportRequest,
    stop: &StopSignal,
    announce: EventSink<'_>,
) -> Result<RunReport, DbError> {
    let run = Run::new(context, Some(run_id), order, stop);
    let mut report = RunReport {
        run_id,
        department_id: order.department_id(),
        state: RunState::Completed,
        message: String::new(),
        files: Vec::new(),
        total_files: 0,
        files_failing: 0,
    };
    for source in &order.sources {
        log::info!(
            "Import run {run_id} of {}, started by {}",
            source.describe(),
            order.started_by
        );
        run.import_source(source, &mut report, announce).await?;
        if stop.reason().is_some() {
            break;
        }
    }
    run.sum_up(&mut report);
    run.finish(&mut report).await?;
    Ok(report)
}

pub(in crate::import) struct Run<'r> {
    pub context: &'r ImportContext,
    /// `None` when nothing is to be written.
    pub run_id: Option<i64>,
    pub order: &'r ImportRequest,
    pub stop: &'r StopSignal,
    /// When the last file that changed figures was committed.
    pub committed: Cell<Option<Instant>>,
    /// When each source was looked through, by name; of those only that were, to the last file.
    pub source_times: RefCell<HashMap<String, SourceTimes>>,
}

impl<'r> Run<'r> {
    pub(crate) fn new(
        context: &'r ImportContext,
        run_id: Option<i64>,
        order: &'r ImportRequest,
        stop: &'r StopSignal,
    ) -> Run<'r> {
        Run {
            context,
            run_id,
            order,
            stop,
            committed: Cell::new(None),
            source_times: RefCell::default(),
        }
    }

    async fn import_source(
        &self,
        source: &Source,
        report: &mut RunReport,
        announce: EventSink<'_>,
    ) -> Result<(), DbError> {
        let mut check = SourceCheck::begin(self.context, source).await?;
        let listed = tokio::select! {
            listed = self.list(source) => listed,
            () = self.stop.stopped() => return Ok(()),
        };
        let (mut connection, listing) = match listed {
            Ok((session, listing)) => (Connection::over(session), listing),
            Err(err) => return self.note_unreachable(source, &err, report).await,
        };
        check.note_offered(&listing);
        let mut known = HashMap::new();
        if source.has_ledger() {
            let mut conn = self.context.db.conn().await?;
            known = db::list_imported_files(&mut conn, source.department_id, &source.name).await?;
        }
        for doubt in self.record_doubts(source, &listing, known.len()).await? {
            announce(ImportEvent::FileEnded(&doubt));
            check.note_file(&doubt);
            report.files.push(doubt);
        }
        let settled = tokio::select! {
            settled = self.settled(source, &mut connection, listing.files, &known, announce) => settled,
            () = self.stop.stopped() => return Ok(()),
        };
        let files = match settled {
            Ok(files) => files,
            Err(err) => return self.note_unreachable(source, &err, report).await,
        };
        report.total_files += files.len();
        announce(ImportEvent::Listed(files.len()));
        for (file, is_settled) in &files {
            if self.stop.reason().is_some() {
                break;
            }
            announce(ImportEvent::FileStarted(&file.name));
            let ledger = known.get(&file.name);
            let imported = match is_settled {
                true => {
                    self.import_file(source, &mut connection, file, ledger, announce)
                        .await?
                }
                false => Some(still_changing(
                    source,
                    file,
                    check.failed_before(&file.name),
                )),
            };
            if let Some(imported) = imported {
                announce(ImportEvent::FileEnded(&imported));
                check.note_file(&imported);
                report.files.push(imported);
            }
        }
        connection.close().await;
        let is_whole = self.stop.reason().is_none();
        if let Some(times) = check.end(self.context, is_whole).await? {
            self.source_times
                .borrow_mut()
                .insert(source.name.clone(), times);
        }
        Ok(())
    }

    /// Writes down that a source can't be looked through.
    async fn note_unreachable(
        &self,
        source: &Source,
        err: &SourceError,
        report: &mut RunReport,
    ) -> Result<(), DbError> {
        let file = FileReport::new(&source.name, &source.describe(), None)
            .failed(RemarkCode::NotFetched, err.to_string());
        self.journal(&file).await?;
        report.message = err.to_string();
        report.files.push(file);
        Ok(())
    }

    /// Writes the journal entry of a file of which nothing was taken.
    pub(crate) async fn journal(&self, report: &FileReport) -> Result<(), DbError> {
        self.context
            .db
            .write(async |conn| self.journal_within(conn, report).await)
            .await?;
        report.log(self.run_id.unwrap_or_default());
        Ok(())
    }

    /// The same within a transaction.
    pub(crate) async fn journal_within(
        &self,
        conn: &mut DbConn,
        report: &FileReport,
    ) -> Result<(), DbError> {
        let Some(run_id) = self.run_id else {
            return Ok(());
        };
        let department_id = self.order.department_id();
        let id = db::insert_journal_entry(
            conn,
            report.entry(department_id, run_id, &self.order.started_by),
        )
        .await?;
        db::insert_rejects(conn, stored_rejects(&report.rejects, department_id, id)).await
    }
}
