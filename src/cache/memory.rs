//! The cache in this process, bounded by the size of what it holds.
//!
//! An entry stays for some time after its life has ended: then it is served only while the
//! database can't be asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync;

use super::entry::Entry;
use super::key::{CacheKey, namespace_prefix};

/// Keys are the whole keys of Redis.
pub(super) struct MemoryStore {
    entries: sync::Cache<String, Arc<Entry>>,
    keeps_anything: bool,
}

impl MemoryStore {
    /// A store that holds up to so many bytes of keys and answers, each for `stale` longer than
    /// it lives.
    pub(super) fn new(bytes: u64, stale: Duration) -> MemoryStore {
        let entries = sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &String, entry: &Arc<Entry>| {
                u32::try_from(key.len() + entry.weight()).unwrap_or(u32::MAX)
            })
            .expire_after(EndOfEntry { stale })
            .build();
        MemoryStore {
            entries,
            keeps_anything: bytes > 0,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Arc<Entry>> {
        self.entries.get(key)
    }

    /// Stores an entry, unless one of later data is there.
    pub(super) fn set(&self, key: String, entry: Arc<Entry>) {
        if !self.keeps_anything {
            return;
        }
        self.entries
            .entry(key)
            .and_upsert_with(|present| match present {
                Some(present) if is_later(present.value(), &entry) => present.into_value(),
                _ => entry,
            });
    }

    pub(super) fn invalidate(&self, namespace: &str, key: &CacheKey) {
        self.entries.invalidate(&key.in_redis(namespace));
    }

    /// Drops what does not pass; gives the keys that went.
    pub(super) fn retain(
        &self,
        namespace: &str,
        is_kept: impl Fn(&str, &Entry) -> bool,
    ) -> Vec<String> {
        let prefix = namespace_prefix(namespace);
        let mut gone = Vec::new();
        for (key, entry) in &self.entries {
            if key.starts_with(&prefix) && !is_kept(&key, &entry) {
                self.entries.invalidate(key.as_str());
                gone.push(key.as_str().to_owned());
            }
        }
        gone
    }

    /// Whether any entry is so.
    pub(super) fn any(&self, is_so: impl Fn(&Entry) -> bool) -> bool {
        self.entries.iter().any(|(_, entry)| is_so(&entry))
    }

    /// How many entries there are, and how many bytes they take up.
    pub(super) fn size(&self) -> (u64, u64) {
        self.entries.run_pending_tasks();
        (self.entries.entry_count(), self.entries.weighted_size())
    }
}

fn is_later(present: &Entry, other: &Entry) -> bool {
    present.generations.iter().any(|(department, generation)| {
        other
            .generations
            .get(department)
            .is_some_and(|of_other| generation > of_other)
    })
}

/// An entry knows itself when it ends.
struct EndOfEntry {
    stale: Duration,
}

impl Expiry<String, Arc<Entry>> for EndOfEntry {
    fn expire_after_create(&self, _: &String, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(entry.time_left() + self.stale)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.time_left() + self.stale)
    }
}
