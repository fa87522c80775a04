//! A file while it is written, row by row.

use std::fs::File;

use serde::Serialize;

use super::about::About;
use super::csv_file::CsvFile;
use super::fields::Fields;
use super::xlsx_file::{Rows, SHEET_IS_FULL, XlsxFile};
use super::{Format, failed};
use crate::api::error::ApiError;
use crate::domain::Language;

/// A file while it is written.
pub(super) struct Writer {
    file: FormatWriter,
    /// Unknown until the first rows come.
    fields: Option<Fields>,
}

enum FormatWriter {
    Csv(Box<CsvFile>),
    Xlsx(Box<XlsxFile>, About),
}

impl Writer {
    /// Begins a file.
    pub fn new(
        format: Format,
        language: Language,
        about: About,
        rows: Rows,
    ) -> Result<Writer, ApiError> {
        let file = match format {
            Format::Csv => FormatWriter::Csv(Box::new(CsvFile::new(language).map_err(failed)?)),
            Format::Xlsx => FormatWriter::Xlsx(
                Box::new(XlsxFile::new(language, rows).map_err(failed)?),
                about,
            ),
        };
        Ok(Writer { file, fields: None })
    }

    /// Adds lines to the second sheet, which also stand above each page on paper.
    pub fn push_about(&mut self, lines: Vec<(&str, String)>) -> Result<(), ApiError> {
        let FormatWriter::Xlsx(file, about) = &mut self.file else {
            return Ok(());
        };
        let set: Vec<String> = lines
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        file.set_page_header(&set.join("; ")).map_err(failed)?;
        lines
            .into_iter()
            .for_each(|(name, value)| about.push(name, value));
        Ok(())
    }

    /// Whether the columns are known.
    pub fn has_columns(&self) -> bool {
        self.fields.is_some()
    }

    /// Writes the rows that come first: they decide on the columns, with `fields` where they leave
    /// the order open.
    pub fn push_first<T: Serialize>(
        &mut self,
        rows: &[T],
        fields: &[String],
    ) -> Result<(), ApiError> {
        self.begin(Fields::of_rows(rows, fields).map_err(failed)?)?;
        rows.iter().try_for_each(|row| self.push(row))
    }

    /// Writes a further row.
    pub fn push<T: Serialize>(&mut self, row: &T) -> Result<(), ApiError> {
        let Some(fields) = &self.fields else {
            return Ok(());
        };
        let written = match &mut self.file {
            FormatWriter::Csv(file) => fields
                .put_row(row, file.as_mut())
                .and_then(|()| file.end_row()),
            FormatWriter::Xlsx(file, _) if file.is_full() => {
                return Err(ApiError::invalid("format", SHEET_IS_FULL));
            }
            FormatWriter::Xlsx(file, _) => {
                fields.put_row(row, file.as_mut()).map(|()| file.end_row())
            }
        };
        written.map_err(failed)
    }

    fn begin(&mut self, fields: Fields) -> Result<(), ApiError> {
        if !fields.as_slice().is_empty() {
            match &mut self.file {
                FormatWriter::Csv(file) => file.begin(&fields),
                FormatWriter::Xlsx(file, _) => file.begin(&fields),
            }
            .map_err(failed)?;
            self.fields = Some(fields);
        }
        Ok(())
    }

    /// Completes the file, to be read from its beginning; without rows it has the headings of
    /// `fields`.
    pub fn finish(mut self, fields: Vec<String>) -> Result<File, ApiError> {
        if self.fields.is_none() {
            self.begin(Fields::of_names(fields))?;
        }
        match self.file {
            FormatWriter::Csv(file) => file.finish(),
            FormatWriter::Xlsx(file, about) => file.finish(about.lines()),
        }
        .map_err(failed)
    }
}
