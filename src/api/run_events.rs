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

/// So long the end of a run is waited for when the program stops.
pub(super) const LAST_WORD_LIMIT: Duration = Duration::from_secs(4);

/// What is sent when the program stops before the run has ended.
#[derive(Serialize)]
struct Stopping {
    run_id: i64,
}

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

/// The events of a run until it has ended: `progress`, then `ended` with the run as it is stored; or
/// `stopping` when the program stops before that.
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
        let shutdown = self.state.shutdown.clone();
        let mut has_progressed = tokio::select! {
            has_progressed = self.wait() => has_progressed,
            () = shutdown.stopping() => return self.last_word().await,
        };
        if self.progress.is_none() {
            self.progress = self.state.import.watch(self.run_id).await;
            has_progressed = self.progress.is_some();
        }
        if let Some(progress) = self.progress.as_mut().filter(|_| has_progressed) {
            return progress_event(progress);
        }
        self.ended()
            .await
            // A comment: the connection is alive.
            .unwrap_or(Bytes::from_static(b":\n\n"))
    }

    /// Waits for news, or until it is time to look the run up; returns whether there are any.
    async fn wait(&mut self) -> bool {
        let pause = std::mem::replace(&mut self.pause, QUIET);
        let Some(progress) = &mut self.progress else {
            tokio::time::sleep(pause).await;
            return false;
        };
        match tokio::time::timeout(QUIET, progress.changed()).await {
            Ok(Ok(())) => {
                tokio::time::sleep(PAUSE).await;
                true
            }
            Ok(Err(_)) => {
                self.progress = None;
                false
            }
            Err(_) => false,
        }
    }

    /// The last event of this process: how the run ended, if the import stops in time; otherwise
    /// the client connects again by itself and watches on where the next process answers.
    async fn last_word(&mut self) -> Bytes {
        self.is_over = true;
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(event) = self.ended().await {
                return event;
            }
            // Nobody knows when a run of another process ends.
            if self.progress.is_none() || begun.elapsed() > LAST_WORD_LIMIT {
                let run_id = self.run_id;
                return event("stopping", &Stopping { run_id });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The event of a run that has ended.
    async fn ended(&mut self) -> Option<Bytes> {
        let mut conn = self.state.db.conn().await.ok()?;
        let found = db::find_run(&mut conn, self.scope, self.run_id).await;
        let run = found.ok().flatten().filter(|run| run.state != "running")?;
        self.is_over = true;
        Some(event("ended", &types::ImportRun::from(run)))
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
