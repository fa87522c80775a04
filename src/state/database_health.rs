//! What is known of the database: whether it can be reached and worked with.
//!
//! A task looks every half second and records what it saw; probes and metrics read it here and never
//! wait for the database themselves.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::db::{DatabaseReadiness, DbError};

/// A look that is older says nothing any more: the one after it is waiting for an answer.
const LONGEST_AGE: Duration = Duration::from_secs(3);

/// Whether the database can be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseStatus {
    /// It can.
    Up,
    /// It answers, but takes no writes.
    ReadOnly,
    /// It answers, but lacks migrations of this version.
    NotMigrated,
    /// It does not answer.
    Down,
}

impl From<DatabaseReadiness> for DatabaseStatus {
    fn from(readiness: DatabaseReadiness) -> DatabaseStatus {
        match readiness {
            DatabaseReadiness::Ready => DatabaseStatus::Up,
            DatabaseReadiness::ReadOnly => DatabaseStatus::ReadOnly,
            DatabaseReadiness::NotMigrated => DatabaseStatus::NotMigrated,
        }
    }
}

/// What the last look at the database gave; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct DatabaseHealth(Arc<RwLock<Option<(Instant, DatabaseStatus)>>>);

impl DatabaseHealth {
    /// Records what a look gave. That a database does not answer is logged by those who need it.
    pub fn record(&self, look: Result<DatabaseReadiness, DbError>) {
        let status = look.map_or(DatabaseStatus::Down, DatabaseStatus::from);
        let mut last = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace((Instant::now(), status));
        drop(last);
        match status {
            _ if before.is_some_and(|(_, before)| before == status) => {}
            DatabaseStatus::ReadOnly => log::warn!("Not ready: the database is read-only"),
            DatabaseStatus::NotMigrated => {
                log::warn!("Not ready: the database lacks this version's migrations");
            }
            DatabaseStatus::Up | DatabaseStatus::Down => {}
        }
    }

    /// Returns what is known now: a database that was not looked at lately counts as down.
    pub fn status(&self) -> DatabaseStatus {
        let last = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < LONGEST_AGE)
            .map_or(DatabaseStatus::Down, |(_, status)| status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_was_never_looked_at_is_down() {
        let health = DatabaseHealth::default();
        assert_eq!(health.status(), DatabaseStatus::Down);
        health.record(Ok(DatabaseReadiness::ReadOnly));
        assert_eq!(health.status(), DatabaseStatus::ReadOnly);
        health.record(Err(DbError::TimedOut));
        assert_eq!(health.status(), DatabaseStatus::Down);
    }
}
