//! Answers to analytics questions: cached where possible, computed from one snapshot otherwise.
//!
//! One function a question. An answer is kept as the bytes that are sent, together with the
//! generations of the data it was computed from. Owns the formulas; knows no HTTP.

mod balances;
mod cache_maintenance;
mod concentration;
mod contracts;
mod data_quality;
mod debt;
mod freshness;
mod look_alikes;
mod months;
mod organizations;
mod parts;
mod popular;
mod quality_checks;
mod query;
mod roll_forward;
mod series;
mod summary;
mod years;

pub use balances::{Basis, Standing, standings};
pub use concentration::Concentration;
pub use contracts::{ContractColumn, ContractSearch, ContractSort, ContractsSummary};
pub use data_quality::DataQuality;
pub use debt::{DebtBalance, DebtGroup};
pub use freshness::{ExportFreshness, Freshness, freshness};
pub use months::{MonthCashflow, MonthEfficiency, MonthStats};
pub use organizations::{OrganizationEfficiency, OrganizationStats};
pub use parts::{Ledger, Measure, Parts, ledger, parts};
pub use query::{AnalyticsQuery, Figure, PreparedQuery};
pub use roll_forward::{RollForward, RollForwardGroup};
pub use summary::{ContractCounts, Summary};
pub use years::YearComparison;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::cache::{
    Cache, CacheLookup, Entry, Join, LookupResult, Moment, SingleFlight, Tier, Validity,
};
use crate::db::{self, Db, DbError};
use crate::domain::{Currency, DataVersion};
use crate::metrics;
use popular::Popular;

/// Who waits for another's computation gives up after so long, and computes.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// So often a wait is tried when what was waited for is outdated by the time it comes.
const WAITS: usize = 3;
/// Another process is waited for so long, and looked for so often.
const WAIT_FOR_OTHERS: Duration = Duration::from_millis(500);
const LOOK_FOR_OTHERS: Duration = Duration::from_millis(20);
/// A cached answer waits so long for a look for changes; then it goes out marked as unverified.
const WAIT_FOR_LOOK: Duration = Duration::from_millis(600);

/// Answers questions out of cache and database; cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    /// For the look for changes: never behind other requests.
    checks: Db,
    cache: Cache,
    base_currency: Currency,
    configured_sources: Arc<[(i64, String)]>,
    single_flight: SingleFlight<Result<Arc<Entry>, AnalyticsError>>,
    popular: Popular,
    /// Held during a look for changes; why the last one failed, and when.
    last_failed_look: tokio::sync::Mutex<Option<(Moment, Arc<DbError>)>>,
    is_database_up: AtomicBool,
}

/// An answer, and where it came from.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The bytes and their headers' values.
    pub entry: Arc<Entry>,
    /// Whether it was computed for this question.
    pub origin: Origin,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Out of the cache.
    Hit(Tier),
    /// Out of the cache while the database can't be asked: its life has ended, or nobody can say
    /// whether something changed.
    Stale,
    /// Computed, then stored.
    Computed {
        /// Where it is kept now.
        stored: Tier,
        /// There was an entry of data that was changed since.
        was_outdated: bool,
    },
    /// Computed for another question of the same key.
    Collapsed,
}

/// Why there is no answer. Shared by all who wait for one computation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The database can't answer.
    #[error("{0}")]
    Database(Arc<DbError>),
    /// The answer could not be written as JSON.
    #[error("the answer can't be written as JSON: {0}")]
    Json(Arc<serde_json::Error>),
}

impl From<DbError> for AnalyticsError {
    fn from(err: DbError) -> AnalyticsError {
        AnalyticsError::Database(Arc::new(err))
    }
}

impl From<serde_json::Error> for AnalyticsError {
    fn from(err: serde_json::Error) -> AnalyticsError {
        AnalyticsError::Json(Arc::new(err))
    }
}

impl AnalyticsError {
    /// Whether the database could not be reached.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, AnalyticsError::Database(err) if matches!(**err, DbError::Unavailable(_)))
    }
}

impl Analytics {
    /// Answers over these stores, with connections for figures and others for the look for changes;
    /// `base_currency` is the one that a key does not name, `configured_sources` are those of the
    /// settings, each with its department.
    pub fn new(
        (db, checks): (Db, Db),
        cache: Cache,
        base_currency: Currency,
        configured_sources: Arc<[(i64, String)]>,
    ) -> Analytics {
        let shared = Shared {
            db,
            checks,
            cache,
            base_currency,
            configured_sources,
            single_flight: SingleFlight::default(),
            popular: Popular::default(),
            last_failed_look: tokio::sync::Mutex::default(),
            is_database_up: AtomicBool::new(true),
        };
        Analytics {
            shared: Arc::new(shared),
        }
    }

    /// The answer to a question: a valid one of the cache, or a new one.
    ///
    /// # Errors
    /// [`AnalyticsError`] when it is not cached and the database can't answer.
    pub async fn answer(&self, query: &AnalyticsQuery) -> Result<Answer, AnalyticsError> {
        self.answer_to(&self.prepare(query.clone())).await
    }

    /// Returns a query with its key and its counter of hits.
    pub fn prepare(&self, query: AnalyticsQuery) -> PreparedQuery {
        let lookup = query.lookup(&self.basis());
        let hits = metrics::CACHE_REQUESTS.with_label_values(&[query.endpoint(), "memory", "hit"]);
        PreparedQuery {
            query,
            lookup,
            hits,
        }
    }

    /// The answer in this process's memory, if it is valid. Asks nobody.
    pub fn answer_from_memory(&self, prepared: &PreparedQuery) -> Option<Answer> {
        if !self.shared.cache.is_fresh() {
            return None;
        }
        match self.shared.cache.get_local(&prepared.lookup) {
            LookupResult::Hit(entry, tier) => Some(self.hit(prepared, entry, tier)),
            _ => None,
        }
    }

    /// As [`Analytics::answer`].
    ///
    /// # Errors
    /// As there.
    pub async fn answer_to(&self, prepared: &PreparedQuery) -> Result<Answer, AnalyticsError> {
        let PreparedQuery { query, lookup, .. } = prepared;
        let is_verified = self.knows_changes().await;
        let (mut expired, mut was_outdated) = (None, false);
        match self.shared.cache.get_local(lookup) {
            LookupResult::Hit(entry, tier) if is_verified => {
                return Ok(self.hit(prepared, entry, tier));
            }
            LookupResult::Hit(entry, _) | LookupResult::Expired(entry) => expired = Some(entry),
            LookupResult::Outdated | LookupResult::FromUnknownGeneration => was_outdated = true,
            LookupResult::Nothing => {}
        }
        if !is_verified && let Some(answer) = self.stale(expired.clone()) {
            return Ok(self.counted_stale(query, answer));
        }
        match self.found_in_redis(lookup).await {
            LookupResult::Hit(entry, tier) if is_verified => {
                return Ok(self.hit(prepared, entry, tier));
            }
            LookupResult::Hit(entry, _) => expired = Some(entry),
            LookupResult::Outdated => was_outdated = true,
            _ => {}
        }
        if !is_verified && let Some(answer) = self.stale(expired.clone()) {
            return Ok(self.counted_stale(query, answer));
        }
        self.shared.popular.note(query);
        let answer = self.computed_or_shared(query, lookup, was_outdated).await;
        match answer {
            Err(err) if err.is_unavailable() => match self.stale(expired) {
                Some(answer) => Ok(self.counted_stale(query, answer)),
                None => Err(err),
            },
            other => {
                metrics::CACHE_REQUESTS
                    .with_label_values(&[query.endpoint(), "none", "miss"])
                    .inc();
                other
            }
        }
    }

    /// Whether this process knows of all changes up to a lease ago; it looks for them if need be.
    /// While the database is away, the background looks alone.
    async fn knows_changes(&self) -> bool {
        if self.shared.cache.is_fresh() {
            return true;
        }
        if !self.shared.is_database_up.load(Ordering::Acquire) {
            return false;
        }
        // A task of its own: a look is never cut off, and others wait for the same one.
        let analytics = self.clone();
        let look = actix_rt::spawn(async move { analytics.look_for_changes().await.is_ok() });
        matches!(timeout(WAIT_FOR_LOOK, look).await, Ok(Ok(true)))
    }

    fn counted_stale(&self, query: &AnalyticsQuery, answer: Answer) -> Answer {
        metrics::CACHE_REQUESTS
            .with_label_values(&[query.endpoint(), "none", "stale"])
            .inc();
        answer
    }

    fn hit(&self, prepared: &PreparedQuery, entry: Arc<Entry>, tier: Tier) -> Answer {
        match tier {
            Tier::Memory => prepared.hits.inc(),
            Tier::Redis => {
                metrics::CACHE_REQUESTS
                    .with_label_values(&[prepared.query.endpoint(), "redis", "hit"])
                    .inc();
            }
        }
        self.shared.popular.sample(&prepared.query);
        self.refresh_ahead(&prepared.query, &prepared.lookup, &entry);
        Answer {
            entry,
            origin: Origin::Hit(tier),
        }
    }

    async fn found_in_redis(&self, lookup: &CacheLookup) -> LookupResult {
        let found = self.shared.cache.get_shared(lookup).await;
        // It is of data that another process committed just now.
        if matches!(found, LookupResult::FromUnknownGeneration)
            && self.look_for_changes().await.is_ok()
        {
            return self.shared.cache.get_shared(lookup).await;
        }
        found
    }

    /// An entry that is not verified, or whose life ended not too long ago, is better than none
    /// while the database can't be asked.
    fn stale(&self, entry: Option<Arc<Entry>>) -> Option<Answer> {
        let longest =
            i64::try_from(self.shared.cache.stale_if_error().as_secs()).unwrap_or(i64::MAX);
        let entry = entry.filter(|entry| {
            -entry.ttl_seconds() <= longest && entry.day == self.shared.cache.today()
        })?;
        Some(Answer {
            entry,
            origin: Origin::Stale,
        })
    }

    /// Computes, or waits for the one in this process who does.
    async fn computed_or_shared(
        &self,
        query: &AnalyticsQuery,
        lookup: &CacheLookup,
        was_outdated: bool,
    ) -> Result<Answer, AnalyticsError> {
        for _ in 0..WAITS {
            let mut receiver = match self.shared.single_flight.join(&lookup.key.to_string()) {
                Join::Leader(leader) => {
                    let result = self.computed_once_in_cluster(query, lookup).await;
                    leader.publish(
                        result
                            .as_ref()
                            .map(|(entry, _)| entry.clone())
                            .map_err(Clone::clone),
                    );
                    let (entry, stored) = result?;
                    // A day that ended meanwhile has other balances.
                    if entry.day != self.shared.cache.today() {
                        continue;
                    }
                    return Ok(Answer {
                        entry,
                        origin: Origin::Computed {
                            stored,
                            was_outdated,
                        },
                    });
                }
                Join::Follower(receiver) => receiver,
            };
            metrics::COLLAPSED.inc();
            let landed = timeout(LONGEST_WAIT, receiver.wait_for(Option::is_some)).await;
            let outcome = match &landed {
                Ok(Ok(outcome)) => Option::clone(outcome),
                _ => break,
            };
            match outcome {
                // It was begun before this question: what was committed between must be in it.
                Some(Ok(entry))
                    if self.shared.cache.validity(&entry, lookup) == Validity::Valid =>
                {
                    return Ok(Answer {
                        entry,
                        origin: Origin::Collapsed,
                    });
                }
                Some(Err(err)) => return Err(err),
                _ => {}
            }
        }
        let (entry, stored) = self.compute_and_store(query, lookup).await?;
        Ok(Answer {
            entry,
            origin: Origin::Computed {
                stored,
                was_outdated,
            },
        })
    }

    /// Computes, unless another process is at it and done in time.
    async fn computed_once_in_cluster(
        &self,
        query: &AnalyticsQuery,
        lookup: &CacheLookup,
    ) -> Result<(Arc<Entry>, Tier), AnalyticsError> {
        if !self.shared.cache.may_compute(lookup).await {
            let begun = Instant::now();
            while begun.elapsed() < WAIT_FOR_OTHERS && self.shared.cache.redis_answers() {
                tokio::time::sleep(LOOK_FOR_OTHERS).await;
                if let LookupResult::Hit(entry, tier) = self.found_in_redis(lookup).await {
                    return Ok((entry, tier));
                }
            }
        }
        self.compute_and_store(query, lookup).await
    }

    async fn compute_and_store(
        &self,
        query: &AnalyticsQuery,
        lookup: &CacheLookup,
    ) -> Result<(Arc<Entry>, Tier), AnalyticsError> {
        let entry = Arc::new(self.compute(query, lookup).await?);
        let tier = self.shared.cache.set(lookup, entry.clone()).await;
        Ok((entry, tier))
    }

    /// Computes an answer and reads what it is of, in one snapshot.
    async fn compute(
        &self,
        query: &AnalyticsQuery,
        lookup: &CacheLookup,
    ) -> Result<Entry, AnalyticsError> {
        let begun = Instant::now();
        let basis = self.basis();
        let (versions, figures, other_currencies) = self
            .shared
            .db
            .snapshot(async |conn| {
                let versions = db::data_versions_on(conn, basis.today).await?;
                let others = db::other_currencies(conn, &query.counted()).await?;
                let names = others.iter().map(ToString::to_string).collect();
                Ok::<_, AnalyticsError>((
                    versions,
                    query.compute(conn, &basis, names).await?,
                    others,
                ))
            })
            .await
            .inspect_err(|err| {
                if err.is_unavailable() {
                    self.note_database(false);
                }
            })?;
        let computing = begun.elapsed();
        metrics::COMPUTING_SECONDS
            .with_label_values(&[query.endpoint()])
            .observe(computing.as_secs_f64());
        let in_scope = |id: i64| lookup.scope.id().is_none_or(|own| own == id);
        let generations = versions
            .iter()
            .filter(|(id, _)| in_scope(*id))
            .map(|(id, version)| (*id, version.generation));
        let version = DataVersion::of(lookup.scope, versions.iter().copied());
        let ttl = self.shared.cache.new_ttl();
        let generations = generations.collect();
        Ok(Entry::new(
            lookup,
            generations,
            version,
            basis.today,
            &other_currencies,
            &figures,
            computing,
            ttl,
        ))
    }

    /// What an answer is computed against now.
    pub fn basis(&self) -> Basis {
        Basis {
            today: self.shared.cache.today(),
            base_currency: self.shared.base_currency.clone(),
            configured_sources: self.shared.configured_sources.clone(),
        }
    }

    /// Learns from the database what other processes changed. Those who come while one looks wait
    /// for that one.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn look_for_changes(&self) -> Result<(), AnalyticsError> {
        self.look_for_changes_over(&self.shared.checks).await
    }

    /// The same at the start, when there may be much to read: over the connections of requests.
    ///
    /// # Errors
    /// As [`Analytics::look_for_changes`].
    pub async fn look_for_first_changes(&self) -> Result<(), AnalyticsError> {
        self.look_for_changes_over(&self.shared.db).await
    }

    async fn look_for_changes_over(&self, db: &Db) -> Result<(), AnalyticsError> {
        let began = Moment::now();
        let mut last_failure = self.shared.last_failed_look.lock().await;
        if self.shared.cache.has_looked_since(began) {
            return Ok(());
        }
        // Who waited while a look failed shares its failure, and does not wait for one more.
        if let Some((_, err)) = last_failure.as_ref().filter(|(ended, _)| *ended > began) {
            return Err(AnalyticsError::Database(err.clone()));
        }
        let (moment, cache) = (Moment::now(), &self.shared.cache);
        let looked = db
            .snapshot(async |conn| {
                let versions = db::data_versions_on(conn, cache.today()).await?;
                let mut changes = Vec::new();
                for (id, version) in &versions {
                    let known = cache.known_generation(*id);
                    if version.generation > known {
                        changes.extend(db::changes_after(conn, *id, known).await?);
                    }
                }
                Ok::<_, DbError>((changes, versions))
            })
            .await;
        match looked {
            Ok((changes, versions)) => {
                self.note_database(true);
                cache.apply(changes, &versions, moment);
                Ok(())
            }
            Err(err) => {
                if matches!(err, DbError::Unavailable(_)) {
                    self.note_database(false);
                }
                let err = Arc::new(err);
                *last_failure = Some((Moment::now(), err.clone()));
                Err(AnalyticsError::Database(err))
            }
        }
    }

    fn note_database(&self, is_up: bool) {
        if self.shared.is_database_up.swap(is_up, Ordering::AcqRel) != is_up {
            if is_up {
                log::info!("The database is back");
            } else {
                log::error!("The database does not answer: what is cached is still served");
            }
        }
    }
}

/// The shape of most answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    data: Vec<T>,
    /// The earlier of `date_to` and today: the day whose end balances belong to, and with which
    /// series end.
    as_of: NaiveDate,
    /// The currency of the amounts.
    currency: String,
    /// Currencies among the operations and contracts whose amounts are not in them.
    other_currencies: Vec<String>,
}
