//! Which operation ids a file has named already.
//!
//! An id is kept as a hash of 128 bits with its row: 50 MB for as many rows as a sheet may have.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The ids of a file so far.
#[derive(Debug, Default)]
pub struct SeenIds {
    keys: [RandomState; 2],
    rows: HashMap<Key, u32>,
}

/// Stands for a row that was named and could not be taken.
const REJECTED: u32 = u32::MAX;

type Key = [u32; 4];

impl SeenIds {
    /// Notes the id of a row that is taken. Returns the row that was taken under it before, if one was.
    pub fn take(&mut self, id: &str, row_number: u32) -> Option<u32> {
        let key = self.key(id);
        let row = self.rows.entry(key).or_insert(REJECTED);
        if *row != REJECTED {
            return Some(*row);
        }
        *row = row_number;
        None
    }

    /// Notes the id of a row that can't be taken.
    pub fn reject(&mut self, id: &str) {
        let _ = self.take(id, REJECTED);
    }

    /// Returns whether any row named that id.
    pub fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(&self.key(id))
    }

    /// Returns whether a row was taken under that id.
    pub fn is_taken(&self, id: &str) -> bool {
        self.rows
            .get(&self.key(id))
            .is_some_and(|row| *row != REJECTED)
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
