//! Runs: when one is due, who works on it, what it does to each file, and what is recorded of it.

pub(crate) mod actor;
pub(in crate::import) mod doubts;
pub(in crate::import) mod dry_run;
pub(in crate::import) mod file;
pub(in crate::import) mod freshness;
pub(in crate::import) mod gauges;
pub(in crate::import) mod journal;
pub(in crate::import) mod lease;
pub(in crate::import) mod listing;
pub(in crate::import) mod outcome;
pub(in crate::import) mod pipeline;
pub(in crate::import) mod progress;
pub(in crate::import) mod reading;
pub(in crate::import) mod report;
pub(in crate::import) mod request;
pub(in crate::import) mod retention;
pub mod schedule;
pub(in crate::import) mod skipping;
