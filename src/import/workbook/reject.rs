//! Rows that are not taken, and why.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// The sheet that it stands on, where the file has several; `None` where it has one.
    pub sheet: Option<Arc<str>>,
    /// The row's number in the sheet; the header of a plain export is row 1.
    pub row_number: u32,
    /// The heading of the column at fault.
    pub column: &'static str,
    /// What stands in the cell.
    pub value: String,
    /// What is wrong with it, by a code that programs read.
    pub code: RejectCode,
    /// What is wrong with it, in words.
    pub reason: String,
    /// The whole row, in the order of the file's first header: texts and numbers.
    pub cells: Box<[Value]>,
    /// The operation that the row is of (of a detail its expense), if that can be read.
    pub operation_id: Option<Box<str>>,
}

/// The kinds of fault for which a row is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectCode {
    Empty,
    NotAnAmount,
    AmbiguousAmount,
    TooManyDecimals,
    OutOfRange,
    NotARate,
    NotADate,
    AmbiguousDate,
    DateOutOfRange,
    UnknownCurrency,
    UnknownValue,
    LostDigits,
    CellError,
    NoResult,
    Unreadable,
    Duplicate,
}

impl RejectCode {
    /// As it is stored and answered.
    pub fn as_str(self) -> &'static str {
        match self {
            RejectCode::Empty => "empty",
            RejectCode::NotAnAmount => "not_an_amount",
            RejectCode::AmbiguousAmount => "ambiguous_amount",
            RejectCode::TooManyDecimals => "too_many_decimals",
            RejectCode::OutOfRange => "out_of_range",
            RejectCode::NotARate => "not_a_rate",
            RejectCode::NotADate => "not_a_date",
            RejectCode::AmbiguousDate => "ambiguous_date",
            RejectCode::DateOutOfRange => "date_out_of_range",
            RejectCode::UnknownCurrency => "unknown_currency",
            RejectCode::UnknownValue => "unknown_value",
            RejectCode::LostDigits => "lost_digits",
            RejectCode::CellError => "cell_error",
            RejectCode::NoResult => "no_result",
            RejectCode::Unreadable => "unreadable",
            RejectCode::Duplicate => "duplicate",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
