//! The end of a run: its state, what is recorded of it, and when that may be published.

use std::time::Instant;

use crate::cache::NAMESPACE;
use crate::db::{self, DbConn, DbError, RunResult, utc_now};
use crate::import::runs::freshness::department_times;
use crate::import::runs::gauges::refresh_gauges;
use crate::import::runs::journal::{FileStatus, Standing};
use crate::import::runs::lease::StopReason;
use crate::import::runs::pipeline::Run;
use crate::import::runs::report::{RunReport, RunState};
use crate::metrics;

/// What stands between the counts of a run's message and what may follow them.
const COUNTED: &str = " files imported, ";

/// What a run's message says beside its counts, which a run holds as fields, too.
pub fn beside_counts(message: &str) -> &str {
    match message.split_once(COUNTED) {
        Some((_, counts)) => counts.split_once("; ").map_or("", |(_, beside)| beside),
        None => message,
    }
}

impl Run<'_> {
    /// Finds state and message of a run whose files are done.
    pub(crate) fn sum_up(&self, report: &mut RunReport) {
        report.state = match (report.has(Standing::Failing), report.has(Standing::Current)) {
            (false, _) if report.has(Standing::Missing) => RunState::Partial,
            (false, _) => RunState::Completed,
            (true, true) => RunState::Partial,
            (true, false) => RunState::Failed,
        };
        let stopped = match self.stop.reason() {
            None => None,
            Some(StopReason::Shutdown) => {
                let rest = match self.order.scheduled_for {
                    Some(_) => "the program was stopped; the next one that runs goes on with it",
                    None => "the program was stopped; the next run does the rest",
                };
                Some((RunState::Interrupted, rest))
            }
            Some(StopReason::Cancelled) => Some((
                RunState::Cancelled,
                "cancelled; what was finished before is kept",
            )),
            Some(StopReason::TakenOver) => Some((
                RunState::Interrupted,
                "another process has taken this run over",
            )),
        };
        if let Some((state, message)) = stopped {
            (report.state, report.message) = (state, message.to_owned());
        }
        if report.message.is_empty() {
            let (failed, skipped) = (
                report.count(FileStatus::Failed),
                report.count(FileStatus::Skipped),
            );
            let missing = report
                .files
                .iter()
                .filter(|file| file.standing == Standing::Missing);
            let warnings: Vec<&str> = missing.filter_map(|file| file.message.as_deref()).collect();
            let failing = report
                .files
                .iter()
                .filter(|file| file.standing == Standing::Failing)
                .count();
            report.message = format!(
                "{} of {}{COUNTED}{failed} failed, {skipped} skipped{}",
                report.processed(),
                report.total_files,
                match failing - failed {
                    0 => String::new(),
                    left_alone => format!(", of which {left_alone} still failing"),
                }
            );
            warnings
                .iter()
                .for_each(|warning| report.message.push_str(&format!("; {warning}")));
        }
    }

    /// Writes down how the run ended and drops what the cache held of the old figures.
    pub(crate) async fn finish(&self, report: &mut RunReport) -> Result<(), DbError> {
        if let Some(committed) = self.committed.get() {
            if !self.context.is_scoped {
                self.context.cache.invalidate_namespace(NAMESPACE).await;
            }
            self.wait_for_replicas(committed).await?;
            log::info!("Invalidated analytics cache");
        }
        if self.is_left_to_others() {
            let holder = self.context.cache.replica_id();
            let released =
                async |conn: &mut DbConn| db::release_run(conn, report.run_id, holder).await;
            self.context.db.write(released).await?;
            log::info!("Import run {}: {}", report.run_id, report.message);
            return Ok(());
        }
        let ended = async |conn: &mut DbConn| self.record_end(conn, report).await;
        report.files_failing = self.context.db.write(ended).await?;
        metrics::IMPORT_RUNS
            .with_label_values(&[report.state.as_str()])
            .inc();
        // The run has ended all the same; the gauges are refreshed again soon.
        if let Err(err) = refresh_gauges(&self.context.db).await {
            log::debug!("The gauges of imports can't be refreshed: {err}");
        }
        log::info!(
            "Import run {} {}: {}",
            report.run_id,
            report.state.as_str(),
            report.message
        );
        Ok(())
    }

    /// Returns whether the run stays open because the program stops: another process, or the next
    /// one, takes it over at once, so that no time of the schedule is lost.
    fn is_left_to_others(&self) -> bool {
        self.stop.reason() == Some(StopReason::Shutdown) && self.order.scheduled_for.is_some()
    }

    /// Writes down state, counts and how new the department's data is; gives how many of its files
    /// fail.
    async fn record_end(&self, conn: &mut DbConn, report: &RunReport) -> Result<usize, DbError> {
        let department_id = report.department_id;
        let known = db::list_source_times(conn, department_id).await?;
        let of_run = self.source_times.borrow().clone();
        let of_department = self
            .context
            .configured_sources
            .iter()
            .filter(|(id, _)| *id == department_id);
        let configured: Vec<&str> = of_department.map(|(_, name)| name.as_str()).collect();
        let own: Vec<&str> = self
            .order
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .collect();
        let (checked_at, completed_at) = department_times(&configured, &own, |name| {
            // What this run found of a source of the settings is written down already.
            if configured.contains(&name) {
                known.get(name).copied()
            } else {
                of_run.get(name).copied()
            }
        });
        db::record_department_check(conn, department_id, checked_at, completed_at).await?;
        let files_failing = db::count_failing_files(conn, department_id).await?;
        let count = |files: usize| i32::try_from(files).unwrap_or(i32::MAX);
        let result = RunResult {
            state: report.state.as_str().to_owned(),
            finished_at: Some(utc_now()),
            total_files: count(report.total_files),
            files_processed: count(report.processed()),
            files_failed: count(report.count(FileStatus::Failed)),
            files_skipped: count(report.count(FileStatus::Skipped)),
            message: report.message.clone(),
            files_failing: Some(i32::try_from(files_failing).unwrap_or(i32::MAX)),
        };
        db::finish_run(
            conn,
            report.run_id,
            self.context.cache.replica_id(),
            &result,
        )
        .await?;
        Ok(usize::try_from(files_failing).unwrap_or_default())
    }

    /// The end of a run may be published only when no process answers from older data: others look
    /// for changes within the lease.
    async fn wait_for_replicas(&self, committed: Instant) -> Result<(), DbError> {
        let replica_id = self.context.cache.replica_id();
        if db::has_other_replicas(&mut self.context.db.conn().await?, replica_id).await? {
            let left = self
                .context
                .cache
                .lease()
                .saturating_sub(committed.elapsed());
            tokio::time::sleep(left).await;
        }
        Ok(())
    }
}
