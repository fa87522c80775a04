//! What the sheets of a workbook add up to together, the operations that they name, and what is to
//! be said about them.

use std::collections::BTreeMap;

use super::cells::RowCells;
use super::totals::SheetSums;
use super::{Reject, RejectCode, Row, SeenIds};
use crate::domain::Money;
use crate::import::remark::Remark;

/// A row's number takes so many bits of its place in a file; the rest is the sheet's number.
const ROW_BITS: u32 = 21;
/// Sheets from this one on are not distinguished. A place is never the largest number of its type.
const LAST_SHEET: u32 = (1 << (u32::BITS - ROW_BITS)) - 2;

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

impl WorkbookTotals {
    /// Begins with what was said about the workbook before its rows are read.
    pub(super) fn new(notes: Vec<String>, remarks: Vec<Remark>) -> WorkbookTotals {
        WorkbookTotals {
            notes,
            remarks,
            ..WorkbookTotals::default()
        }
    }

    /// Notes that the rows which follow stand in another sheet.
    pub(super) fn begin_sheet(&mut self, name: &str) {
        self.sheets.push(name.to_owned());
    }

    /// Counts a text of a column that is left out.
    pub(super) fn leave_out(&mut self, column: &'static str, row_number: u32, shown: String) {
        let (count, ..) = self
            .left_out
            .entry(column)
            .or_insert_with(|| (0, row_number, shown));
        *count += 1;
    }

    /// Returns whether the file's own total, or that of one of its sheets, is not the sum of its
    /// rows.
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// Reads a row and notes its operation id: one that stands in the file already is not taken
    /// again.
    pub(super) fn named<R: Row>(&mut self, cells: &RowCells<'_, '_>) -> Result<R, Reject> {
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

    /// Returns a row of the current sheet as one number.
    fn place(&self, row_number: u32) -> u32 {
        let sheet = self.sheets.len().saturating_sub(1).min(LAST_SHEET as usize) as u32;
        sheet << ROW_BITS | row_number.clamp(1, (1 << ROW_BITS) - 1)
    }

    /// Returns such a number in words.
    fn named_place(&self, place: u32) -> String {
        let (sheet, row) = ((place >> ROW_BITS) as usize, place & ((1 << ROW_BITS) - 1));
        match self.sheets.get(sheet).filter(|_| self.sheets.len() > 1) {
            Some(name) => format!("row {row} of the sheet «{name}»"),
            None => format!("row {row}"),
        }
    }

    /// Adds what a sheet adds up to.
    pub(super) fn add(&mut self, sums: SheetSums, sheet: Option<&str>) {
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

    /// Adds notes about the texts that were left out.
    pub(super) fn note_left_out(&mut self) {
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
