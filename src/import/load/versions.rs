//! When the version of a file was written: the order in which files go in, and which of two
//! versions is the newer one.
//!
//! Of files whose names differ only in a date, the later date is the newer version, whenever the
//! files were written; of all others the time of writing decides, which is never later than the
//! fetching. Both become one time, so that all versions have one order: files of one series are
//! moved apart as far as their dates require.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::db::ImportedFile;
use crate::import::load::dated_name::version_name;
use crate::import::sources::download::Fetched;
use crate::import::sources::{OfferedFile, Source};
use crate::import::workbook::Kind;

/// When the content of a file was written (UTC), as far as its source states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenAt {
    /// The earliest moment that may be meant.
    pub earliest: NaiveDateTime,
    /// The latest one, which counts.
    pub latest: NaiveDateTime,
    /// Whether the same content came from this file before, and went in.
    pub is_repeated: bool,
}

impl WrittenAt {
    /// Returns when a file was written: at any moment of a stated second, and any time before
    /// fetching where the source states none, or one in the future. What is handed in counts as
    /// written now. `known` is what the ledger holds of the file.
    pub(in crate::import) fn of(
        source: &Source,
        file: &OfferedFile,
        fetched: &Fetched,
        known: Option<&ImportedFile>,
    ) -> WrittenAt {
        let fetched_at = fetched.begun_at;
        let stated = file
            .modified_at
            .filter(|time| *time <= fetched_at && source.has_ledger());
        let latest = stated
            .map_or(fetched_at, last_moment_of_second)
            .min(fetched_at);
        let earliest = if source.has_ledger() {
            stated.unwrap_or(NaiveDateTime::MIN)
        } else {
            latest
        };
        WrittenAt {
            earliest,
            latest,
            is_repeated: known
                .is_some_and(|known| known.sha256 == fetched.sha256 && known.failures == 0),
        }
    }

    /// Returns whether the content is that of a version which may have been written at the stated
    /// time.
    pub(in crate::import) fn repeats(&self, version_at: NaiveDateTime) -> bool {
        self.is_repeated && (self.earliest..=self.latest).contains(&version_at)
    }
}

/// The last moment that a stated time may mean: servers state whole seconds.
fn last_moment_of_second(time: NaiveDateTime) -> NaiveDateTime {
    if time.nanosecond() == 0 {
        time.with_nanosecond(999_999_000).unwrap_or(time)
    } else {
        time
    }
}

/// Moves the time of a file between those of the others of its series, as its date requires:
/// versions are at least a millisecond apart for each day between their dates, so that there is
/// always room between two of them.
pub(in crate::import) fn between(
    time: NaiveDateTime,
    date: NaiveDate,
    others: &[(NaiveDate, NaiveDateTime)],
) -> NaiveDateTime {
    let at_date = |(other, time): &(NaiveDate, NaiveDateTime)| {
        let distance = TimeDelta::try_milliseconds((date - *other).num_days()).unwrap_or_default();
        time.checked_add_signed(distance).unwrap_or(*time)
    };
    let earliest = others
        .iter()
        .filter(|(other, _)| *other < date)
        .map(at_date)
        .max();
    let latest = others
        .iter()
        .filter(|(other, _)| *other > date)
        .map(at_date)
        .min();
    let time = earliest.map_or(time, |earliest| time.max(earliest));
    latest.map_or(time, |latest| time.min(latest))
}

/// Files whose names differ only in a date: their kind, and their name without it.
type Series = (Option<Kind>, String);

/// Sorts files by kind (receipts, expenses, details, adjustments, then those whose name says none),
/// then by the time of their version, the date in their name, and their name. A file without a time
/// was written `now`.
pub(in crate::import) fn sort_by_version(files: &mut [OfferedFile], now: NaiveDateTime) {
    let mut by_series: HashMap<Series, Vec<(NaiveDate, usize)>> = HashMap::new();
    let mut times: Vec<NaiveDateTime> = Vec::with_capacity(files.len());
    for (at, file) in files.iter().enumerate() {
        times.push(file.modified_at.map_or(now, |time| time.min(now)));
        let (series, date) = version_name(&file.name, now);
        if let Some(date) = date {
            by_series
                .entry((Kind::of_name(&file.name), series))
                .or_default()
                .push((date, at));
        }
    }
    for versions in by_series.values_mut() {
        versions.sort_unstable();
        let mut earlier: Vec<(NaiveDate, NaiveDateTime)> = Vec::new();
        for (date, at) in versions {
            times[*at] = between(
                times[*at],
                *date,
                &earlier[earlier.len().saturating_sub(1)..],
            );
            earlier.push((*date, times[*at]));
        }
    }
    let times: HashMap<String, NaiveDateTime> = files
        .iter()
        .map(|file| file.name.clone())
        .zip(times)
        .collect();
    files.sort_by_cached_key(|file| {
        let kind = Kind::of_name(&file.name);
        (
            kind.is_none(),
            kind,
            times.get(&file.name).copied(),
            version_name(&file.name, now).1,
            file.name.clone(),
        )
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::NameEncoding;

    fn time(seconds: i64) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(1_710_000_000 + seconds, 0)
            .unwrap_or_default()
            .naive_utc()
    }

    fn date(day: u64) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(day)
    }

    fn file(name: &str, modified: i64) -> OfferedFile {
        OfferedFile::new(
            name.as_bytes().to_vec(),
            NameEncoding::Auto,
            None,
            Some(time(modified)),
        )
    }

    #[test]
    fn files_go_in_by_kind_then_by_the_date_in_names_that_differ_only_in_it_then_by_time() {
        let mut files = [
            file("spisanie.xlsx", 1),
            file("B postuplenie.xlsx", 5),
            file("A postuplenie 05.03.2024.xlsx", 2),
            file("A postuplenie 28.02.2024.xlsx", 9),
            file("unknown.xlsx", 0),
            file("C postuplenie.xlsx", 3),
        ];
        sort_by_version(&mut files, time(100));
        assert_eq!(
            files.map(|file| file.name),
            [
                "C postuplenie.xlsx",
                "B postuplenie.xlsx",
                "A postuplenie 28.02.2024.xlsx",
                "A postuplenie 05.03.2024.xlsx",
                "spisanie.xlsx",
                "unknown.xlsx",
            ]
        );
    }

    proptest! {
        #[test]
        fn dated_versions_have_the_order_of_their_dates_however_they_arrive(
            written in proptest::collection::btree_map(0_u64..2_000, 0_i64..10_000, 1..20),
            seed in any::<u64>(),
        ) {
            let mut arriving: Vec<(u64, i64)> = written.into_iter().collect();
            arriving.sort_by_key(|(day, _)| day.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed).rotate_left(17));
            let mut versions: Vec<(NaiveDate, NaiveDateTime)> = Vec::new();
            for (day, seconds) in arriving {
                let version = (date(day), between(time(seconds), date(day), &versions));
                versions.push(version);
            }
            versions.sort_unstable();
            prop_assert!(versions.is_sorted_by(|earlier, later| earlier.1 < later.1), "{versions:?}");
        }
    }
}
