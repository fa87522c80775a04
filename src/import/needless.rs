//! Files that a run need not read: known versions, files that are no exports, and files still written to.

use super::journal::{FileReport, Standing};
use super::source::{OfferedFile, Source};
use super::workbook::Kind;
use crate::db::ImportedFile;

/// The version of the reader: raised whenever it reads a cell, a row or a sheet in another way than before. Files that
/// an older one read, or could not read, are read once more.
pub(super) const READER_VERSION: i32 = 1;

/// Why a version that is known needs no work, if it needs none.
pub(super) fn settled(known: &ImportedFile, source: &Source) -> Option<(Standing, String)> {
    if known.reader_version != READER_VERSION {
        return None;
    }
    let failures = known.failures;
    if failures == 0 {
        return Some((Standing::Current, format!("unchanged since run {}", known.run_id)));
    }
    let is_parked = u32::try_from(failures).is_ok_and(|failures| failures >= source.policy.park_after);
    let why = known.error_message.as_deref().unwrap_or_default();
    let message = || format!("left alone until it changes, after {failures} failures: {why}");
    is_parked.then(|| (Standing::Failing, message()))
}

/// A file that was written to between two looks.
pub(super) fn still_written(source: &Source, file: &OfferedFile, failed_before: bool) -> FileReport {
    let report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
    let standing = match (not_ours(&file.name, report.kind), failed_before) {
        (Some(_), _) => Standing::Unknown,
        (None, true) => Standing::Failing,
        (None, false) => Standing::Pending,
    };
    report.skipped(standing, "it is still being written; the next run takes it".to_owned())
}

/// What lies beside exports and is none: instructions, letters, pictures, archives.
const NO_TABLES: [&str; 14] =
    [".docx", ".doc", ".rtf", ".pdf", ".txt", ".zip", ".rar", ".7z", ".gz", ".png", ".jpg", ".jpeg", ".msg", ".eml"];

/// Why a file is passed over, by its name alone.
pub(super) fn not_ours(name: &str, kind: Option<Kind>) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if lower.starts_with("~$") || [".part", ".tmp", ".filepart"].iter().any(|ending| lower.ends_with(ending)) {
        return Some("a temporary file");
    }
    if NO_TABLES.iter().any(|ending| lower.ends_with(ending)) {
        return Some("an export is an .xlsx file");
    }
    let is_workbook = lower.ends_with(".xlsx");
    (kind.is_none() && !is_workbook).then_some("neither the name nor the type says that it is an export")
}
