//! The import actor: a mailbox on an arbiter of its own, one run at a time.
//!
//! It starts runs by the schedules of its sources and on request, and takes over scheduled runs
//! whose process is gone. A run that fails or panics is written down and survived; an actor that
//! panics is started again. The handle is all that others know of it.

mod running;
mod supervisor;
mod takeover;
mod work;

use std::time::Duration;

use actix_rt::Arbiter;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::analytics::Analytics;
use crate::config::ImportSettings;
use crate::db::DbError;
use crate::import::runs::progress::Progress;
use crate::import::runs::report::RunReport;
use crate::import::runs::request::{ImportContext, ImportRequest};
use crate::import::runs::schedule::Schedule;
use crate::import::sources::Source;
use work::Actor;

const MAILBOX: usize = 64;
/// A run begins within this time, or it is not known whether it has.
const START_LIMIT: Duration = Duration::from_secs(30);
/// The wait for an answer out of memory. The actor may be busy with the database.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Sends requests to the actor; cheap to clone.
#[derive(Clone)]
pub struct ImportHandle {
    mailbox: mpsc::Sender<Message>,
    state: watch::Receiver<ActorState>,
}

/// Whether imports are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorState {
    /// By schedule and on request.
    Running,
    /// Not until the actor, which broke off, has started again.
    Restarting,
    /// Not any more.
    Stopped,
}

/// A run that was started.
pub struct StartedRun {
    /// Its id.
    pub run_id: i64,
    /// The department that its rows belong to.
    pub department_id: i64,
    /// Its report, when it has ended, or why it broke off.
    pub ended: oneshot::Receiver<Result<RunReport, DbError>>,
}

/// Why no run was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another run is going on, in this process or another.
    #[error("import run {run_id} is still running")]
    Busy {
        /// Its id.
        run_id: i64,
    },
    /// Nothing to import from.
    #[error("no import source is set: set FTP_HOST, or hand in files at /import/files")]
    NoSource,
    /// The actor broke off and has not started again yet.
    #[error("the import restarts after an error")]
    Restarting,
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
    /// The actor is busy for too long.
    #[error("the import does not answer: the list of its runs shows whether this one has begun")]
    Unanswered,
    /// The run could not be written down.
    #[error(transparent)]
    Database(#[from] DbError),
}

enum Message {
    Start {
        order: ImportRequest,
        reply: oneshot::Sender<Result<StartedRun, StartError>>,
    },
    Watch {
        run_id: i64,
        reply: oneshot::Sender<Option<watch::Receiver<Progress>>>,
    },
    Cancel {
        run_id: i64,
        reply: oneshot::Sender<bool>,
    },
    Stop {
        reply: oneshot::Sender<()>,
    },
}

impl ImportHandle {
    /// Starts the actor. It runs until [`ImportHandle::stop`].
    pub fn start(
        context: ImportContext,
        settings: &ImportSettings,
        analytics: Analytics,
    ) -> ImportHandle {
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let (announced, state) = watch::channel(ActorState::Running);
        let source = |source| {
            let schedule = |cron| Schedule::new(cron, settings.timezone);
            (
                Source::configured(source),
                source.schedule.clone().map(schedule),
            )
        };
        let sources = settings.sources.iter().map(source).collect();
        let actor = Actor::new(context, analytics, sources, settings.clock.clone());
        let spawned = Arbiter::new().spawn_fn(move || {
            actix_rt::spawn(supervisor::supervise(actor, messages, announced));
        });
        if !spawned {
            log::error!("The import actor's thread did not start: no import will run");
        }
        ImportHandle { mailbox, state }
    }

    /// Returns whether imports are started.
    pub fn state(&self) -> ActorState {
        // Nobody receives when the actor's thread is gone, whatever was announced last.
        if self.mailbox.is_closed() {
            ActorState::Stopped
        } else {
            *self.state.borrow()
        }
    }

    /// Starts a run now.
    ///
    /// # Errors
    /// [`StartError`] when another run is going on, there is no source, the program is stopping, or
    /// the actor does not answer.
    pub async fn run(&self, order: ImportRequest) -> Result<StartedRun, StartError> {
        if order.sources.is_empty() {
            return Err(StartError::NoSource);
        }
        let started = self.ask(|reply| Message::Start { order, reply });
        let started = timeout(START_LIMIT, started).await;
        started
            .map_err(|_| StartError::Unanswered)?
            .ok_or(StartError::Stopping)?
    }

    /// How far a run is, as long as this process works on it and answers.
    pub async fn watch(&self, run_id: i64) -> Option<watch::Receiver<Progress>> {
        let watched = self.ask(|reply| Message::Watch { run_id, reply });
        timeout(ANSWER_LIMIT, watched)
            .await
            .ok()
            .flatten()
            .flatten()
    }

    /// Stops a run that this process works on at the next safe place. `false`: it does not, or does
    /// not answer.
    pub async fn cancel(&self, run_id: i64) -> bool {
        let cancelled = self.ask(|reply| Message::Cancel { run_id, reply });
        let cancelled = timeout(ANSWER_LIMIT, cancelled).await;
        cancelled.ok().flatten().unwrap_or(false)
    }

    /// Stops the actor. Of the run that is going on, the file that is not finished is undone. The
    /// caller bounds the wait.
    pub async fn stop(&self) {
        self.ask(|reply| Message::Stop { reply }).await;
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(message(reply)).await.ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, watch};

    use super::{ActorState, ImportHandle};

    #[actix_rt::test]
    async fn an_actor_that_does_not_answer_is_not_waited_for() {
        let (mailbox, _unread) = mpsc::channel(1);
        let (_, state) = watch::channel(ActorState::Running);
        let handle = ImportHandle { mailbox, state };
        // The second finds no room in the mailbox.
        let (progress, is_cancelled) = tokio::join!(handle.watch(1), handle.cancel(1));
        assert!(progress.is_none());
        assert!(!is_cancelled);
    }
}
