//! What may be wrong with a file that goes in all the same: a file with a remark is no success.

use std::fmt;

/// One thing that may be wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is, by a code that programs read.
    pub code: RemarkCode,
    /// The same in words.
    pub text: String,
}

/// The kinds of remarks.
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
        }
    }
}

impl fmt::Display for RemarkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
