//! CSV as spreadsheets read it: UTF-8 with a byte order mark.
//!
//! A text that begins like a formula gets an apostrophe in front (OWASP, CSV injection).

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use super::table::{Cell, Row};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub struct CsvFile {
    writer: csv::Writer<BufWriter<File>>,
    is_russian: bool,
    has_header: bool,
}

impl CsvFile {
    pub fn new(is_russian: bool) -> anyhow::Result<CsvFile> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        file.write_all(BYTE_ORDER_MARK)?;
        let delimiter = if is_russian { b';' } else { b',' };
        let writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file);
        Ok(CsvFile { writer, is_russian, has_header: false })
    }

    pub fn push(&mut self, row: &Row) -> anyhow::Result<()> {
        if !self.has_header {
            self.writer.write_record(row.iter().map(|(heading, _)| heading))?;
            self.has_header = true;
        }
        let is_russian = self.is_russian;
        self.writer.write_record(row.iter().map(|(_, cell)| text_of(cell, is_russian)))?;
        Ok(())
    }

    /// The file, to be read from its beginning.
    pub fn finish(self) -> anyhow::Result<File> {
        let buffered = self.writer.into_inner().map_err(|err| anyhow::anyhow!("{err}"))?;
        let mut file = buffered.into_inner().map_err(|err| anyhow::anyhow!("{err}"))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

fn text_of(cell: &Cell, is_russian: bool) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) if is_russian => number.to_string().replace('.', ","),
        Cell::Number(number) => number.to_string(),
        Cell::Date(day) if is_russian => day.format("%d.%m.%Y").to_string(),
        Cell::Date(day) => day.to_string(),
    }
}
