//! A 1C workbook, read into typed rows.
//!
//! Rows are given away in batches while the sheet is read, so that memory does not grow with them.
//! Columns are found by the header's text, never by position. A row that can't be taken becomes a
//! [`Reject`] with its number, column, value and reason; the others are not affected by it. Owns
//! every column heading and quirk of 1C's XLSX writer; knows no database.

mod adjustments;
mod cells;
mod details;
mod expenses;
mod guard;
mod headings;
mod kind;
mod operation;
mod receipts;
mod seen;
mod sheet;

use std::fs::File;
use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::Value;

pub use adjustments::{AdjustmentRow, adjustment_headings};
pub use details::DetailRow;
pub use expenses::ExpenseRow;
pub use kind::Kind;
pub use receipts::ReceiptRow;
pub use seen::SeenIds;
pub use sheet::WorkbookError;

use crate::domain::{Currency, Money};
use cells::RowCells;
use headings::{Heading, Headings};
use sheet::SheetRows;

/// So many rows of a sheet are given away together.
pub const BATCH_ROWS: usize = 4_000;

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// The row's number in the sheet; the header of a plain export is row 1.
    pub row_number: u32,
    /// The heading of the column at fault.
    pub column: String,
    /// What stands in the cell.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
    /// The whole row, from column A on: texts and numbers.
    pub cells: Vec<Value>,
    /// The operation that the row is of (of a detail its expense), if that can be read.
    pub operation_id: Option<String>,
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

/// What a sheet adds up to.
#[derive(Debug, Default)]
pub struct SheetTotals {
    /// The file's own total (`Итого`), if it has one.
    pub control_total: Option<Money>,
    /// The sum of all readable amounts, rejected rows included: what the total must equal.
    pub rows_total: Money,
    /// The operation ids that it names.
    pub seen: SeenIds,
    /// Whether there were rows whose operation id can't be told.
    pub has_nameless_rows: bool,
}

impl SheetTotals {
    /// Returns by how much the file's own total is more than the sum of its rows, if it is another.
    pub fn difference(&self) -> Option<Money> {
        self.control_total.map(|total| total - self.rows_total).filter(|difference| *difference != Money::ZERO)
    }
}

/// Takes the parts of a sheet; `Break` ends the reading.
pub type Taker<'t> = &'t mut dyn FnMut(Part) -> ControlFlow<()>;

/// A kind of row: its columns, and how it is read.
trait Row: Sized + Serialize {
    /// The columns that are looked for; their positions here are the fields' numbers.
    const HEADINGS: &'static [Heading];
    /// The field that holds the amount, which the control total adds up.
    const AMOUNT: usize;
    /// The field whose value may occur only once in a file.
    const UNIQUE: Option<usize>;
    /// The field that names the operation that a row is of.
    const OPERATION_ID: Option<usize> = Self::UNIQUE;

    fn read(cells: &RowCells<'_, '_>, base_currency: &Currency) -> Result<Self, Reject>;

    /// Rows of this kind among those of any.
    fn wrapped(rows: Vec<Self>) -> Rows;
}

/// Reads a workbook and gives its parts away. `kind` is what the file's name told; without it the
/// header decides. Amounts without a currency are in `base_currency`.
///
/// # Errors
/// [`WorkbookError`] when it is no workbook, asks for more than it may, is damaged (rows before the
/// damage were given away), or has no sheet whose header has the required columns;
/// [`WorkbookError::Stopped`] when `take` said so.
pub fn read(
    file: File,
    kind: Option<Kind>,
    base_currency: &Currency,
    take: Taker<'_>,
) -> Result<SheetTotals, WorkbookError> {
    let (mut book, expected_rows) = sheet::open(file)?;
    let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
    let mut missing = None;
    for name in sheet::names(&book) {
        let mut rows = SheetRows::open(&mut book, &name)?;
        let (kind, headings) = match headings::find(&mut rows, &kinds)? {
            Ok(found) => found,
            Err(columns) => {
                missing = missing.or(Some(columns));
                continue;
            }
        };
        let titles = rows.cells().iter().map(cells::shown).collect();
        if take(Part::Header(Header { kind, titles, expected_rows })).is_break() {
            return Err(WorkbookError::Stopped);
        }
        return match kind {
            Kind::Receipts => stream::<ReceiptRow>(rows, &headings, base_currency, take),
            Kind::Expenses => stream::<ExpenseRow>(rows, &headings, base_currency, take),
            Kind::Details => stream::<DetailRow>(rows, &headings, base_currency, take),
            Kind::Adjustments => stream::<AdjustmentRow>(rows, &headings, base_currency, take),
        };
    }
    Err(match (missing, kind) {
        (Some(columns), Some(kind)) if columns.is_empty() => WorkbookError::NoHeader { kind },
        (Some(columns), Some(kind)) => WorkbookError::MissingColumns { kind, columns },
        _ => WorkbookError::UnknownKind,
    })
}

fn stream<R: Row>(
    mut sheet: SheetRows<'_>,
    headings: &Headings,
    base_currency: &Currency,
    take: Taker<'_>,
) -> Result<SheetTotals, WorkbookError> {
    let mut totals = SheetTotals::default();
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    while sheet.next_row()? {
        let cells = RowCells::new(&sheet, headings, R::HEADINGS);
        if cells.is_total() {
            totals.control_total = cells.amount(R::AMOUNT).ok().flatten();
            continue;
        }
        if let Ok(Some(amount)) = cells.amount(R::AMOUNT) {
            totals.rows_total += amount;
        }
        let id = R::UNIQUE.and_then(|field| cells.text(field).map(|id| (field, id)));
        totals.has_nameless_rows |= R::UNIQUE.is_some() && id.is_none();
        let row = R::read(&cells, base_currency);
        let row = match (row, &id) {
            (Err(reject), Some((_, id))) => {
                totals.seen.reject(id).map_err(WorkbookError::NoRoom)?;
                Err(reject)
            }
            (Ok(row), Some((field, id))) => {
                match totals.seen.take(id, cells.row_number()).map_err(WorkbookError::NoRoom)? {
                    None => Ok(row),
                    Some(earlier) => Err(cells.reject(*field, &format!("stands in row {earlier} already"))),
                }
            }
            (row, None) => row,
        };
        match row {
            Ok(row) => rows.push(row),
            Err(reject) => {
                let operation_id = R::OPERATION_ID.and_then(|field| cells.text(field));
                rejects.push(Reject { operation_id, ..reject });
            }
        }
        if rows.len() + rejects.len() == BATCH_ROWS {
            let fresh = Vec::with_capacity(BATCH_ROWS);
            let batch =
                Batch { rows: R::wrapped(std::mem::replace(&mut rows, fresh)), rejects: std::mem::take(&mut rejects) };
            if take(Part::Rows(batch)).is_break() {
                return Err(WorkbookError::Stopped);
            }
        }
    }
    if rows.len() + rejects.len() > 0 && take(Part::Rows(Batch { rows: R::wrapped(rows), rejects })).is_break() {
        return Err(WorkbookError::Stopped);
    }
    Ok(totals)
}
