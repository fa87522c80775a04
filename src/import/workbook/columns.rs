//! Where the columns of one sheet stand: which cell holds which field.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::WorkbookError;
use super::cell::Cell;
use super::headings::{HeaderRow, Heading, Weight, wanted};
use crate::domain::{Currency, folded};

/// The columns of a sheet.
pub(super) struct Columns {
    /// The sheet's name where the file has several.
    pub sheet: Option<Arc<str>>,
    /// The headings that are looked for, by the numbers of the fields.
    pub wanted: &'static [Heading],
    /// Where each stands.
    positions: Vec<Vec<usize>>,
    /// Fields of numbers for people: accounts and INNs that decide no figure.
    pub account_fields: &'static [usize],
    /// For each column of the file's first header, where it stands here; empty where both are one.
    first_order: Vec<Option<usize>>,
    doubled: Vec<Doubled>,
    /// The spellings of currencies that were met.
    pub currencies: KnownCurrencies,
}

/// The currencies by their spellings: a sheet repeats few of them in all of its rows.
#[derive(Default)]
pub(super) struct KnownCurrencies(RefCell<Vec<(String, Currency)>>);

/// So many spellings are remembered.
const MOST_SPELLINGS: usize = 16;

impl KnownCurrencies {
    /// As [`Currency::parse`].
    pub(super) fn parse(&self, text: &str) -> Option<Currency> {
        let mut known = self.0.borrow_mut();
        if let Some((_, currency)) = known.iter().find(|(spelling, _)| spelling == text) {
            return Some(currency.clone());
        }
        let currency = Currency::parse(text)?;
        if known.len() < MOST_SPELLINGS {
            known.push((text.to_owned(), currency.clone()));
        }
        Some(currency)
    }
}

/// A field whose heading stands several times.
struct Doubled {
    field: usize,
    /// Which of its columns has been the only filled one so far.
    used: Option<usize>,
}

impl Columns {
    /// Those of a header; `first` are the texts of the file's first header.
    pub(super) fn new(
        header: &HeaderRow,
        sheet: Option<Arc<str>>,
        first: &[String],
        account_fields: &'static [usize],
    ) -> Columns {
        let place_of = |title: &String| {
            header
                .titles
                .iter()
                .position(|own| own == title)
                .filter(|_| !title.is_empty())
        };
        let first_order = match header.titles == first {
            true => Vec::new(),
            false => first.iter().map(place_of).collect(),
        };
        let wanted = wanted(header.kind);
        let is_doubled = |field: &usize| {
            let is_deciding = wanted
                .get(*field)
                .is_some_and(|heading| heading.weight != Weight::Descriptive);
            is_deciding
                && header
                    .headings
                    .positions
                    .get(*field)
                    .is_some_and(|positions| positions.len() > 1)
        };
        let doubled = (0..wanted.len())
            .filter(is_doubled)
            .map(|field| Doubled { field, used: None })
            .collect();
        Columns {
            sheet,
            wanted,
            positions: header.headings.positions.clone(),
            account_fields,
            first_order,
            doubled,
            currencies: KnownCurrencies::default(),
        }
    }

    /// The columns of a field.
    pub(super) fn positions(&self, field: usize) -> &[usize] {
        self.positions.get(field).map_or(&[], Vec::as_slice)
    }

    /// The first column of a field.
    pub(super) fn first_position(&self, field: usize) -> Option<usize> {
        self.positions(field).first().copied()
    }

    /// The numbers of all fields.
    pub(super) fn fields(&self) -> Range<usize> {
        0..self.wanted.len()
    }

    /// The cells of a row in the order of the file's first header.
    pub(super) fn in_first_order(&self, mut cells: Vec<Value>) -> Vec<Value> {
        if self.first_order.is_empty() {
            return cells;
        }
        let mut take = |at: usize| cells.get_mut(at).map(std::mem::take).unwrap_or_default();
        self.first_order
            .iter()
            .map(|place| place.map_or(Value::Null, &mut take))
            .collect()
    }

    /// Checks a row's values below headings that stand several times and on which figures depend:
    /// they must be equal, or only one and the same column filled.
    pub(super) fn check_doubled(
        &mut self,
        row: u32,
        cells: &[Cell<'_>],
        is_1904: bool,
    ) -> Result<(), WorkbookError> {
        for doubled in &mut self.doubled {
            let positions = self
                .positions
                .get(doubled.field)
                .map_or(&[][..], Vec::as_slice);
            let filled: Vec<usize> = positions
                .iter()
                .copied()
                .filter(|at| cells.get(*at).is_some_and(|cell| !cell.is_empty()))
                .collect();
            let text = |at: &usize| {
                cells
                    .get(*at)
                    .and_then(|cell| cell.text(is_1904))
                    .map(|text| folded(&text))
                    .unwrap_or_default()
            };
            let is_ambiguous = match filled.as_slice() {
                [] => false,
                [one] => *doubled.used.get_or_insert(*one) != *one,
                [first, others @ ..] => {
                    let value = text(first);
                    others.iter().any(|other| text(other) != value)
                }
            };
            if is_ambiguous {
                let heading = self.wanted[doubled.field].names[0].to_owned();
                return Err(WorkbookError::AmbiguousColumn { heading, row });
            }
        }
        Ok(())
    }
}
