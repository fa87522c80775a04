//! How the program leaves, as handlers see it: first it is no longer ready but still answers, then
//! everything that waits gets its last word.

use tokio::sync::watch;

/// How far the program is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Leaving,
    Stopping,
}

/// The way out of the program; cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Sender<Phase>);

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown(watch::channel(Phase::Serving).0)
    }
}

impl Shutdown {
    /// Announces that the program will stop: it answers, but no longer counts as ready.
    pub fn begin_leaving(&self) {
        self.advance(Phase::Leaving);
    }

    /// Announces that the program stops now.
    pub fn begin_stopping(&self) {
        self.advance(Phase::Stopping);
    }

    /// Returns whether the program will stop.
    pub fn is_leaving(&self) -> bool {
        *self.0.borrow() >= Phase::Leaving
    }

    /// Waits until the program stops.
    pub async fn stopping(&self) {
        // The sender lives as long as `self`.
        let _ = self
            .0
            .subscribe()
            .wait_for(|phase| *phase == Phase::Stopping)
            .await;
    }

    fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|current| {
            let is_later = phase > *current;
            *current = phase.max(*current);
            is_later
        });
    }
}
