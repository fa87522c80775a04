//! Finds the header row and, in it, the columns by their text.

use calamine::DataRef;

use super::sheet::SheetRows;
use super::{AdjustmentRow, DetailRow, ExpenseRow, Kind, ReceiptRow, Row, WorkbookError};
use crate::domain::folded;

/// A title may stand above the header, but not more lines than these,
const HEADER_WITHIN_LINES: usize = 20;
/// and the header among the first of the sheet's rows, empty ones included.
pub(super) const HEADER_WITHIN_ROWS: u32 = 1_000;

/// A column that is looked for.
pub(super) struct Heading {
    /// 1C's headings for it. The first is the one that messages name.
    pub names: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
}

/// A required column.
pub(super) const fn required(names: &'static [&'static str]) -> Heading {
    Heading { names, required: true }
}

/// An optional column.
pub(super) const fn optional(names: &'static [&'static str]) -> Heading {
    Heading { names, required: false }
}

/// Where the columns stand, by the numbers of the fields.
pub(super) struct Headings {
    pub positions: Vec<Option<usize>>,
}

/// Reads rows until one is a header of one of the kinds. `Err`: the required headings that the
/// best candidate lacks; none when there is no row at all.
pub(super) fn find(
    rows: &mut SheetRows<'_>,
    kinds: &[Kind],
) -> Result<Result<(Kind, Headings), Vec<String>>, WorkbookError> {
    let mut fewest_missing: Option<Vec<String>> = None;
    for _ in 0..HEADER_WITHIN_LINES {
        if !rows.next_row_above(HEADER_WITHIN_ROWS)? {
            break;
        }
        let texts: Vec<String> = rows.cells().iter().map(normalized).collect();
        for kind in kinds {
            let wanted = match kind {
                Kind::Receipts => ReceiptRow::HEADINGS,
                Kind::Expenses => ExpenseRow::HEADINGS,
                Kind::Details => DetailRow::HEADINGS,
                Kind::Adjustments => AdjustmentRow::HEADINGS,
            };
            match locate(&texts, wanted) {
                Ok(headings) => return Ok(Ok((*kind, headings))),
                Err(missing) if fewest_missing.as_ref().is_none_or(|fewest| missing.len() < fewest.len()) => {
                    fewest_missing = Some(missing);
                }
                Err(_) => {}
            }
        }
    }
    Ok(Err(fewest_missing.unwrap_or_default()))
}

fn locate(texts: &[String], wanted: &[Heading]) -> Result<Headings, Vec<String>> {
    let position =
        |heading: &Heading| texts.iter().position(|text| heading.names.iter().any(|name| comparable(name) == *text));
    let positions: Vec<Option<usize>> = wanted.iter().map(position).collect();
    let missing: Vec<String> = wanted
        .iter()
        .zip(&positions)
        .filter(|(heading, position)| heading.required && position.is_none())
        .map(|(heading, _)| format!("«{}»", heading.names[0]))
        .collect();
    if missing.is_empty() { Ok(Headings { positions }) } else { Err(missing) }
}

fn normalized(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::String(text) => comparable(text),
        DataRef::SharedString(text) => comparable(text),
        _ => String::new(),
    }
}

fn comparable(text: &str) -> String {
    folded(text).to_lowercase().replace('ё', "е")
}
