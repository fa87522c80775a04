//! What a run works with, and what it is to do.

use std::sync::Arc;

use tokio::sync::Semaphore;

use chrono::{DateTime, Utc};

use crate::cache::Cache;
use crate::db::Db;
use crate::domain::{ChangedData, Currency};
use crate::import::sources::Source;

/// What a run works with.
#[derive(Clone)]
pub struct ImportContext {
    /// Where the rows go.
    pub db: Db,
    /// The same for heartbeats and for beginning and taking over runs, which must not wait behind
    /// rows.
    pub leases: Db,
    /// One dry run at a time: each holds a connection for as long as it waits and loads.
    pub dry_runs: Arc<Semaphore>,
    /// What has to hear of new rows.
    pub cache: Cache,
    /// The currency of rows that name none.
    pub base_currency: Currency,
    /// A larger file is refused.
    pub max_file_bytes: u64,
    /// Whether a change concerns only what it touches, or everything.
    pub is_scoped: bool,
    /// The departments and names of the sources that the settings name: what an import of
    /// everything covers.
    pub configured_sources: Arc<[(i64, String)]>,
}

impl ImportContext {
    /// Returns what is recorded of a commit; nothing when it changed neither a row nor what the
    /// checks of the data find. A commit that changed no figure raises the generation, too: the
    /// counts of lists and the findings are cached by it.
    pub(in crate::import) fn record(
        &self,
        changed: ChangedData,
        has_changes: bool,
    ) -> Option<ChangedData> {
        let changes_figures = changed.reference_data || !changed.flows.is_empty();
        match changes_figures {
            true if !self.is_scoped => Some(ChangedData::everything()),
            false if !has_changes => None,
            _ => Some(changed),
        }
    }
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Where from: sources of one department, at least one.
    pub sources: Vec<Source>,
    /// Who wants it.
    pub started_by: String,
    /// Whether unchanged and parked files are imported again.
    pub is_forced: bool,
    /// Of a scheduled run: which time of the schedule it is for.
    pub scheduled_for: Option<DateTime<Utc>>,
}

impl ImportRequest {
    /// What somebody wants now.
    pub fn now(sources: Vec<Source>, started_by: &str) -> ImportRequest {
        ImportRequest {
            sources,
            started_by: started_by.to_owned(),
            is_forced: false,
            scheduled_for: None,
        }
    }

    /// The department that the rows belong to.
    pub fn department_id(&self) -> i64 {
        self.sources
            .first()
            .map_or(0, |source| source.department_id)
    }
}
