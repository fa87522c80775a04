//! What is known of the database: whether it can be reached and worked with.
//!
//! Nobody looks unless a probe or the metrics ask. Those who ask at the same time share a look, and none
//! waits longer than half a second for it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::db::{DatabaseReadiness, Db, DbError};

/// For so long a look says how things are.
const LIFE: Duration = Duration::from_millis(500);
/// A database that does not answer in this time counts as down.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

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
pub struct DatabaseHealth(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    last: RwLock<Option<(Instant, DatabaseStatus)>>,
    /// Held during a look.
    looking: tokio::sync::Mutex<()>,
}

impl DatabaseHealth {
    /// Returns whether the database can be worked with, by a look of the last half second or a new
    /// one.
    pub async fn status(&self, checks: &Db) -> DatabaseStatus {
        if let Some(status) = self.known() {
            return status;
        }
        // A task of its own: a look is never cut off, and others wait for the same one.
        let (health, checks) = (self.clone(), checks.clone());
        let look = actix_rt::spawn(async move {
            let _looking = health.0.looking.lock().await;
            match health.known() {
                Some(status) => status,
                None => health.record(checks.readiness().await),
            }
        });
        match timeout(LONGEST_WAIT, look).await {
            Ok(Ok(status)) => status,
            _ => DatabaseStatus::Down,
        }
    }

    /// What the last look gave, while it says how things are.
    fn known(&self) -> Option<DatabaseStatus> {
        let last = *self.0.last.read().unwrap_or_else(PoisonError::into_inner);
        let (at, status) = last?;
        (at.elapsed() < LIFE).then_some(status)
    }

    /// Records what a look gave. That a database does not answer is logged by those who need it.
    fn record(&self, look: Result<DatabaseReadiness, DbError>) -> DatabaseStatus {
        let status = look.map_or(DatabaseStatus::Down, DatabaseStatus::from);
        let mut last = self.0.last.write().unwrap_or_else(PoisonError::into_inner);
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
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_what_is_known_until_the_next() {
        let health = DatabaseHealth::default();
        assert_eq!(health.known(), None);
        health.record(Ok(DatabaseReadiness::ReadOnly));
        assert_eq!(health.known(), Some(DatabaseStatus::ReadOnly));
        health.record(Err(DbError::TimedOut));
        assert_eq!(health.known(), Some(DatabaseStatus::Down));
    }
}
