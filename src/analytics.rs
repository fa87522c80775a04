//! Answers to analytics questions: cached where possible, computed from one snapshot otherwise.
//!
//! One function a question. An answer is kept as the JSON that is sent, together with the
//! generation of the data it was computed from. Owns the formulas; knows no HTTP.

mod contracts;
mod debt;
mod months;
mod organizations;
mod summary;
mod years;

pub use contracts::{ContractSearch, ContractsSummary};
pub use debt::{Concentration, DebtBalance, DebtGroup};
pub use months::{MonthCashflow, MonthEfficiency, MonthStats};
pub use organizations::{OrganizationEfficiency, OrganizationStats};
pub use summary::Summary;
pub use years::YearComparison;

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use crate::cache::{Cache, CacheKey, Entry, NAMESPACE, Tier};
use crate::db::{self, Db, DbConn, DbError};
use crate::domain::{Currency, DataVersion, PortfolioFilter};

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

    /// The key of a question with department and dates; a currency other than the base one follows.
    fn key(&self, endpoint: &str, filter: &PortfolioFilter) -> CacheKey {
        self.key_with(endpoint, filter, [])
    }

    /// As [`Analytics::key`], with further ids behind the dates.
    fn key_with<const N: usize>(&self, endpoint: &str, filter: &PortfolioFilter, ids: [Option<i64>; N]) -> CacheKey {
        let key = CacheKey::new(endpoint)
            .part(filter.department)
            .optional_part(filter.dates.from())
            .optional_part(filter.dates.to());
        let key = ids.into_iter().fold(key, CacheKey::optional_part);
        let foreign = Some(&filter.currency).filter(|currency| **currency != self.base_currency);
        foreign.into_iter().fold(key, CacheKey::part)
    }

    /// The cached answer of that key, or the one that `compute` gives over one snapshot.
    async fn answer<T: Serialize>(
        &self,
        key: CacheKey,
        filter: &PortfolioFilter,
        compute: impl AsyncFnOnce(&mut DbConn) -> Result<T, DbError>,
    ) -> Result<Answer, AnalyticsError> {
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

/// The shape of most answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    data: Vec<T>,
}

/// How many contracts there are; with dates, of those with an operation in the range.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractCounts {
    total_count: usize,
    active_count: usize,
    closed_count: usize,
}

async fn contract_counts(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<ContractCounts, DbError> {
    let mut titles = db::list_contract_titles(conn, filter.department).await?;
    if !filter.dates.is_all() {
        let in_range: HashSet<i64> = db::contracts_with_flows(conn, filter).await?.into_iter().collect();
        titles.retain(|id, _| in_range.contains(id));
    }
    let active_count = titles.values().filter(|title| title.is_active).count();
    Ok(ContractCounts { total_count: titles.len(), active_count, closed_count: titles.len() - active_count })
}
