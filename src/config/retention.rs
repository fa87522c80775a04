//! For how long what imports leave behind is kept.

use std::time::Duration;

use super::reader::Reader;

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;
/// A century.
const LONGEST_DAYS: u64 = 36_500;

/// For how long journal, runs and rejected rows are kept; `None`: without limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionSettings {
    /// `IMPORT_KEEP_JOURNAL_DAYS`, default 0 (no limit): entries of the journal, with their
    /// rejected rows. What the journal says of the present state of a file stays.
    pub journal: Option<Duration>,
    /// `IMPORT_KEEP_RUNS_DAYS`, default 0 (no limit): runs of which the journal has no entries any
    /// more.
    pub runs: Option<Duration>,
    /// `IMPORT_KEEP_REJECTS_DAYS`, default 90, 0 for no limit: the rejected rows of a file, since a
    /// later version of it went in.
    pub superseded_rejects: Option<Duration>,
}

pub(super) fn retention(reader: &mut Reader) -> RetentionSettings {
    let mut days = |setting| {
        let days = reader.number(setting, 0, LONGEST_DAYS);
        (days > 0).then(|| Duration::from_secs(days * SECONDS_OF_A_DAY))
    };
    RetentionSettings {
        journal: days("IMPORT_KEEP_JOURNAL_DAYS"),
        runs: days("IMPORT_KEEP_RUNS_DAYS"),
        superseded_rejects: days("IMPORT_KEEP_REJECTS_DAYS"),
    }
}
