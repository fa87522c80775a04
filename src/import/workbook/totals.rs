//! The totals that a sheet carries: rows that begin with `Итого` or `Всего`, checked and never
//! taken.
//!
//! A total must equal the sum of all rows above it, or of those since an earlier total (`Итого по
//! …`).

use std::collections::HashSet;

use super::cell::Cell;
use crate::domain::{Money, folded};
use crate::import::remark::{Remark, RemarkCode};

/// The totals of one sheet.
#[derive(Debug, Default)]
pub(super) struct SheetSums {
    /// Of all readable amounts, rejected rows included.
    pub rows_total: Money,
    /// The last total of the sheet.
    pub control_total: Option<Money>,
    /// What is wrong with its totals.
    pub remarks: Vec<Remark>,
    /// Whether a total is not the sum of its rows.
    pub differs: bool,
    /// The sums of rows at which a total may begin: at the first row, and behind each total.
    begins: HashSet<Money>,
    has_rows_since: bool,
}

impl SheetSums {
    /// Adds the amount of a row.
    pub(super) fn add(&mut self, amount: Money) {
        self.rows_total += amount;
        self.has_rows_since = true;
    }

    /// Checks a total; `row` is where it stands.
    pub(super) fn check(&mut self, total: Money, row: u32) {
        let rows_total = self.rows_total;
        let is_whole = total == rows_total;
        // A total right behind another one adds up the whole.
        let is_part = self.has_rows_since && self.begins.contains(&(rows_total - total));
        if !is_whole && !is_part {
            self.differs = true;
            let text = format!(
                "the file's own total (Итого, row {row}) is {total}, but its rows add up to {rows_total}: a difference \
                 of {}",
                total - rows_total
            );
            self.remarks
                .push(Remark::new(RemarkCode::TotalDiffers, text));
        }
        self.control_total = Some(if is_part { rows_total } else { total });
        self.begins.insert(rows_total);
        self.has_rows_since = false;
    }

    /// Ends the sheet: rows below its last total are checked by none.
    pub(super) fn finish(&mut self) {
        if let Some(total) = self.control_total.filter(|_| self.has_rows_since) {
            self.differs = true;
            let text = format!(
                "rows stand below the file's own total (Итого) of {total}; with them its rows add up to {}",
                self.rows_total
            );
            self.remarks
                .push(Remark::new(RemarkCode::RowsBelowTotal, text));
        }
    }

    /// Notes a total that can't be read.
    pub(super) fn note_unreadable(&mut self, row: u32, shown: &str) {
        let what = if shown.is_empty() {
            "nothing".to_owned()
        } else {
            format!("{shown:?}")
        };
        let text = format!(
            "the file's own total (Итого, row {row}) can't be read: {what} stands there, so that its rows are not checked"
        );
        self.remarks
            .push(Remark::new(RemarkCode::UnreadableTotal, text));
        self.begins.insert(self.rows_total);
        self.has_rows_since = false;
    }
}

/// Whether a row is a total: a cell in front of the amount says so, and none names an operation,
/// unless it is that word itself.
pub(super) fn is_total(cells: &[Cell<'_>], id: Option<usize>, amount: Option<usize>) -> bool {
    let says_total = |cell: &Cell<'_>| matches!(cell, Cell::Text(text) if names_total(text));
    let id_cell = id
        .and_then(|at| cells.get(at))
        .filter(|cell| !cell.is_empty());
    match id_cell {
        Some(cell) => says_total(cell),
        None => cells
            .iter()
            .take(amount.unwrap_or(cells.len()))
            .any(says_total),
    }
}

/// `Итого`, `Всего:`, `Итого по ООО «Север»`, `Итого: 999,99`.
fn names_total(text: &str) -> bool {
    let mut characters = text
        .chars()
        .skip_while(|c| !c.is_alphabetic())
        .flat_map(char::to_lowercase);
    let word: String = characters.by_ref().take(5).collect();
    let ends = characters.next().is_none_or(|c| !c.is_alphanumeric());
    (word == "итого" || word == "всего") && ends && folded(text).chars().count() <= 250
}
