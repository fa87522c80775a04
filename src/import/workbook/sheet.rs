//! Opens a workbook and walks the rows of a sheet, one row in memory at a time.
//!
//! calamine does the reading; its cell stream is used because it trusts no `<dimension>` and
//! builds no whole sheet. Says in plain words why a file is no workbook.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use calamine::{Cell, DataRef, Reader, Xlsx, XlsxCellReader, XlsxError};

use super::headings::HEADER_WITHIN_ROWS;
use super::{Kind, guard};

type Source = BufReader<File>;
pub(super) type Book = Xlsx<Source>;

/// How an OLE compound file begins: a workbook with a password, or one of before 2007.
const OLE_MAGIC: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
const ZIP_MAGIC: &[u8] = b"PK";

/// Why a file gives no rows at all.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// Nothing in it.
    #[error("the file is empty (0 bytes): 1C is still writing it, or the export failed; export it again")]
    Empty,
    /// Encrypted, or the binary format of before 2007.
    #[error("the file is protected by a password or in the old .xls format: export it as XLSX without a password")]
    Protected,
    /// Something else.
    #[error("the file is not an XLSX workbook")]
    NotXlsx,
    /// Its end is not there.
    #[error(
        "the workbook is cut off: the directory at its end is missing; it was still being written, or the transfer broke"
    )]
    CutOff,
    /// It would take more memory or time than any export does.
    #[error("the workbook is refused: {0}")]
    TooMuch(String),
    /// The operation ids that it names could not be kept.
    #[error("no room for temporary files: {0}")]
    NoRoom(std::io::Error),
    /// Its reader broke down over it.
    #[error("the workbook is damaged in a way that its reader does not know")]
    Unknown,
    /// Whoever took the rows wanted no more.
    #[error("reading was stopped")]
    Stopped,
    /// It begins like one and then can't be read.
    #[error("the workbook is damaged or cut off: {0}")]
    Damaged(#[from] XlsxError),
    /// Nothing stands where the header row should.
    #[error("{kind}: there is no header row among the first {HEADER_WITHIN_ROWS} rows of the sheet")]
    NoHeader {
        /// What the file's name says it is.
        kind: Kind,
    },
    /// A workbook of some other content.
    #[error("{kind}: the header row lacks the required column {}", columns.join(" and the column "))]
    MissingColumns {
        /// What the file's name says it is.
        kind: Kind,
        /// The missing headings.
        columns: Vec<String>,
    },
    /// Neither the name nor any header tells what it is.
    #[error("neither the file's name nor a header row says that it holds receipts, expenses or expense details")]
    UnknownKind,
}

/// Opens a workbook that was checked; gives how many rows it has about.
pub(super) fn open(mut file: File) -> Result<(Book, u64), WorkbookError> {
    file.seek(SeekFrom::Start(0))?;
    let mut magic = Vec::new();
    Read::by_ref(&mut file).take(OLE_MAGIC.len() as u64).read_to_end(&mut magic)?;
    if magic.is_empty() {
        return Err(WorkbookError::Empty);
    }
    if magic.starts_with(OLE_MAGIC) {
        return Err(WorkbookError::Protected);
    }
    if !magic.starts_with(ZIP_MAGIC) {
        return Err(WorkbookError::NotXlsx);
    }
    let rows = guard::check(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let book = Xlsx::new(BufReader::new(file)).map_err(|err| match err {
        XlsxError::Password => WorkbookError::Protected,
        other => WorkbookError::Damaged(other),
    })?;
    Ok((book, rows))
}

pub(super) fn names(book: &Book) -> Vec<String> {
    book.sheet_names()
}

/// The rows of one sheet, top to bottom; empty rows are passed over.
pub(super) struct SheetRows<'a> {
    reader: XlsxCellReader<'a, Source>,
    next_cell: Option<Cell<DataRef<'a>>>,
    cells: Vec<DataRef<'a>>,
    row_number: u32,
    is_1904: bool,
}

impl<'a> SheetRows<'a> {
    pub fn open(book: &'a mut Book, name: &str) -> Result<SheetRows<'a>, WorkbookError> {
        let is_1904 = book.has_1904_epoch();
        let mut reader = book.worksheet_cells_reader(name)?;
        let next_cell = reader.next_cell()?;
        Ok(SheetRows { reader, next_cell, cells: Vec::new(), row_number: 0, is_1904 })
    }

    /// Goes to the next row that has any content. `false`: there is none.
    pub fn next_row(&mut self) -> Result<bool, WorkbookError> {
        self.next_row_above(u32::MAX)
    }

    /// The same among the sheet's first `limit` rows.
    pub fn next_row_above(&mut self, limit: u32) -> Result<bool, WorkbookError> {
        loop {
            self.cells.clear();
            let Some(first) = &self.next_cell else { return Ok(false) };
            let row = first.get_position().0;
            if row >= limit {
                return Ok(false);
            }
            while let Some(cell) = self.next_cell.take_if(|cell| cell.get_position().0 == row) {
                let column = cell.get_position().1 as usize;
                if column >= guard::COLUMNS {
                    let what = format!("row {} has a cell beyond column {}", row + 1, guard::COLUMNS);
                    return Err(WorkbookError::TooMuch(what));
                }
                if self.cells.len() <= column {
                    self.cells.resize(column + 1, DataRef::Empty);
                }
                self.cells[column] = cell.get_value().clone();
                self.next_cell = self.reader.next_cell()?;
            }
            if self.cells.iter().any(|cell| *cell != DataRef::Empty) {
                self.row_number = row + 1;
                return Ok(true);
            }
        }
    }

    /// The cells of the current row, from column A on.
    pub fn cells(&self) -> &[DataRef<'a>] {
        &self.cells
    }

    /// Whether serial dates count from 1904, as the workbook says.
    pub fn is_1904(&self) -> bool {
        self.is_1904
    }

    /// The number of the current row, as a spreadsheet shows it.
    pub fn row_number(&self) -> u32 {
        self.row_number
    }
}
