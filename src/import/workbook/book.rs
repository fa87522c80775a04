//! Opens a workbook: what its sheets are, and what their cells refer to.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::WorkbookError;
use super::guard::{self, PartKind};
use super::number_formats;
use super::other_formats::{self, MAGIC_BYTES};
use super::package::{Package, SheetPart};
use super::shared_strings::SharedStrings;
use super::sheet::{CellContext, SheetRows};

/// A workbook whose parts were checked.
pub(super) struct Book {
    package: Package,
    context: CellContext,
    pub sheets: Vec<BookSheet>,
}

/// A sheet with cells.
pub(super) struct BookSheet {
    pub part: SheetPart,
    /// How many rows it has, empty ones included.
    pub row_count: u64,
}

impl Book {
    /// Opens a file, or says what it is instead.
    pub(super) fn open(mut file: File) -> Result<Book, WorkbookError> {
        file.seek(SeekFrom::Start(0))?;
        let mut begin = Vec::new();
        Read::by_ref(&mut file)
            .take(MAGIC_BYTES)
            .read_to_end(&mut begin)?;
        other_formats::check_magic(&begin)?;
        let mut package = Package::open(file)?;
        let Some(parts) = package.book()? else {
            return Err(other_formats::of_archive(&package));
        };
        let mut context = CellContext {
            is_1904: parts.is_1904,
            ..CellContext::default()
        };
        if let Some(part) = parts.shared_strings {
            package.check(part, PartKind::SharedStrings)?;
            context.strings = SharedStrings::read(package.xml(part)?)?;
        }
        if let Some(part) = parts.styles {
            package.check(part, PartKind::Other)?;
            context.formats = number_formats::read(package.xml(part)?)?;
        }
        let (mut sheets, mut all_rows) = (Vec::new(), 0);
        for sheet in parts.sheets {
            let row_count = package.check(sheet.part, PartKind::Sheet)?;
            all_rows += row_count;
            if all_rows > guard::ROWS {
                return Err(WorkbookError::TooMuch(format!(
                    "its sheets hold more than {} rows together",
                    guard::ROWS
                )));
            }
            sheets.push(BookSheet {
                part: sheet,
                row_count,
            });
        }
        Ok(Book {
            package,
            context,
            sheets,
        })
    }

    /// The rows of a sheet from the first on.
    pub(super) fn rows(&mut self, sheet: usize) -> Result<SheetRows<'_>, WorkbookError> {
        let part = self.sheets.get(sheet).map(|sheet| sheet.part.part);
        let part = part.ok_or_else(|| WorkbookError::MissingPart {
            what: "a sheet".to_owned(),
        })?;
        Ok(SheetRows::new(self.package.xml(part)?, &self.context))
    }
}
