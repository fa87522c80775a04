//! What this process knows of its database: which one it is, and what was changed there.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLockReadGuard};
use std::time::Duration;

use super::{Cache, ChangeLog, Generations, Moment, NAMESPACE};
use crate::domain::{DataChange, DataVersion, DepartmentScope};

impl Cache {
    /// The id of the database that answers are computed from.
    pub fn database_id(&self) -> Arc<str> {
        self.shared
            .database_id
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes notice of which database answers are computed from. What is known of another one is
    /// forgotten.
    pub fn enter_database(&self, id: &str) {
        let mut current = self
            .shared
            .database_id
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if **current == *id {
            return;
        }
        *current = Arc::from(id);
        drop(current);
        *self
            .shared
            .changes
            .write()
            .unwrap_or_else(PoisonError::into_inner) = ChangeLog::default();
        self.shared.memory.retain(NAMESPACE, |_, _| false);
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        let current = self.shared.database_id.read();
        **current.unwrap_or_else(PoisonError::into_inner) == *id
    }

    /// Whether that is this process's database. Another one is warned of once.
    pub(super) fn is_of_database(&self, id: &str) -> bool {
        let is_own = self.has_id(id);
        // Versions before this one name no database.
        if !is_own && !id.is_empty() && !self.shared.has_met_foreign.swap(true, Ordering::AcqRel) {
            log::warn!(
                "Redis holds answers or word of changes of another database ({id}), which are ignored: of another installation, which should have a REDIS_DB or a Redis of its own, or of this one before a backup was restored"
            );
        }
        is_own
    }

    /// Returns the generations that Redis knows of this database, if they were not compared with it
    /// yet; and a number for [`Cache::note_compared`].
    pub(crate) async fn generations_to_compare(&self) -> Option<(u64, Generations)> {
        let redis = self.shared.redis.as_ref()?;
        redis
            .generations_to_compare(&self.database_id(), NAMESPACE)
            .await
    }

    /// Whether Redis answers, but is not used until a look compares what it knows with the database.
    pub(crate) fn awaits_comparison(&self) -> bool {
        let redis = self.shared.redis.as_ref();
        redis.is_some_and(|redis| redis.is_up() && !redis.is_usable())
    }

    /// Notes that the database has all that Redis knew that time: its entries may be used.
    pub(crate) fn note_compared(&self, taken_up: u64) {
        if let Some(redis) = &self.shared.redis {
            redis.note_compared(taken_up);
        }
    }

    /// Returns whether the database has gone back behind what was once read there.
    pub(crate) fn has_lost_data(&self, versions: &[(i64, DataVersion)]) -> bool {
        self.changes().has_lost_data(versions)
    }

    /// Returns whether a snapshot of a database, with the generations of its departments, holds every
    /// change that this process knows.
    pub(crate) fn is_all_in(&self, database_id: &str, generations: &[(i64, i64)]) -> bool {
        self.has_id(database_id) && self.changes().are_all_in(generations)
    }

    /// Takes notice of changes and versions, both read in one snapshot that was taken after
    /// `moment`.
    pub fn apply(&self, changes: Vec<DataChange>, versions: &[(i64, DataVersion)], moment: Moment) {
        let mut log = self
            .shared
            .changes
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        log.apply(changes, versions);
        drop(log);
        self.shared.freshness.looked(moment);
    }

    /// Takes notice of one change that another process announced.
    pub(super) fn apply_change(&self, change: DataChange) {
        let mut log = self
            .shared
            .changes
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        log.apply_change(change);
    }

    /// Whether what is known of changes may still be relied on.
    pub fn is_fresh(&self) -> bool {
        self.shared.freshness.is_fresh()
    }

    /// Whether anybody relied on what is known of changes since this was asked last.
    pub fn take_reliance(&self) -> bool {
        self.shared.freshness.take_reliance()
    }

    /// Whether somebody looked into the database after that moment.
    pub fn has_looked_since(&self, moment: Moment) -> bool {
        self.shared.freshness.has_looked_since(moment)
    }

    /// For how long it may.
    pub fn lease(&self) -> Duration {
        self.shared.freshness.lease()
    }

    /// The newest known generation of a department: 0 of one never heard of.
    pub fn known_generation(&self, department_id: i64) -> i64 {
        self.changes().generation(department_id).unwrap_or(0)
    }

    /// Returns the newest known generation of a scope, read or announced: of all departments, the sum;
    /// `None` for a department never heard of.
    pub fn known_generation_of(&self, scope: DepartmentScope) -> Option<i64> {
        self.changes().generation_of(scope)
    }

    /// Returns the version of a scope's data that was last read; `None` for a department never
    /// heard of.
    pub fn known_version(&self, scope: DepartmentScope) -> Option<DataVersion> {
        self.changes().version(scope)
    }

    pub(super) fn changes(&self) -> RwLockReadGuard<'_, ChangeLog> {
        self.shared
            .changes
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
