//! A workbook: the rows and their totals on one sheet; on another what was asked for, what is left
//! out and how new the data is.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use rust_xlsxwriter::{
    ExcelDateTime, Format, Formula, Workbook, Worksheet, utility::column_number_to_name,
};

use super::columns::Kind;
use super::fields::{CellSink, Fields};
use super::heading_of;
use super::table::Cell;
use super::totals::{Totals, TotalsRow};
use super::words::word;
use crate::domain::Language;

/// What a sheet can hold (Excel's limit), the header not counted.
const MOST_ROWS: usize = 1_048_575;
/// Why a list does not fit.
pub const SHEET_IS_FULL: &str =
    "a sheet can't hold more than 1,048,575 rows and totals: narrow the filter or ask for csv";

/// Grouped thousands, two decimals. In a file this is written with the signs of English; a
/// spreadsheet shows the reader's own: Russian Excel displays and names it `# ##0,00`. A space
/// written into the code would be a literal that groups the last three digits only.
const MONEY: &str = "#,##0.00";
const PERCENT: &str = "0.00";
/// Columns are no narrower and no wider, in characters.
const WIDTHS: (usize, usize) = (8, 60);
/// Characters above a page; the format holds 255 with its codes.
const MOST_HEADER: usize = 200;
/// Room for the button of the filter.
const FILTER_BUTTON: usize = 3;

/// A file while it is written.
pub struct XlsxFile {
    workbook: Workbook,
    language: Language,
    formats: Formats,
    rows: Rows,
    next_row: u32,
    widths: Vec<usize>,
    totals: Totals,
}

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// One row of figures, which are totals already.
    Figures,
    /// A list.
    List,
    /// A month each: flows are added up, balances are not.
    Months,
}

struct Formats {
    heading: Format,
    money: Format,
    percent: Format,
    day: Format,
    month: Format,
    time: Format,
    total: Format,
    total_money: Format,
}

impl Formats {
    fn new(language: Language) -> Formats {
        let of = |code: &str| Format::new().set_num_format(code);
        Formats {
            heading: Format::new().set_bold(),
            money: of(MONEY),
            percent: of(PERCENT),
            day: of(language.of("yyyy-mm-dd", "dd.mm.yyyy")),
            month: of(language.of("yyyy-mm", "mm.yyyy")),
            time: of(language.of("yyyy-mm-dd hh:mm:ss", "dd.mm.yyyy hh:mm:ss")),
            total: Format::new().set_bold(),
            total_money: of(MONEY).set_bold(),
        }
    }
}

impl XlsxFile {
    /// Begins a file.
    pub fn new(language: Language, rows: Rows) -> anyhow::Result<XlsxFile> {
        let mut workbook = Workbook::new();
        workbook
            .add_worksheet_with_constant_memory()?
            .set_name(language.of("data", "Данные"))?;
        workbook
            .add_worksheet()
            .set_name(language.of("filters", "Отбор"))?;
        Ok(XlsxFile {
            workbook,
            language,
            formats: Formats::new(language),
            rows,
            next_row: 0,
            widths: Vec::new(),
            totals: Totals::default(),
        })
    }

    /// Whether no further row fits beside the totals.
    pub fn is_full(&self) -> bool {
        // The next row may be the first one of its currency.
        self.next_row as usize + self.totals.rows() + 1 > MOST_ROWS
    }

    /// Ends a row whose cells are written.
    pub fn end_row(&mut self) {
        self.totals.end_row();
        self.next_row += 1;
    }

    /// Puts a text above each page on paper.
    pub fn set_page_header(&mut self, text: &str) -> anyhow::Result<()> {
        // `&` begins a code, so that it is doubled.
        let text: String = text
            .chars()
            .take(MOST_HEADER)
            .collect::<String>()
            .replace('&', "&&");
        self.workbook
            .worksheet_from_index(0)?
            .set_header(format!("&L{text}"));
        Ok(())
    }

    /// The file, to be read from its beginning. `about` goes on the second sheet.
    pub fn finish(mut self, about: &[(String, String)]) -> anyhow::Result<File> {
        let rows = self.next_row;
        self.write_totals()?;
        let sheet = self.workbook.worksheet_from_index(0)?;
        if let Some(last_column) = self.widths.len().checked_sub(1) {
            sheet.autofilter(0, 0, rows - 1, u16::try_from(last_column)?)?;
            sheet.set_freeze_panes(1, 0)?;
            // On paper: as wide as the page, the headings and the page's number on each.
            sheet
                .set_landscape()
                .set_print_fit_to_pages(1, 0)
                .set_repeat_rows(0, 0)?;
            sheet.set_footer("&C&P / &N");
        }
        set_widths(sheet, &self.widths)?;
        self.write_about(about)?;
        let mut file = tempfile::tempfile()?;
        self.workbook.save_to_writer(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// Writes the headings of columns.
    pub fn begin(&mut self, fields: &Fields) -> anyhow::Result<()> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (at, field) in fields.as_slice().iter().enumerate() {
            let heading = heading_of(&field.name, self.language);
            sheet.write_string_with_format(
                0,
                u16::try_from(at)?,
                heading,
                &self.formats.heading,
            )?;
            widen(
                &mut self.widths,
                at,
                heading.chars().count() + FILTER_BUTTON,
            );
        }
        if self.rows != Rows::Figures {
            self.totals = Totals::of_columns(fields, self.rows == Rows::Months);
        }
        self.next_row = 1;
        Ok(())
    }

    /// Writes a row of totals for each currency. A single one follows the sheet's filter, as 109
    /// says; several hold all rows of their currency.
    fn write_totals(&mut self) -> anyhow::Result<()> {
        let (last, is_single) = (self.next_row, self.totals.rows() == 1);
        let sheet = self.workbook.worksheet_from_index(0)?;
        for TotalsRow { currency, sums } in self.totals.of_currencies() {
            let label = match currency.filter(|_| !is_single) {
                Some(currency) => format!("{} {currency}", self.language.of("Total", "Итого")),
                None => self.language.of("Total", "Итого").to_owned(),
            };
            sheet.write_string_with_format(self.next_row, 0, &label, &self.formats.total)?;
            for (at, sum) in sums {
                let cells = |at: usize| -> anyhow::Result<String> {
                    let name = column_number_to_name(u16::try_from(at)?);
                    Ok(format!("{name}2:{name}{last}"))
                };
                let formula = match self.totals.currency_column().filter(|_| !is_single) {
                    Some(currencies) => {
                        // `=` alone means an empty cell.
                        let wanted =
                            format!("={}", currency.unwrap_or_default()).replace('"', "\"\"");
                        format!("SUMIFS({},{},\"{wanted}\")", cells(at)?, cells(currencies)?)
                    }
                    None => format!("SUBTOTAL(109,{})", cells(at)?),
                };
                let formula = Formula::new(formula).set_result(sum.to_string());
                let format = &self.formats.total_money;
                sheet.write_formula_with_format(
                    self.next_row,
                    u16::try_from(at)?,
                    formula,
                    format,
                )?;
                widen(&mut self.widths, at, grouped_length(sum.to_string().len()));
            }
            self.next_row += 1;
        }
        Ok(())
    }

    fn write_about(&mut self, about: &[(String, String)]) -> anyhow::Result<()> {
        let mut widths = Vec::new();
        let sheet = self.workbook.worksheet_from_index(1)?;
        for (row, (name, value)) in (0..).zip(about) {
            sheet.write_string_with_format(row, 0, name, &self.formats.heading)?;
            sheet.write_string(row, 1, value)?;
            widen(&mut widths, 0, name.chars().count());
            widen(&mut widths, 1, value.chars().count());
        }
        set_widths(sheet, &widths)
    }
}

impl CellSink for XlsxFile {
    fn put(&mut self, column: usize, kind: Kind, cell: Cell<'_>) -> anyhow::Result<()> {
        self.totals.add(column, cell);
        let length = write(
            self.workbook.worksheet_from_index(0)?,
            (self.next_row, u16::try_from(column)?),
            cell,
            kind,
            (&self.formats, self.language),
        )?;
        widen(&mut self.widths, column, length);
        Ok(())
    }
}

/// Writes a cell; returns how many characters it shows.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: Cell<'_>,
    kind: Kind,
    (formats, language): (&Formats, Language),
) -> anyhow::Result<usize> {
    let text = match cell {
        Cell::Empty => return Ok(0),
        Cell::Text(text) if kind == Kind::Word => word(text, language).to_owned(),
        Cell::Text(text) => text.to_owned(),
        Cell::Mark(mark) if language == Language::Russian => language.mark(mark).to_owned(),
        Cell::Mark(mark) => {
            sheet.write_boolean(row, column, mark)?;
            return Ok(0);
        }
        Cell::Number(number) => {
            let value: f64 = number.parse().unwrap_or_default();
            match kind {
                Kind::Money | Kind::Balance | Kind::Unsummed => {
                    sheet.write_number_with_format(row, column, value, &formats.money)?;
                    return Ok(grouped_length(format!("{value:.2}").len()));
                }
                Kind::Percent => {
                    sheet.write_number_with_format(row, column, value, &formats.percent)?;
                }
                _ => {
                    sheet.write_number(row, column, value)?;
                }
            }
            return Ok(number.len());
        }
        Cell::Date(day) | Cell::Month(day) => match excel_day(day) {
            Some(date) => {
                let format = if matches!(cell, Cell::Date(_)) {
                    &formats.day
                } else {
                    &formats.month
                };
                sheet.write_datetime_with_format(row, column, date, format)?;
                return Ok("0000-00-00".len());
            }
            None => day.to_string(),
        },
        Cell::Time(time) => match excel_time(time) {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, date, &formats.time)?;
                return Ok("0000-00-00 00:00:00".len());
            }
            None => time.to_string(),
        },
    };
    sheet.write_string(row, column, &text)?;
    Ok(text.chars().count())
}

/// A day as Excel counts it; `None` before 1900, which it does not know.
fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let (year, month, day) = (
        u16::try_from(day.year()).ok()?,
        u8::try_from(day.month()).ok()?,
        u8::try_from(day.day()).ok()?,
    );
    ExcelDateTime::from_ymd(year, month, day).ok()
}

fn excel_time(time: NaiveDateTime) -> Option<ExcelDateTime> {
    let (hour, minute) = (
        u16::try_from(time.hour()).ok()?,
        u8::try_from(time.minute()).ok()?,
    );
    excel_day(time.date())?
        .and_hms(hour, minute, time.second())
        .ok()
}

/// How long a number of so many characters is with its thousands grouped.
fn grouped_length(length: usize) -> usize {
    length + length.saturating_sub(4) / 3
}

fn widen(widths: &mut Vec<usize>, at: usize, length: usize) {
    if widths.len() <= at {
        widths.resize(at + 1, WIDTHS.0);
    }
    widths[at] = widths[at].max(length + 1).min(WIDTHS.1);
}

fn set_widths(sheet: &mut Worksheet, widths: &[usize]) -> anyhow::Result<()> {
    for (column, width) in (0..).zip(widths) {
        sheet.set_column_width(column, *width as f64)?;
    }
    Ok(())
}
