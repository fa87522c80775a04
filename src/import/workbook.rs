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
mod workbook_totals;

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
pub use workbook_totals::WorkbookTotals;

use crate::domain::Currency;
use book::Book;
use cell::Cell;
use cells::RowCells;
use choice::{Choice, ChosenSheet};
use columns::Columns;
use headings::Heading;
use totals::{SheetSums, is_total};

/// The heading of the column that says why a row was rejected, in files of rejected rows.
pub(crate) const REJECT_REASON: &str = "Причина отказа";
/// So many rows of a sheet are given away together,
const BATCH_ROWS: usize = 4_000;
/// or fewer, whose texts take so many bytes.
const BATCH_BYTES: usize = 16 << 20;

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
    let mut totals = WorkbookTotals::new(notes, remarks);
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
    totals.begin_sheet(&sheet.name);
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
            totals.leave_out(R::HEADINGS[field].names[0], cells.row_number(), shown);
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
