//! Walks the rows of a sheet, one row in memory at a time.
//!
//! Reads the XML itself since a figure depends on what readers of spreadsheets hide: where one row
//! ends and the next of the same number begins, which cell could not be read, whether a formula has
//! a result. Source: ECMA-376 part 1, 18.3.1. Nothing is believed of `<dimension>`.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};

use super::WorkbookError;
use super::cell::Cell;
use super::guard;
use super::number_formats::NumberFormat;
use super::package::PartXml;
use super::shared_strings::SharedStrings;
use super::text::{Buffers, push_unescaped, read_content, read_string};

/// What the cells of all sheets refer to.
#[derive(Default)]
pub(super) struct CellContext {
    pub strings: SharedStrings,
    pub formats: Vec<NumberFormat>,
    /// Whether serial dates count from 1904.
    pub is_1904: bool,
}

/// The rows of one sheet, top to bottom; empty rows are passed over.
pub(super) struct SheetRows<'b> {
    xml: PartXml<'b>,
    context: &'b CellContext,
    cells: Vec<Cell<'b>>,
    row_number: u32,
    /// Whether the root element was read.
    is_begun: bool,
    event: Vec<u8>,
    buffers: Buffers,
}

/// The attributes of a cell.
struct CellAttributes {
    column: Option<usize>,
    style: Option<usize>,
    kind: CellKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Number,
    SharedString,
    InlineString,
    /// The text result of a formula.
    String,
    Flag,
    Error,
    IsoDate,
    Unknown,
}

impl<'b> SheetRows<'b> {
    /// Begins before the first row.
    pub(super) fn new(xml: PartXml<'b>, context: &'b CellContext) -> SheetRows<'b> {
        SheetRows {
            xml,
            context,
            cells: Vec::new(),
            row_number: 0,
            is_begun: false,
            event: Vec::with_capacity(1_024),
            buffers: Buffers::default(),
        }
    }

    /// Goes to the next row that has any content. `false`: there is none.
    pub(super) fn next_row(&mut self) -> Result<bool, WorkbookError> {
        loop {
            self.event.clear();
            match self.xml.read_event_into(&mut self.event)? {
                Event::Start(element) if !self.is_begun => {
                    let name = element.local_name();
                    if name.as_ref() != "worksheet" {
                        let what = format!(
                            "a sheet's part begins with <{}> and is no worksheet",
                            name.as_ref()
                        );
                        return Err(WorkbookError::Malformed(what));
                    }
                    self.is_begun = true;
                }
                Event::Start(element) if element.local_name().as_ref() == "row" => {
                    self.row_number = match number_attribute(&element, "r")? {
                        Some(number) => number,
                        None => self.row_number.saturating_add(1),
                    };
                    self.read_cells()?;
                    if self.cells.iter().any(|cell| !cell.is_empty()) {
                        return Ok(true);
                    }
                }
                Event::End(element) if element.local_name().as_ref() == "sheetData" => {
                    return Ok(false);
                }
                Event::Eof => return Err(WorkbookError::cut_off_in("worksheet")),
                _ => {}
            }
        }
    }

    /// The cells of the current row, from column A on.
    pub(super) fn cells(&self) -> &[Cell<'b>] {
        &self.cells
    }

    /// Whether serial dates count from 1904, as the workbook says.
    pub(super) fn is_1904(&self) -> bool {
        self.context.is_1904
    }

    /// The number of the current row, as a spreadsheet shows it.
    pub(super) fn row_number(&self) -> u32 {
        self.row_number
    }

    /// Reads the cells up to the end of the row.
    fn read_cells(&mut self) -> Result<(), WorkbookError> {
        self.cells.clear();
        let mut next_column = 0;
        loop {
            self.event.clear();
            match self.xml.read_event_into(&mut self.event)? {
                Event::Start(element) if element.local_name().as_ref() == "c" => {
                    let attributes = CellAttributes::of(&element)?;
                    let column = attributes.column.unwrap_or(next_column);
                    next_column = column.saturating_add(1);
                    let cell = self.read_cell(&attributes)?;
                    if column >= guard::COLUMNS {
                        // Cells that are only coloured may stand anywhere.
                        if cell.is_empty() {
                            continue;
                        }
                        return Err(WorkbookError::TooMuch(format!(
                            "row {} has a cell beyond column {}",
                            self.row_number,
                            guard::COLUMNS
                        )));
                    }
                    if self.cells.len() <= column {
                        self.cells.resize(column + 1, Cell::Empty);
                    }
                    let place = &mut self.cells[column];
                    *place = match std::mem::take(place) {
                        Cell::Empty => cell,
                        _ => Cell::Unreadable("stands there twice".into()),
                    };
                }
                Event::End(element) if element.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(WorkbookError::cut_off_in("row")),
                _ => {}
            }
        }
    }

    /// Reads a cell up to its end.
    fn read_cell(&mut self, attributes: &CellAttributes) -> Result<Cell<'b>, WorkbookError> {
        let mut cell = Cell::Empty;
        let (mut has_formula, mut depth) = (false, 0_usize);
        loop {
            self.event.clear();
            match self.xml.read_event_into(&mut self.event)? {
                Event::Start(element) if depth == 0 => match element.local_name().as_ref() {
                    "v" => {
                        let raw = read_content(&mut self.xml, "v", &mut self.buffers)?;
                        // Where a writer gives both, the text of `is` counts.
                        if attributes.kind != CellKind::InlineString || cell == Cell::Empty {
                            cell = value(raw, attributes, self.context);
                        }
                    }
                    "is" => {
                        let mut text = String::new();
                        read_string(&mut self.xml, "is", &mut text, &mut self.buffers)?;
                        cell = Cell::of_text(Cow::Owned(text));
                    }
                    name => {
                        has_formula |= name == "f";
                        depth += 1;
                    }
                },
                Event::Start(_) => depth += 1,
                Event::End(element) if depth == 0 && element.local_name().as_ref() == "c" => {
                    let lacks_result =
                        has_formula && cell == Cell::Empty && attributes.kind != CellKind::String;
                    return Ok(if lacks_result { Cell::NoResult } else { cell });
                }
                Event::End(_) => depth = depth.saturating_sub(1),
                Event::Eof => return Err(WorkbookError::cut_off_in("c")),
                _ => {}
            }
        }
    }
}

impl CellAttributes {
    fn of(element: &BytesStart<'_>) -> Result<CellAttributes, WorkbookError> {
        let mut found = CellAttributes {
            column: None,
            style: None,
            kind: CellKind::Number,
        };
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute?;
            let value = attribute.value.as_ref();
            match attribute.key.as_ref() {
                "r" => found.column = column_of(value),
                "s" => found.style = value.parse().ok(),
                "t" => {
                    found.kind = match value {
                        "n" | "" => CellKind::Number,
                        "s" => CellKind::SharedString,
                        "inlineStr" | "is" => CellKind::InlineString,
                        "str" => CellKind::String,
                        "b" => CellKind::Flag,
                        "e" => CellKind::Error,
                        "d" => CellKind::IsoDate,
                        _ => CellKind::Unknown,
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// What the text of a cell's value means.
fn value<'b>(raw: &str, attributes: &CellAttributes, context: &'b CellContext) -> Cell<'b> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Cell::Empty;
    }
    match attributes.kind {
        CellKind::Number => match trimmed.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let format = attributes
                    .style
                    .and_then(|style| context.formats.get(style))
                    .copied();
                Cell::Number(number, format.unwrap_or_default())
            }
            // A number by its type alone is read as the text that stands there.
            _ => Cell::of_text(Cow::Owned(raw.to_owned())),
        },
        CellKind::SharedString => match trimmed
            .parse()
            .ok()
            .and_then(|number| context.strings.get(number))
        {
            Some(text) => Cell::of_text(Cow::Borrowed(text)),
            None => Cell::Unreadable(
                format!("refers to the shared text {trimmed:?}, which the file lacks").into(),
            ),
        },
        CellKind::InlineString | CellKind::String => {
            let mut text = String::new();
            push_unescaped(&mut text, raw);
            Cell::of_text(Cow::Owned(text))
        }
        CellKind::Flag => match trimmed.to_ascii_lowercase().as_str() {
            "1" | "true" => Cell::Flag(true),
            "0" | "false" => Cell::Flag(false),
            _ => {
                Cell::Unreadable(format!("is {trimmed:?} where true or false should stand").into())
            }
        },
        CellKind::Error => Cell::Error(trimmed.into()),
        CellKind::IsoDate => Cell::IsoDate(trimmed.into()),
        CellKind::Unknown => Cell::Unreadable("is of a type that spreadsheets do not have".into()),
    }
}

/// The column of a reference, counted from 0: `AB12` is 27.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.fold(0_usize, |column, letter| {
        column
            .saturating_mul(26)
            .saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    column.checked_sub(1)
}

fn number_attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<u32>, WorkbookError> {
    Ok(element
        .try_get_attribute(name)?
        .and_then(|attribute| attribute.value.parse().ok()))
}
