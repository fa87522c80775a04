//! CSV as spreadsheets read it: UTF-8 with a byte order mark.
//!
//! A text that begins like a formula gets an apostrophe in front (OWASP, CSV injection).

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::columns::Kind;
use super::fields::{CellSink, Fields};
use super::heading_of;
use super::table::Cell;
use super::words::word;
use crate::domain::{Language, Money};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file while it is written.
pub struct CsvFile {
    writer: csv::Writer<BufWriter<File>>,
    language: Language,
    /// A cell's text while it is written.
    text: String,
}

impl CsvFile {
    /// Begins a file: with comma and point, or, in Russian, with semicolon and decimal comma.
    pub fn new(language: Language) -> anyhow::Result<CsvFile> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        file.write_all(BYTE_ORDER_MARK)?;
        let writer = csv::WriterBuilder::new()
            .delimiter(language.of(b',', b';'))
            .flexible(true)
            .from_writer(file);
        Ok(CsvFile {
            writer,
            language,
            text: String::new(),
        })
    }

    /// Writes the headings of columns.
    pub fn begin(&mut self, fields: &Fields) -> anyhow::Result<()> {
        for field in fields.as_slice() {
            self.text.clear();
            push_guarded(&mut self.text, heading_of(&field.name, self.language));
            self.writer.write_field(&self.text)?;
        }
        self.end_row()
    }

    /// Ends a row whose cells are written.
    pub fn end_row(&mut self) -> anyhow::Result<()> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// The file, to be read from its beginning.
    pub fn finish(self) -> anyhow::Result<File> {
        let buffered = self
            .writer
            .into_inner()
            .map_err(|err| anyhow::anyhow!("{err}"))?;
        let mut file = buffered
            .into_inner()
            .map_err(|err| anyhow::anyhow!("{err}"))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

impl CellSink for CsvFile {
    fn put(&mut self, _: usize, kind: Kind, cell: Cell<'_>) -> anyhow::Result<()> {
        self.text.clear();
        push_text(&mut self.text, cell, kind, self.language);
        Ok(self.writer.write_field(&self.text)?)
    }
}

fn push_text(text: &mut String, cell: Cell<'_>, kind: Kind, language: Language) {
    match cell {
        Cell::Empty => {}
        Cell::Text(value) if kind == Kind::Word => push_guarded(text, word(value, language)),
        Cell::Text(value) => push_guarded(text, value),
        Cell::Number(number) => {
            let amount = (kind.has_decimals() && !has_two_decimals(number))
                .then(|| Money::parse(number).ok())
                .flatten();
            let begin = text.len();
            match amount {
                Some(amount) => text.push_str(&amount.to_string()),
                None => text.push_str(number),
            }
            if language == Language::Russian
                && let Some(point) = text[begin..].find('.')
            {
                text.replace_range(begin + point..=begin + point, ",");
            }
        }
        Cell::Mark(mark) => text.push_str(language.mark(mark)),
        Cell::Date(day) => push_day(text, day, language),
        Cell::Month(day) => {
            let format = language.of("%Y-%m", "%m.%Y");
            text.push_str(&day.format(format).to_string());
        }
        Cell::Time(time) => push_time(text, time, language),
    }
}

/// Returns whether a number is written as amounts are.
fn has_two_decimals(number: &str) -> bool {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    decimals.len() == 2 && are_digits(decimals) && are_digits(whole.trim_start_matches('-'))
}

/// Writes a day digit by digit: chrono reads its format again for each of them.
fn push_day(text: &mut String, day: NaiveDate, language: Language) {
    let (year, month, day_of_month) = (day.year(), day.month(), day.day());
    if !(0..=9999).contains(&year) {
        let format = language.of("%Y-%m-%d", "%d.%m.%Y");
        return text.push_str(&day.format(format).to_string());
    }
    let push_year = |text: &mut String| {
        push_two_digits(text, year.unsigned_abs() / 100);
        push_two_digits(text, year.unsigned_abs() % 100);
    };
    match language {
        Language::English => {
            push_year(text);
            text.push('-');
            push_two_digits(text, month);
            text.push('-');
            push_two_digits(text, day_of_month);
        }
        Language::Russian => {
            push_two_digits(text, day_of_month);
            text.push('.');
            push_two_digits(text, month);
            text.push('.');
            push_year(text);
        }
    }
}

fn push_time(text: &mut String, time: NaiveDateTime, language: Language) {
    push_day(text, time.date(), language);
    for (before, number) in [
        (' ', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ] {
        text.push(before);
        push_two_digits(text, number);
    }
}

fn push_two_digits(text: &mut String, number: u32) {
    for digit in [number / 10, number % 10] {
        text.push(char::from_digit(digit % 10, 10).unwrap_or('0'));
    }
}

/// Writes a text that no spreadsheet takes for a formula.
fn push_guarded(text: &mut String, value: &str) {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        text.push('\'');
    }
    text.push_str(value);
}
