//! How far a run of the import is, and what a dry run would change.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Money;
use crate::import;

/// What a run is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asking a source for its files.
    Listing,
    /// Waiting whether new files stand still.
    Settling,
    /// Fetching a file.
    Fetching,
    /// Reading and writing its rows.
    Loading,
}

/// How far a run is. Bytes and rows are those of the current file.
#[derive(Serialize, ToSchema)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// The current file.
    pub file: Option<String>,
    /// Files that have ended.
    pub files_done: usize,
    /// Files of the sources listed so far.
    pub files_total: usize,
    /// Bytes that have arrived.
    pub bytes: u64,
    /// Bytes in all, when that is known.
    pub bytes_total: Option<u64>,
    /// Rows that have been loaded.
    pub rows: u64,
    /// Rows in all, about, when that is known.
    pub rows_total: Option<u64>,
    /// Rows loaded in a second so far; 0 until that can be known.
    pub rows_per_second: f64,
    /// When the file will be loaded at that rate: seconds from now.
    pub seconds_left: Option<f64>,
}

/// A figure of the summary before and after.
#[derive(Serialize, ToSchema)]
pub struct ChangedTotal {
    /// As the summary names it.
    pub name: &'static str,
    /// As it is.
    pub before: Money,
    /// As it would be.
    pub after: Money,
    /// After − before.
    pub change: Money,
}

impl From<import::Phase> for Phase {
    fn from(phase: import::Phase) -> Phase {
        match phase {
            import::Phase::Listing => Phase::Listing,
            import::Phase::Settling => Phase::Settling,
            import::Phase::Fetching => Phase::Fetching,
            import::Phase::Loading => Phase::Loading,
        }
    }
}

impl From<import::Progress> for Progress {
    fn from(progress: import::Progress) -> Progress {
        Progress {
            phase: progress.phase.into(),
            file: progress.file,
            files_done: progress.files_done,
            files_total: progress.files_total,
            bytes: progress.bytes,
            bytes_total: progress.bytes_total,
            rows: progress.rows,
            rows_total: progress.rows_total,
            rows_per_second: progress.rows_per_second,
            seconds_left: progress.seconds_left,
        }
    }
}

impl From<import::ChangedTotal> for ChangedTotal {
    fn from(total: import::ChangedTotal) -> ChangedTotal {
        ChangedTotal {
            name: total.name,
            before: total.before,
            after: total.after,
            change: total.change,
        }
    }
}
