//! Which sheets of a workbook are read.
//!
//! Each visible sheet whose header fits. A hidden one is read only if no visible one fits; what is
//! not read is said. Rows below no header are never passed over in silence.

use super::book::Book;
use super::cell::Cell;
use super::headings::{self, HeaderRow};
use super::operation::names_operation;
use super::{Kind, WorkbookError};
use crate::import::remark::{Remark, RemarkCode};

/// What is read of a workbook.
pub(super) struct Choice {
    pub kind: Kind,
    /// At least one.
    pub sheets: Vec<ChosenSheet>,
    /// What is worth knowing about the others.
    pub notes: Vec<String>,
    /// What may be missing.
    pub remarks: Vec<Remark>,
    /// How many rows there are about.
    pub expected_rows: u64,
}

/// A sheet that is read.
pub(super) struct ChosenSheet {
    /// Its number in the workbook.
    pub number: usize,
    pub name: String,
    pub header: HeaderRow,
}

/// Looks at all sheets. `kind` is what the file's name says.
pub(super) fn choose(book: &mut Book, kind: Option<Kind>) -> Result<Choice, WorkbookError> {
    let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
    let (mut visible, mut hidden, mut headless) = (Vec::new(), Vec::new(), Vec::new());
    let mut missing = None;
    for number in 0..book.sheets.len() {
        let (name, is_hidden) = (
            book.sheets[number].part.name.clone(),
            book.sheets[number].part.is_hidden,
        );
        match headings::find(&mut book.rows(number)?, &kinds)? {
            Ok(header) if is_hidden => hidden.push(ChosenSheet {
                number,
                name,
                header,
            }),
            Ok(header) => visible.push(ChosenSheet {
                number,
                name,
                header,
            }),
            Err(columns) => {
                missing = missing.or(Some(columns));
                headless.push((number, name, is_hidden));
            }
        }
    }
    let (mut notes, mut remarks) = (Vec::new(), Vec::new());
    let mut sheets = match (visible.len(), hidden.len()) {
        (0, 0) => {
            return Err(match (missing, kind) {
                (Some(columns), Some(kind)) if columns.is_empty() => {
                    WorkbookError::NoHeader { kind }
                }
                (Some(columns), Some(kind)) => WorkbookError::MissingColumns { kind, columns },
                _ => WorkbookError::UnknownKind,
            });
        }
        (0, 1) => {
            notes.extend(hidden.iter().map(|sheet| {
                format!(
                    "the sheet «{}» is hidden; it was read since no other one has a fitting header",
                    sheet.name
                )
            }));
            hidden
        }
        (0, _) => {
            let sheets = hidden
                .into_iter()
                .map(|sheet| format!("«{}»", sheet.name))
                .collect();
            return Err(WorkbookError::HiddenSheets { sheets });
        }
        _ => {
            notes.extend(hidden.iter().map(|sheet| {
                let kind = sheet.header.kind;
                format!(
                    "the sheet «{}» is hidden and was not read, though it holds {kind}",
                    sheet.name
                )
            }));
            visible
        }
    };
    let kind = sheets[0].header.kind;
    let others = sheets.extract_if(.., |sheet| sheet.header.kind != kind);
    remarks.extend(others.map(|sheet| not_read(&sheet.name, sheet.header.kind)));
    for (number, name, is_hidden) in headless {
        if let Ok(header) = headings::find(&mut book.rows(number)?, &Kind::ALL)? {
            remarks.push(not_read(&name, header.kind));
        } else if let Some(row) = first_operation(book, number)? {
            match is_hidden {
                false => return Err(WorkbookError::NoHeaderOnSheet { sheet: name, row }),
                true => notes.push(format!(
                    "the sheet «{name}» is hidden and was not read, though it holds operations"
                )),
            }
        }
    }
    let expected_rows = sheets
        .iter()
        .map(|sheet| book.sheets[sheet.number].row_count)
        .sum();
    Ok(Choice {
        kind,
        sheets,
        notes,
        remarks,
        expected_rows,
    })
}

fn not_read(sheet: &str, kind: Kind) -> Remark {
    let text = format!(
        "the sheet «{sheet}» holds {kind} and was not read: export each kind to a file of its own"
    );
    Remark::new(RemarkCode::SheetNotRead, text)
}

/// The first row of a sheet without header that names an operation.
fn first_operation(book: &mut Book, sheet: usize) -> Result<Option<u32>, WorkbookError> {
    let mut rows = book.rows(sheet)?;
    while rows.next_row()? {
        let names = |cell: &Cell<'_>| matches!(cell, Cell::Text(text) if names_operation(text));
        if rows.cells().iter().any(names) {
            return Ok(Some(rows.row_number()));
        }
    }
    Ok(None)
}
