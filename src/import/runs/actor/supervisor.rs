//! Starts the actor again when it panics, after a growing pause.
//!
//! The run that is going on is a task of its own and goes on; what is due of the schedule is in the
//! database.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};

use super::work::Actor;
use super::{ActorState, Message, StartError};
use crate::metrics;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An actor that worked for so long had started well.
const STARTED_WELL: Duration = Duration::from_secs(60);

/// Runs the actor until it is stopped, and announces its state.
pub(super) async fn supervise(
    mut actor: Actor,
    mut messages: mpsc::Receiver<Message>,
    state: watch::Sender<ActorState>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        state.send_replace(ActorState::Running);
        let started = Instant::now();
        if AssertUnwindSafe(actor.work(&mut messages))
            .catch_unwind()
            .await
            .is_ok()
        {
            break;
        }
        state.send_replace(ActorState::Restarting);
        metrics::IMPORT_ACTOR_RESTARTS.inc();
        if started.elapsed() > STARTED_WELL {
            pause = FIRST_PAUSE;
        }
        log::error!(
            "The import actor broke off by an error in the program; it starts again in {} s",
            pause.as_secs()
        );
        if refuse_for(pause, &mut actor, &mut messages)
            .await
            .is_break()
        {
            break;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    state.send_replace(ActorState::Stopped);
}

/// Starts no run for that long; whoever asks for one need not wait.
async fn refuse_for(
    pause: Duration,
    actor: &mut Actor,
    messages: &mut mpsc::Receiver<Message>,
) -> ControlFlow<()> {
    let end = tokio::time::Instant::now() + pause;
    while let Ok(message) = tokio::time::timeout_at(end, messages.recv()).await {
        match message {
            Some(Message::Start { reply, .. }) => drop(reply.send(Err(StartError::Restarting))),
            other => actor.handle(other).await?,
        }
    }
    ControlFlow::Continue(())
}
