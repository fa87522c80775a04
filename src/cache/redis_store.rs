//! The cache in Redis, shared by all replicas.
//!
//! Every step (connection and command together) has one budget. The first fault takes Redis out
//! of use (the breaker is open); a task probes it once a second, with a write, and before it is
//! used again repeats there what was invalidated meanwhile.

mod invalidations;
mod upkeep;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bb8_redis::bb8::{Pool, PooledConnection, RunError};
use bb8_redis::redis::{self, FromRedisValue};

use super::CacheLookup;
use super::announcement::Announcement;
use super::changes::Generations;
use super::entry::Entry;
use super::key::CacheKey;
use super::redis_fault::{RedisFault, cause};
use super::redis_servers::{ConnectFault, Link, Servers};
use crate::config::RedisSettings;
use crate::domain::DataChange;
use crate::metrics;
use invalidations::Pending;

/// Steps share connections: more only spread them over more sockets.
const POOL_SIZE: u32 = 2;
/// Longer than any answer takes; short enough not to matter when its holder died.
const COMPUTING_LEASE_MS: u64 = 1000;
/// Where processes tell each other of changes.
pub(super) const CHANNEL: &str = "itbudget:changes:credit_portfolio";

/// KEYS: entry, known generations, lease. ARGV: value, life, then department and generation by
/// turns.
const SET_UNLESS_OUTDATED: &str = "
redis.call('DEL', KEYS[3])
for at = 3, #ARGV, 2 do
    local known = redis.call('HGET', KEYS[2], ARGV[at])
    if known and tonumber(known) > tonumber(ARGV[at + 1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";
/// KEYS: known generations. ARGV: channel, message, then department and generation by turns.
const ANNOUNCE: &str = "
for at = 3, #ARGV, 2 do
    local known = redis.call('HGET', KEYS[1], ARGV[at])
    if not known or tonumber(known) < tonumber(ARGV[at + 1]) then
        redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    end
end
redis.call('PUBLISH', ARGV[1], ARGV[2])";

/// The connection pool and the state of the server behind it.
#[derive(Clone)]
pub(super) struct RedisStore {
    pool: Pool<Servers>,
    connect_fault: ConnectFault,
    settings: RedisSettings,
    budget: Duration,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_up: AtomicBool,
    /// How often it was put into use.
    taken_up: AtomicU64,
    /// When that was last compared with the database.
    compared: AtomicU64,
    /// Why it is not in use, as it was last logged.
    last_fault: Mutex<String>,
    pending: Mutex<Pending>,
}

type Connection<'a> = PooledConnection<'a, Servers>;

impl RedisStore {
    pub(super) async fn open(settings: &RedisSettings) -> Result<RedisStore, RedisFault> {
        let (servers, address) = Servers::open(settings)?;
        let connect_fault = servers.fault();
        // A connection in doubt is not used again; to ask each time would double the way.
        let pool = Pool::builder()
            .max_size(POOL_SIZE)
            .connection_timeout(settings.timeout)
            .test_on_check_out(false)
            .build_unchecked(servers);
        metrics::REDIS_UP.set(0);
        let store = RedisStore {
            pool,
            connect_fault,
            settings: settings.clone(),
            budget: settings.timeout,
            state: Arc::default(),
        };
        match store.take_up().await {
            Ok(()) => log::info!("Answers are cached in Redis at {address}"),
            Err(fault) => match cause(settings, fault).await {
                fault @ RedisFault::Cluster(_) => return Err(fault),
                fault => store.log_fallback(&fault),
            },
        }
        tokio::spawn(store.clone().look_after());
        Ok(store)
    }

    pub(super) fn is_up(&self) -> bool {
        self.state.is_up.load(Ordering::Acquire)
    }

    /// Whether entries may be used: Redis answers, and what it knows was compared with the database.
    pub(super) fn is_usable(&self) -> bool {
        let state = &self.state;
        self.is_up()
            && state.compared.load(Ordering::Acquire) == state.taken_up.load(Ordering::Acquire)
    }

    /// Returns the generations that Redis knows of a database, if they were not compared with it
    /// since Redis was put into use; and which time that was.
    pub(super) async fn generations_to_compare(
        &self,
        database: &str,
        namespace: &str,
    ) -> Option<(u64, Generations)> {
        if !self.is_up() || self.is_usable() {
            return None;
        }
        let taken_up = self.state.taken_up.load(Ordering::Acquire);
        let mut get = redis::cmd("HGETALL");
        get.arg(generations_key(database, namespace));
        let known = self.used(self.query::<Generations>(&get)).await.ok()?;
        Some((taken_up, known))
    }

    /// Notes that what Redis knew that time was compared with the database.
    pub(super) fn note_compared(&self, taken_up: u64) {
        self.state.compared.store(taken_up, Ordering::Release);
    }

    pub(super) async fn get(
        &self,
        namespace: &str,
        lookup: &CacheLookup,
    ) -> Result<Option<Entry>, RedisFault> {
        let key = &lookup.key;
        let mut get = redis::cmd("GET");
        get.arg(key.in_redis(namespace));
        let Some(bytes) = self.used(self.query::<Option<Vec<u8>>>(&get)).await? else {
            return Ok(None);
        };
        match Entry::from_stored(lookup, &bytes) {
            Ok(entry) => Ok(Some(entry)),
            Err(err) => {
                log::warn!(
                    "Redis holds something under {key} that is no cached answer; it will be overwritten: {err}"
                );
                Ok(None)
            }
        }
    }

    /// Stores an entry, unless Redis knows of later data of its departments.
    pub(super) async fn set(
        &self,
        namespace: &str,
        key: &CacheKey,
        entry: &Entry,
    ) -> Result<(), RedisFault> {
        let database = &entry.database_id;
        let ttl_ms = entry.time_left().as_millis().max(1) as u64;
        let mut set = redis::cmd("EVAL");
        set.arg(SET_UNLESS_OUTDATED)
            .arg(3)
            .arg(key.in_redis(namespace))
            .arg(generations_key(database, namespace));
        set.arg(lease_key(database, namespace, key));
        set.arg(entry.to_stored()?).arg(ttl_ms);
        for (department_id, generation) in &entry.generations {
            set.arg(department_id).arg(generation);
        }
        self.used(self.query::<i64>(&set)).await.map(drop)
    }

    /// Takes the right to compute an entry for a short time; `false` when somebody has it.
    pub(super) async fn take_lease(
        &self,
        database: &str,
        namespace: &str,
        key: &CacheKey,
    ) -> Result<bool, RedisFault> {
        let mut take = redis::cmd("SET");
        take.arg(lease_key(database, namespace, key))
            .arg(1)
            .arg("NX")
            .arg("PX")
            .arg(COMPUTING_LEASE_MS);
        self.used(self.query::<Option<String>>(&take))
            .await
            .map(|taken| taken.is_some())
    }

    /// Tells of changes: entries that are concerned go, older data is no longer stored, and other
    /// processes hear of it. While Redis can't be reached, keys wait and the rest is left out: the
    /// truth is in the database.
    pub(super) async fn announce(
        &self,
        database: &str,
        namespace: &str,
        change: &DataChange,
        concerned: Vec<String>,
    ) {
        self.pending()
            .keys
            .extend(concerned.into_iter().map(|key| (namespace.to_owned(), key)));
        if self.is_up() {
            let mut tell = redis::cmd("EVAL");
            tell.arg(ANNOUNCE)
                .arg(1)
                .arg(generations_key(database, namespace))
                .arg(CHANNEL);
            let announcement = Announcement {
                database: database.into(),
                change: Cow::Borrowed(change),
            };
            tell.arg(serde_json::to_vec(&announcement).unwrap_or_default());
            tell.arg(change.department_id).arg(change.generation);
            let _ = self.used(self.query::<()>(&tell)).await;
        }
        self.settle().await;
    }

    /// Runs a step; a fault takes Redis out of use.
    async fn used<T>(
        &self,
        step: impl Future<Output = Result<T, RedisFault>>,
    ) -> Result<T, RedisFault> {
        step.await.inspect_err(|fault| {
            metrics::REDIS_FAULTS.inc();
            if self.state.is_up.swap(false, Ordering::AcqRel) {
                metrics::REDIS_UP.set(0);
                self.log_fallback(fault);
            }
        })
    }

    async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisFault> {
        let started = Instant::now();
        let answer = self.queried(command, (started + self.budget).into()).await;
        metrics::REDIS_SECONDS.observe(started.elapsed().as_secs_f64());
        answer
    }

    async fn queried<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
        deadline: tokio::time::Instant,
    ) -> Result<T, RedisFault> {
        let slow = |_| RedisFault::Slow(self.budget.as_millis());
        let mut link = tokio::time::timeout_at(deadline, self.link())
            .await
            .map_err(slow)??;
        let answer =
            tokio::time::timeout_at(deadline, command.query_async(&mut link.connection)).await;
        let has_answered = match &answer {
            Ok(Ok(_)) => true,
            // An answer that says no is an answer.
            Ok(Err(err)) => err.code().is_some(),
            Err(_) => false,
        };
        if !has_answered {
            link.break_off();
        }
        Ok(answer.map_err(slow)??)
    }

    /// A connection that was whole when last used. It goes back to the pool at once: many steps
    /// share it, and Redis answers them in one go.
    async fn link(&self) -> Result<Link, RedisFault> {
        loop {
            let link: Connection<'_> = self.pool.get().await.map_err(|err| match err {
                RunError::User(err) => RedisFault::Failed(err),
                RunError::TimedOut => match self.connect_fault.get() {
                    Some(cause) => RedisFault::Unreachable(cause),
                    None => RedisFault::Slow(self.budget.as_millis()),
                },
            })?;
            // A broken one is not taken back by the pool.
            if !link.is_broken() {
                return Ok(Link::clone(&link));
            }
        }
    }
}

fn lease_key(database: &str, namespace: &str, key: &CacheKey) -> String {
    format!("itbudget:lease:{database}:{namespace}:{key}")
}

fn generations_key(database: &str, namespace: &str) -> String {
    format!("itbudget:generations:{database}:{namespace}")
}
