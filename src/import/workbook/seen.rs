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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::{RngExt, SeedableRng};

    use super::SeenIds;

    /// Ids are kept by their hashes: a map of the ids themselves is the oracle.
    #[test]
    fn an_operation_id_is_recognized_however_many_there_are() {
        let (mut seen, mut rows) = (SeenIds::default(), HashMap::<String, Option<u32>>::new());
        let mut random = rand::rngs::StdRng::seed_from_u64(5);
        for row in 2..=200_000 {
            let id = format!(
                "Списание с расчетного счета {:09} от 01.02.2024",
                random.random_range(0..120_000)
            );
            let known = rows.entry(id.clone()).or_default();
            if random.random_range(0..10) == 0 {
                seen.reject(&id);
            } else {
                assert_eq!(seen.take(&id, row), *known, "row {row}");
                known.get_or_insert(row);
            }
        }
        assert!(rows.len() > 80_000);
        for number in 0..120_000 {
            let id = format!("Списание с расчетного счета {number:09} от 01.02.2024");
            assert_eq!(seen.contains(&id), rows.contains_key(&id), "{id}");
        }
    }
}
