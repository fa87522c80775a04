//! Which run is due: the times of a department's sources that nothing has handled yet, as one run.
//!
//! Pure: it takes the present moment and the marks up to which each source was handled. However
//! many times were missed, one run covers them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Schedule;

/// A mark that lies further ahead was left by a clock that was wrong: the clocks of processes
/// differ by less.
const WRONG_AFTER: TimeDelta = TimeDelta::days(1);

/// A source with its schedule.
#[derive(Clone, Debug)]
pub struct ScheduledSource {
    /// The department that its rows belong to.
    pub department_id: i64,
    /// The source's name.
    pub name: String,
    /// When it is imported.
    pub schedule: Schedule,
}

/// What is to be done for the sources of a department.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DuePlan {
    /// The sources that begin from now, because nothing is known of them.
    pub begins: Vec<String>,
    /// The run that is due.
    pub run: Option<DueRun>,
}

/// A run that covers every time of its sources that was not handled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DueRun {
    /// The latest of the times.
    pub scheduled_for: DateTime<Utc>,
    /// Every time after this one is covered.
    pub covers_after: DateTime<Utc>,
    /// The sources, each with its own latest time, in the order of the settings.
    pub sources: Vec<(String, DateTime<Utc>)>,
}

/// Returns what is to be done for the sources of one department; `marks` are the times up to which
/// each source was handled, by name.
pub(super) fn plan_due_run(
    sources: &[ScheduledSource],
    marks: &HashMap<String, DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DuePlan {
    let mut plan = DuePlan::default();
    for source in sources {
        let mark = marks.get(&source.name).copied();
        let Some(mark) = mark.filter(|mark| mark.signed_duration_since(now) <= WRONG_AFTER) else {
            plan.begins.push(source.name.clone());
            continue;
        };
        let Some(time) = source.schedule.last_until(now).filter(|time| *time > mark) else {
            continue;
        };
        let run = plan.run.get_or_insert_with(|| DueRun {
            scheduled_for: time,
            covers_after: mark,
            sources: Vec::new(),
        });
        run.scheduled_for = run.scheduled_for.max(time);
        run.covers_after = run.covers_after.min(mark);
        run.sources.push((source.name.clone(), time));
    }
    plan
}
