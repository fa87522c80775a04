//! What people ask most, so that it can be computed before they ask again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use super::AnalyticsQuery;
use crate::domain::DepartmentScope;

/// One of so many questions is counted.
const SAMPLE: u32 = 8;
/// Of one department so many questions are remembered.
const MOST_QUERIES: usize = 200;

/// Counts of questions, by department.
#[derive(Default)]
pub(super) struct Popular {
    counts: Mutex<HashMap<DepartmentScope, HashMap<AnalyticsQuery, u64>>>,
}

impl Popular {
    /// Counts a question that was asked often enough to be met by a sample.
    pub fn sample(&self, query: &AnalyticsQuery) {
        if rand::random_ratio(1, SAMPLE) {
            self.note(query);
        }
    }

    /// Counts a question. When there are too many, the rare ones are forgotten.
    pub fn note(&self, query: &AnalyticsQuery) {
        let mut counts = self.locked();
        let of_scope = counts.entry(query.filter.department).or_default();
        if let Some(count) = of_scope.get_mut(query) {
            *count += 1;
            return;
        }
        if of_scope.len() >= MOST_QUERIES {
            of_scope.retain(|_, count| {
                *count /= 2;
                *count > 0
            });
        }
        if of_scope.len() < MOST_QUERIES {
            of_scope.insert(query.clone(), 1);
        }
    }

    /// The questions that were asked most, at most so many of each department.
    pub fn most_asked(&self, of_each: usize) -> Vec<AnalyticsQuery> {
        let counts = self.locked();
        let of_scope = |queries: &HashMap<AnalyticsQuery, u64>| {
            let mut queries: Vec<(&AnalyticsQuery, &u64)> = queries.iter().collect();
            queries.sort_by(|(_, count), (_, other)| other.cmp(count));
            queries
                .into_iter()
                .take(of_each)
                .map(|(query, _)| query.clone())
                .collect::<Vec<_>>()
        };
        counts.values().flat_map(of_scope).collect()
    }

    /// Any question that was prepared.
    pub fn any(&self) -> Option<AnalyticsQuery> {
        let counts = self.locked();
        let all = counts.values().map(HashMap::len).sum::<usize>();
        let at = rand::random_range(0..all.max(1));
        counts.values().flat_map(HashMap::keys).nth(at).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<DepartmentScope, HashMap<AnalyticsQuery, u64>>> {
        self.counts
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
