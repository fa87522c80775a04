//! What is known of the database: whether it can be reached and worked with.
//!
//! Nobody looks unless a probe or the metrics ask. Those who ask often are answered at once, by the
//! look before, also while the database hangs: a balancer's patience may be as short as its interval.
//! Those who ask seldom wait for a new look, half a second at most.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::db::{DatabaseReadiness, Db, DbError};

/// For so long nobody looks again.
const LIFE: Duration = Duration::from_millis(500);
/// For so long a look says how things are while the next one is under way.
const LONGEST_AGE: Duration = Duration::from_secs(3);
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

/// What the looks at the database gave; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct DatabaseHealth(Arc<Mutex<Looks>>);

#[derive(Debug, Default)]
struct Looks {
    last: Option<(Instant, DatabaseStatus)>,
    current: Option<Look>,
}

/// A look that is under way, or was.
#[derive(Clone, Debug)]
struct Look {
    began: Instant,
    result: watch::Receiver<Option<DatabaseStatus>>,
}

impl DatabaseHealth {
    /// Returns whether the database can be worked with.
    pub async fn status(&self, checks: &Db) -> DatabaseStatus {
        if let Some(status) = self.known(LIFE) {
            return status;
        }
        let mut look = self.look(checks);
        if let Some(status) = self.known(LONGEST_AGE) {
            return status;
        }
        let left = LONGEST_WAIT.saturating_sub(look.began.elapsed());
        match timeout(left, look.result.wait_for(Option::is_some)).await {
            Ok(Ok(result)) => result.unwrap_or(DatabaseStatus::Down),
            _ => DatabaseStatus::Down,
        }
    }

    /// What the last look gave, unless it is older.
    fn known(&self, longest_age: Duration) -> Option<DatabaseStatus> {
        let (at, status) = self.looks().last?;
        (at.elapsed() < longest_age).then_some(status)
    }

    /// Returns the look that is under way, or begins one. It is a task of its own: whoever waits may
    /// leave, a look is never cut off.
    fn look(&self, checks: &Db) -> Look {
        let mut looks = self.looks();
        // Its task has the other end as long as it looks.
        let current = looks.current.as_ref();
        if let Some(look) = current.filter(|look| look.result.has_changed().is_ok()) {
            return look.clone();
        }
        let (sender, result) = watch::channel(None);
        let (health, checks) = (self.clone(), checks.clone());
        actix_rt::spawn(async move {
            let status = health.record(checks.readiness().await);
            sender.send_replace(Some(status));
        });
        let began = Instant::now();
        let look = Look { began, result };
        looks.current = Some(look.clone());
        look
    }

    /// Records what a look gave. That a database does not answer is logged by those who need it.
    fn record(&self, look: Result<DatabaseReadiness, DbError>) -> DatabaseStatus {
        let status = look.map_or(DatabaseStatus::Down, DatabaseStatus::from);
        let before = self.looks().last.replace((Instant::now(), status));
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

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_what_is_known_until_the_next() {
        let health = DatabaseHealth::default();
        assert_eq!(health.known(LIFE), None);
        health.record(Ok(DatabaseReadiness::ReadOnly));
        assert_eq!(health.known(LIFE), Some(DatabaseStatus::ReadOnly));
        health.record(Err(DbError::TimedOut));
        assert_eq!(health.known(LIFE), Some(DatabaseStatus::Down));
    }
}
