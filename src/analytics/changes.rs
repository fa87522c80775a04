//! What this process knows of changes, its own and other processes', and how it learns of them.
//!
//! A cached answer is verified while the last look is younger than a lease. While the database is
//! away, the background looks alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::{Analytics, AnalyticsError};
use crate::cache::Moment;
use crate::db::{self, Db, DbConn, DbError};

/// A cached answer waits so long for a look for changes; then it goes out marked as unverified.
const WAIT_FOR_LOOK: Duration = Duration::from_millis(600);

/// A look is repeated so often when the database turns out to have another id.
const MOST_IDS: usize = 3;

impl Analytics {
    /// Whether this process knows of all changes up to a lease ago; it looks for them if need be.
    /// While the database is away, the background looks alone.
    pub async fn knows_changes(&self) -> bool {
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

    /// Learns from the database what other processes changed. Those who come while one looks wait
    /// for that one.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn look_for_changes(&self) -> Result<(), AnalyticsError> {
        self.look_for_changes_over(&self.shared.checks).await
    }

    /// The same at the start, when there may be much to read: over the connections of figures.
    ///
    /// # Errors
    /// As [`Analytics::look_for_changes`].
    pub async fn look_for_first_changes(&self) -> Result<(), AnalyticsError> {
        self.look_for_changes_over(self.shared.reads.primary())
            .await
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
        let mut looked = self.look_into(db).await;
        for _ in 0..MOST_IDS {
            if !matches!(looked, Ok(false)) {
                break;
            }
            looked = self.look_into(db).await;
        }
        match looked {
            Ok(_) => {
                self.note_database(true);
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

    /// Looks once. `false`: the database is not the one that was known, and has another id now.
    async fn look_into(&self, db: &Db) -> Result<bool, DbError> {
        let (moment, cache) = (Moment::now(), &self.shared.cache);
        // What Redis knows was committed before: the snapshot must have it.
        let in_redis = cache.generations_to_compare().await;
        let (identity, changes, versions) = db
            .snapshot(async |conn| {
                let identity = db::find_identity(conn).await?;
                let versions = db::data_versions_on(conn, cache.today()).await?;
                let mut changes = Vec::new();
                for (id, version) in &versions {
                    let known = cache.known_generation(*id);
                    if version.generation > known {
                        changes.extend(db::changes_after(conn, *id, known).await?);
                    }
                }
                Ok::<_, DbError>((identity, changes, versions))
            })
            .await?;
        if *identity.id != *cache.database_id() && !identity.is_copy {
            let is_first = cache.database_id().is_empty();
            cache.enter_database(&identity.id);
            if !is_first || in_redis.is_some() {
                return Ok(false);
            }
        }
        let generation = |id: &i64| {
            let version = versions.iter().find(|(of, _)| of == id);
            version.map_or(0, |(_, version)| version.generation)
        };
        let is_behind_redis = in_redis
            .iter()
            .flat_map(|(_, known)| known)
            .any(|(id, known)| *known > generation(id));
        if identity.is_copy || is_behind_redis || cache.has_lost_data(&versions) {
            let renewed = async |conn: &mut DbConn| db::renew_identity(conn, &identity.id).await;
            let id = db.write(renewed).await?;
            log::warn!(
                "The database went back behind what was known, as after restoring a backup: its id is {id} from now on, and answers cached before are not used"
            );
            cache.enter_database(&id);
            return Ok(false);
        }
        cache.apply(changes, &versions, moment);
        if let Some((taken_up, _)) = in_redis {
            cache.note_compared(taken_up);
        }
        Ok(true)
    }

    pub(super) fn note_database(&self, is_up: bool) {
        if self.shared.is_database_up.swap(is_up, Ordering::AcqRel) != is_up {
            if is_up {
                log::info!("The database is back");
            } else {
                log::error!("The database does not answer: what is cached is still served");
            }
        }
    }
}
