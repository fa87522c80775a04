//! Counts tries by keys, over a window from the first.
//!
//! Keys are hashes: what a client sends takes no memory here, however long.

use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

/// The time that tries are counted over, from the first.
const WINDOW: Duration = Duration::from_secs(300);
/// So many keys are remembered at most.
pub(super) const REMEMBERED: u64 = 100_000;

/// What tries are counted by.
pub(super) type Key = [u8; 16];

/// How many tries there were by each key.
#[derive(Clone)]
pub(super) struct TryCounts {
    tries: Cache<Key, Tries>,
}

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    since: Instant,
}

impl Default for TryCounts {
    fn default() -> TryCounts {
        TryCounts {
            tries: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(WINDOW)
                .build(),
        }
    }
}

impl TryCounts {
    /// Returns how long until another try is within the limit of a key; `None`: it is now.
    pub fn wait(&self, key: &Key, limit: u32) -> Option<Duration> {
        let tries = self.tries.get(key)?;
        let left = WINDOW.checked_sub(tries.since.elapsed())?;
        (tries.count >= limit).then_some(left)
    }

    /// Counts a try.
    pub fn count(&self, key: &Key) {
        self.tries.entry(*key).and_upsert_with(|entry| {
            let before = entry.map(|entry| entry.into_value());
            match before.filter(|before| before.since.elapsed() < WINDOW) {
                Some(before) => Tries {
                    count: before.count + 1,
                    ..before
                },
                None => Tries {
                    count: 1,
                    ..Tries::none()
                },
            }
        });
    }

    /// Takes a try back.
    pub fn give_back(&self, key: &Key) {
        self.tries.entry(*key).and_upsert_with(|entry| {
            let before = entry.map(|entry| entry.into_value());
            let before = before.unwrap_or_else(Tries::none);
            Tries {
                count: before.count.saturating_sub(1),
                ..before
            }
        });
    }

    /// Forgets all tries by a key.
    pub fn forgive(&self, key: &Key) {
        self.tries.invalidate(key);
    }
}

impl Tries {
    fn none() -> Tries {
        Tries {
            count: 0,
            since: Instant::now(),
        }
    }
}

/// Returns the key of some texts.
pub(super) fn key(parts: &[&str]) -> Key {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    key
}
