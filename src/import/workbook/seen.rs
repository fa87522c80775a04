//! Which operation ids a file has named already: sixteen bytes an id, whatever its length.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

/// The ids of a file so far, each as a hash of 128 bits.
#[derive(Debug, Default)]
pub struct SeenIds {
    keys: [RandomState; 2],
    rows: HashMap<[u32; 4], u32>,
}

/// Stands for a row that was named and could not be taken.
const REJECTED: u32 = 0;

impl SeenIds {
    /// Notes the id of a row that is taken; the row that was taken under it before, if one was.
    pub fn take(&mut self, id: &str, row_number: u32) -> Option<u32> {
        match self.rows.entry(key(&self.keys, id)) {
            Entry::Occupied(earlier) if *earlier.get() != REJECTED => Some(*earlier.get()),
            Entry::Occupied(mut rejected) => {
                rejected.insert(row_number);
                None
            }
            Entry::Vacant(place) => {
                place.insert(row_number);
                None
            }
        }
    }

    /// Notes the id of a row that can't be taken.
    pub fn reject(&mut self, id: &str) {
        self.rows.entry(key(&self.keys, id)).or_insert(REJECTED);
    }

    /// Whether any row named that id.
    pub fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(&key(&self.keys, id))
    }
}

fn key(keys: &[RandomState; 2], id: &str) -> [u32; 4] {
    let [high, low] = [0, 1].map(|at| keys[at].hash_one(id));
    [(high >> 32) as u32, high as u32, (low >> 32) as u32, low as u32]
}
