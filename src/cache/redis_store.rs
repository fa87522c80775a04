//! The cache in Redis, shared by all replicas.
//!
//! Every step (connection and command together) has one budget. The first fault takes Redis out
//! of use; a task looks for it once a second and, before it is used again, repeats there what was
//! invalidated meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::{Pool, PooledConnection, RunError};
use bb8_redis::redis::{self, FromRedisValue, IntoConnectionInfo, RedisError};

use super::entry::Entry;
use super::key::{CacheKey, namespace_prefix};
use crate::config::RedisSettings;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
const POOL_SIZE: u32 = 16;
const SCAN_BATCH: usize = 500;
/// More single keys than these are not remembered through an outage: their namespaces are.
const MOST_PENDING_KEYS: usize = 1000;

/// Why Redis did not serve.
#[derive(Debug, thiserror::Error)]
pub enum RedisFault {
    /// It is switched off, or out of use since an earlier fault.
    #[error("Redis is not in use")]
    NotUsed,
    /// The budget was spent.
    #[error("no answer within {0} ms")]
    Slow(u128),
    /// The connection or the command failed.
    #[error("{0}")]
    Failed(#[from] RedisError),
    /// An entry is not what this program writes.
    #[error("an entry can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// The connection pool and the state of the server behind it.
#[derive(Clone)]
pub(super) struct RedisStore {
    pool: Pool<RedisConnectionManager>,
    budget: Duration,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_up: AtomicBool,
    pending: Mutex<Pending>,
}

/// What is to be invalidated when Redis is back.
#[derive(Default)]
struct Pending {
    namespaces: BTreeSet<String>,
    keys: BTreeSet<(String, String)>,
}

type Connection<'a> = PooledConnection<'a, RedisConnectionManager>;

impl RedisStore {
    pub async fn open(settings: &RedisSettings) -> Result<RedisStore, RedisFault> {
        let mut redis_settings = redis::RedisConnectionInfo::default().set_db(settings.db);
        if !settings.password.expose().is_empty() {
            redis_settings = redis_settings.set_password(settings.password.expose());
        }
        let info = (settings.host.as_str(), settings.port).into_connection_info()?.set_redis_settings(redis_settings);
        let pool = Pool::builder()
            .max_size(POOL_SIZE)
            .connection_timeout(settings.timeout)
            .build_unchecked(RedisConnectionManager::new(info)?);
        let store = RedisStore { pool, budget: settings.timeout, state: Arc::default() };
        match store.take_up().await {
            Ok(()) => log::info!("Answers are cached in Redis at {}:{}", settings.host, settings.port),
            Err(fault) => log_fallback(&fault),
        }
        tokio::spawn(store.clone().look_after());
        Ok(store)
    }

    pub fn is_up(&self) -> bool {
        self.state.is_up.load(Ordering::Acquire)
    }

    pub async fn get(&self, namespace: &str, key: &CacheKey) -> Result<Option<Entry>, RedisFault> {
        let mut get = redis::cmd("GET");
        get.arg(key.in_redis(namespace));
        let Some(bytes) = self.used(self.query::<Option<Vec<u8>>>(&get)).await? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(entry) => Ok(Some(entry)),
            Err(err) => {
                log::warn!("Redis holds something under {key} that is no cached answer; it will be overwritten: {err}");
                Ok(None)
            }
        }
    }

    pub async fn set(&self, namespace: &str, key: &CacheKey, entry: &Entry) -> Result<(), RedisFault> {
        let ttl_ms = entry.time_left().as_millis().max(1) as u64;
        let mut set = redis::cmd("SET");
        set.arg(key.in_redis(namespace)).arg(serde_json::to_vec(entry)?).arg("PX").arg(ttl_ms);
        self.used(self.query::<()>(&set)).await
    }

    pub async fn invalidate(&self, namespace: &str, key: &CacheKey) {
        let key = key.in_redis(namespace);
        self.pending().keys.insert((namespace.to_owned(), key));
        self.settle().await;
    }

    pub async fn invalidate_namespace(&self, namespace: &str) {
        self.pending().namespaces.insert(namespace.to_owned());
        self.settle().await;
    }

    /// Takes pending invalidations to a Redis that is in use; otherwise they wait.
    async fn settle(&self) {
        if self.is_up() {
            let _ = self.used(self.invalidate_pending()).await;
        } else {
            self.pending().shrink();
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.state.pending.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Runs a step; a fault takes Redis out of use.
    async fn used<T>(&self, step: impl Future<Output = Result<T, RedisFault>>) -> Result<T, RedisFault> {
        step.await.inspect_err(|fault| {
            if self.state.is_up.swap(false, Ordering::AcqRel) {
                log_fallback(fault);
            }
        })
    }

    async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisFault> {
        let step = async {
            let mut conn: Connection<'_> = self.pool.get().await.map_err(|err| match err {
                RunError::User(err) => RedisFault::Failed(err),
                RunError::TimedOut => RedisFault::Slow(self.budget.as_millis()),
            })?;
            Ok(command.query_async(&mut *conn).await?)
        };
        match tokio::time::timeout(self.budget, step).await {
            Ok(answer) => answer,
            Err(_) => Err(RedisFault::Slow(self.budget.as_millis())),
        }
    }

    async fn look_after(self) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if !self.is_up() && self.take_up().await.is_ok() {
                log::info!("Redis is back: answers are cached there again");
            }
        }
    }

    /// Puts Redis into use after it answered and learnt of everything that was invalidated.
    async fn take_up(&self) -> Result<(), RedisFault> {
        self.query::<String>(&redis::cmd("PING")).await?;
        self.invalidate_pending().await?;
        self.state.is_up.store(true, Ordering::Release);
        // One that came between the last two lines would otherwise wait for the next outage.
        self.invalidate_pending().await
    }

    async fn invalidate_pending(&self) -> Result<(), RedisFault> {
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
            scan.arg(cursor).arg("MATCH").arg(namespace_prefix(namespace) + "*").arg("COUNT").arg(SCAN_BATCH);
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
            self.namespaces.extend(std::mem::take(&mut self.keys).into_iter().map(|(namespace, _)| namespace));
        }
    }
}

fn log_fallback(fault: &RedisFault) {
    log::warn!("Falling back to in-memory cache: Redis: {fault}");
}
