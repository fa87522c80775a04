//! The import: 1C's workbooks, from an FTP server or a folder, into the database.
//!
//! `run::run_once` is the one path, used by the actor, the command line and tests alike. A file
//! goes in whole or not at all; what can't be read is written to the journal, and the run goes
//! on with the next file.

pub mod actor;
mod directory;
mod dry_run;
mod ftp;
mod journal;
mod load;
mod report;
mod run;
mod schedule;
mod source;
pub mod workbook;

pub use dry_run::{ChangedTotal, DryRun, DryRunError, dry_run};
pub use journal::{FileReport, FileStatus};
pub use report::{ImportEvent, RunReport, RunState};
pub use run::{ImportContext, run_once};
pub use source::Source;
