//! What goes on beside requests and imports: looking for other processes' changes of data and accounts, registering
//! this one, measuring disks, refreshing the gauges of imports, auditing the cache, deleting outdated rows.
//!
//! Each task ends between two steps when the program stops: a query is never cut off.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use tokio::sync::watch;

use super::disk_space::WatchedFolders;
use crate::db::{self, Db, DbError};
use crate::import::{delete_outdated, refresh_gauges};
use crate::state::AppState;

/// How often this process registers that it is alive. Others take it for gone after an hour.
const REGISTER_INTERVAL: Duration = Duration::from_secs(60);
/// How often it is stored when keys and sessions were used.
const USES_INTERVAL: Duration = Duration::from_secs(5);
/// How often the gauges of imports are read.
const GAUGES_INTERVAL: Duration = Duration::from_secs(20);
/// While nobody asks, so often is looked for changes: the next question looks before it is answered.
const IDLE_LOOK_INTERVAL: Duration = Duration::from_secs(20);
/// How often the disks are measured.
const DISK_INTERVAL: Duration = Duration::from_secs(5);
/// So often a cached answer is computed again to compare.
const AUDIT_INTERVAL: Duration = Duration::from_secs(5);
/// How often a batch of outdated rows is deleted.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// The tasks, until they are ended.
pub(super) struct BackgroundTasks {
    end: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl BackgroundTasks {
    /// Starts all tasks on the current thread.
    pub fn start(state: &AppState, folders: WatchedFolders) -> BackgroundTasks {
        let (end, ended) = watch::channel(());
        // Twice within the lease: a look that comes late is still in time.
        let look = state.cache.lease().mul_f64(0.4);
        let (looked_at, is_well) = (Cell::new(Instant::now()), Cell::new(true));
        let is_idle = Rc::new(Cell::new(false));
        let is_unasked = is_idle.clone();
        let tasks = vec![
            actix_web::rt::spawn(every(
                look,
                look,
                ended.clone(),
                state.clone(),
                async move |state: &AppState| {
                    // Both are taken, whichever it is.
                    let is_asked = state.cache.take_reliance() | state.accounts.take_reliance();
                    is_idle.set(!is_asked);
                    let is_waited_for =
                        is_asked || !is_well.get() || state.cache.awaits_comparison();
                    if !is_waited_for && looked_at.get().elapsed() < IDLE_LOOK_INTERVAL {
                        return;
                    }
                    looked_at.set(Instant::now());
                    // A fault is logged once, where it is noticed.
                    let known = state.cache.database_id();
                    let data = state.analytics.look_for_changes().await;
                    let accounts = state.accounts.look().await;
                    // After a failure the next question may rely on the background looking.
                    is_well.set(data.is_ok() && accounts.is_ok());
                    if known != state.cache.database_id() {
                        // A database that was restored does not know who answers from it.
                        let _ = register_replica(&state.checks, state).await;
                    }
                },
            )),
            actix_web::rt::spawn(every(
                REGISTER_INTERVAL,
                REGISTER_INTERVAL,
                ended.clone(),
                state.clone(),
                async |state| {
                    if let Err(err) = register_replica(&state.checks, state).await {
                        log::debug!("This process can't be registered: {err}");
                    }
                },
            )),
            actix_web::rt::spawn(every(
                USES_INTERVAL,
                USES_INTERVAL,
                ended.clone(),
                state.clone(),
                async |state| {
                    if let Err(err) = state.accounts.store_uses().await {
                        log::debug!("The use of API keys can't be stored: {err}");
                    }
                    if let Err(err) = state.sessions.store_uses().await {
                        log::debug!("The use of sessions can't be stored: {err}");
                    }
                },
            )),
            actix_web::rt::spawn(every(
                GAUGES_INTERVAL,
                GAUGES_INTERVAL,
                ended.clone(),
                state.clone(),
                async |state| {
                    if let Err(err) = refresh_gauges(&state.checks).await {
                        log::debug!("The gauges of imports can't be refreshed: {err}");
                    }
                },
            )),
            actix_web::rt::spawn(every(
                DISK_INTERVAL,
                DISK_INTERVAL,
                ended.clone(),
                state.clone(),
                async move |_| folders.measure().await,
            )),
            actix_web::rt::spawn(every(
                AUDIT_INTERVAL,
                AUDIT_INTERVAL,
                ended.clone(),
                state.clone(),
                async move |state: &AppState| {
                    if is_unasked.get() {
                        return;
                    }
                    // Without the database there is nothing to compare with.
                    let _ = state.analytics.audit().await;
                },
            )),
            actix_web::rt::spawn(every(
                Duration::ZERO,
                RETENTION_INTERVAL,
                ended,
                state.clone(),
                async |state| {
                    state.pending_uploads.delete_outdated();
                    if let Err(err) =
                        delete_outdated(&state.import_context.db, &state.retention).await
                    {
                        log::debug!("Outdated rows can't be deleted: {err}");
                    }
                    if let Err(err) = state.sessions.delete_ended().await {
                        log::debug!("Sessions that have ended can't be deleted: {err}");
                    }
                },
            )),
        ];
        BackgroundTasks { end, tasks }
    }

    /// Waits until every task has ended.
    pub async fn stop(self) {
        drop(self.end);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Registers this process among those that answer.
pub(super) async fn register_replica(db: &Db, state: &AppState) -> Result<(), DbError> {
    let id = state.cache.replica_id();
    db.write(async |conn| db::register_replica(conn, id).await)
        .await
}

async fn every(
    first: Duration,
    pause: Duration,
    mut ended: watch::Receiver<()>,
    state: AppState,
    step: impl AsyncFn(&AppState),
) {
    let mut wait = first;
    while tokio::time::timeout(wait, ended.changed()).await.is_err() {
        step(&state).await;
        wait = pause;
    }
}
