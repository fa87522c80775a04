//! What has to go from Redis, now or as soon as it can be reached.

use std::collections::BTreeSet;

use bb8_redis::redis;

use super::RedisStore;
use crate::cache::key::{CacheKey, namespace_prefix};
use crate::cache::redis_fault::RedisFault;

const SCAN_BATCH: usize = 500;
/// More single keys than these are not remembered through an outage: their namespaces are.
const MOST_PENDING_KEYS: usize = 1000;

/// What is to be invalidated when Redis is back.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) namespaces: BTreeSet<String>,
    pub(super) keys: BTreeSet<(String, String)>,
}

impl RedisStore {
    pub(in crate::cache) async fn invalidate(&self, namespace: &str, key: &CacheKey) {
        let key = key.in_redis(namespace);
        self.pending().keys.insert((namespace.to_owned(), key));
        self.settle().await;
    }

    pub(in crate::cache) async fn invalidate_namespace(&self, namespace: &str) {
        self.pending().namespaces.insert(namespace.to_owned());
        self.settle().await;
    }

    /// Takes pending invalidations to a Redis that is in use; otherwise they wait.
    pub(super) async fn settle(&self) {
        if self.is_up() {
            let _ = self.used(self.invalidate_pending()).await;
        } else {
            self.pending().shrink();
        }
    }

    pub(super) fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.state
            .pending
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) async fn invalidate_pending(&self) -> Result<(), RedisFault> {
        let taken = std::mem::take(&mut *self.pending());
        let result = self.invalidate_all(&taken).await;
        if result.is_err() {
            let mut pending = self.pending();
            pending.namespaces.extend(taken.namespaces);
            pending.keys.extend(taken.keys);
        }
        result
    }

    async fn invalidate_all(&self, taken: &Pending) -> Result<(), RedisFault> {
        let keys: Vec<&String> = taken.keys.iter().map(|(_, key)| key).collect();
        self.unlink(&keys).await?;
        for namespace in &taken.namespaces {
            self.sweep(namespace).await?;
        }
        Ok(())
    }

    async fn sweep(&self, namespace: &str) -> Result<(), RedisFault> {
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(namespace_prefix(namespace) + "*")
                .arg("COUNT")
                .arg(SCAN_BATCH);
            let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
            self.unlink(&keys.iter().collect::<Vec<_>>()).await?;
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn unlink(&self, keys: &[&String]) -> Result<(), RedisFault> {
        for keys in keys.chunks(SCAN_BATCH) {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(keys);
            self.query::<i64>(&unlink).await?;
        }
        Ok(())
    }
}

impl Pending {
    fn shrink(&mut self) {
        if self.keys.len() > MOST_PENDING_KEYS {
            self.namespaces.extend(
                std::mem::take(&mut self.keys)
                    .into_iter()
                    .map(|(namespace, _)| namespace),
            );
        }
    }
}
