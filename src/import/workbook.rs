//! A 1C workbook, read into typed rows.
//!
//! Columns are found by the header's text, never by position. A row that can't be taken becomes a
//! [`Reject`] with its number, column, value and reason; the others are not affected by it. Owns
//! every column heading and quirk of 1C's XLSX writer; knows no database.

mod cells;
mod details;
mod expenses;
mod headings;
mod kind;
mod operation;
mod receipts;
mod sheet;

use std::collections::HashMap;

use serde::Serialize;

pub use details::DetailRow;
pub use expenses::ExpenseRow;
pub use kind::Kind;
pub use receipts::ReceiptRow;
pub use sheet::WorkbookError;

use crate::domain::{Currency, Money};
use cells::RowCells;
use headings::{Heading, Headings};
use sheet::SheetRows;

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The row's number in the sheet; the header of a plain export is row 1.
    pub row_number: u32,
    /// The heading of the column at fault.
    pub column: String,
    /// What stands in the cell.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a workbook holds, by kind.
#[derive(Debug)]
pub enum Workbook {
    /// Money that came in.
    Receipts(SheetContent<ReceiptRow>),
    /// Money that was paid.
    Expenses(SheetContent<ExpenseRow>),
    /// What the expenses paid.
    Details(SheetContent<DetailRow>),
}

/// The rows of one kind, and the figures they are checked with.
#[derive(Debug)]
pub struct SheetContent<R> {
    /// The rows that can be taken.
    pub rows: Vec<R>,
    /// The rows that can't.
    pub rejects: Vec<Reject>,
    /// The file's own total (`Итого`), if it has one.
    pub control_total: Option<Money>,
    /// The sum of all readable amounts, rejected rows included: what the total must equal.
    pub rows_total: Money,
}

/// A kind of row: its columns, and how it is read.
trait Row: Sized + Serialize {
    /// The columns that are looked for; their positions here are the fields' numbers.
    const HEADINGS: &'static [Heading];
    /// The field that holds the amount, which the control total adds up.
    const AMOUNT: usize;
    /// The field whose value may occur only once in a file.
    const UNIQUE: Option<usize>;

    fn read(cells: &RowCells<'_, '_>, base_currency: &Currency) -> Result<Self, Reject>;
}

impl Workbook {
    /// Reads a workbook. `kind` is what the file's name told; without it the header decides.
    /// Amounts without a currency are in `base_currency`.
    ///
    /// # Errors
    /// [`WorkbookError`] when no row can be read at all: not a workbook, or no sheet whose header
    /// has the required columns.
    pub fn read(bytes: Vec<u8>, kind: Option<Kind>, base_currency: &Currency) -> Result<Workbook, WorkbookError> {
        let mut book = sheet::open(bytes)?;
        let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
        let mut missing = None;
        for name in sheet::names(&book) {
            let mut rows = SheetRows::open(&mut book, &name)?;
            match headings::find(&mut rows, &kinds)? {
                Ok((Kind::Receipts, found)) => return Ok(Workbook::Receipts(content(rows, &found, base_currency)?)),
                Ok((Kind::Expenses, found)) => return Ok(Workbook::Expenses(content(rows, &found, base_currency)?)),
                Ok((Kind::Details, found)) => return Ok(Workbook::Details(content(rows, &found, base_currency)?)),
                Err(columns) => missing = missing.or(Some(columns)),
            }
        }
        Err(match (missing, kind) {
            (Some(columns), Some(kind)) => WorkbookError::MissingColumns { kind, columns },
            _ => WorkbookError::UnknownKind,
        })
    }

    /// The kind of its rows.
    pub fn kind(&self) -> Kind {
        match self {
            Workbook::Receipts(_) => Kind::Receipts,
            Workbook::Expenses(_) => Kind::Expenses,
            Workbook::Details(_) => Kind::Details,
        }
    }
}

fn content<R: Row>(
    mut sheet: SheetRows<'_>,
    headings: &Headings,
    base_currency: &Currency,
) -> Result<SheetContent<R>, WorkbookError> {
    let mut content =
        SheetContent { rows: Vec::new(), rejects: Vec::new(), control_total: None, rows_total: Money::ZERO };
    let mut first_seen: HashMap<String, u32> = HashMap::new();
    while sheet.next_row()? {
        let cells = RowCells::new(&sheet, headings, R::HEADINGS);
        if cells.is_total() {
            content.control_total = cells.amount(R::AMOUNT).ok().flatten();
            continue;
        }
        if let Ok(Some(amount)) = cells.amount(R::AMOUNT) {
            content.rows_total += amount;
        }
        let unique = R::UNIQUE.and_then(|field| cells.text(field).map(|value| (field, value)));
        let row = R::read(&cells, base_currency).and_then(|row| match unique {
            None => Ok(row),
            Some((field, value)) => match first_seen.insert(value, cells.row_number()) {
                None => Ok(row),
                Some(earlier) => Err(cells.reject(field, &format!("stands in row {earlier} already"))),
            },
        });
        match row {
            Ok(row) => content.rows.push(row),
            Err(reject) => content.rejects.push(reject),
        }
    }
    Ok(content)
}
