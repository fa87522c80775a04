//! Finds the header row and, in it, the columns by their text.

use super::cell::Cell;
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
    /// What depends on it.
    pub weight: Weight,
}

/// What depends on a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// A file without it is refused, and a row whose cell can't be read is rejected.
    Required,
    /// Figures depend on it: a row whose cell can't be read is rejected.
    Deciding,
    /// A text for people: what can't be read of it is left out with a remark.
    Descriptive,
}

/// A required column.
pub(super) const fn required(names: &'static [&'static str]) -> Heading {
    Heading {
        names,
        weight: Weight::Required,
    }
}

/// An optional column on which figures depend.
pub(super) const fn deciding(names: &'static [&'static str]) -> Heading {
    Heading {
        names,
        weight: Weight::Deciding,
    }
}

/// An optional column for people.
pub(super) const fn descriptive(names: &'static [&'static str]) -> Heading {
    Heading {
        names,
        weight: Weight::Descriptive,
    }
}

/// Where the columns stand, by the numbers of the fields; several places where a heading stands
/// several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headings {
    pub positions: Vec<Vec<usize>>,
}

/// A header row.
pub(super) struct HeaderRow {
    pub kind: Kind,
    pub headings: Headings,
    /// Its texts from column A on.
    pub titles: Vec<String>,
    /// So many rows with content end with it.
    pub line: usize,
}

/// The columns of a kind.
pub(super) fn wanted(kind: Kind) -> &'static [Heading] {
    match kind {
        Kind::Receipts => ReceiptRow::HEADINGS,
        Kind::Expenses => ExpenseRow::HEADINGS,
        Kind::Details => DetailRow::HEADINGS,
        Kind::Adjustments => AdjustmentRow::HEADINGS,
    }
}

/// Reads rows until one is a header of one of the kinds. `Err`: the required headings that the
/// best candidate lacks; none when there is no row at all.
pub(super) fn find(
    rows: &mut SheetRows<'_>,
    kinds: &[Kind],
) -> Result<Result<HeaderRow, Vec<String>>, WorkbookError> {
    let mut fewest_missing: Option<Vec<String>> = None;
    for line in 1..=HEADER_WITHIN_LINES {
        if !rows.next_row()? || rows.row_number() > HEADER_WITHIN_ROWS {
            break;
        }
        let texts: Vec<String> = rows.cells().iter().map(normalized).collect();
        for kind in kinds {
            match locate(&texts, wanted(*kind)) {
                Ok(headings) => {
                    let is_1904 = rows.is_1904();
                    let shown = |cell: &Cell<'_>| {
                        cell.text(is_1904)
                            .map(|text| folded(&text))
                            .unwrap_or_default()
                    };
                    let titles = rows.cells().iter().map(shown).collect();
                    return Ok(Ok(HeaderRow {
                        kind: *kind,
                        headings,
                        titles,
                        line,
                    }));
                }
                Err(missing)
                    if fewest_missing
                        .as_ref()
                        .is_none_or(|fewest| missing.len() < fewest.len()) =>
                {
                    fewest_missing = Some(missing);
                }
                Err(_) => {}
            }
        }
    }
    Ok(Err(fewest_missing.unwrap_or_default()))
}

fn locate(texts: &[String], wanted: &[Heading]) -> Result<Headings, Vec<String>> {
    // Several names of one column may stand beside each other, like one name twice.
    let positions_of = |heading: &Heading| -> Vec<usize> {
        let of_name = |name: &&str| {
            let name = comparable(name);
            texts
                .iter()
                .enumerate()
                .filter(move |(_, text)| **text == name)
                .map(|(at, _)| at)
        };
        heading.names.iter().flat_map(of_name).collect()
    };
    let positions: Vec<Vec<usize>> = wanted.iter().map(positions_of).collect();
    let missing: Vec<String> = wanted
        .iter()
        .zip(&positions)
        .filter(|(heading, positions)| heading.weight == Weight::Required && positions.is_empty())
        .map(|(heading, _)| format!("«{}»", heading.names[0]))
        .collect();
    if missing.is_empty() {
        Ok(Headings { positions })
    } else {
        Err(missing)
    }
}

fn normalized(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => comparable(text),
        _ => String::new(),
    }
}

fn comparable(text: &str) -> String {
    folded(text).to_lowercase().replace('ё', "е")
}
