//! What this process knows of the commits that changed data, and what that means for an entry.
//!
//! An entry carries the generations it was computed at. It is valid as long as no later change
//! concerns it; what can't be validate, for a gap in what is known, is not valid.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::{DataChange, DataVersion, DepartmentScope, Dependency};

/// More changes of a department than these are not remembered: older entries are not valid.
const MOST_CHANGES: usize = 1000;

/// Generations by department.
pub(crate) type Generations = BTreeMap<i64, i64>;

/// What the known changes say of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Nothing that concerns it was changed since.
    Valid,
    /// Something was, or may have been.
    Outdated,
    /// It is of data that this process has not heard of yet.
    FromUnknownGeneration,
}

/// The known changes of every department.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    departments: HashMap<i64, DepartmentLog>,
}

#[derive(Debug, Default)]
struct DepartmentLog {
    /// The newest generation known, read or announced.
    generation: i64,
    /// As last read from the database; announcements of changes do not carry it.
    version: DataVersion,
    /// Every change after this generation is known.
    horizon: i64,
    changes: VecDeque<Arc<DataChange>>,
}

impl ChangeLog {
    /// Takes notice of changes and of the versions they lead to, both of one snapshot of the
    /// database. What is older than known already changes nothing.
    pub(crate) fn apply(&mut self, changes: Vec<DataChange>, versions: &[(i64, DataVersion)]) {
        for change in changes {
            self.apply_change(change);
        }
        for (department_id, version) in versions {
            let log = self.departments.entry(*department_id).or_default();
            if version.generation > log.generation {
                log.reset_history(version.generation);
            }
            if version.generation >= log.generation {
                log.generation = version.generation;
                log.version = DataVersion {
                    as_of: version.as_of.max(log.version.as_of),
                    ..*version
                };
            }
        }
    }

    /// Takes notice of one change.
    pub(crate) fn apply_change(&mut self, change: DataChange) {
        let log = self.departments.entry(change.department_id).or_default();
        if change.generation <= log.generation {
            return;
        }
        if change.previous < log.generation {
            // The database never had what was known: a backup came back, or a standby took over.
            log.reset_history(change.generation);
        } else if change.previous != log.generation {
            log.reset_history(change.previous);
        }
        log.generation = change.generation;
        log.changes.push_back(Arc::new(change));
        if log.changes.len() > MOST_CHANGES
            && let Some(forgotten) = log.changes.pop_front()
        {
            log.horizon = forgotten.generation;
        }
    }

    /// Returns whether the database has gone back behind what was once read there: a backup came
    /// back, or a standby took over that had not received everything.
    pub(crate) fn has_lost_data(&self, versions: &[(i64, DataVersion)]) -> bool {
        self.departments.iter().any(|(id, log)| {
            let now = versions.iter().find(|(of, _)| of == id);
            log.version.generation > now.map_or(0, |(_, version)| version.generation)
        })
    }

    /// Returns whether data of these generations, by department, holds every change that is known.
    pub(crate) fn are_all_in(&self, generations: &[(i64, i64)]) -> bool {
        self.departments.iter().all(|(id, log)| {
            let there = generations.iter().find(|(of, _)| of == id);
            log.generation <= there.map_or(0, |(_, generation)| *generation)
        })
    }

    /// Whether an entry that was computed at these generations still holds.
    pub(crate) fn validity(
        &self,
        computed_at: &Generations,
        scope: DepartmentScope,
        dependency: &Dependency,
    ) -> Validity {
        match scope {
            DepartmentScope::One(id) => match (self.departments.get(&id), computed_at.get(&id)) {
                (Some(log), Some(generation)) => log.validity(*generation, dependency),
                _ => Validity::FromUnknownGeneration,
            },
            DepartmentScope::All => {
                let is_known = |id: &i64| self.departments.contains_key(id);
                if self.departments.is_empty() || !computed_at.keys().all(is_known) {
                    return Validity::FromUnknownGeneration;
                }
                // A department that came later had no data when the entry was computed.
                let of = |(id, log): (&i64, &DepartmentLog)| {
                    log.validity(computed_at.get(id).copied().unwrap_or(0), dependency)
                };
                let validities = self
                    .departments
                    .iter()
                    .map(of)
                    .filter(|validity| *validity != Validity::Valid);
                validities.last().unwrap_or(Validity::Valid)
            }
        }
    }

    /// Returns the newest known generation of a department; `None` for one never heard of.
    pub(crate) fn generation(&self, department_id: i64) -> Option<i64> {
        self.departments
            .get(&department_id)
            .map(|log| log.generation)
    }

    /// Returns the newest known generation of a scope, read or announced: of all departments, the sum;
    /// `None` for a department never heard of.
    pub(crate) fn generation_of(&self, scope: DepartmentScope) -> Option<i64> {
        match scope {
            DepartmentScope::One(id) => self.generation(id),
            DepartmentScope::All if self.departments.is_empty() => None,
            DepartmentScope::All => Some(self.departments.values().map(|log| log.generation).sum()),
        }
    }

    /// Returns the version of a scope's data that was last read; `None` for a department never
    /// heard of.
    pub(crate) fn version(&self, scope: DepartmentScope) -> Option<DataVersion> {
        match scope {
            DepartmentScope::One(id) => self.departments.get(&id).map(|log| log.version),
            DepartmentScope::All if self.departments.is_empty() => None,
            DepartmentScope::All => Some(DataVersion::of(
                scope,
                self.departments.iter().map(|(id, log)| (*id, log.version)),
            )),
        }
    }
}

impl DepartmentLog {
    /// Forgets all changes: those up to this generation are not all known.
    fn reset_history(&mut self, generation: i64) {
        self.changes.clear();
        self.horizon = generation;
    }

    fn validity(&self, generation: i64, dependency: &Dependency) -> Validity {
        if generation == self.generation {
            return Validity::Valid;
        }
        if generation > self.generation {
            return Validity::FromUnknownGeneration;
        }
        let mut later = self
            .changes
            .iter()
            .rev()
            .take_while(|change| change.generation > generation);
        if generation < self.horizon || later.any(|change| change.changed.concerns(dependency)) {
            return Validity::Outdated;
        }
        Validity::Valid
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod model;
