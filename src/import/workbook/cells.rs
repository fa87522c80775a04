//! The cells of one row, read as text, amount, date or flag.
//!
//! What figures depend on is read as a person reads it in the sheet, or the row is rejected. Texts
//! for people are left out where they can't be read.

use chrono::{Months, NaiveDate};
use serde_json::Value;

use super::ReadingRules;
use super::cell::{Cell, serial_date};
use super::columns::Columns;
use super::headings::{Heading, Weight};
use super::reject::{Reject, RejectCode};
use super::sheet::SheetRows;
use crate::domain::{Currency, DateText, Money, MoneyError, folded, is_rate};

/// A reject shows so much of a cell at most.
const SHOWN_CHARACTERS: usize = 200;
/// Loans of before are no export's.
const FIRST_YEAR: i32 = 1990;
/// A date this many months after today is mistyped.
const MONTHS_AHEAD: Months = Months::new(24);

pub(super) struct RowCells<'r, 's> {
    cells: &'r [Cell<'s>],
    row_number: u32,
    is_1904: bool,
    columns: &'r Columns,
    rules: &'r ReadingRules,
}

impl<'r, 's> RowCells<'r, 's> {
    /// The current row of a sheet.
    pub(super) fn new(
        rows: &'r SheetRows<'s>,
        columns: &'r Columns,
        rules: &'r ReadingRules,
    ) -> RowCells<'r, 's> {
        RowCells {
            cells: rows.cells(),
            row_number: rows.row_number(),
            is_1904: rows.is_1904(),
            columns,
            rules,
        }
    }

    pub(super) fn row_number(&self) -> u32 {
        self.row_number
    }

    /// The text of a cell, white space folded; `None` when the cell or the column is empty.
    pub(super) fn text(&self, field: usize) -> Result<Option<String>, Reject> {
        let Some(cell) = self.cell(field) else {
            return Ok(None);
        };
        if let Some(fault) = cell.fault() {
            return match self.heading(field).weight {
                Weight::Descriptive => Ok(None),
                Weight::Required | Weight::Deciding => Err(self.faulty(field, cell, &fault)),
            };
        }
        Ok(cell
            .text(self.is_1904)
            .map(|text| folded(&text))
            .filter(|text| !text.is_empty()))
    }

    /// The text of a cell that must not be empty.
    pub(super) fn required_text(&self, field: usize) -> Result<String, Reject> {
        self.text(field)?.ok_or_else(|| self.empty(field))
    }

    /// The same of a number by which something is recognized: one that lost digits is none.
    pub(super) fn identifier(&self, field: usize) -> Result<Option<String>, Reject> {
        match self.cell(field).is_some_and(Cell::has_lost_digits) {
            false => self.text(field),
            true if self.heading(field).weight == Weight::Descriptive => Ok(None),
            true => {
                let reason = "stands there as a number and has lost its last digits: format the column as text and \
                              export it again";
                Err(self.reject(field, RejectCode::LostDigits, reason))
            }
        }
    }

    /// The same of one that must not be empty.
    pub(super) fn required_identifier(&self, field: usize) -> Result<String, Reject> {
        self.identifier(field)?.ok_or_else(|| self.empty(field))
    }

    /// A text for people with its lines and spaces.
    pub(super) fn lines(&self, field: usize) -> Option<String> {
        let text = self
            .cell(field)
            .filter(|cell| cell.fault().is_none())?
            .text(self.is_1904)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.replace("\r\n", "\n"))
    }

    /// The amount in a cell.
    pub(super) fn amount(&self, field: usize) -> Result<Option<Money>, Reject> {
        let Some(cell) = self.cell(field) else {
            return Ok(None);
        };
        if let Some(fault) = cell.fault() {
            return Err(self.faulty(field, cell, &fault));
        }
        let amount = match cell {
            Cell::Number(number, format) if !format.is_date() => Money::from_cell(*number),
            other => match other.text(self.is_1904) {
                Some(text) if !text.trim().is_empty() => Money::parse(&text),
                _ => return Ok(None),
            },
        };
        amount.map(Some).map_err(|err| {
            let code = match err {
                MoneyError::NotANumber => RejectCode::NotAnAmount,
                MoneyError::Ambiguous => RejectCode::AmbiguousAmount,
                MoneyError::TooPrecise => RejectCode::TooManyDecimals,
                MoneyError::OutOfRange => RejectCode::OutOfRange,
            };
            self.reject(field, code, &err.to_string())
        })
    }

    /// The amount in a cell that must not be empty.
    pub(super) fn required_amount(&self, field: usize) -> Result<Money, Reject> {
        self.amount(field)?.ok_or_else(|| self.empty(field))
    }

    /// The rate in a cell, as text with all its digits, however few of them the cell shows.
    pub(super) fn rate(&self, field: usize) -> Result<Option<String>, Reject> {
        let rate = match self.cell(field) {
            Some(Cell::Number(number, format)) if !format.is_date() => Some(significant(*number)),
            _ => self.text(field)?,
        };
        match rate {
            Some(rate) if !is_rate(&rate) => {
                Err(self.reject(field, RejectCode::NotARate, "is not a rate"))
            }
            rate => Ok(rate),
        }
    }

    /// The date in a cell: text, a real date, or the serial number of one. A text that may mean two
    /// days means the one of them that `likely` is.
    pub(super) fn date(
        &self,
        field: usize,
        likely: Option<NaiveDate>,
    ) -> Result<Option<NaiveDate>, Reject> {
        let Some(cell) = self.cell(field) else {
            return Ok(None);
        };
        if let Some(fault) = cell.fault() {
            return Err(self.faulty(field, cell, &fault));
        }
        let not_a_date = || self.reject(field, RejectCode::NotADate, "is not a date");
        let read = match cell {
            // A plain number shows no date: it is one only where the operation's id says the same.
            Cell::Number(serial, format) if !format.is_date() => {
                let date = serial_date(*serial, self.is_1904);
                match date.filter(|date| likely == Some(*date)) {
                    Some(date) => DateText::Day(date),
                    None => return Err(not_a_date()),
                }
            }
            Cell::Number(serial, _) => {
                DateText::Day(serial_date(*serial, self.is_1904).ok_or_else(not_a_date)?)
            }
            other => DateText::parse(&other.text(self.is_1904).unwrap_or_default())
                .ok_or_else(not_a_date)?,
        };
        match read {
            DateText::Empty => Ok(None),
            DateText::Day(date) => self.within_bounds(field, date).map(Some),
            DateText::Either(one, other) => {
                match likely.filter(|likely| [one, other].contains(likely)) {
                    Some(date) => self.within_bounds(field, date).map(Some),
                    None => {
                        let reason = format!(
                            "may mean {} or {}: write it as day.month.year",
                            one.format("%d.%m.%Y"),
                            other.format("%d.%m.%Y")
                        );
                        Err(self.reject(field, RejectCode::AmbiguousDate, &reason))
                    }
                }
            }
        }
    }

    /// The date in a cell that must not be empty.
    pub(super) fn required_date(&self, field: usize) -> Result<NaiveDate, Reject> {
        self.date(field, None)?.ok_or_else(|| self.empty(field))
    }

    /// A date that figures may be of; `field` is where it stands.
    pub(super) fn within_bounds(&self, field: usize, date: NaiveDate) -> Result<NaiveDate, Reject> {
        let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or_default();
        let last = self
            .rules
            .today
            .checked_add_months(MONTHS_AHEAD)
            .unwrap_or(NaiveDate::MAX);
        if (first..=last).contains(&date) {
            return Ok(date);
        }
        let reason = format!(
            "is the date {}, which is not between {} and {}",
            date.format("%d.%m.%Y"),
            first.format("%d.%m.%Y"),
            last.format("%d.%m.%Y")
        );
        Err(self.reject(field, RejectCode::DateOutOfRange, &reason))
    }

    /// The currency in a cell; the base currency where none stands.
    pub(super) fn currency(&self, field: usize) -> Result<Currency, Reject> {
        let Some(text) = self.text(field)? else {
            return Ok(self.rules.base_currency.clone());
        };
        if text
            .chars()
            .all(|c| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '.' | ',' | '/'))
        {
            return Ok(self.rules.base_currency.clone());
        }
        let unknown = || {
            self.reject(
                field,
                RejectCode::UnknownCurrency,
                "is no currency of ISO 4217 that is known",
            )
        };
        self.columns.currencies.parse(&text).ok_or_else(unknown)
    }

    /// `Да` or `Нет`.
    pub(super) fn flag(&self, field: usize) -> Result<Option<bool>, Reject> {
        if let Some(Cell::Flag(flag)) = self.cell(field) {
            return Ok(Some(*flag));
        }
        match self.text(field)?.map(|text| text.to_lowercase()).as_deref() {
            None => Ok(None),
            Some("да" | "истина" | "true" | "1") => Ok(Some(true)),
            Some("нет" | "ложь" | "false" | "0" | "-") => Ok(Some(false)),
            Some(_) => {
                Err(self.reject(field, RejectCode::UnknownValue, "is neither «Да» nor «Нет»"))
            }
        }
    }

    /// What is left out of texts for people since it can't be read: the field, and what stands
    /// there.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (usize, String)> {
        // Nearly all rows have no such cell.
        let has_faults = self.cells.iter().any(|cell| cell.is_faulty());
        let faulty = if has_faults {
            self.columns.fields()
        } else {
            0..0
        };
        let faulty = faulty.filter(|field| self.heading(*field).weight == Weight::Descriptive);
        let faulty = faulty.filter(|field| self.cell(*field).is_some_and(Cell::is_faulty));
        let lost = self.columns.account_fields.iter().copied();
        let lost = lost.filter(|field| self.cell(*field).is_some_and(Cell::has_lost_digits));
        faulty.chain(lost).map(|field| (field, self.shown(field)))
    }

    /// Why the row is not taken.
    pub(super) fn reject(&self, field: usize, code: RejectCode, reason: &str) -> Reject {
        let kept: Vec<Value> = self
            .cells
            .iter()
            .map(|cell| cell.kept(self.is_1904))
            .collect();
        Reject {
            sheet: self.columns.sheet.clone(),
            row_number: self.row_number,
            column: self.heading(field).names[0],
            value: self.shown(field),
            code,
            reason: reason.to_owned(),
            cells: self.columns.in_first_order(kept).into(),
            operation_id: None,
        }
    }

    /// A cell that holds no value.
    fn faulty(&self, field: usize, cell: &Cell<'_>, fault: &str) -> Reject {
        let code = match cell {
            Cell::Error(_) => RejectCode::CellError,
            Cell::NoResult => RejectCode::NoResult,
            _ => RejectCode::Unreadable,
        };
        self.reject(field, code, fault)
    }

    /// The row lacks what must not be empty.
    pub(super) fn empty(&self, field: usize) -> Reject {
        self.reject(field, RejectCode::Empty, "is empty")
    }

    /// What stands in a cell, not longer than a message may be.
    pub(super) fn shown(&self, field: usize) -> String {
        let text = self
            .cell(field)
            .and_then(|cell| cell.text(self.is_1904))
            .unwrap_or_default();
        folded(&text).chars().take(SHOWN_CHARACTERS).collect()
    }

    /// What stands in a row of totals where its amount should be; without any, its first text.
    pub(super) fn shown_total(&self, amount: usize) -> String {
        let own = self.shown(amount);
        if !own.is_empty() {
            return own;
        }
        let first = self
            .cells
            .iter()
            .find_map(|cell| cell.text(self.is_1904))
            .unwrap_or_default();
        folded(&first).chars().take(SHOWN_CHARACTERS).collect()
    }

    fn heading(&self, field: usize) -> &'static Heading {
        &self.columns.wanted[field]
    }

    /// The cell of a field; of a heading that stands twice, the first that holds something.
    fn cell(&self, field: usize) -> Option<&'r Cell<'s>> {
        let positions = self.columns.positions(field);
        positions
            .iter()
            .filter_map(|at| self.cells.get(*at))
            .find(|cell| !cell.is_empty())
    }
}

/// A number as spreadsheets show it at most: with 15 significant digits.
fn significant(number: f64) -> String {
    format!("{number:.14e}")
        .parse::<f64>()
        .unwrap_or(number)
        .to_string()
}
