//! The import actor: a mailbox on an arbiter of its own, one run at a time.
//!
//! It starts runs by the schedules of its sources and when told to, and takes over scheduled runs
//! whose process is gone. A run that fails or panics is written down and survived. The handle is
//! all that others know of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_rt::Arbiter;
use actix_rt::task::JoinHandle;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use super::hold::{ABANDONED, StopReason, StopSignal};
use super::progress::{Progress, ProgressMeter};
use super::report::{RunReport, RunState};
use super::run::{ImportContext, Order, begin, begin_alone, execute};
use super::schedule::{Schedule, sleep_until};
use super::source::Source;
use crate::analytics::Analytics;
use crate::config::ImportSettings;
use crate::db::{self, AbandonedRun, DbError, RunResult, utc_now};

const MAILBOX: usize = 64;

/// So often the actor looks for runs whose process is gone, and for what waits.
const LOOK: Duration = Duration::from_secs(5);

/// Tells the actor what to do; cheap to clone.
#[derive(Clone)]
pub struct ImportHandle {
    mailbox: mpsc::Sender<Message>,
}

/// A run that was started.
pub struct StartedRun {
    /// Its id.
    pub run_id: i64,
    /// The department that its rows belong to.
    pub department_id: i64,
    /// Its report, when it has ended; nothing when it could not be written down.
    pub ended: oneshot::Receiver<RunReport>,
}

/// Why no run was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is one at work, in this process or another.
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
    Start { order: Order, reply: oneshot::Sender<Result<StartedRun, StartError>> },
    Watch { run_id: i64, reply: oneshot::Sender<Option<watch::Receiver<Progress>>> },
    Cancel { run_id: i64, reply: oneshot::Sender<bool> },
    Stop { reply: oneshot::Sender<()> },
}

impl ImportHandle {
    /// Starts the actor. It runs until [`ImportHandle::stop`].
    pub fn start(context: ImportContext, settings: &ImportSettings, analytics: Analytics) -> ImportHandle {
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let source = |source| {
            let schedule = |cron| Schedule::new(cron, settings.timezone);
            (Source::configured(source), source.schedule.clone().map(schedule))
        };
        let actor = Actor {
            context,
            analytics,
            sources: settings.sources.iter().map(source).collect(),
            waiting: VecDeque::new(),
            running: None,
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
    pub async fn run(&self, order: Order) -> Result<StartedRun, StartError> {
        if order.sources.is_empty() {
            return Err(StartError::NoSource);
        }
        self.ask(|reply| Message::Start { order, reply }).await.ok_or(StartError::Stopping)?
    }

    /// How far a run is, as long as this process works on it.
    pub async fn watch(&self, run_id: i64) -> Option<watch::Receiver<Progress>> {
        self.ask(|reply| Message::Watch { run_id, reply }).await.flatten()
    }

    /// Stops a run that this process works on at the next safe place. `false`: it does not.
    pub async fn cancel(&self, run_id: i64) -> bool {
        self.ask(|reply| Message::Cancel { run_id, reply }).await.unwrap_or(false)
    }

    /// Stops the actor. Of a run at work, the file that is not finished is undone.
    pub async fn stop(&self) {
        self.ask(|reply| Message::Stop { reply }).await;
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(message(reply)).await.ok()?;
        answer.await.ok()
    }
}

struct Actor {
    context: ImportContext,
    /// What is asked often is computed again after a run.
    analytics: Analytics,
    sources: Vec<(Source, Option<Schedule>)>,
    /// Scheduled runs whose time came while another was at work.
    waiting: VecDeque<Order>,
    running: Option<Running>,
}

struct Running {
    run_id: i64,
    stop: StopSignal,
    progress: watch::Receiver<Progress>,
    is_at_work: Arc<AtomicBool>,
    /// The run, and warming the cache after it.
    task: JoinHandle<()>,
}

impl Actor {
    async fn work(mut self, mut messages: mpsc::Receiver<Message>) {
        self.log_plan();
        let mut looked = tokio::time::interval(LOOK);
        looked.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let next = self.next_time();
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Message::Start { order, reply }) => drop(reply.send(self.start_run(order).await)),
                    Some(Message::Watch { run_id, reply }) => {
                        drop(reply.send(self.at_work(run_id).map(|running| running.progress.clone())));
                    }
                    Some(Message::Cancel { run_id, reply }) => {
                        let running = self.at_work(run_id);
                        running.inspect(|running| running.stop.stop(StopReason::Cancelled));
                        let _ = reply.send(running.is_some());
                    }
                    Some(Message::Stop { reply }) => {
                        self.stop().await;
                        let _ = reply.send(());
                        return;
                    }
                    None => return self.stop().await,
                },
                () = sleep_until(next) => {
                    self.waiting.extend(next.into_iter().flat_map(|time| self.orders_of(time)).collect::<Vec<_>>());
                    self.start_waiting().await;
                }
                _ = looked.tick() => {
                    self.start_waiting().await;
                    self.look().await;
                }
            }
        }
    }

    fn log_plan(&self) {
        if self.sources.is_empty() {
            log::info!("FTP_HOST is not set: no import from a server");
        }
        for (source, schedule) in &self.sources {
            let place = source.describe();
            match schedule {
                None => log::info!("Imports from {place} when told to: IMPORT_ENABLED is off"),
                Some(schedule) => match schedule.next_after(Utc::now()) {
                    Some(next) => log::info!("The next scheduled import from {place} is at {next}"),
                    None => log::warn!("IMPORT_SCHEDULE never comes: no scheduled import from {place}"),
                },
            }
        }
    }

    /// When a schedule comes next.
    fn next_time(&self) -> Option<DateTime<Utc>> {
        let now = Utc::now();
        self.sources.iter().filter_map(|(_, schedule)| schedule.as_ref()?.next_after(now)).min()
    }

    /// The runs of one time: the sources of a department together.
    fn orders_of(&self, time: DateTime<Utc>) -> Vec<Order> {
        let just_before = time - chrono::TimeDelta::milliseconds(1);
        let mut due: BTreeMap<i64, Vec<Source>> = BTreeMap::new();
        for (source, schedule) in &self.sources {
            if schedule.as_ref().and_then(|schedule| schedule.next_after(just_before)) == Some(time) {
                due.entry(source.department_id).or_default().push(source.clone());
            }
        }
        let order = |sources| Order { scheduled_for: Some(time), ..Order::now(sources, "schedule") };
        due.into_values().map(order).collect()
    }

    async fn start_waiting(&mut self) {
        while self.busy_with().is_none() {
            let Some(order) = self.waiting.pop_front() else { return };
            match self.start_run(order).await {
                Ok(_) => {}
                Err(StartError::Database(DbError::Duplicate)) => {
                    log::info!("Another process runs the scheduled import");
                }
                Err(err) => log::warn!("The scheduled import did not start: {err}"),
            }
        }
    }

    /// Takes over scheduled runs whose process is gone, and writes down of others that they were
    /// broken off.
    async fn look(&mut self) {
        if self.busy_with().is_some() {
            return;
        }
        let since = utc_now() - ABANDONED;
        let found = match self.context.db.conn().await {
            Ok(mut conn) => db::list_abandoned_runs(&mut conn, since).await,
            Err(err) => Err(err),
        };
        for run in found.unwrap_or_default() {
            if let Err(err) = self.take_over(run, since).await {
                log::warn!("A run whose process is gone can't be taken over: {err}");
            }
        }
    }

    async fn take_over(&mut self, run: AbandonedRun, since: chrono::NaiveDateTime) -> Result<(), DbError> {
        let sources: Vec<Source> = self
            .sources
            .iter()
            .map(|(source, _)| source)
            .filter(|source| source.department_id == run.department_id)
            .filter(|source| run.sources.split(',').any(|name| name == source.name))
            .cloned()
            .collect();
        let resumes = run.scheduled_for.is_some() && !sources.is_empty();
        if resumes && self.busy_with().is_some() {
            return Ok(());
        }
        let holder = self.context.cache.replica_id().to_owned();
        if !self.context.db.write(async |conn| db::take_over_run(conn, &run, since, &holder).await).await? {
            return Ok(());
        }
        if resumes {
            log::warn!("Import run {} lost its process: this one goes on with it", run.id);
            let scheduled_for = run.scheduled_for.map(|time| time.and_utc());
            self.spawn(run.id, Order { scheduled_for, ..Order::now(sources, &run.started_by) });
        } else {
            log::warn!("Import run {} was broken off by the end of its process", run.id);
            let why = "the program stopped during this run; files it had finished are kept whole";
            end_run(&self.context, run.id, RunState::Interrupted, why).await?;
        }
        Ok(())
    }

    fn at_work(&self, run_id: i64) -> Option<&Running> {
        self.running.as_ref().filter(|running| running.run_id == run_id && running.is_at_work.load(Ordering::Acquire))
    }

    fn busy_with(&self) -> Option<i64> {
        let running = self.running.as_ref().filter(|running| running.is_at_work.load(Ordering::Acquire));
        running.map(|running| running.run_id)
    }

    async fn start_run(&mut self, order: Order) -> Result<StartedRun, StartError> {
        if let Some(run_id) = self.busy_with() {
            return Err(StartError::Busy { run_id });
        }
        // A time of the schedule comes once: its run begins beside whatever else is at work.
        let run_id = match order.scheduled_for {
            Some(_) => begin(&self.context, &order).await?,
            None => begin_alone(&self.context, &order).await?.map_err(|run_id| StartError::Busy { run_id })?,
        };
        Ok(self.spawn(run_id, order))
    }

    /// Sets a run to work that is this process's.
    fn spawn(&mut self, run_id: i64, order: Order) -> StartedRun {
        let department_id = order.department_id();
        let (report, ended) = oneshot::channel();
        let (told, progress) = watch::channel(Progress::default());
        let (context, stop) = (self.context.clone(), StopSignal::default());
        let heard = stop.clone();
        let work = actix_rt::spawn(async move {
            let mut meter = ProgressMeter::default();
            let mut announce = |event: super::ImportEvent<'_>| drop(told.send_replace(meter.hear(&event).clone()));
            execute(&context, run_id, &order, &heard, &mut announce).await
        });
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
        self.running = Some(Running { run_id, stop, progress, is_at_work, task });
        StartedRun { run_id, department_id, ended }
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.stop(StopReason::Shutdown);
            let _ = running.task.await;
        }
    }
}

/// Writes down that a run broke off, as far as the database can be written to.
async fn fail_run(context: &ImportContext, run_id: i64, why: &str) {
    log::error!("Import run {run_id} broke off: {why}");
    if let Err(err) = end_run(context, run_id, RunState::Failed, &format!("broke off: {why}")).await {
        log::error!("Import run {run_id} could not be written down as failed: {err}");
    }
}

async fn end_run(context: &ImportContext, run_id: i64, state: RunState, message: &str) -> Result<(), DbError> {
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
    context.db.write(async |conn| db::finish_run(conn, run_id, holder, &result).await).await
}
