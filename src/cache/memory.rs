//! The cache in this process, bounded by the size of what it holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync;

use super::entry::Entry;
use super::key::{CacheKey, namespace_prefix};

/// Keys are the whole keys of Redis.
pub(super) struct MemoryStore {
    entries: sync::Cache<String, Arc<Entry>>,
}

impl MemoryStore {
    /// A store that holds up to so many bytes of keys and answers.
    pub fn new(bytes: u64) -> MemoryStore {
        let entries = sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &String, entry: &Arc<Entry>| {
                u32::try_from(key.len() + entry.answer.get().len() + size_of::<Entry>()).unwrap_or(u32::MAX)
            })
            .expire_after(EndOfEntry)
            .build();
        MemoryStore { entries }
    }

    pub fn get(&self, namespace: &str, key: &CacheKey) -> Option<Arc<Entry>> {
        self.entries.get(&key.in_redis(namespace))
    }

    pub fn set(&self, namespace: &str, key: &CacheKey, entry: Arc<Entry>) {
        self.entries.insert(key.in_redis(namespace), entry);
    }

    pub fn invalidate(&self, namespace: &str, key: &CacheKey) {
        self.entries.invalidate(&key.in_redis(namespace));
    }

    pub fn invalidate_namespace(&self, namespace: &str) {
        let prefix = namespace_prefix(namespace);
        for (key, _) in &self.entries {
            if key.starts_with(&prefix) {
                self.entries.invalidate(key.as_str());
            }
        }
    }
}

/// An entry knows itself when it ends.
struct EndOfEntry;

impl Expiry<String, Arc<Entry>> for EndOfEntry {
    fn expire_after_create(&self, _: &String, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(entry.time_left())
    }

    fn expire_after_update(&self, _: &String, entry: &Arc<Entry>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.time_left())
    }
}
