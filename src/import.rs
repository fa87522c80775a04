//! The import: 1C's workbooks, from an FTP server or a folder, into the database.
//!
//! `runs::pipeline::run_once` is the one path, used by the actor, the command line and tests alike.
//! A file goes in whole or not at all; what can't be read is written to the journal, and the run
//! goes on with the next file. Rows flow: one thread reads a file's sheet while the rows before are
//! written, so that memory does not grow with them.
//!
//! Four rooms: `sources` (where files come from: listing, download, backoff), `workbook` (XLSX into
//! typed rows), `load` (typed rows into tables), `runs` (actor, schedule, lease, pipeline,
//! progress, journal).

mod load;
mod remark;
mod runs;
mod sources;
pub mod workbook;

pub use load::versions::WrittenAt;
pub use load::{Loader, Workbook};
pub use remark::RemarkCode;
pub(crate) use runs::actor;
pub(crate) use runs::dry_run::{ChangedFigures, ChangedTotal, DryRun, DryRunError, dry_run};
pub(crate) use runs::freshness::forget_lost_files;
pub(crate) use runs::gauges::refresh_gauges;
pub use runs::journal::{FileReport, FileStatus};
pub(crate) use runs::lease::{HEARTBEAT_MISSED_AFTER, StopReason, StopSignal};
pub use runs::outcome::beside_counts;
pub use runs::pipeline::run_once;
pub(crate) use runs::progress::{Phase, Progress, ProgressMeter};
pub use runs::report::{EventSink, ImportEvent, RunReport, RunState};
pub(crate) use runs::request::ImportContext;
pub use runs::request::ImportRequest;
pub use runs::retention::delete_outdated;
pub use runs::schedule;
pub use sources::Source;
pub use sources::hand_in::{HandInError, ReceivedFile, keep_together};
