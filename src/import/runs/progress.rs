//! How far a run is, made of what it announces.

use std::time::{Duration, Instant};

use crate::import::runs::report::ImportEvent;

/// A rate is measured over so long at least.
const RATE_AFTER: Duration = Duration::from_millis(500);

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Asking a source for its files.
    #[default]
    Listing,
    /// Waiting whether new files stand still.
    Settling,
    /// Fetching a file.
    Fetching,
    /// Reading and writing its rows.
    Loading,
}

/// How far a run is. Bytes and rows are those of the current file.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Keeps the progress of a run.
#[derive(Default)]
pub struct ProgressMeter {
    progress: Progress,
    loading_since: Option<Instant>,
}

impl ProgressMeter {
    /// Hears what the run announces; gives how far it is now.
    pub fn on_event(&mut self, event: &ImportEvent<'_>) -> &Progress {
        let progress = &mut self.progress;
        match event {
            ImportEvent::Listed(files) => progress.files_total += files,
            ImportEvent::Settling => progress.phase = Phase::Settling,
            ImportEvent::FileStarted(name) => {
                let (files_done, files_total) = (progress.files_done, progress.files_total);
                let file = Some((*name).to_owned());
                *progress = Progress {
                    phase: Phase::Fetching,
                    file,
                    files_done,
                    files_total,
                    ..Progress::default()
                };
                self.loading_since = None;
            }
            ImportEvent::Fetched { bytes, of } => {
                (progress.bytes, progress.bytes_total) = (*bytes, *of)
            }
            ImportEvent::Loaded { rows, of } => {
                let since = *self.loading_since.get_or_insert_with(Instant::now);
                progress.phase = Phase::Loading;
                progress.rows = *rows;
                progress.rows_total = Some(*of).filter(|of| *of > 0);
                let elapsed = since.elapsed();
                // The first batches come at once and say nothing of the rate.
                if elapsed >= RATE_AFTER {
                    progress.rows_per_second = *rows as f64 / elapsed.as_secs_f64();
                    let left = progress.rows_total.map(|of| of.saturating_sub(*rows));
                    progress.seconds_left =
                        left.map(|rows| rows as f64 / progress.rows_per_second.max(1.0));
                }
            }
            ImportEvent::FileEnded(_) => progress.files_done += 1,
        }
        progress
    }
}
