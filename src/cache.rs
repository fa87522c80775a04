//! Cached answers: one cheap, cloneable handle over Redis, with this process's memory behind it.
//!
//! A fault of Redis is a log line, never an error. An entry carries the generation of the data it
//! was computed from and is a hit only as long as no later generation is known; so an entry that
//! was stored too late, or that survived an outage of Redis, is never served. Invalidation is
//! what people see in Redis, and hygiene.

mod entry;
mod key;
mod memory;
mod redis_store;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

pub use entry::Entry;
pub use key::{CacheKey, NAMESPACE};
use memory::MemoryStore;
pub use redis_store::RedisFault;
use redis_store::RedisStore;

use crate::config::CacheSettings;
use crate::domain::{DataVersion, DepartmentScope};

/// The handle that web workers and the importer share.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    ttl: Duration,
    memory: MemoryStore,
    redis: Option<RedisStore>,
    versions: RwLock<HashMap<i64, DataVersion>>,
}

/// Where an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// In Redis.
    Redis,
    /// In this process.
    Memory,
}

/// A valid entry.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What was stored.
    pub entry: Arc<Entry>,
    /// Where.
    pub tier: Tier,
}

impl Cache {
    /// Opens the cache and looks for Redis once. A Redis that does not answer is looked for again
    /// every second by a task of the current runtime.
    ///
    /// # Errors
    /// [`RedisFault`] when the settings can't be turned into a connection at all.
    pub async fn open(settings: &CacheSettings) -> Result<Cache, RedisFault> {
        let redis = match &settings.redis {
            Some(redis) => Some(RedisStore::open(redis).await?),
            None => None,
        };
        let memory = MemoryStore::new(settings.memory_bytes);
        let shared = Shared { ttl: settings.ttl, memory, redis, versions: RwLock::default() };
        Ok(Cache { shared: Arc::new(shared) })
    }

    /// How long an entry lives.
    pub fn ttl(&self) -> Duration {
        self.shared.ttl
    }

    /// The entry of that key, if it is there, has not expired, and nothing newer than its
    /// generation is known. A scope whose version is not known has no valid entries.
    pub async fn get(&self, namespace: &str, key: &CacheKey, scope: DepartmentScope) -> Option<Hit> {
        let current = self.known_version(scope)?;
        let found = match &self.shared.redis {
            Some(redis) if redis.is_up() => {
                redis.get(namespace, key).await.map(|found| found.map(|entry| (Arc::new(entry), Tier::Redis)))
            }
            _ => Err(RedisFault::NotUsed),
        };
        let found = found.unwrap_or_else(|_| self.shared.memory.get(namespace, key).map(|entry| (entry, Tier::Memory)));
        let (entry, tier) = found?;
        (entry.generation >= current.generation && !entry.is_expired()).then_some(Hit { entry, tier })
    }

    /// Stores an entry in Redis (while it answers) and in memory. Gives where it went.
    pub async fn set(&self, namespace: &str, key: &CacheKey, entry: Arc<Entry>) -> Tier {
        self.shared.memory.set(namespace, key, entry.clone());
        match &self.shared.redis {
            Some(redis) if redis.is_up() => match redis.set(namespace, key, &entry).await {
                Ok(()) => Tier::Redis,
                Err(_) => Tier::Memory,
            },
            _ => Tier::Memory,
        }
    }

    /// Drops one entry, in Redis as soon as it can be reached.
    pub async fn invalidate(&self, namespace: &str, key: &CacheKey) {
        self.shared.memory.invalidate(namespace, key);
        if let Some(redis) = &self.shared.redis {
            redis.invalidate(namespace, key).await;
        }
    }

    /// Drops every entry of a namespace, in Redis as soon as it can be reached.
    pub async fn invalidate_namespace(&self, namespace: &str) {
        self.shared.memory.invalidate_namespace(namespace);
        if let Some(redis) = &self.shared.redis {
            redis.invalidate_namespace(namespace).await;
        }
    }

    /// Takes notice of the departments' data versions, as read from the database. What is older
    /// than known already changes nothing.
    pub fn learn_versions(&self, versions: impl IntoIterator<Item = (i64, DataVersion)>) {
        let mut known = self.shared.versions.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (department_id, version) in versions {
            let current = known.entry(department_id).or_insert(version);
            if version.generation >= current.generation {
                *current = version;
            }
        }
    }

    /// The newest known version of a scope's data; `None` for a department never heard of.
    pub fn known_version(&self, scope: DepartmentScope) -> Option<DataVersion> {
        let known = self.shared.versions.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        match scope {
            DepartmentScope::One(id) => known.get(&id).copied(),
            DepartmentScope::All if known.is_empty() => None,
            DepartmentScope::All => Some(DataVersion::of(scope, known.iter().map(|(id, version)| (*id, *version)))),
        }
    }

    /// Whether Redis is in use and answered last; `None` when it is switched off.
    pub fn redis_is_up(&self) -> Option<bool> {
        self.shared.redis.as_ref().map(RedisStore::is_up)
    }
}
