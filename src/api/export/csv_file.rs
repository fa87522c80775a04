//! CSV as spreadsheets read it: UTF-8 with a byte order mark.
//!
//! A text that begins like a formula gets an apostrophe in front (OWASP, CSV injection).

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use super::columns::{Kind, kind_of};
use super::heading_of;
use super::table::{Cell, Row};
use super::words::word;
use crate::domain::{Language, Money};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file while it is written.
pub struct CsvFile {
    writer: csv::Writer<BufWriter<File>>,
    language: Language,
    has_header: bool,
    kinds: Vec<Kind>,
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
            has_header: false,
            kinds: Vec::new(),
        })
    }

    /// Writes the headings of a row's columns, unless there are some.
    pub fn begin(&mut self, row: &Row) -> anyhow::Result<()> {
        if !self.has_header && !row.is_empty() {
            let language = self.language;
            self.writer.write_record(
                row.iter()
                    .map(|(name, _)| guarded(heading_of(name, language))),
            )?;
            self.kinds = row.iter().map(|(name, _)| kind_of(name)).collect();
            self.has_header = true;
        }
        Ok(())
    }

    /// Writes a row, the first one below the headings.
    pub fn push(&mut self, row: &Row) -> anyhow::Result<()> {
        self.begin(row)?;
        let kinds = self
            .kinds
            .iter()
            .copied()
            .chain(std::iter::repeat(Kind::Plain));
        let cells = row.iter().zip(kinds);
        self.writer
            .write_record(cells.map(|((_, cell), kind)| text_of(cell, kind, self.language)))?;
        Ok(())
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

fn text_of(cell: &Cell, kind: Kind, language: Language) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) if kind == Kind::Word => guarded(word(text, language)),
        Cell::Text(text) => guarded(text),
        Cell::Number(number) => {
            let text = number.to_string();
            let amount = kind
                .has_decimals()
                .then(|| Money::parse(&text).ok())
                .flatten();
            amount
                .map_or(text, |amount| amount.to_string())
                .replace('.', language.of(".", ","))
        }
        Cell::Mark(mark) => language.mark(*mark).to_owned(),
        Cell::Date(day) => day.format(language.of("%Y-%m-%d", "%d.%m.%Y")).to_string(),
        Cell::Month(day) => day.format(language.of("%Y-%m", "%m.%Y")).to_string(),
        Cell::Time(time) => time
            .format(language.of("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"))
            .to_string(),
    }
}

/// A text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    let is_like_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_like_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
