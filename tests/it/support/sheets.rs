//! Sheets of receipts with their totals, and what is read of them.

use std::ops::Range;

use credit_portfolio::import::workbook::{Kind, Rows, WorkbookError};

use super::packages::{RawSheet, a_row, book, cell, number, text};
use super::readings::{Content, read_bytes};

pub fn read(sheets: &[RawSheet]) -> Result<Content, WorkbookError> {
    read_bytes(&book(sheets), Some(Kind::Receipts))
}

pub fn count(content: &Content) -> usize {
    content.rows.iter().map(Rows::len).sum()
}

pub fn total(label: &str, amount: String) -> Vec<String> {
    vec![text(label), cell("", ""), amount]
}

pub fn rows(numbers: Range<u32>) -> Vec<Vec<String>> {
    numbers.map(|one| a_row(one, number("100"))).collect()
}

/// Rows and their total.
pub fn summed(numbers: Range<u32>, total_amount: &str) -> Vec<Vec<String>> {
    let mut rows = rows(numbers);
    rows.push(total("Итого", number(total_amount)));
    rows
}
