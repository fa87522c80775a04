//! The cells of one row, read as text, amount, date or flag.
//!
//! 1C writes an empty cell as an error cell without a value, and an amount now and then as text;
//! both are what they mean here.

use calamine::{DataRef, DataType, ExcelDateTime, ExcelDateTimeType};
use chrono::NaiveDate;
use serde_json::Value;

use super::Reject;
use super::headings::{Heading, Headings};
use super::sheet::SheetRows;
use crate::domain::{Money, MoneyError, folded, ru_date};

/// A reject shows so much of a cell at most.
const SHOWN_CHARACTERS: usize = 200;

pub(super) struct RowCells<'r, 'd> {
    row_number: u32,
    is_1904: bool,
    cells: &'r [DataRef<'d>],
    headings: &'r Headings,
    wanted: &'static [Heading],
}

impl<'r, 'd> RowCells<'r, 'd> {
    pub fn new(sheet: &'r SheetRows<'d>, headings: &'r Headings, wanted: &'static [Heading]) -> RowCells<'r, 'd> {
        RowCells { row_number: sheet.row_number(), is_1904: sheet.is_1904(), cells: sheet.cells(), headings, wanted }
    }

    pub fn row_number(&self) -> u32 {
        self.row_number
    }

    /// Whether it is the row of the file's own total.
    pub fn is_total(&self) -> bool {
        let first = self.cells.iter().find(|cell| !cell.is_empty());
        first
            .and_then(text_of)
            .is_some_and(|text| text.trim_end_matches(':').chars().flat_map(char::to_lowercase).eq("итого".chars()))
    }

    /// The text of a cell, white space folded; `None` when the cell or the column is empty.
    pub fn text(&self, field: usize) -> Option<String> {
        self.cell(field).and_then(text_of)
    }

    /// The text of a cell that must not be empty.
    pub fn required_text(&self, field: usize) -> Result<String, Reject> {
        self.text(field).ok_or_else(|| self.reject(field, "is empty"))
    }

    /// The amount in a cell.
    pub fn amount(&self, field: usize) -> Result<Option<Money>, Reject> {
        let amount = match self.cell(field) {
            None | Some(DataRef::Empty) => return Ok(None),
            Some(DataRef::Int(units)) => units.checked_mul(100).map(Money::from_kopecks).ok_or(MoneyError::OutOfRange),
            Some(DataRef::Float(value)) => Money::from_cell(*value),
            Some(cell) => match text_of(cell) {
                None => return Ok(None),
                Some(text) => Money::parse(&text),
            },
        };
        amount.map(Some).map_err(|err| self.reject(field, &err.to_string()))
    }

    /// The amount in a cell that must not be empty.
    pub fn required_amount(&self, field: usize) -> Result<Money, Reject> {
        self.amount(field)?.ok_or_else(|| self.reject(field, "is empty"))
    }

    /// The date in a cell: text, a real date, or the serial number of one.
    pub fn date(&self, field: usize) -> Result<Option<NaiveDate>, Reject> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        let date = match cell {
            DataRef::DateTime(_) => cell.as_date(),
            DataRef::Float(serial) => self.serial_date(*serial),
            DataRef::Int(serial) => self.serial_date(*serial as f64),
            other => match text_of(other) {
                None => return Ok(None),
                Some(text) => ru_date(&text),
            },
        };
        match date {
            Some(date) if (1990..=2200).contains(&chrono::Datelike::year(&date)) => Ok(Some(date)),
            Some(_) => Err(self.reject(field, "is a date out of range")),
            None => Err(self.reject(field, "is not a date")),
        }
    }

    /// The date of a number whose cell has no date format.
    fn serial_date(&self, serial: f64) -> Option<NaiveDate> {
        let date = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, self.is_1904);
        DataRef::DateTime(date).as_date()
    }

    /// `Да` or `Нет`.
    pub fn flag(&self, field: usize) -> Option<bool> {
        match self.cell(field)? {
            DataRef::Bool(value) => Some(*value),
            cell => match text_of(cell)?.to_lowercase().as_str() {
                "да" | "истина" => Some(true),
                "нет" | "ложь" => Some(false),
                _ => None,
            },
        }
    }

    /// Why the row is not taken.
    pub fn reject(&self, field: usize, reason: &str) -> Reject {
        let value = self.cell(field).map(shown).unwrap_or_default();
        Reject {
            row_number: self.row_number,
            column: self.wanted[field].names[0].to_owned(),
            value: value.chars().take(SHOWN_CHARACTERS).collect(),
            reason: reason.to_owned(),
            cells: self.cells.iter().map(kept).collect(),
            operation_id: None,
        }
    }

    fn cell(&self, field: usize) -> Option<&'r DataRef<'d>> {
        self.cells.get(self.headings.positions[field]?)
    }
}

/// A cell as it is kept of a rejected row: numbers stay numbers.
fn kept(cell: &DataRef<'_>) -> Value {
    match cell {
        DataRef::Int(number) => Value::from(*number),
        DataRef::Float(number) => Value::from(*number),
        other => text_of(other).map_or(Value::Null, Value::from),
    }
}

/// The text that a cell shows; `None` for one that is empty or an error.
fn text_of(cell: &DataRef<'_>) -> Option<String> {
    let text = match cell {
        DataRef::String(text) => folded(text),
        DataRef::SharedString(text) => folded(text),
        DataRef::Empty | DataRef::Error(_) => return None,
        DataRef::DateTime(_) => cell.as_date()?.format("%d.%m.%Y").to_string(),
        DataRef::Bool(value) => (if *value { "Да" } else { "Нет" }).to_owned(),
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => value.to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
    };
    (!text.is_empty()).then_some(text)
}

pub(super) fn shown(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Error(err) => err.to_string(),
        other => text_of(other).unwrap_or_default(),
    }
}
