//! Details that wait for the end of their file.
//!
//! Those of one expense may be scattered over the file, and are compared with what is stored as a
//! set. Few wait in memory; many go to temporary files, all of one expense to the same, which are
//! then read one after another: memory does not grow with the file.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use crate::import::workbook::DetailRow;

/// So many wait in memory.
const IN_MEMORY: usize = 50_000;
/// Into so many files they go when there are more.
const FILES: usize = 64;

#[derive(Default)]
pub(super) struct WaitingDetails {
    rows: Vec<DetailRow>,
    files: Vec<BufWriter<File>>,
}

type Parts = Box<dyn Iterator<Item = std::io::Result<Vec<DetailRow>>> + Send>;

impl WaitingDetails {
    /// Adds some.
    pub(super) fn add(&mut self, rows: Vec<DetailRow>) -> std::io::Result<()> {
        self.rows.extend(rows);
        if self.rows.len() > IN_MEMORY {
            self.put_away()
        } else {
            Ok(())
        }
    }

    /// All of them, in parts: the details of one expense are in one part, in their order.
    pub(super) fn into_parts(mut self) -> std::io::Result<Parts> {
        if self.files.is_empty() {
            return Ok(Box::new(std::iter::once(Ok(self.rows))));
        }
        self.put_away()?;
        Ok(Box::new(self.files.into_iter().map(read_back)))
    }

    fn put_away(&mut self) -> std::io::Result<()> {
        while self.files.len() < FILES {
            self.files.push(BufWriter::new(tempfile::tempfile()?));
        }
        for row in self.rows.drain(..) {
            let mut hasher = DefaultHasher::new();
            row.expense_operation_id.hash(&mut hasher);
            let file = &mut self.files[(hasher.finish() % FILES as u64) as usize];
            serde_json::to_writer(&mut *file, &row)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }
}

fn read_back(file: BufWriter<File>) -> std::io::Result<Vec<DetailRow>> {
    let mut file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    BufReader::new(file)
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}
