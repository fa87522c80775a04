//! Files that a run need not read: known versions, files that are no exports, and files still
//! written to.

use crate::db::ImportedFile;
use crate::import::RemarkCode;
use crate::import::runs::journal::{FileReport, Standing};
use crate::import::sources::{OfferedFile, Source};
use crate::import::workbook::Kind;

/// The version of the reader: raised whenever it reads a cell, a row or a sheet in another way than
/// before. Files that an older one read, or could not read, are read once more.
pub(in crate::import) const READER_VERSION: i32 = 2;

/// Why a file is passed over.
pub(in crate::import) struct Skip {
    pub standing: Standing,
    pub code: RemarkCode,
    pub message: String,
}

/// Why a version that is known needs no work, if it needs none.
pub(in crate::import) fn known_skip_reason(known: &ImportedFile, source: &Source) -> Option<Skip> {
    if known.reader_version != READER_VERSION {
        return None;
    }
    let failures = known.failures;
    if failures == 0 {
        return Some(Skip {
            standing: Standing::Current,
            code: RemarkCode::Unchanged,
            message: format!("unchanged since run {}", known.run_id),
        });
    }
    let is_parked =
        u32::try_from(failures).is_ok_and(|failures| failures >= source.policy.park_after);
    let why = known.error_message.as_deref().unwrap_or_default();
    is_parked.then(|| Skip {
        standing: Standing::Failing,
        code: RemarkCode::LeftAlone,
        message: format!("left alone until it changes, after {failures} failures: {why}"),
    })
}

/// A file that was written to between two looks.
pub(in crate::import) fn still_changing(
    source: &Source,
    file: &OfferedFile,
    failed_before: bool,
) -> FileReport {
    let report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
    let standing = match (name_skip_reason(&file.name, report.kind), failed_before) {
        (Some(_), _) => Standing::Unknown,
        (None, true) => Standing::Failing,
        (None, false) => Standing::Pending,
    };
    report.skipped(Skip {
        standing,
        code: RemarkCode::StillWritten,
        message: "it is still being written; the next run takes it".to_owned(),
    })
}

/// What lies beside exports and is none: instructions, letters, pictures, archives.
const NO_TABLES: [&str; 14] = [
    ".docx", ".doc", ".rtf", ".pdf", ".txt", ".zip", ".rar", ".7z", ".gz", ".png", ".jpg", ".jpeg",
    ".msg", ".eml",
];

/// Why a file is passed over, by its name alone.
pub(in crate::import) fn name_skip_reason(name: &str, kind: Option<Kind>) -> Option<Skip> {
    let skip = |code, message: &str| {
        Some(Skip {
            standing: Standing::Unknown,
            code,
            message: message.to_owned(),
        })
    };
    let lower = name.to_lowercase();
    if lower.starts_with("~$")
        || [".part", ".tmp", ".filepart"]
            .iter()
            .any(|ending| lower.ends_with(ending))
    {
        return skip(RemarkCode::TemporaryFile, "a temporary file");
    }
    if NO_TABLES.iter().any(|ending| lower.ends_with(ending)) {
        return skip(RemarkCode::NoExport, "an export is an .xlsx file");
    }
    let is_workbook = lower.ends_with(".xlsx");
    if kind.is_none() && !is_workbook {
        let message = "neither the name nor the type says that it is an export";
        return skip(RemarkCode::NoExport, message);
    }
    None
}
