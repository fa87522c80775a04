//! When the importer goes out by itself: the times of a cron schedule in a time zone.
//!
//! Each time that a schedule names comes once. One that daylight saving skips comes at the end of
//! the gap; one that it repeats comes at its first occurrence. A schedule of every hour follows
//! elapsed time instead.

mod claim;
mod due;
mod timetable;

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;

pub use claim::{Claim, claim_due_run};
pub use due::ScheduledSource;
pub use timetable::Timetable;

/// No clock of a time zone is set back further.
const LONGEST_OVERLAP: TimeDelta = TimeDelta::hours(3);
/// No clock of a time zone leaps further ahead: Samoa left a whole day out.
const LONGEST_GAP_MINUTES: i64 = 26 * 60;
const HOURS_OF_A_DAY: usize = 24;

/// A cron schedule in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    timezone: Tz,
    /// Whether it names every hour of the day, so that its times are intervals and not times of the
    /// wall clock.
    is_of_every_hour: bool,
}

impl Schedule {
    /// Reads a cron pattern in a time zone.
    pub fn new(cron: Cron, timezone: Tz) -> Schedule {
        let is_of_every_hour = cron.pattern.hours.values().len() == HOURS_OF_A_DAY;
        Schedule {
            cron,
            timezone,
            is_of_every_hour,
        }
    }

    /// Returns the first time after a moment; `None` when the schedule never comes again.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_of_every_hour {
            return self.next_by_elapsed_time(moment);
        }
        let local = moment.with_timezone(&self.timezone);
        // The wall clock read as UTC has neither gaps nor repeated hours.
        let mut wall = local.naive_local().and_utc();
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).ok()?;
            let time = self.first_occurrence(wall.naive_utc())?;
            if time > moment {
                return Some(time);
            }
        }
    }

    /// Returns the last time up to a moment, which may be that moment; `None` when there was none.
    pub fn last_until(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_of_every_hour {
            return self.last_by_elapsed_time(moment);
        }
        let local = moment.with_timezone(&self.timezone);
        let local = local.naive_local();
        // In a repeated hour the wall clock has shown later times before.
        let is_repeated = self.timezone.from_local_datetime(&local).single().is_none();
        let latest = if is_repeated {
            local + LONGEST_OVERLAP
        } else {
            local
        };
        let mut wall = self
            .cron
            .find_previous_occurrence(&latest.and_utc(), true)
            .ok()?;
        loop {
            let time = self.first_occurrence(wall.naive_utc())?;
            if time <= moment {
                return Some(time);
            }
            wall = self.cron.find_previous_occurrence(&wall, false).ok()?;
        }
    }

    /// The next moment at which the wall clock shows a time of the schedule, the repeated hour
    /// included. Each stretch of one offset is searched by itself: within it the wall clock has
    /// neither gaps nor repeated hours.
    fn next_by_elapsed_time(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (mut from, mut is_included) = (moment, false);
        loop {
            let offset = self.offset_at(from);
            let wall = from + offset;
            let found = self.cron.find_next_occurrence(&wall, is_included).ok()? - offset;
            if self.offset_at(found) == offset {
                return Some(found);
            }
            (from, is_included) = (self.change_of_offset(from, found)?, true);
        }
    }

    /// The last such moment, which may be the given one.
    fn last_by_elapsed_time(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut to = moment;
        loop {
            let offset = self.offset_at(to);
            let wall = to + offset;
            let found = self.cron.find_previous_occurrence(&wall, true).ok()? - offset;
            if self.offset_at(found) == offset {
                return Some(found);
            }
            to = self.change_of_offset(found, to)? - TimeDelta::milliseconds(1);
        }
    }

    fn offset_at(&self, moment: DateTime<Utc>) -> TimeDelta {
        let offset = self.timezone.offset_from_utc_datetime(&moment.naive_utc());
        TimeDelta::seconds(offset.fix().local_minus_utc().into())
    }

    /// Returns the second from which on another offset holds: one between moments of two offsets.
    fn change_of_offset(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = |second: i64| DateTime::from_timestamp(second, 0);
        let (mut before, mut after) = (from.timestamp(), to.timestamp());
        let later = self.offset_at(at(after)?);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.offset_at(at(middle)?) == later {
                after = middle;
            } else {
                before = middle;
            }
        }
        at(after)
    }

    /// Returns the moment at which the wall clock first shows a time, or has leapt over it.
    fn first_occurrence(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let moment = |wall: NaiveDateTime| {
            Some(
                self.timezone
                    .from_local_datetime(&wall)
                    .earliest()?
                    .with_timezone(&Utc),
            )
        };
        moment(wall).or_else(|| {
            let minute = wall.with_second(0)?.with_nanosecond(0)?;
            (1..=LONGEST_GAP_MINUTES)
                .find_map(|minutes| moment(minute + TimeDelta::minutes(minutes)))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
