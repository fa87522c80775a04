//! A run's progress as server-sent events (the HTML standard's `text/event-stream`).

use std::time::Duration;

use actix_web::web::{Bytes, Data};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::sync::watch;

use super::types;
use crate::db;
use crate::domain::DepartmentScope;
use crate::import::Progress;
use crate::state::AppState;

/// Events come no closer together than this.
const PAUSE: Duration = Duration::from_millis(300);
/// Without news for so long the run is looked up in the database: another process may work on it.
const QUIET: Duration = Duration::from_secs(2);

/// Somebody who watches a run.
struct Watcher {
    state: Data<AppState>,
    scope: DepartmentScope,
    run_id: i64,
    /// Comes from the run, while this process works on it.
    progress: Option<watch::Receiver<Progress>>,
    pause: Duration,
    is_over: bool,
}

/// The events of a run until it has ended: `progress`, then `ended` with the run as it is stored.
pub(super) fn run_events(
    state: Data<AppState>,
    scope: DepartmentScope,
    run_id: i64,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let watcher = Watcher {
        state,
        scope,
        run_id,
        progress: None,
        pause: Duration::ZERO,
        is_over: false,
    };
    stream::unfold(watcher, async |mut watcher| {
        if watcher.is_over {
            return None;
        }
        let event = watcher.next().await;
        Some((Ok(event), watcher))
    })
}

impl Watcher {
    async fn next(&mut self) -> Bytes {
        let pause = std::mem::replace(&mut self.pause, QUIET);
        match &mut self.progress {
            None => {
                tokio::time::sleep(pause).await;
                self.progress = self.state.import.watch(self.run_id).await;
                if let Some(progress) = &mut self.progress {
                    return progress_event(progress);
                }
            }
            Some(progress) => match tokio::time::timeout(QUIET, progress.changed()).await {
                Ok(Ok(())) => {
                    tokio::time::sleep(PAUSE).await;
                    return progress_event(progress);
                }
                Ok(Err(_)) => self.progress = None,
                Err(_) => {}
            },
        }
        let found = match self.state.db.conn().await {
            Ok(mut conn) => db::find_run(&mut conn, self.scope, self.run_id)
                .await
                .ok()
                .flatten(),
            Err(_) => None,
        };
        match found.filter(|run| run.state != "running") {
            Some(run) => {
                self.is_over = true;
                event("ended", &types::ImportRun::from(run))
            }
            // A comment: the connection is alive.
            None => Bytes::from_static(b":\n\n"),
        }
    }
}

fn progress_event(progress: &mut watch::Receiver<Progress>) -> Bytes {
    let progress = progress.borrow_and_update().clone();
    event("progress", &types::Progress::from(progress))
}

fn event(name: &str, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}
