//! What keeps the cache good without anybody asking: warming, refreshing ahead of the end, and
//! an auditor.

use std::time::Duration;

use futures_util::StreamExt;

use super::{Analytics, AnalyticsError, AnalyticsQuery};
use crate::cache::{CacheLookup, Entry, Join, LookupResult, Validity};
use crate::metrics;

/// After a commit so many of the questions asked most are computed again, of each department.
const WARMED_OF_EACH: usize = 32;
/// So many of each department are shown.
const MOST_OF_EACH: usize = 10;
/// So many at once.
const WARMED_AT_ONCE: usize = 2;
/// An entry is computed again about so long before its end, in hundredths of its life.
const AHEAD_OF_END: f64 = 0.01;

impl Analytics {
    /// The cache keys of the questions asked most, of each department.
    pub fn most_asked(&self) -> Vec<String> {
        let queries = self.shared.popular.most_asked(MOST_OF_EACH).into_iter();
        queries
            .map(|query| query.lookup(&self.basis()).key.to_string())
            .collect()
    }

    /// Computes the questions asked most whose answers were dropped, until `is_over`.
    pub async fn warm(&self, is_over: impl Fn() -> bool) {
        let queries = self.shared.popular.most_asked(WARMED_OF_EACH);
        futures_util::stream::iter(queries)
            .for_each_concurrent(WARMED_AT_ONCE, async |query| {
                let lookup = query.lookup(&self.basis());
                let found = self.shared.cache.get_local(&lookup);
                if !is_over() && !matches!(found, LookupResult::Hit(..)) {
                    self.compute_unasked(&query, &lookup, "dropped").await;
                }
            })
            .await;
    }

    /// Has an entry that is about to end computed again in the background: the nearer its end,
    /// the likelier (XFetch, Vattani et al. 2015).
    pub(super) fn refresh_ahead(
        &self,
        query: &AnalyticsQuery,
        lookup: &CacheLookup,
        entry: &Entry,
    ) {
        let life = Duration::from_millis(
            u64::try_from(entry.expires_at_ms - entry.computed_at_ms).unwrap_or(0),
        );
        let delta = entry.computing.max(life.mul_f64(AHEAD_OF_END));
        let left = entry.time_left();
        if left > delta * 10
            || left > delta.mul_f64(-rand::random::<f64>().max(f64::MIN_POSITIVE).ln())
        {
            return;
        }
        let (analytics, query, lookup) = (self.clone(), query.clone(), lookup.clone());
        actix_rt::spawn(
            async move { analytics.compute_unasked(&query, &lookup, "expiring").await },
        );
    }

    /// Computes and stores an answer, unless somebody is at it.
    async fn compute_unasked(&self, query: &AnalyticsQuery, lookup: &CacheLookup, cause: &str) {
        let Join::Leader(leader) = self.shared.single_flight.join(&lookup.key.to_string()) else {
            return;
        };
        let result = self
            .compute_and_store(query, lookup)
            .await
            .map(|(entry, _)| entry);
        match &result {
            Ok(_) => metrics::WARMED.with_label_values(&[cause]).inc(),
            Err(err) => log::warn!("{} can't be computed ahead: {err}", lookup.key),
        }
        leader.publish(result);
    }

    /// Computes one of the answers in memory again and compares; a difference is a fault of this
    /// program. Gives whether it agreed, if there was one to compare.
    ///
    /// # Errors
    /// [`AnalyticsError`] when the database can't answer.
    pub async fn audit(&self) -> Result<Option<bool>, AnalyticsError> {
        let Some(query) = self.shared.popular.any() else {
            return Ok(None);
        };
        let lookup = query.lookup(&self.basis());
        let LookupResult::Hit(entry, _) = self.shared.cache.get_local(&lookup) else {
            return Ok(None);
        };
        let recomputed = self.compute(&query, &lookup).await?;
        self.look_for_changes().await?;
        // Only an entry that nothing later concerns has to agree.
        if self.shared.cache.validity(&entry, &lookup) != Validity::Valid {
            return Ok(None);
        }
        metrics::AUDITED.inc();
        let agrees = recomputed.body == entry.body;
        if !agrees {
            metrics::INCONSISTENT.inc();
            log::error!(
                "{} is cached wrongly: computed again it is another; it is dropped",
                lookup.key
            );
            self.shared
                .cache
                .invalidate(crate::cache::NAMESPACE, &lookup.key)
                .await;
        }
        Ok(Some(agrees))
    }
}
