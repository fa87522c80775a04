//! Answers to analytics questions: cached where possible, computed from one snapshot otherwise.
//!
//! One function a question. An answer is kept as the bytes that are sent, together with the
//! generations of the data it was computed from. Owns the formulas; knows no HTTP.

mod answer;
mod balances;
mod cache_maintenance;
mod changes;
mod comparison;
mod concentration;
mod contracts;
mod data_quality;
mod debt;
mod every_figure;
mod freshness;
mod lenders;
mod look_alikes;
mod months;
mod organizations;
mod parts;
mod popular;
mod quality_checks;
mod query;
mod query_key;
mod roll_forward;
mod series;
mod summary;

pub use answer::{AnalyticsError, Answer, Data, Origin};
pub use balances::{Basis, Standing, outstanding_debt, standings};
pub use comparison::{QuarterComparison, YearComparison};
pub use concentration::Concentration;
pub use contracts::{
    ContractColumn, ContractSearch, ContractSort, ContractSummary, ContractsSummary,
};
pub use data_quality::DataQuality;
pub(crate) use data_quality::{CheckResult, FoundRow};
pub use debt::{DebtBalance, DebtGroup};
pub(crate) use every_figure::every_figure;
pub use freshness::{ExportFreshness, Freshness, freshness};
pub use lenders::LenderStats;
pub use months::{MonthCashflow, MonthEfficiency, MonthStats};
pub use organizations::{OrganizationEfficiency, OrganizationStats};
pub use parts::{Ledger, Measure, Parts, PartsByDays, ledger};
pub(crate) use query::ENDPOINTS;
pub use query::{AnalyticsQuery, Figure, PreparedQuery};
pub use roll_forward::{RollForward, RollForwardGroup, RollForwardRow};
pub use summary::{ContractCounts, Summary};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::cache::{
    Cache, CacheLookup, Entry, Join, LookupResult, Moment, SingleFlight, Tier, Validity,
};
use crate::db::{self, Db, DbConn, DbError, Reads};
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

/// Answers questions out of cache and database; cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    shared: Arc<Shared>,
}

struct Shared {
    reads: Reads,
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

impl Analytics {
    /// Answers over these stores, with connections for figures and others for the look for changes;
    /// `base_currency` is the one that a key does not name, `configured_sources` are those of the
    /// settings, each with its department.
    pub fn new(
        (reads, checks): (Reads, Db),
        cache: Cache,
        base_currency: Currency,
        configured_sources: Arc<[(i64, String)]>,
    ) -> Analytics {
        let shared = Shared {
            reads,
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

    /// The connections that figures are read over.
    pub fn reads(&self) -> &Reads {
        &self.shared.reads
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
        // Before the snapshot: an answer of a database that is restored meanwhile is not the new one's.
        let database_id = self.shared.cache.database_id();
        let basis = self.basis();
        let (versions, figures, other_currencies) = self
            .shared
            .reads
            .snapshot(async |conn: &mut DbConn| {
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
            database_id,
            lookup,
            generations,
            version,
            basis.today,
            &other_currencies,
            figures,
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
}
