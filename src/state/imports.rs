//! Imports by hand, as the REST interface and the dashboard begin, try and stop them.

use super::AppState;
use crate::db::{self, DbError};
use crate::import::{
    DryRun, DryRunError, HEARTBEAT_MISSED_AFTER, ImportRequest, Source, StopReason, StopSignal,
    dry_run,
};

impl AppState {
    /// Returns the sources of the settings that belong to a department.
    pub fn sources_of(&self, department_id: i64) -> Vec<Source> {
        let is_of_department = |source: &&Source| source.department_id == department_id;
        let sources = self.import_sources.iter().filter(is_of_department);
        sources.cloned().collect()
    }

    /// Reads and loads everything and undoes it, until the program stops.
    ///
    /// # Errors
    /// [`DryRunError`].
    pub(crate) async fn try_import(&self, order: &ImportRequest) -> Result<DryRun, DryRunError> {
        let stop = StopSignal::default();
        let stopping = async {
            self.shutdown.stopping().await;
            stop.stop(StopReason::Shutdown);
            std::future::pending().await
        };
        tokio::select! {
            done = dry_run(&self.import_context, order, &stop) => done,
            done = stopping => done,
        }
    }

    /// Stops a run at the next safe place, whichever process works on it; returns whether it was
    /// running.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn cancel_import(&self, run_id: i64) -> Result<bool, DbError> {
        if self.import.cancel(run_id).await {
            return Ok(true);
        }
        self.db
            .write(async |conn| db::cancel_run(conn, run_id, HEARTBEAT_MISSED_AFTER).await)
            .await
    }
}
