//! The import: 1C's workbooks, from an FTP server or a folder, into the database.
//!
//! `run::run_once` is the one path, used by the actor, the command line and tests alike. A file
//! goes in whole or not at all; what can't be read is written to the journal, and the run goes
//! on with the next file. Rows flow: one thread reads a file's sheet while the rows before are
//! written, so that memory does not grow with them.

pub mod actor;
mod dated_name;
mod directory;
mod doubts;
mod dry_run;
mod file;
mod freshness;
mod ftp;
mod gauges;
mod hold;
mod journal;
mod landing;
mod load;
mod needless;
mod outcome;
mod patience;
mod progress;
mod reading;
mod remark;
mod report;
mod retention;
mod run;
pub mod schedule;
mod source;
mod versions;
pub mod workbook;

pub use dry_run::{ChangedTotal, DryRun, DryRunError, dry_run};
pub use freshness::forget_lost_files;
pub use gauges::refresh_gauges;
pub use hold::{StopReason, StopSignal};
pub use journal::{FileReport, FileStatus, Standing};
pub use load::{LoadCounts, LoadError, Loaded, Loader, Workbook};
pub use progress::{Phase, Progress, ProgressMeter};
pub use remark::{Remark, RemarkCode};
pub use report::{Announce, ImportEvent, RunReport, RunState};
pub use retention::delete_outdated;
pub use run::{ImportContext, Order, run_once};
pub use source::{Place, Source};
pub use versions::WrittenAt;
