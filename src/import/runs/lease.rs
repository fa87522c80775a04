//! A process's hold on the run that it works on, and what makes it stop.
//!
//! The process renews the run's heartbeat, by the database's clock; another takes over a scheduled
//! run without one for [`TAKEOVER_AFTER`]. Each file's transaction checks in the end whether the
//! run is still held: a process that was paused and wakes up late can't write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use actix_rt::task::JoinHandle;
use tokio::sync::watch;

use crate::db::{self, Db};

/// The interval of heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// A run without a heartbeat for that long keeps no one from starting another by hand.
pub(crate) const HEARTBEAT_MISSED_AFTER: Duration = Duration::from_secs(6);
/// A run without a heartbeat for that long has no process any more.
pub(in crate::import) const TAKEOVER_AFTER: Duration = Duration::from_secs(15);

/// So often what waits looks whether it has to stop.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Why a run stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The program ends.
    Shutdown = 1,
    /// Somebody cancelled it.
    Cancelled = 2,
    /// Another process has taken it over.
    TakenOver = 3,
}

/// Tells a run to stop; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct StopSignal(Arc<AtomicU8>);

impl StopSignal {
    /// Tells it; the first reason holds.
    pub fn stop(&self, reason: StopReason) {
        let _ = self
            .0
            .compare_exchange(0, reason as u8, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Waits until it has to stop.
    pub(in crate::import) async fn stopped(&self) {
        while self.reason().is_none() {
            tokio::time::sleep(STOP_CHECK_INTERVAL).await;
        }
    }

    /// Why it has to stop, if it has to.
    pub fn reason(&self) -> Option<StopReason> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(StopReason::Shutdown),
            2 => Some(StopReason::Cancelled),
            _ => Some(StopReason::TakenOver),
        }
    }
}

/// Renews the heartbeat of a run until it is let go.
pub(in crate::import) struct RunLease {
    end: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl RunLease {
    /// Takes hold of a run that this process has begun or taken over.
    pub(crate) fn take(db: &Db, run_id: i64, holder: &str, stop: &StopSignal) -> RunLease {
        let (end, mut ended) = watch::channel(());
        let (db, holder, stop) = (db.clone(), holder.to_owned(), stop.clone());
        let task = actix_rt::spawn(async move {
            while tokio::time::timeout(HEARTBEAT, ended.changed())
                .await
                .is_err()
            {
                match db
                    .write(async |conn| db::keep_run(conn, run_id, &holder).await)
                    .await
                {
                    Ok(db::LeaseStatus::Held) => {}
                    Ok(db::LeaseStatus::Cancelled) => stop.stop(StopReason::Cancelled),
                    Ok(db::LeaseStatus::Lost) => stop.stop(StopReason::TakenOver),
                    // In SQLite one transaction writes at a time: that of a file renews it itself
                    // at its end.
                    Err(err) => log::debug!("Import run {run_id} can't be kept: {err}"),
                }
            }
        });
        RunLease { end, task }
    }

    /// Lets it go.
    pub(crate) async fn end(self) {
        drop(self.end);
        let _ = self.task.await;
    }
}
