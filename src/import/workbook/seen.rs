//! Which operation ids a file has named already.
//!
//! An id is kept as a hash of 128 bits with its row. Few are in memory; many go to a temporary file
//! that is itself the hash table: to look one up is to read one block of it, to note one is to
//! write twenty bytes. So memory does not grow with the file.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;

use super::guard;

/// The ids of a file so far.
#[derive(Debug, Default)]
pub struct SeenIds {
    keys: [RandomState; 2],
    few: HashMap<Key, u32>,
    many: Option<IdTable>,
}

/// So many are kept in memory.
const IN_MEMORY: usize = 50_000;

/// Stands for a row that was named and could not be taken.
const REJECTED: u32 = u32::MAX;
/// Stands where no row is: what was never written of a file reads as zeros, and rows count from 1.
const FREE: u32 = 0;

type Key = [u32; 4];

impl SeenIds {
    /// Notes the id of a row that is taken; the row that was taken under it before, if one was.
    ///
    /// # Errors
    /// An error of the temporary file.
    pub fn take(&mut self, id: &str, row_number: u32) -> io::Result<Option<u32>> {
        let key = self.key(id);
        if let Some(table) = &self.many {
            return table.note(key, row_number);
        }
        let row = self.few.entry(key).or_insert(REJECTED);
        if *row != REJECTED {
            return Ok(Some(*row));
        }
        *row = row_number;
        if self.few.len() > IN_MEMORY {
            let table = IdTable::new()?;
            for (key, row) in std::mem::take(&mut self.few) {
                table.note(key, row)?;
            }
            self.many = Some(table);
        }
        Ok(None)
    }

    /// Notes the id of a row that can't be taken.
    ///
    /// # Errors
    /// An error of the temporary file.
    pub fn reject(&mut self, id: &str) -> io::Result<()> {
        self.take(id, REJECTED).map(drop)
    }

    /// Whether any row named that id.
    ///
    /// # Errors
    /// An error of the temporary file.
    pub fn contains(&self, id: &str) -> io::Result<bool> {
        let key = self.key(id);
        match &self.many {
            None => Ok(self.few.contains_key(&key)),
            Some(table) => Ok(table.find(key)?.1.is_some()),
        }
    }

    /// Returns whether a row was taken under that id.
    ///
    /// # Errors
    /// An error of the temporary file.
    pub fn is_taken(&self, id: &str) -> io::Result<bool> {
        let key = self.key(id);
        let row = match &self.many {
            None => self.few.get(&key).copied(),
            Some(table) => table.find(key)?.1,
        };
        Ok(row.is_some_and(|row| row != REJECTED))
    }

    fn key(&self, id: &str) -> Key {
        let [high, low] = [0, 1].map(|at| self.keys[at].hash_one(id));
        [
            (high >> 32) as u32,
            high as u32,
            (low >> 32) as u32,
            low as u32,
        ]
    }
}

/// A hash table in a temporary file. A key's block follows from the key; when it is full, the next
/// one is used.
#[derive(Debug)]
struct IdTable {
    file: File,
}

const WORD: usize = size_of::<u32>();
/// A key and its row.
const ENTRY: usize = size_of::<Key>() + WORD;
const BLOCK: usize = 512;
/// Twice as many places as a sheet may have rows: few blocks are full.
const BLOCKS: u64 = 2 * guard::ROWS / (BLOCK / ENTRY) as u64 + 1;

impl IdTable {
    fn new() -> io::Result<IdTable> {
        let file = tempfile::tempfile()?;
        file.set_len(BLOCKS * BLOCK as u64)?;
        Ok(IdTable { file })
    }

    /// Puts a row under a key, unless one that was taken stands there: then gives that.
    fn note(&self, key: Key, row: u32) -> io::Result<Option<u32>> {
        let (place, earlier) = self.find(key)?;
        if earlier.is_some_and(|earlier| earlier != REJECTED) {
            return Ok(earlier);
        }
        let mut entry = [0; ENTRY];
        for (bytes, word) in entry
            .chunks_exact_mut(WORD)
            .zip(key.into_iter().chain([row]))
        {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        self.file.write_all_at(&entry, place)?;
        Ok(None)
    }

    /// Where a key stands or may be put, and the row that stands there.
    fn find(&self, key: Key) -> io::Result<(u64, Option<u32>)> {
        let first = (u64::from(key[0]) << 32 | u64::from(key[1])) % BLOCKS;
        let mut block = [0; BLOCK];
        for begin in (first..BLOCKS)
            .chain(0..first)
            .map(|number| number * BLOCK as u64)
        {
            self.file.read_exact_at(&mut block, begin)?;
            for (at, entry) in block.chunks_exact(ENTRY).enumerate() {
                let word = |at: usize| {
                    u32::from_ne_bytes(std::array::from_fn(|byte| entry[at * WORD + byte]))
                };
                let row = word(key.len());
                if row == FREE || std::array::from_fn(word) == key {
                    return Ok((
                        begin + (at * ENTRY) as u64,
                        Some(row).filter(|row| *row != FREE),
                    ));
                }
            }
        }
        Err(io::Error::other(
            "there are more operation ids than a sheet may have rows",
        ))
    }
}
