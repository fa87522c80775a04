//! What a run announces while it works, and what it did in the end.

use super::journal::{FileReport, FileStatus};

/// What a run announces while it works.
#[derive(Debug)]
pub enum ImportEvent<'a> {
    /// The source was listed: so many files.
    Listed(usize),
    /// A file is begun.
    FileStarted(&'a str),
    /// A file has ended.
    FileEnded(&'a FileReport),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Every file could be read.
    Completed,
    /// The source or a file could not.
    Failed,
    /// It was told to stop.
    Interrupted,
}

impl RunState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Completed => "completed",
            RunState::Failed => "failed",
            RunState::Interrupted => "interrupted",
        }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run's id.
    pub run_id: i64,
    /// How it ended.
    pub state: RunState,
    /// What is to be said about it.
    pub message: String,
    /// What became of each file, in the order of work. A source that could not be listed is an
    /// entry of its own.
    pub files: Vec<FileReport>,
    /// How many files the source offered.
    pub total_files: usize,
}

impl RunReport {
    /// How many files ended that way.
    pub fn count(&self, status: FileStatus) -> usize {
        self.files.iter().filter(|file| file.status == status).count()
    }

    /// How many files went in, wholly or in part.
    pub fn processed(&self) -> usize {
        self.count(FileStatus::Success) + self.count(FileStatus::Partial)
    }
}
