//! What this process knows of the commits that changed data, and what that means for an entry.
//!
//! An entry tells which generations it was computed at. It is valid as long as no later change
//! concerns it; what can't be judged, for a gap in what is known, is not valid.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::{DataChange, DataVersion, DepartmentScope, Dependency};

/// More changes of a department than these are not remembered: older entries are not valid.
const MOST_CHANGES: usize = 1000;

/// Generations by department.
pub type Generations = BTreeMap<i64, i64>;

/// What the known changes say of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that concerns it was changed since.
    Valid,
    /// Something was, or may have been.
    Outdated,
    /// It is of data that this process has not heard of yet.
    Unheard,
}

/// The known changes of every department.
#[derive(Debug, Default)]
pub struct ChangeLog {
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
    pub fn learn(&mut self, changes: Vec<DataChange>, versions: &[(i64, DataVersion)]) {
        for change in changes {
            self.learn_change(change);
        }
        for (department_id, version) in versions {
            let log = self.departments.entry(*department_id).or_default();
            if version.generation > log.generation {
                log.begin_anew(version.generation);
            }
            if version.generation >= log.generation {
                log.generation = version.generation;
                log.version = DataVersion { as_of: version.as_of.max(log.version.as_of), ..*version };
            }
        }
    }

    /// Takes notice of one change.
    pub fn learn_change(&mut self, change: DataChange) {
        let log = self.departments.entry(change.department_id).or_default();
        if change.generation <= log.generation {
            return;
        }
        if change.previous != log.generation {
            log.begin_anew(change.previous);
        }
        log.generation = change.generation;
        log.changes.push_back(Arc::new(change));
        if log.changes.len() > MOST_CHANGES
            && let Some(forgotten) = log.changes.pop_front()
        {
            log.horizon = forgotten.generation;
        }
    }

    /// Whether an entry that was computed at these generations still holds.
    pub fn verdict(&self, computed_at: &Generations, scope: DepartmentScope, dependency: &Dependency) -> Verdict {
        match scope {
            DepartmentScope::One(id) => match (self.departments.get(&id), computed_at.get(&id)) {
                (Some(log), Some(generation)) => log.verdict(*generation, dependency),
                _ => Verdict::Unheard,
            },
            DepartmentScope::All => {
                let is_known = |id: &i64| self.departments.contains_key(id);
                if self.departments.is_empty() || !computed_at.keys().all(is_known) {
                    return Verdict::Unheard;
                }
                // A department that came later had no data when the entry was computed.
                let of = |(id, log): (&i64, &DepartmentLog)| {
                    log.verdict(computed_at.get(id).copied().unwrap_or(0), dependency)
                };
                let verdicts = self.departments.iter().map(of).filter(|verdict| *verdict != Verdict::Valid);
                verdicts.last().unwrap_or(Verdict::Valid)
            }
        }
    }

    /// Returns the newest known generation of a department; `None` for one never heard of.
    pub fn generation(&self, department_id: i64) -> Option<i64> {
        self.departments.get(&department_id).map(|log| log.generation)
    }

    /// Returns the version of a scope's data that was last read; `None` for a department never heard of.
    pub fn version(&self, scope: DepartmentScope) -> Option<DataVersion> {
        match scope {
            DepartmentScope::One(id) => self.departments.get(&id).map(|log| log.version),
            DepartmentScope::All if self.departments.is_empty() => None,
            DepartmentScope::All => {
                Some(DataVersion::of(scope, self.departments.iter().map(|(id, log)| (*id, log.version))))
            }
        }
    }
}

impl DepartmentLog {
    /// Forgets all changes: those up to this generation are not all known.
    fn begin_anew(&mut self, generation: i64) {
        self.changes.clear();
        self.horizon = generation;
    }

    fn verdict(&self, generation: i64, dependency: &Dependency) -> Verdict {
        if generation == self.generation {
            return Verdict::Valid;
        }
        if generation > self.generation {
            return Verdict::Unheard;
        }
        let mut later = self.changes.iter().rev().take_while(|change| change.generation > generation);
        if generation < self.horizon || later.any(|change| change.changed.concerns(dependency)) {
            return Verdict::Outdated;
        }
        Verdict::Valid
    }
}
