//! Cached answers: this process's memory in front, Redis behind it, one cheap, cloneable handle.
//!
//! An entry carries the generations of the data it was computed at and is a hit only as long as
//! no later change concerns it (`changes`); so an entry that was stored too late, or that survived
//! an outage of Redis, is never served. Dropping entries is hygiene. What this process knows of
//! changes is trusted for a short lease; then it has to look into the database again.
//! A fault of Redis is a log line and a metric, never an error.

mod announcement;
mod bus;
mod changes;
mod entry;
mod freshness;
mod key;
mod known_changes;
mod lookup;
mod memory;
mod redis_fault;
mod redis_servers;
mod redis_store;
mod single_flight;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};
use std::time::Duration;

pub(crate) use changes::{ChangeLog, Generations, Validity};
pub(crate) use entry::{Encoding, Entry, entity_tag};
pub(crate) use freshness::{Freshness, Moment};
pub use key::{CacheKey, NAMESPACE};
pub use lookup::{CacheLookup, CacheStats, LookupResult, Tier};
use memory::MemoryStore;
pub(crate) use redis_fault::RedisFault;
use redis_store::RedisStore;
pub(crate) use single_flight::{Join, SingleFlight};

use chrono::NaiveDate;

use crate::config::CacheSettings;
use crate::domain::{Clock, DataChange};
use crate::metrics;

/// A life is made longer or shorter by up to a tenth, so that entries do not end together.
const JITTER: f64 = 0.1;

/// The handle that web workers and the importer share.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    ttl: Duration,
    stale: Duration,
    memory: MemoryStore,
    redis: Option<RedisStore>,
    changes: RwLock<ChangeLog>,
    clock: Clock,
    freshness: Freshness,
    replica_id: String,
    /// Empty until the database was looked into.
    database_id: RwLock<Arc<str>>,
    has_met_foreign: AtomicBool,
}

impl Cache {
    /// Opens the cache and looks for Redis once. A Redis that does not answer is looked for again
    /// every second by a task of the current runtime.
    ///
    /// # Errors
    /// [`RedisFault`] when the settings can't be turned into a connection at all, or lead to a cluster.
    pub async fn open(settings: &CacheSettings) -> Result<Cache, RedisFault> {
        let redis = match &settings.redis {
            Some(redis) => Some(RedisStore::open(redis).await?),
            None => None,
        };
        let shared = Shared {
            ttl: settings.ttl,
            stale: settings.stale_if_error,
            memory: MemoryStore::new(settings.memory_bytes, settings.stale_if_error),
            redis,
            changes: RwLock::default(),
            clock: settings.clock.clone(),
            freshness: Freshness::new(settings.lease),
            replica_id: format!("{:016x}", rand::random::<u64>()),
            database_id: RwLock::new(Arc::from("")),
            has_met_foreign: AtomicBool::new(false),
        };
        let cache = Cache {
            shared: Arc::new(shared),
        };
        if let Some(redis) = &settings.redis {
            bus::listen(redis, &cache)?;
        }
        Ok(cache)
    }

    /// Checks that the settings can be turned into a connection to Redis, without one.
    ///
    /// # Errors
    /// [`RedisFault`] when they can't.
    pub fn check(settings: &CacheSettings) -> Result<(), RedisFault> {
        match &settings.redis {
            Some(redis) => redis_servers::Servers::open(redis).map(drop),
            None => Ok(()),
        }
    }

    /// Which of the processes that share Redis and the database this one is.
    pub fn replica_id(&self) -> &str {
        &self.shared.replica_id
    }

    /// How long a new entry lives.
    pub fn new_ttl(&self) -> Duration {
        self.shared
            .ttl
            .mul_f64(1.0 + JITTER * (2.0 * rand::random::<f64>() - 1.0))
    }

    /// For how long after its end an entry may be served while the database can't be asked.
    pub fn stale_if_error(&self) -> Duration {
        self.shared.stale
    }

    /// The entry in this process's memory. Asks nobody.
    pub fn get_local(&self, lookup: &CacheLookup) -> LookupResult {
        match self.shared.memory.get(&lookup.full_key) {
            Some(entry) => self.validate(entry, lookup, Tier::Memory),
            None => LookupResult::Nothing,
        }
    }

    /// The entry in Redis, as long as that answers. A valid one is taken into memory.
    pub async fn get_shared(&self, lookup: &CacheLookup) -> LookupResult {
        let Some(redis) = self.redis_in_use() else {
            return LookupResult::Nothing;
        };
        let Ok(Some(entry)) = redis.get(NAMESPACE, lookup).await else {
            return LookupResult::Nothing;
        };
        if !self.is_of_database(&entry.database_id) {
            return LookupResult::Nothing;
        }
        let found = self.validate(Arc::new(entry), lookup, Tier::Redis);
        if let LookupResult::Hit(entry, _) = &found {
            self.shared
                .memory
                .set(lookup.full_key.clone(), entry.clone());
        }
        found
    }

    /// Returns the current day in the time zone of the imports.
    pub fn today(&self) -> NaiveDate {
        self.shared.clock.today()
    }

    /// Whether what was computed at these generations still holds. An answer of another day does
    /// not: balances belong to the end of a day.
    pub fn validity(&self, entry: &Entry, lookup: &CacheLookup) -> Validity {
        if entry.day != self.today() || !self.has_id(&entry.database_id) {
            return Validity::Outdated;
        }
        self.changes()
            .validity(&entry.generations, lookup.scope, &lookup.dependency)
    }

    fn validate(&self, entry: Arc<Entry>, lookup: &CacheLookup, tier: Tier) -> LookupResult {
        match self.validity(&entry, lookup) {
            Validity::Valid if entry.time_left().is_zero() => LookupResult::Expired(entry),
            Validity::Valid => LookupResult::Hit(entry, tier),
            Validity::Outdated => LookupResult::Outdated,
            Validity::FromUnknownGeneration => LookupResult::FromUnknownGeneration,
        }
    }

    /// Stores an entry in memory and in Redis (while it answers). Gives where it went.
    pub async fn set(&self, lookup: &CacheLookup, entry: Arc<Entry>) -> Tier {
        self.shared
            .memory
            .set(lookup.full_key.clone(), entry.clone());
        match self.redis_in_use() {
            Some(redis) if redis.set(NAMESPACE, &lookup.key, &entry).await.is_ok() => Tier::Redis,
            _ => Tier::Memory,
        }
    }

    /// Whether this process is the one to compute an entry that others may want, too: the first
    /// to ask is, for a short time. While Redis does not answer, everyone is.
    pub async fn may_compute(&self, lookup: &CacheLookup) -> bool {
        match self.redis_in_use() {
            Some(redis) => redis
                .take_lease(&self.database_id(), NAMESPACE, &lookup.key)
                .await
                .unwrap_or(true),
            None => true,
        }
    }

    /// Whether Redis is there to be asked.
    pub fn redis_answers(&self) -> bool {
        self.redis_in_use().is_some()
    }

    fn redis_in_use(&self) -> Option<&RedisStore> {
        self.shared.redis.as_ref().filter(|redis| redis.is_usable())
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
        let gone = self.shared.memory.retain(namespace, |_, _| false);
        metrics::INVALIDATED
            .with_label_values(&["namespace"])
            .inc_by(gone.len() as u64);
        if let Some(redis) = &self.shared.redis {
            redis.invalidate_namespace(namespace).await;
        }
    }

    /// Takes notice of a commit of this process and announces it to the others. What it concerns is
    /// dropped here and, where it stands under the same keys, in Redis.
    pub async fn announce(&self, change: &DataChange) {
        self.apply_change(change.clone());
        let is_concerned = |entry: &Entry| {
            entry.scope.id().is_none_or(|id| id == change.department_id)
                && change.changed.concerns(&entry.dependency)
        };
        let gone = self
            .shared
            .memory
            .retain(NAMESPACE, |_, entry| !is_concerned(entry));
        metrics::INVALIDATED
            .with_label_values(&["scope"])
            .inc_by(gone.len() as u64);
        if let Some(redis) = &self.shared.redis {
            redis
                .announce(&self.database_id(), NAMESPACE, change, gone)
                .await;
        }
    }

    /// The clock that says which day it is.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Whether Redis is in use and answered last; `None` when it is switched off.
    pub fn redis_is_up(&self) -> Option<bool> {
        self.shared.redis.as_ref().map(RedisStore::is_usable)
    }

    /// Whether there are answers that may be served while the database can't be asked.
    pub fn holds_answers(&self) -> bool {
        let today = self.today();
        let may_be_served =
            |entry: &Entry| entry.day == today && self.is_of_database(&entry.database_id);
        self.redis_answers() || self.shared.memory.any(may_be_served)
    }

    /// What the cache holds.
    pub fn stats(&self) -> CacheStats {
        let (entries, bytes) = self.shared.memory.size();
        CacheStats {
            entries,
            bytes,
            redis_is_up: self.redis_is_up(),
        }
    }
}
