//! The run that this process works on: a task of its own, which outlives an actor that panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_rt::task::JoinHandle;
use tokio::sync::{oneshot, watch};

use super::StartedRun;
use super::work::Actor;
use crate::db::{self, DbError, RunResult, utc_now};
use crate::import::ImportEvent;
use crate::import::runs::lease::StopSignal;
use crate::import::runs::pipeline::execute;
use crate::import::runs::progress::{Progress, ProgressMeter};
use crate::import::runs::report::RunState;
use crate::import::runs::request::{ImportContext, ImportRequest};

pub(super) struct Running {
    pub run_id: i64,
    pub stop: StopSignal,
    pub progress: watch::Receiver<Progress>,
    pub is_at_work: Arc<AtomicBool>,
    /// The run, and warming the cache after it.
    pub task: JoinHandle<()>,
}

impl Actor {
    /// Returns the run of that id while this process works on it.
    pub(super) fn at_work(&self, run_id: i64) -> Option<&Running> {
        self.running.as_ref().filter(|running| {
            running.run_id == run_id && running.is_at_work.load(Ordering::Acquire)
        })
    }

    /// Returns the id of the run that this process works on.
    pub(super) fn busy_with(&self) -> Option<i64> {
        let running = self
            .running
            .as_ref()
            .filter(|running| running.is_at_work.load(Ordering::Acquire));
        running.map(|running| running.run_id)
    }

    /// Begins to work on a run that this process holds.
    pub(super) fn spawn(&mut self, run_id: i64, order: ImportRequest) -> StartedRun {
        let (department_id, is_scheduled) = (order.department_id(), order.scheduled_for.is_some());
        let (report, ended) = oneshot::channel();
        let (progress_sender, progress) = watch::channel(Progress::default());
        let (context, stop) = (self.context.clone(), StopSignal::default());
        let (stop_of_run, stop_of_task) = (stop.clone(), stop.clone());
        let work = actix_rt::spawn(async move {
            let mut meter = ProgressMeter::default();
            let mut announce = |event: ImportEvent<'_>| {
                drop(progress_sender.send_replace(meter.on_event(&event).clone()))
            };
            execute(&context, run_id, &order, &stop_of_run, &mut announce).await
        });
        let (context, analytics, run_ended) = (
            self.context.clone(),
            self.analytics.clone(),
            self.run_ended.clone(),
        );
        let is_at_work = Arc::new(AtomicBool::new(true));
        let at_work = is_at_work.clone();
        let task = actix_rt::spawn(async move {
            let done = work.await;
            // The next run may begin while the cache is warmed.
            at_work.store(false, Ordering::Release);
            run_ended.notify_one();
            match done {
                Ok(Ok(done)) => {
                    drop(report.send(Ok(done)));
                    analytics.warm(|| stop_of_task.reason().is_some()).await;
                }
                // Without a heartbeat it is taken over as soon as that works, by this process or
                // another.
                Ok(Err(err)) if is_scheduled && err.is_transient() => {
                    log::warn!("Import run {run_id} broke off and will be taken up again: {err}");
                    drop(report.send(Err(err)));
                }
                Ok(Err(err)) => {
                    let why = err.to_string();
                    drop(report.send(Err(err)));
                    fail_run(&context, run_id, &why).await;
                }
                Err(_) => fail_run(&context, run_id, "an error in the program, see its log").await,
            }
        });
        self.running = Some(Running {
            run_id,
            stop,
            progress,
            is_at_work,
            task,
        });
        StartedRun {
            run_id,
            department_id,
            ended,
        }
    }
}

/// Writes down that a run broke off, as far as the database can be written to.
async fn fail_run(context: &ImportContext, run_id: i64, why: &str) {
    log::error!("Import run {run_id} broke off: {why}");
    if let Err(err) = end_run(
        context,
        run_id,
        RunState::Failed,
        &format!("broke off: {why}"),
    )
    .await
    {
        log::error!("Import run {run_id} could not be written down as failed: {err}");
    }
}

/// Writes down the end of a run that can't say by itself what it did.
pub(super) async fn end_run(
    context: &ImportContext,
    run_id: i64,
    state: RunState,
    message: &str,
) -> Result<(), DbError> {
    let result = RunResult {
        state: state.as_str().to_owned(),
        finished_at: Some(utc_now()),
        total_files: 0,
        files_processed: 0,
        files_failed: 0,
        files_skipped: 0,
        message: message.to_owned(),
        files_failing: None,
    };
    let holder = context.cache.replica_id();
    context
        .leases
        .write(async |conn| db::finish_run(conn, run_id, holder, &result).await)
        .await
}
