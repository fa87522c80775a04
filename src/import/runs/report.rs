//! What a run announces while it works, and what it did in the end.

use crate::import::runs::journal::{FileReport, FileStatus, Standing};

/// What a run announces while it works.
#[derive(Debug)]
pub enum ImportEvent<'a> {
    /// A source was listed: so many files more.
    Listed(usize),
    /// Files must stand still for a while before they are taken.
    Settling,
    /// A file is begun.
    FileStarted(&'a str),
    /// So much of it has arrived.
    Fetched {
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all, when that is known.
        of: Option<u64>,
    },
    /// So much of it has been loaded.
    Loaded {
        /// Rows so far.
        rows: u64,
        /// Rows in all, about; 0 when that is not known.
        of: u64,
    },
    /// A file has ended.
    FileEnded(&'a FileReport),
}

/// Hears what a run announces.
pub type EventSink<'a> = &'a mut dyn FnMut(ImportEvent<'_>);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// No file is failing, whether tried or left alone.
    Completed,
    /// A source or a file can't be imported, and others came in or are unchanged; or a source
    /// offers no file any more.
    Partial,
    /// A source or a file can't be imported, and nothing else came in.
    Failed,
    /// It was stopped.
    Interrupted,
    /// Somebody cancelled it.
    Cancelled,
}

impl RunState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Completed => "completed",
            RunState::Partial => "partial",
            RunState::Failed => "failed",
            RunState::Interrupted => "interrupted",
            RunState::Cancelled => "cancelled",
        }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run's id.
    pub run_id: i64,
    /// The department that the rows belong to.
    pub department_id: i64,
    /// How it ended.
    pub state: RunState,
    /// What is to be said about it.
    pub message: String,
    /// What became of each file, in the order of work. A source that could not be listed is an
    /// entry of its own.
    pub files: Vec<FileReport>,
    /// How many files the sources offered.
    pub total_files: usize,
    /// How many files of the department can't be imported, those that were left alone and those of
    /// other sources included.
    pub files_failing: usize,
}

impl RunReport {
    /// How many files ended that way.
    pub fn count(&self, status: FileStatus) -> usize {
        self.files
            .iter()
            .filter(|file| file.status == status)
            .count()
    }

    /// Returns whether the tables stand that way to any file.
    pub fn has(&self, standing: Standing) -> bool {
        self.files.iter().any(|file| file.standing == standing)
    }

    /// How many files went in, wholly or in part.
    pub fn processed(&self) -> usize {
        let went_in = |file: &&FileReport| {
            matches!(file.status, FileStatus::Success | FileStatus::Partial)
                && file.standing == Standing::Current
        };
        self.files.iter().filter(went_in).count()
    }
}
