//! One import run, read top to bottom: for each source list, then for each file fetch, read, load,
//! journal; in the end the caches are informed.
//!
//! Each file has one transaction with its rows, its generation, its journal entry and its place in
//! the ledger. What goes wrong with a file is its journal entry; only a database that can't be
//! written to ends a run.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, NaiveDateTime, Utc};
use glob::MatchOptions;

use crate::cache::Cache;
use crate::db::{self, Db, DbConn, DbError, ImportedFile, NewRun, SourceTimes, utc_now};
use crate::domain::{ChangedData, Currency};
use crate::import::load::versions::sort_by_version;
use crate::import::runs::freshness::SourceCheck;
use crate::import::runs::journal::FileReport;
use crate::import::runs::lease::{HEARTBEAT_MISSED_AFTER, RunLease, StopSignal};
use crate::import::runs::report::{EventSink, ImportEvent, RunReport, RunState};
use crate::import::runs::skipping::still_changing;
use crate::import::sources::backoff::Backoff;
use crate::import::sources::{Connection, Listing, OfferedFile, Session, Source, SourceError};

/// Names are compared in any letter case.
const ANY_CASE: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

/// What a run works with.
#[derive(Clone)]
pub struct ImportContext {
    /// Where the rows go.
    pub db: Db,
    /// What has to hear of new rows.
    pub cache: Cache,
    /// The currency of rows that name none.
    pub base_currency: Currency,
    /// A larger file is refused.
    pub max_file_bytes: u64,
    /// Whether a change concerns only what it touches, or everything.
    pub is_scoped: bool,
    /// The departments and names of the sources that the settings name: what an import of
    /// everything covers.
    pub configured_sources: Arc<[(i64, String)]>,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Where from: sources of one department, at least one.
    pub sources: Vec<Source>,
    /// Who wants it.
    pub started_by: String,
    /// Whether unchanged and parked files are imported again.
    pub is_forced: bool,
    /// Of a scheduled run: which time of the schedule it is for.
    pub scheduled_for: Option<DateTime<Utc>>,
}

impl ImportRequest {
    /// What somebody wants now.
    pub fn now(sources: Vec<Source>, started_by: &str) -> ImportRequest {
        ImportRequest {
            sources,
            started_by: started_by.to_owned(),
            is_forced: false,
            scheduled_for: None,
        }
    }

    /// The department that the rows belong to.
    pub fn department_id(&self) -> i64 {
        self.sources
            .first()
            .map_or(0, |source| source.department_id)
    }
}

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
        db::lock_start(conn, run.department_id).await?;
        match db::find_run_at_work(conn, run.department_id, HEARTBEAT_MISSED_AFTER).await? {
            Some(run_id) => Ok(Err(run_id)),
            None => Ok(Ok(db::insert_run(conn, run).await?)),
        }
    };
    context.db.write(begun).await
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
    let lease = RunLease::take(&context.db, run_id, context.cache.replica_id(), stop);
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

impl ImportContext {
    /// Returns what is recorded of a commit; nothing when it changed neither a row nor what the
    /// checks of the data find. A commit that changed no figure raises the generation, too: the
    /// counts of lists and the findings are cached by it.
    pub(in crate::import) fn record(
        &self,
        changed: ChangedData,
        has_changes: bool,
    ) -> Option<ChangedData> {
        let changes_figures = changed.reference_data || !changed.flows.is_empty();
        match changes_figures {
            true if !self.is_scoped => Some(ChangedData::everything()),
            false if !has_changes => None,
            _ => Some(changed),
        }
    }
}

impl<'r> Run<'r> {
    pub fn new(
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
        let file = FileReport::new(&source.name, &source.describe(), None).failed(err.to_string());
        self.journal(&file).await?;
        report.message = err.to_string();
        report.files.push(file);
        Ok(())
    }

    /// Opens a source and puts its files in order: by kind, then by version. Files that only say
    /// that another is complete are not among them.
    pub async fn list(&self, source: &Source) -> Result<(Session, Listing), SourceError> {
        let mut backoff = Backoff::new();
        loop {
            let listed = async {
                let mut session = source.open().await?;
                let listing = session.list().await?;
                Ok((session, listing))
            };
            let err = match listed.await {
                Ok((session, Listing { files, unread })) => {
                    return Ok((
                        session,
                        Listing {
                            files: in_order(source, files),
                            unread,
                        },
                    ));
                }
                Err(err) => err,
            };
            backoff.wait_or_give_up(err).await?;
        }
    }

    /// Looks a second time at files that may still be written to; says of each whether it stood
    /// still. Nothing waits when there is nothing new.
    async fn settled(
        &self,
        source: &Source,
        connection: &mut Connection,
        files: Vec<OfferedFile>,
        known: &HashMap<String, ImportedFile>,
        announce: EventSink<'_>,
    ) -> Result<Vec<(OfferedFile, bool)>, SourceError> {
        let is_news = |file: &OfferedFile| {
            !file.is_complete
                && !known
                    .get(&file.name)
                    .is_some_and(|known| file.matches_version(known))
        };
        let pause = source.policy.settle;
        if pause.is_zero() || !files.iter().any(is_news) {
            return Ok(files.into_iter().map(|file| (file, true)).collect());
        }
        announce(ImportEvent::Settling);
        tokio::time::sleep(pause).await;
        let again = match connection.session.take() {
            Some(mut open) => match open.list().await {
                Ok(listing) => {
                    connection.session = Some(open);
                    Ok(listing.files)
                }
                Err(_) => self.list_anew(source, connection).await,
            },
            None => self.list_anew(source, connection).await,
        };
        let again = in_order(source, again?);
        let still = |file: &OfferedFile| file.is_complete || again.contains(file);
        Ok(files
            .into_iter()
            .map(|file| (still(&file), file))
            .map(|(still, file)| (file, still))
            .collect())
    }

    async fn list_anew(
        &self,
        source: &Source,
        connection: &mut Connection,
    ) -> Result<Vec<OfferedFile>, SourceError> {
        let (open, listing) = self.list(source).await?;
        connection.session = Some(open);
        Ok(listing.files)
    }

    /// Writes the journal entry of a file of which nothing was taken.
    pub async fn journal(&self, report: &FileReport) -> Result<(), DbError> {
        self.context
            .db
            .write(async |conn| self.journal_within(conn, report).await)
            .await?;
        report.log(self.run_id.unwrap_or_default());
        Ok(())
    }

    /// The same within a transaction.
    pub async fn journal_within(
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
        db::insert_rejects(
            conn,
            crate::import::runs::journal::stored_rejects(&report.rejects, department_id, id),
        )
        .await
    }
}

/// The files that are asked for, by kind and version. A file beside which `name.done` lies is
/// complete, unless it was written to since.
fn in_order(source: &Source, files: Vec<OfferedFile>) -> Vec<OfferedFile> {
    let marker = |file: &OfferedFile| {
        Some((
            file.name.strip_suffix(".done")?.to_owned(),
            file.modified_at?,
        ))
    };
    let markers: HashMap<String, NaiveDateTime> = files.iter().filter_map(marker).collect();
    let is_asked_for = |file: &OfferedFile| {
        let patterns = &source.policy.patterns;
        !file.name.ends_with(".done")
            && (patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| pattern.matches_with(&file.name, ANY_CASE)))
    };
    let mut files: Vec<OfferedFile> = files.into_iter().filter(is_asked_for).collect();
    for file in &mut files {
        let marked_at = markers.get(&file.name);
        file.is_complete = file
            .modified_at
            .is_some_and(|time| marked_at.is_some_and(|marked_at| *marked_at >= time));
    }
    sort_by_version(&mut files, utc_now());
    files
}
