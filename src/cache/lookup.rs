//! What is looked for in the cache, and what a look gives.

use std::sync::Arc;

use super::entry::Entry;
use super::key::{CacheKey, NAMESPACE};
use crate::domain::{DepartmentScope, Dependency};

/// Where an entry was found, or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// In Redis.
    Redis,
    /// In this process.
    Memory,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct CacheLookup {
    /// Under this key.
    pub key: CacheKey,
    /// The whole of it, as it stands in Redis.
    pub full_key: String,
    /// Figures of these departments.
    pub scope: DepartmentScope,
    /// What they are computed from.
    pub dependency: Dependency,
}

impl CacheLookup {
    /// Figures of these departments under that key.
    pub fn new(key: CacheKey, scope: DepartmentScope, dependency: Dependency) -> CacheLookup {
        CacheLookup {
            full_key: key.in_redis(NAMESPACE),
            key,
            scope,
            dependency,
        }
    }
}

/// What a look into the cache gave.
#[derive(Clone, Debug)]
pub enum LookupResult {
    /// A valid entry.
    Hit(Arc<Entry>, Tier),
    /// An entry of valid data whose life has ended.
    Expired(Arc<Entry>),
    /// An entry of data that was changed since.
    Outdated,
    /// An entry of data that this process has not heard of yet.
    FromUnknownGeneration,
    /// Nothing.
    Nothing,
}

/// What the cache holds and knows.
#[derive(Clone, Copy, Debug)]
pub struct CacheStats {
    /// Entries in memory.
    pub entries: u64,
    /// What they take up.
    pub bytes: u64,
    /// Whether Redis is in use; `None` when it is switched off.
    pub redis_is_up: Option<bool>,
}
