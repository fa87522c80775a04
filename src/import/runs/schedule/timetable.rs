//! When the importer next has to look for a due run: the one state that the schedule keeps in
//! memory.
//!
//! It decides nothing but when to look; what is due is decided by the marks in the database. So
//! losing it loses no time, and a look that fails is repeated, with a growing pause, until it
//! succeeds.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::due::ScheduledSource;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The departments with scheduled sources, and when to look after each.
#[derive(Clone, Debug)]
pub struct Timetable {
    departments: BTreeMap<i64, Department>,
}

#[derive(Clone, Debug)]
struct Department {
    sources: Vec<ScheduledSource>,
    /// When to look; `None` when its schedules never come again.
    next_look: Option<DateTime<Utc>>,
    looked_at: Option<DateTime<Utc>>,
    pause: Duration,
}

impl Timetable {
    /// Every department is to be looked after at once.
    pub fn new(sources: impl IntoIterator<Item = ScheduledSource>) -> Timetable {
        let mut departments: BTreeMap<i64, Department> = BTreeMap::new();
        for source in sources {
            let department =
                departments
                    .entry(source.department_id)
                    .or_insert_with(|| Department {
                        sources: Vec::new(),
                        next_look: Some(DateTime::UNIX_EPOCH),
                        looked_at: None,
                        pause: FIRST_PAUSE,
                    });
            department.sources.push(source);
        }
        Timetable { departments }
    }

    /// Returns when to look next; `None` when no schedule comes again.
    pub fn next_look(&self) -> Option<DateTime<Utc>> {
        self.departments
            .values()
            .filter_map(|department| department.next_look)
            .min()
    }

    /// Returns the departments to be looked after now, by id. A clock that was set back is one more
    /// reason.
    pub fn departments_to_look_after(&self, now: DateTime<Utc>) -> Vec<i64> {
        let is_due = |department: &Department| {
            department.next_look.is_some_and(|time| time <= now)
                || department.looked_at.is_some_and(|time| time > now)
        };
        self.departments
            .iter()
            .filter(|(_, department)| is_due(department))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Returns the scheduled sources of a department, in the order of the settings.
    pub fn sources_of(&self, department_id: i64) -> &[ScheduledSource] {
        self.departments
            .get(&department_id)
            .map_or(&[], |department| &department.sources)
    }

    /// Notes that what was due of a department is handled: up to these marks, by the name of the
    /// source.
    pub fn note_handled(
        &mut self,
        department_id: i64,
        marks: &HashMap<String, DateTime<Utc>>,
        now: DateTime<Utc>,
    ) {
        let Some(department) = self.departments.get_mut(&department_id) else {
            return;
        };
        let next = |source: &ScheduledSource| {
            source
                .schedule
                .next_after(marks.get(&source.name).copied().unwrap_or(now))
        };
        department.next_look = department.sources.iter().filter_map(next).min();
        department.looked_at = Some(now);
        department.pause = FIRST_PAUSE;
    }

    /// Notes that a department could not be looked after. Returns the pause until the next try.
    pub fn note_failed(&mut self, department_id: i64, now: DateTime<Utc>) -> Duration {
        let Some(department) = self.departments.get_mut(&department_id) else {
            return FIRST_PAUSE;
        };
        let pause = department.pause;
        department.next_look = Some(now + pause);
        department.looked_at = Some(now);
        department.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}
