//! Answers to analytics questions: cached where possible, computed from one snapshot otherwise.
//!
//! One function a question. An answer is kept as the JSON that is sent, together with the
//! generation of the data it was computed from. Owns the formulas; knows no HTTP.

mod monthly_efficiency;
mod monthly_stats;
mod summary;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::cache::{Cache, CacheKey, Entry, NAMESPACE, Tier};
use crate::db::{self, DayFigures, Db, DbConn, DbError};
use crate::domain::{Currency, DataVersion, Money, Month, PortfolioFilter};

/// Answers questions out of cache and database; cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    db: Db,
    cache: Cache,
    base_currency: Currency,
}

/// An answer, and where it came from.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON and what is told beside it.
    pub entry: Arc<Entry>,
    /// Whether it was computed for this question.
    pub origin: Origin,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Out of the cache.
    Hit(Tier),
    /// Computed, then stored.
    Computed(Tier),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The answer could not be written as JSON.
    #[error("the answer can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Analytics {
    /// Answers over these stores; `base_currency` is the one that a key does not name.
    pub fn new(db: Db, cache: Cache, base_currency: Currency) -> Analytics {
        Analytics { db, cache, base_currency }
    }

    /// The cached answer of that key, or the one that `compute` gives over one snapshot.
    async fn answer<T: Serialize>(
        &self,
        key: CacheKey,
        filter: &PortfolioFilter,
        compute: impl AsyncFnOnce(&mut DbConn) -> Result<T, DbError>,
    ) -> Result<Answer, AnalyticsError> {
        let foreign = Some(&filter.currency).filter(|currency| **currency != self.base_currency);
        let key = foreign.into_iter().fold(key, CacheKey::part);
        if let Some(hit) = self.cache.get(NAMESPACE, &key, filter.department).await {
            return Ok(Answer { entry: hit.entry, origin: Origin::Hit(hit.tier) });
        }
        let (versions, figures, other_currencies) = self
            .db
            .snapshot(async |conn| {
                let versions = db::data_versions(conn).await?;
                let figures = compute(conn).await?;
                Ok::<_, DbError>((versions, figures, db::other_currencies(conn, filter).await?))
            })
            .await?;
        let version = DataVersion::of(filter.department, versions.iter().copied());
        self.cache.learn_versions(versions);
        let entry = Arc::new(Entry::new(version, &other_currencies, to_raw_value(&figures)?, self.cache.ttl()));
        let tier = self.cache.set(NAMESPACE, &key, entry.clone()).await;
        Ok(Answer { entry, origin: Origin::Computed(tier) })
    }
}

/// A key of the parts that every question has: endpoint, department, dates.
fn dated_key(endpoint: &str, filter: &PortfolioFilter) -> CacheKey {
    CacheKey::new(endpoint).part(filter.department).optional_part(filter.dates.from()).optional_part(filter.dates.to())
}

/// Adds the days up to months, in order.
fn by_month(days: Vec<DayFigures>) -> BTreeMap<Month, (Money, Money)> {
    let mut months: BTreeMap<Month, (Money, Money)> = BTreeMap::new();
    for figures in days {
        let (first, second) = months.entry(Month::of(figures.day)).or_default();
        *first += figures.first;
        *second += figures.second;
    }
    months
}
