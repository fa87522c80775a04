//! Why a file gives no rows at all, in words that say what to do.

use super::Kind;
use super::headings::HEADER_WITHIN_ROWS;
use crate::import::remark::RemarkCode;

/// Why a file gives no rows at all.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// Nothing in it.
    #[error(
        "the file is empty (0 bytes): 1C is still writing it, or the export failed; export it again"
    )]
    Empty,
    /// Encrypted.
    #[error("the workbook is protected by a password: export it as XLSX without a password")]
    Protected,
    /// A file of another format, whatever its name says.
    #[error("the file is no XLSX workbook: it is {what}; {advice}")]
    OtherFormat {
        /// What it is.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Its end is not there.
    #[error(
        "the workbook is cut off: the directory at its end is missing; it was still being written, or the transfer broke"
    )]
    CutOff,
    /// It would take more memory or time than any export does.
    #[error("the workbook is refused: {0}")]
    TooMuch(String),
    /// It holds rejected rows of a workbook of adjustments.
    #[error(
        "these are rejected rows of a workbook of adjustments, which always replaces all that it brought before: \
         correct them in that workbook and import it again"
    )]
    RejectedAdjustments,
    /// Its reader broke down over it.
    #[error("the workbook is damaged in a way that its reader does not know")]
    Unknown,
    /// Whoever took the rows wanted no more.
    #[error("reading was stopped")]
    Stopped,
    /// The archive can't be read.
    #[error("the workbook is damaged or cut off: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A part of the archive can't be read.
    #[error("the workbook is damaged or cut off: {0}")]
    Inflating(std::io::Error),
    /// A part is no XML.
    #[error("the workbook is damaged or cut off: {0}")]
    Xml(#[from] quick_xml::Error),
    /// A part is XML that means nothing.
    #[error("the workbook is damaged or cut off: {0}")]
    Malformed(String),
    /// It refers to something that is not in it.
    #[error("the workbook is damaged: {what} is not in it")]
    MissingPart {
        /// What is missing.
        what: String,
    },
    /// Nothing stands where the header row should.
    #[error(
        "{kind}: there is no header row among the first {HEADER_WITHIN_ROWS} rows of the sheet"
    )]
    NoHeader {
        /// What the file's name says it is.
        kind: Kind,
    },
    /// A workbook of some other content.
    #[error("{kind}: the header row lacks the required column {}", columns.join(" and the column "))]
    MissingColumns {
        /// What the file's name says it is.
        kind: Kind,
        /// The missing headings.
        columns: Vec<String>,
    },
    /// Neither the name nor any header says what it is.
    #[error(
        "neither the file's name nor a header row says that it holds receipts, expenses or expense details"
    )]
    UnknownKind,
    /// Rows whose columns can't be known.
    #[error(
        "the sheet «{sheet}» holds operations below no header row (row {row}): nothing was taken; export with the \
         header on each sheet, or all rows on one sheet"
    )]
    NoHeaderOnSheet {
        /// The sheet's name.
        sheet: String,
        /// The first row that names an operation.
        row: u32,
    },
    /// Two columns of one heading.
    #[error(
        "the column «{heading}» stands there twice with different values (row {row}): nothing was taken; remove or \
         rename the one that is not meant"
    )]
    AmbiguousColumn {
        /// The heading.
        heading: String,
        /// The first row whose values differ.
        row: u32,
    },
    /// Only hidden sheets, and more than one.
    #[error("the sheets with a fitting header are all hidden: {}; show the one that is meant", sheets.join(", "))]
    HiddenSheets {
        /// Their names.
        sheets: Vec<String>,
    },
}

impl WorkbookError {
    /// What kind of failure that is.
    pub(in crate::import) fn code(&self) -> RemarkCode {
        match self {
            WorkbookError::Empty => RemarkCode::FileEmpty,
            WorkbookError::Protected => RemarkCode::FileProtected,
            WorkbookError::OtherFormat { .. } => RemarkCode::OtherFormat,
            WorkbookError::CutOff => RemarkCode::FileCutOff,
            WorkbookError::TooMuch(_) => RemarkCode::FileTooLarge,
            WorkbookError::RejectedAdjustments => RemarkCode::RejectedAdjustments,
            WorkbookError::Unknown
            | WorkbookError::Archive(_)
            | WorkbookError::Inflating(_)
            | WorkbookError::Xml(_)
            | WorkbookError::Malformed(_)
            | WorkbookError::MissingPart { .. } => RemarkCode::FileDamaged,
            WorkbookError::Stopped => RemarkCode::NotWritten,
            WorkbookError::NoHeader { .. } => RemarkCode::NoHeader,
            WorkbookError::MissingColumns { .. } => RemarkCode::MissingColumns,
            WorkbookError::UnknownKind => RemarkCode::UnknownKind,
            WorkbookError::NoHeaderOnSheet { .. } => RemarkCode::NoHeaderOnSheet,
            WorkbookError::AmbiguousColumn { .. } => RemarkCode::AmbiguousColumn,
            WorkbookError::HiddenSheets { .. } => RemarkCode::HiddenSheets,
        }
    }

    /// A part ends within an element.
    pub(super) fn cut_off_in(element: &str) -> WorkbookError {
        WorkbookError::Malformed(format!("a part ends within <{element}>"))
    }
}

impl From<std::io::Error> for WorkbookError {
    fn from(err: std::io::Error) -> WorkbookError {
        WorkbookError::Inflating(err)
    }
}

impl From<quick_xml::events::attributes::AttrError> for WorkbookError {
    fn from(err: quick_xml::events::attributes::AttrError) -> WorkbookError {
        WorkbookError::Xml(err.into())
    }
}
