//! A 1C workbook, read into typed rows.
//!
//! Rows are given away in batches while the sheet is read, so that memory does not grow with them.
//! Columns are found by the header's text, never by position. A row that can't be taken becomes a
//! [`Reject`] with its number, column, value and reason; the others are not affected by it. Owns
//! every column heading and quirk of 1C's XLSX writer; knows no database.

mod adjustments;
mod book;
mod cell;
mod cells;
mod choice;
mod columns;
mod details;
mod error;
mod expenses;
mod guard;
mod headings;
mod kind;
mod number_formats;
mod operation;
mod other_formats;
mod package;
mod receipts;
mod reject;
mod seen;
mod shared_strings;
mod sheet;
mod text;
mod totals;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

pub(crate) use adjustments::{AdjustmentRow, adjustment_headings};
pub(crate) use details::DetailRow;
pub use error::WorkbookError;
pub use expenses::ExpenseRow;
pub use kind::Kind;
pub use receipts::ReceiptRow;
pub use reject::Reject;
pub(crate) use reject::RejectCode;
pub(crate) use seen::SeenIds;

use crate::domain::{Currency, Money};
use crate::import::remark::Remark;
use book::Book;
use cell::Cell;
use cells::RowCells;
use choice::{Choice, ChosenSheet};
use columns::Columns;
use headings::Heading;
use totals::{SheetSums, is_total};

/// So many rows of a sheet are given away together,
pub const BATCH_ROWS: usize = 4_000;
/// The heading of the column that says why a row was rejected, in files of rejected rows.
pub const REJECT_REASON: &str = "Причина отказа";
/// or fewer, whose texts take so many bytes.
const BATCH_BYTES: usize = 16 << 20;

/// A row's number takes so many bits of its place in a file; the rest is the sheet's number.
const ROW_BITS: u32 = 21;
/// Sheets from this one on are not distinguished. A place is never the largest number of its type.
const LAST_SHEET: u32 = (1 << (u32::BITS - ROW_BITS)) - 2;

/// What a workbook is read by.
#[derive(Clone, Debug)]
pub struct ReadingRules {
    /// The currency of amounts that name none.
    pub base_currency: Currency,
    /// The day of the import: dates far behind it are mistyped.
    pub today: NaiveDate,
}

/// What a sheet gives while it is read, in its order.
#[derive(Debug)]
pub enum Part {
    /// First, and once: what its header row says.
    Header(Header),
    /// Then its rows.
    Rows(Batch),
}

/// A sheet whose rows can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What its rows are.
    pub kind: Kind,
    /// The header row from column A on.
    pub titles: Vec<String>,
    /// How many rows there are about, for an estimate; 0 when that is not known.
    pub expected_rows: u64,
}

/// Some rows.
#[derive(Debug)]
pub struct Batch {
    /// Those that can be taken.
    pub rows: Rows,
    /// Those among them that can't.
    pub rejects: Vec<Reject>,
}

/// Rows of one kind.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum Rows {
    Receipts(Vec<ReceiptRow>),
    Expenses(Vec<ExpenseRow>),
    Details(Vec<DetailRow>),
    Adjustments(Vec<AdjustmentRow>),
}

impl Rows {
    /// How many they are.
    pub fn len(&self) -> usize {
        match self {
            Rows::Receipts(rows) => rows.len(),
            Rows::Expenses(rows) => rows.len(),
            Rows::Details(rows) => rows.len(),
            Rows::Adjustments(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the sheets of a workbook add up to, and what is to be said about them.
#[derive(Debug, Default)]
pub struct WorkbookTotals {
    /// The file's own total (`Итого`): that of its sheets together, if each has one; of the first
    /// whose total differs, if one does.
    pub control_total: Option<Money>,
    /// The sum of all readable amounts, rejected rows included: what the total must equal.
    pub rows_total: Money,
    /// The operation ids that it names.
    pub seen: SeenIds,
    /// Whether there were rows that do not say which operation they are.
    pub has_nameless_rows: bool,
    /// What may be wrong: a file with a remark is no success.
    pub remarks: Vec<Remark>,
    /// What is worth knowing and changes no figure.
    pub notes: Vec<String>,
    /// Whether a total differs from its rows.
    differs: bool,
    /// The names of the sheets, as far as they were begun.
    sheets: Vec<String>,
    /// Texts that were left out, by column: how many, the first row and what stands there.
    left_out: BTreeMap<&'static str, (usize, u32, String)>,
}

/// Takes the parts of a workbook; `Break` ends the reading.
pub type Taker<'t> = &'t mut dyn FnMut(Part) -> ControlFlow<()>;

/// A kind of row: its columns, and how it is read.
trait Row: Sized + Serialize {
    /// The columns that are looked for; their positions here are the fields' numbers.
    const HEADINGS: &'static [Heading];
    /// Numbers for people, which decide no figure: one that lost digits is left out.
    const ACCOUNTS: &'static [usize];
    /// The field that holds the amount, which the control total adds up.
    const AMOUNT: usize;
    /// The field that names what the row is of; a total has none.
    const ID: usize;
    /// Whether that is an operation's id.
    const NAMES_OPERATION: bool = true;
    /// Whether that may occur only once in a file.
    const IS_UNIQUE: bool;

    fn read(cells: &RowCells<'_, '_>) -> Result<Self, Reject>;

    /// Rows of this kind among those of any.
    fn wrapped(rows: Vec<Self>) -> Rows;
}

/// Reads a workbook and gives its parts away. `kind` is what the file's name says; without it the
/// header decides.
///
/// # Errors
/// [`WorkbookError`] when it is no workbook, asks for more than it may, is damaged (rows before the
/// damage were given away), has no sheet whose header has the required columns, or one whose rows
/// can't be read with certainty; [`WorkbookError::Stopped`] when `take` said so.
pub fn read(
    file: File,
    kind: Option<Kind>,
    rules: &ReadingRules,
    take: Taker<'_>,
) -> Result<WorkbookTotals, WorkbookError> {
    let mut book = Book::open(file)?;
    let Choice {
        kind,
        sheets,
        notes,
        remarks,
        expected_rows,
    } = choice::choose(&mut book, kind)?;
    let first = sheets
        .first()
        .map(|sheet| sheet.header.titles.clone())
        .unwrap_or_default();
    if kind == Kind::Adjustments && first.iter().any(|title| title == REJECT_REASON) {
        return Err(WorkbookError::RejectedAdjustments);
    }
    if take(Part::Header(Header {
        kind,
        titles: first.clone(),
        expected_rows,
    }))
    .is_break()
    {
        return Err(WorkbookError::Stopped);
    }
    let mut totals = WorkbookTotals {
        notes,
        remarks,
        ..WorkbookTotals::default()
    };
    let are_several = sheets.len() > 1;
    for sheet in &sheets {
        let name = are_several.then(|| Arc::from(sheet.name.as_str()));
        let columns = |accounts| Columns::new(&sheet.header, name, &first, accounts);
        match kind {
            Kind::Receipts => stream::<ReceiptRow>(
                &mut book,
                sheet,
                columns(ReceiptRow::ACCOUNTS),
                rules,
                &mut totals,
                take,
            ),
            Kind::Expenses => stream::<ExpenseRow>(
                &mut book,
                sheet,
                columns(ExpenseRow::ACCOUNTS),
                rules,
                &mut totals,
                take,
            ),
            Kind::Details => stream::<DetailRow>(
                &mut book,
                sheet,
                columns(DetailRow::ACCOUNTS),
                rules,
                &mut totals,
                take,
            ),
            Kind::Adjustments => stream::<AdjustmentRow>(
                &mut book,
                sheet,
                columns(AdjustmentRow::ACCOUNTS),
                rules,
                &mut totals,
                take,
            ),
        }?;
    }
    totals.note_left_out();
    Ok(totals)
}

/// Reads the rows of one sheet below its header.
fn stream<R: Row>(
    book: &mut Book,
    sheet: &ChosenSheet,
    mut columns: Columns,
    rules: &ReadingRules,
    totals: &mut WorkbookTotals,
    take: Taker<'_>,
) -> Result<(), WorkbookError> {
    let mut reader = book.rows(sheet.number)?;
    for _ in 0..sheet.header.line {
        reader.next_row()?;
    }
    totals.sheets.push(sheet.name.clone());
    let mut sums = SheetSums::default();
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    let mut rejects = Vec::new();
    let mut text_bytes = 0;
    while reader.next_row()? {
        if is_total(
            reader.cells(),
            columns.first_position(R::ID),
            columns.first_position(R::AMOUNT),
        ) {
            let cells = RowCells::new(&reader, &columns, rules);
            match cells.amount(R::AMOUNT) {
                Ok(Some(total)) => sums.check(total, cells.row_number()),
                _ => sums.note_unreadable(cells.row_number(), &cells.shown_total(R::AMOUNT)),
            }
            continue;
        }
        columns.check_doubled(reader.row_number(), reader.cells(), reader.is_1904())?;
        let cells = RowCells::new(&reader, &columns, rules);
        if let Ok(Some(amount)) = cells.amount(R::AMOUNT) {
            sums.add(amount);
        }
        for (field, shown) in cells.left_out() {
            let (count, ..) = totals
                .left_out
                .entry(R::HEADINGS[field].names[0])
                .or_insert_with(|| (0, cells.row_number(), shown));
            *count += 1;
        }
        match totals.named::<R>(&cells) {
            Ok(row) => batch.push(row),
            Err(reject) => {
                let operation_id = cells
                    .identifier(R::ID)
                    .ok()
                    .flatten()
                    .filter(|_| R::NAMES_OPERATION);
                rejects.push(Reject {
                    operation_id: operation_id.map(String::into_boxed_str),
                    ..reject
                });
            }
        }
        text_bytes += reader.cells().iter().map(Cell::text_bytes).sum::<usize>();
        if batch.len() + rejects.len() == BATCH_ROWS || text_bytes > BATCH_BYTES {
            text_bytes = 0;
            let rows = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
            give::<R>(rows, std::mem::take(&mut rejects), take)?;
        }
    }
    sums.finish();
    totals.add(sums, columns.sheet.as_deref());
    give::<R>(batch, rejects, take)
}

/// Gives rows away, if there are any.
fn give<R: Row>(rows: Vec<R>, rejects: Vec<Reject>, take: Taker<'_>) -> Result<(), WorkbookError> {
    if rows.is_empty() && rejects.is_empty() {
        return Ok(());
    }
    match take(Part::Rows(Batch {
        rows: R::wrapped(rows),
        rejects,
    })) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(WorkbookError::Stopped),
    }
}

impl WorkbookTotals {
    /// Returns whether the file's own total, or that of one of its sheets, is not the sum of its
    /// rows.
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// Reads a row and notes its operation id: one that stands in the file already is not taken
    /// again.
    fn named<R: Row>(&mut self, cells: &RowCells<'_, '_>) -> Result<R, Reject> {
        let row = R::read(cells);
        if !R::IS_UNIQUE {
            return row;
        }
        let Ok(Some(id)) = cells.identifier(R::ID) else {
            self.has_nameless_rows = true;
            return row;
        };
        if row.is_err() {
            self.seen.reject(&id);
            return row;
        }
        let place = self.place(cells.row_number());
        match self.seen.take(&id, place) {
            None => row,
            Some(earlier) => {
                let reason = format!("stands in {} already", self.named_place(earlier));
                Err(cells.reject(R::ID, RejectCode::Duplicate, &reason))
            }
        }
    }

    /// A row of the current sheet as one number.
    fn place(&self, row_number: u32) -> u32 {
        let sheet = self.sheets.len().saturating_sub(1).min(LAST_SHEET as usize) as u32;
        sheet << ROW_BITS | row_number.clamp(1, (1 << ROW_BITS) - 1)
    }

    /// Such a number in words.
    fn named_place(&self, place: u32) -> String {
        let (sheet, row) = ((place >> ROW_BITS) as usize, place & ((1 << ROW_BITS) - 1));
        match self.sheets.get(sheet).filter(|_| self.sheets.len() > 1) {
            Some(name) => format!("row {row} of the sheet «{name}»"),
            None => format!("row {row}"),
        }
    }

    /// Adds what a sheet adds up to.
    fn add(&mut self, sums: SheetSums, sheet: Option<&str>) {
        let place = sheet
            .map(|sheet| format!("sheet «{sheet}»: "))
            .unwrap_or_default();
        let placed = |remark: &Remark| Remark::new(remark.code, format!("{place}{}", remark.text));
        self.remarks.extend(sums.remarks.iter().map(placed));
        if sums.differs && !self.differs {
            (self.control_total, self.rows_total) = (sums.control_total, sums.rows_total);
        } else if !self.differs {
            self.control_total = match (self.sheets.len(), self.control_total, sums.control_total) {
                (1, _, own) => own,
                (_, Some(before), Some(own)) => Some(before + own),
                _ => None,
            };
            self.rows_total += sums.rows_total;
        }
        self.differs |= sums.differs;
    }

    /// Says which texts were left out.
    fn note_left_out(&mut self) {
        for (column, (count, row, shown)) in std::mem::take(&mut self.left_out) {
            let what = if shown.is_empty() {
                "a cell without a value".to_owned()
            } else {
                format!("{shown:?}")
            };
            self.notes.push(format!(
                "column «{column}» is left out in {count} rows, the first: row {row}, {what}"
            ));
        }
    }
}
