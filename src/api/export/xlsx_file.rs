//! A workbook: the rows on one sheet, what was asked and how new the data is on another.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use super::table::{Cell, Row};
use crate::domain::DataVersion;

const SHEET: &str = "data";
/// What a sheet can hold (Excel's limit), the header not counted.
const MOST_ROWS: u32 = 1_048_575;
pub const SHEET_IS_FULL: &str = "a sheet can't hold more than 1,048,575 rows: narrow the filter or ask for csv";

pub struct XlsxFile {
    workbook: Workbook,
    next_row: u32,
    day: Format,
}

impl XlsxFile {
    pub fn new(filters: &[(String, String)], version: DataVersion) -> anyhow::Result<XlsxFile> {
        let mut workbook = Workbook::new();
        workbook.add_worksheet_with_constant_memory()?.set_name(SHEET)?;
        let about = workbook.add_worksheet();
        about.set_name("filters")?;
        let as_of = version.as_of.map(|time| format!("{time} UTC")).unwrap_or_default();
        let mut lines = vec![("data as of".to_owned(), as_of)];
        lines.extend(filters.iter().cloned());
        for (row, (name, value)) in (0..).zip(lines) {
            about.write_string(row, 0, name)?;
            about.write_string(row, 1, value)?;
        }
        Ok(XlsxFile { workbook, next_row: 0, day: Format::new().set_num_format("yyyy-mm-dd") })
    }

    /// No further row fits.
    pub fn is_full(&self) -> bool {
        self.next_row > MOST_ROWS
    }

    pub fn push(&mut self, row: &Row) -> anyhow::Result<()> {
        let sheet = self.workbook.worksheet_from_name(SHEET)?;
        if self.next_row == 0 {
            for (column, (heading, _)) in (0..).zip(row) {
                sheet.write_string(0, column, heading)?;
            }
            self.next_row = 1;
        }
        for (column, (_, cell)) in (0..).zip(row) {
            write(sheet, self.next_row, column, cell, &self.day)?;
        }
        self.next_row += 1;
        Ok(())
    }

    /// The file, to be read from its beginning.
    pub fn finish(mut self) -> anyhow::Result<File> {
        let mut file = tempfile::tempfile()?;
        self.workbook.save_to_writer(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell, day: &Format) -> anyhow::Result<()> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, text)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, number.as_f64().unwrap_or_default())?),
        Cell::Date(date) => drop(sheet.write_datetime_with_format(
            row,
            column,
            ExcelDateTime::parse_from_str(&date.to_string())?,
            day,
        )?),
    }
    Ok(())
}
