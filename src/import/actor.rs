//! The import actor: a mailbox on an arbiter of its own, one run at a time.
//!
//! It starts runs by the schedule and when told to. A run that fails or panics is written down
//! and survived. The handle is all that others know of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_rt::Arbiter;
use actix_rt::task::JoinHandle;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::report::{RunReport, RunState};
use super::run::{ImportContext, begin, execute};
use super::schedule::{Schedule, sleep_until};
use super::source::Source;
use crate::analytics::Analytics;
use crate::config::ImportSettings;
use crate::db::{self, DbError, RunResult, utc_now};

const MAILBOX: usize = 64;

/// Tells the actor what to do; cheap to clone.
#[derive(Clone)]
pub struct ImportHandle {
    mailbox: mpsc::Sender<Message>,
}

/// A run that was started.
pub struct StartedRun {
    /// Its id.
    pub run_id: i64,
    /// Its report, when it has ended; nothing when it could not be written down.
    pub ended: oneshot::Receiver<RunReport>,
}

/// Why no run was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is one at work.
    #[error("import run {run_id} is still at work")]
    Busy {
        /// Its id.
        run_id: i64,
    },
    /// Nothing to import from.
    #[error("no import source is set: set FTP_HOST, or hand in files at /import/files")]
    NoSource,
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
    /// The run could not be written down.
    #[error(transparent)]
    Database(#[from] DbError),
}

enum Message {
    Start { started_by: String, source: Option<Source>, reply: oneshot::Sender<Result<StartedRun, StartError>> },
    Stop { reply: oneshot::Sender<()> },
}

impl ImportHandle {
    /// Starts the actor. It runs until [`ImportHandle::stop`].
    pub fn start(context: ImportContext, settings: &ImportSettings, analytics: Analytics) -> ImportHandle {
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let actor = Actor {
            context,
            analytics,
            source: settings.ftp.clone().map(Source::Ftp),
            schedule: settings.schedule.clone().map(|cron| Schedule::new(cron, settings.timezone)),
            running: None,
            stop: Arc::default(),
        };
        let spawned = Arbiter::new().spawn_fn(move || {
            actix_rt::spawn(actor.work(messages));
        });
        if !spawned {
            log::error!("The import actor's thread did not start: no import will run");
        }
        ImportHandle { mailbox }
    }

    /// Starts a run now.
    ///
    /// # Errors
    /// [`StartError`] when one is at work, there is no source, or the program is stopping.
    pub async fn run_now(&self, started_by: &str) -> Result<StartedRun, StartError> {
        self.start_run(started_by, None).await
    }

    /// Starts a run over another source than the one of the settings.
    ///
    /// # Errors
    /// As [`ImportHandle::run_now`].
    pub async fn run_over(&self, source: Source, started_by: &str) -> Result<StartedRun, StartError> {
        self.start_run(started_by, Some(source)).await
    }

    async fn start_run(&self, started_by: &str, source: Option<Source>) -> Result<StartedRun, StartError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Start { started_by: started_by.to_owned(), source, reply };
        self.mailbox.send(message).await.map_err(|_| StartError::Stopping)?;
        answer.await.map_err(|_| StartError::Stopping)?
    }

    /// Stops the actor: a run at work ends after its current file.
    pub async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        if self.mailbox.send(Message::Stop { reply }).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

struct Actor {
    context: ImportContext,
    /// What is asked often is computed again after a run.
    analytics: Analytics,
    source: Option<Source>,
    schedule: Option<Schedule>,
    running: Option<Running>,
    stop: Arc<AtomicBool>,
}

struct Running {
    run_id: i64,
    is_at_work: Arc<AtomicBool>,
    /// The run, and warming the cache after it.
    task: JoinHandle<()>,
}

impl Actor {
    async fn work(mut self, mut messages: mpsc::Receiver<Message>) {
        self.log_plan();
        loop {
            let next = self.schedule.as_ref().filter(|_| self.source.is_some());
            let next = next.and_then(|schedule| schedule.next_after(Utc::now()));
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Message::Start { started_by, source, reply }) => {
                        let _ = reply.send(self.start_run(&started_by, source, None).await);
                    }
                    Some(Message::Stop { reply }) => {
                        self.stop.store(true, Ordering::Release);
                        self.wait_for_run().await;
                        let _ = reply.send(());
                        return;
                    }
                    None => return self.wait_for_run().await,
                },
                () = sleep_until(next) => match self.start_run("schedule", None, next).await {
                    Ok(_) => {}
                    Err(StartError::Database(DbError::Duplicate)) => {
                        log::info!("Another process runs the scheduled import");
                    }
                    Err(err) => log::warn!("The scheduled import did not start: {err}"),
                },
            }
        }
    }

    fn log_plan(&self) {
        match (&self.source, &self.schedule) {
            (None, _) => log::info!("FTP_HOST is not set: no import from a server"),
            (Some(source), None) => {
                log::info!("Imports from {} when told to: IMPORT_ENABLED is off", source.describe())
            }
            (Some(source), Some(schedule)) => match schedule.next_after(Utc::now()) {
                Some(next) => log::info!("The next scheduled import from {} is at {next}", source.describe()),
                None => log::warn!("IMPORT_SCHEDULE never comes: no scheduled import"),
            },
        }
    }

    async fn start_run(
        &mut self,
        started_by: &str,
        source: Option<Source>,
        scheduled_for: Option<DateTime<Utc>>,
    ) -> Result<StartedRun, StartError> {
        if let Some(running) = self.running.as_ref().filter(|running| running.is_at_work.load(Ordering::Acquire)) {
            return Err(StartError::Busy { run_id: running.run_id });
        }
        let source = source.or_else(|| self.source.clone()).ok_or(StartError::NoSource)?;
        let run_id = begin(&self.context, started_by, scheduled_for).await?;
        let (report, ended) = oneshot::channel();
        let (context, started_by, stop) = (self.context.clone(), started_by.to_owned(), self.stop.clone());
        let work =
            actix_rt::spawn(async move { execute(&context, run_id, &source, &started_by, &stop, &mut |_| {}).await });
        let (context, analytics) = (self.context.clone(), self.analytics.clone());
        let is_at_work = Arc::new(AtomicBool::new(true));
        let at_work = is_at_work.clone();
        let task = actix_rt::spawn(async move {
            let done = work.await;
            // The next run may begin while the cache is warmed.
            at_work.store(false, Ordering::Release);
            match done {
                Ok(Ok(done)) => {
                    drop(report.send(done));
                    analytics.warm().await;
                }
                Ok(Err(err)) => fail_run(&context, run_id, &err.to_string()).await,
                Err(_) => fail_run(&context, run_id, "an error in the program, see its log").await,
            }
        });
        self.running = Some(Running { run_id, is_at_work, task });
        Ok(StartedRun { run_id, ended })
    }

    async fn wait_for_run(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.task.await;
        }
    }
}

/// Writes down that a run broke off, as far as the database can be written to.
async fn fail_run(context: &ImportContext, run_id: i64, why: &str) {
    log::error!("Import run {run_id} broke off: {why}");
    let result = RunResult {
        state: RunState::Failed.as_str().to_owned(),
        finished_at: Some(utc_now()),
        total_files: 0,
        files_processed: 0,
        files_failed: 0,
        files_skipped: 0,
        message: format!("broke off: {why}"),
    };
    if let Err(err) = context.db.write(async |conn| db::finish_run(conn, run_id, &result).await).await {
        log::error!("Import run {run_id} could not be written down as failed: {err}");
    }
}
