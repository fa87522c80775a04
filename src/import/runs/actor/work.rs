//! What the actor does: it answers messages, starts the runs that are due, and looks for abandoned
//! ones.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc};

use super::running::Running;
use super::{Message, StartError, StartedRun};
use crate::analytics::Analytics;
use crate::db::DbError;
use crate::domain::Clock;
use crate::import::runs::lease::StopReason;
use crate::import::runs::pipeline::begin_alone;
use crate::import::runs::request::{ImportContext, ImportRequest};
use crate::import::runs::schedule::{Schedule, ScheduledSource, Timetable, claim_due_run};
use crate::import::sources::Source;

/// How often the actor looks for abandoned runs, and whether the clock was set.
const ABANDONED_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The clock is read so often at least: a machine that slept, or whose clock was set, still keeps
/// the schedule.
const LONGEST_NAP: Duration = Duration::from_secs(1);

pub(super) struct Actor {
    pub context: ImportContext,
    /// Popular answers are computed again after a run.
    pub analytics: Analytics,
    pub sources: Vec<(Source, Option<Schedule>)>,
    pub running: Option<Running>,
    /// Notified when a run of this process has ended.
    pub run_ended: Arc<Notify>,
    clock: Clock,
    timetable: Timetable,
}

impl Actor {
    pub(super) fn new(
        context: ImportContext,
        analytics: Analytics,
        sources: Vec<(Source, Option<Schedule>)>,
        clock: Clock,
    ) -> Actor {
        let timetable = timetable(&sources);
        Actor {
            context,
            analytics,
            sources,
            running: None,
            run_ended: Arc::default(),
            clock,
            timetable,
        }
    }

    /// Works until it is stopped.
    pub(super) async fn work(&mut self, messages: &mut mpsc::Receiver<Message>) {
        self.timetable = timetable(&self.sources);
        self.log_plan();
        let mut check = tokio::time::interval(ABANDONED_CHECK_INTERVAL);
        check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let run_ended = self.run_ended.clone();
        loop {
            // While a run is going on, the times that come are covered by the next one.
            let next_look = self
                .timetable
                .next_look()
                .filter(|_| self.busy_with().is_none());
            tokio::select! {
                message = messages.recv() => if self.handle(message).await.is_break() {
                    return;
                },
                () = sleep_until(&self.clock, next_look) => self.start_due_runs().await,
                () = run_ended.notified() => {}
                _ = check.tick() => {
                    self.start_due_runs().await;
                    self.take_over_abandoned_runs().await;
                }
            }
        }
    }

    /// Answers a message. `Break`: the actor was stopped.
    pub(super) async fn handle(&mut self, message: Option<Message>) -> ControlFlow<()> {
        match message {
            // Who asked was answered otherwise by now, and must not be given a run all the same.
            Some(Message::Start { reply, .. }) if reply.is_closed() => {}
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
                return ControlFlow::Break(());
            }
            None => {
                self.stop().await;
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn log_plan(&self) {
        if self.sources.is_empty() {
            log::info!("FTP_HOST is not set: no import from a server");
        }
        for (source, schedule) in &self.sources {
            let place = source.describe();
            match schedule {
                None => log::info!("Imports from {place} on request only: IMPORT_ENABLED is off"),
                Some(schedule) => match schedule.next_after(self.clock.now()) {
                    Some(next) => log::info!("The next scheduled import from {place} is at {next}"),
                    None => {
                        log::warn!("IMPORT_SCHEDULE never comes: no scheduled import from {place}")
                    }
                },
            }
        }
    }

    /// Starts the runs that are due, one at a time. One that can't be started stays due.
    async fn start_due_runs(&mut self) {
        let now = self.clock.now();
        for department_id in self.timetable.departments_to_look_after(now) {
            if self.busy_with().is_some() {
                return;
            }
            if let Err(err) = self.start_due_run(department_id, now).await {
                let pause = self.timetable.note_failed(department_id, now);
                log::warn!(
                    "The schedule of department {department_id} can't be followed: {err}; the next try is in {} s",
                    pause.as_secs()
                );
            }
        }
    }

    async fn start_due_run(
        &mut self,
        department_id: i64,
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        let holder = self.context.cache.replica_id().to_owned();
        let scheduled = self.timetable.sources_of(department_id);
        let leases = &self.context.leases;
        let claim = claim_due_run(leases, department_id, scheduled, &holder, now).await?;
        self.timetable
            .note_handled(department_id, &claim.marks, now);
        if let Some(run) = claim.run {
            let sources = self.sources_named(department_id, &run.sources);
            let order = ImportRequest {
                scheduled_for: Some(run.scheduled_for),
                ..ImportRequest::now(sources, "schedule")
            };
            self.spawn(run.run_id, order);
        }
        Ok(())
    }

    /// Returns the sources of a department that have one of these names.
    pub(super) fn sources_named(&self, department_id: i64, names: &[String]) -> Vec<Source> {
        let of_department = self
            .sources
            .iter()
            .filter(|(source, _)| source.department_id == department_id);
        of_department
            .filter(|(source, _)| names.contains(&source.name))
            .map(|(source, _)| source.clone())
            .collect()
    }

    async fn start_run(&mut self, order: ImportRequest) -> Result<StartedRun, StartError> {
        if let Some(run_id) = self.busy_with() {
            return Err(StartError::Busy { run_id });
        }
        let run_id = begin_alone(&self.context, &order)
            .await?
            .map_err(|run_id| StartError::Busy { run_id })?;
        Ok(self.spawn(run_id, order))
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.stop(StopReason::Shutdown);
            let _ = running.task.await;
        }
    }
}

fn timetable(sources: &[(Source, Option<Schedule>)]) -> Timetable {
    Timetable::new(sources.iter().filter_map(|(source, schedule)| {
        let (department_id, name) = (source.department_id, source.name.clone());
        Some(ScheduledSource {
            department_id,
            name,
            schedule: schedule.clone()?,
        })
    }))
}

/// Sleeps until the clock shows that time; for ever when there is none.
async fn sleep_until(clock: &Clock, time: Option<DateTime<Utc>>) {
    let Some(time) = time else {
        return std::future::pending().await;
    };
    loop {
        let left = time.signed_duration_since(clock.now());
        match left.to_std() {
            Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(LONGEST_NAP)).await,
            _ => return,
        }
    }
}
