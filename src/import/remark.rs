//! What may be wrong with a file that goes in all the same (a file with a remark is no success), and
//! why one does not go in or is passed over.

use std::fmt;

/// One thing that may be wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is, by a code that programs read.
    pub code: RemarkCode,
    /// The same in words.
    pub text: String,
}

/// The kinds of remarks, of failures and of reasons to pass a file over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemarkCode {
    /// Rows were rejected.
    RowsRejected,
    /// Operations whose rows were rejected are stored as they were read earlier.
    RejectedStillStored,
    /// Sets of details stay as they are, because details of theirs were rejected.
    IncompleteDetails,
    /// The file's own total is not the sum of its rows.
    TotalDiffers,
    /// Rows stand below the last total.
    RowsBelowTotal,
    /// A total can't be read.
    UnreadableTotal,
    /// A sheet of another kind was not read.
    SheetNotRead,
    /// What the file no longer names stays, because it is not known what it names.
    MissingNotRemoved,
    /// Rows were left alone, because another file is newer, as far as that can be known.
    NewerFile,
    /// Another file of the same run holds operations of this one with other values.
    OtherValuesInRun,
    /// An opening balance follows operations.
    LateOpeningBalance,
    /// Adjustments of another source are equal to some of the file.
    EqualAdjustments,
    /// The source offered files, and offers none now.
    FilesMissing,
    /// The file is empty: nothing of the file goes in.
    FileEmpty,
    /// It is protected by a password: nothing of the file goes in.
    FileProtected,
    /// It is no XLSX workbook: nothing of the file goes in.
    OtherFormat,
    /// Its end is missing: nothing of the file goes in.
    FileCutOff,
    /// It would take more memory or time than any export: nothing of the file goes in.
    FileTooLarge,
    /// It is damaged: nothing of the file goes in.
    FileDamaged,
    /// It holds rejected rows of adjustments alone: nothing of the file goes in.
    RejectedAdjustments,
    /// No header row was found: nothing of the file goes in.
    NoHeader,
    /// A required column is missing: nothing of the file goes in.
    MissingColumns,
    /// Neither its name nor its headings say what it holds: nothing of the file goes in.
    UnknownKind,
    /// A sheet with operations has no header row: nothing of the file goes in.
    NoHeaderOnSheet,
    /// A column stands there twice with different values: nothing of the file goes in.
    AmbiguousColumn,
    /// All sheets that fit are hidden: nothing of the file goes in.
    HiddenSheets,
    /// It breaks a rule that was set for imports: nothing of the file goes in.
    Refused,
    /// It, or its source, can't be read: nothing of the file goes in.
    NotFetched,
    /// A line of the listing is not understood: nothing of the file goes in.
    ListingUnclear,
    /// Its rows could not be written: nothing of the file goes in.
    NotWritten,
    /// It is another program's temporary file: passed over.
    TemporaryFile,
    /// Its name says that it is no export: passed over.
    NoExport,
    /// It was written to between two looks: passed over until the next run.
    StillWritten,
    /// It went in before and is the same since: passed over.
    Unchanged,
    /// It failed too often and is the same since: passed over.
    LeftAlone,
}

impl Remark {
    /// A remark of that kind.
    pub fn new(code: RemarkCode, text: impl Into<String>) -> Remark {
        Remark {
            code,
            text: text.into(),
        }
    }
}

impl RemarkCode {
    /// All of them.
    pub const ALL: [RemarkCode; 35] = [
        RemarkCode::RowsRejected,
        RemarkCode::RejectedStillStored,
        RemarkCode::IncompleteDetails,
        RemarkCode::TotalDiffers,
        RemarkCode::RowsBelowTotal,
        RemarkCode::UnreadableTotal,
        RemarkCode::SheetNotRead,
        RemarkCode::MissingNotRemoved,
        RemarkCode::NewerFile,
        RemarkCode::OtherValuesInRun,
        RemarkCode::LateOpeningBalance,
        RemarkCode::EqualAdjustments,
        RemarkCode::FilesMissing,
        RemarkCode::FileEmpty,
        RemarkCode::FileProtected,
        RemarkCode::OtherFormat,
        RemarkCode::FileCutOff,
        RemarkCode::FileTooLarge,
        RemarkCode::FileDamaged,
        RemarkCode::RejectedAdjustments,
        RemarkCode::NoHeader,
        RemarkCode::MissingColumns,
        RemarkCode::UnknownKind,
        RemarkCode::NoHeaderOnSheet,
        RemarkCode::AmbiguousColumn,
        RemarkCode::HiddenSheets,
        RemarkCode::Refused,
        RemarkCode::NotFetched,
        RemarkCode::ListingUnclear,
        RemarkCode::NotWritten,
        RemarkCode::TemporaryFile,
        RemarkCode::NoExport,
        RemarkCode::StillWritten,
        RemarkCode::Unchanged,
        RemarkCode::LeftAlone,
    ];

    /// As it is stored and answered.
    pub fn as_str(self) -> &'static str {
        match self {
            RemarkCode::RowsRejected => "rows_rejected",
            RemarkCode::RejectedStillStored => "rejected_still_stored",
            RemarkCode::IncompleteDetails => "incomplete_details",
            RemarkCode::TotalDiffers => "total_differs",
            RemarkCode::RowsBelowTotal => "rows_below_total",
            RemarkCode::UnreadableTotal => "unreadable_total",
            RemarkCode::SheetNotRead => "sheet_not_read",
            RemarkCode::MissingNotRemoved => "missing_not_removed",
            RemarkCode::NewerFile => "newer_file",
            RemarkCode::OtherValuesInRun => "other_values_in_run",
            RemarkCode::LateOpeningBalance => "late_opening_balance",
            RemarkCode::EqualAdjustments => "equal_adjustments",
            RemarkCode::FilesMissing => "files_missing",
            RemarkCode::FileEmpty => "file_empty",
            RemarkCode::FileProtected => "file_protected",
            RemarkCode::OtherFormat => "other_format",
            RemarkCode::FileCutOff => "file_cut_off",
            RemarkCode::FileTooLarge => "file_too_large",
            RemarkCode::FileDamaged => "file_damaged",
            RemarkCode::RejectedAdjustments => "rejected_adjustments",
            RemarkCode::NoHeader => "no_header",
            RemarkCode::MissingColumns => "missing_columns",
            RemarkCode::UnknownKind => "unknown_kind",
            RemarkCode::NoHeaderOnSheet => "no_header_on_sheet",
            RemarkCode::AmbiguousColumn => "ambiguous_column",
            RemarkCode::HiddenSheets => "hidden_sheets",
            RemarkCode::Refused => "refused",
            RemarkCode::NotFetched => "not_fetched",
            RemarkCode::ListingUnclear => "listing_unclear",
            RemarkCode::NotWritten => "not_written",
            RemarkCode::TemporaryFile => "temporary_file",
            RemarkCode::NoExport => "no_export",
            RemarkCode::StillWritten => "still_written",
            RemarkCode::Unchanged => "unchanged",
            RemarkCode::LeftAlone => "left_alone",
        }
    }
}

impl fmt::Display for RemarkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
