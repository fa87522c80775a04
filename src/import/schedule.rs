//! When the importer goes out by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// The clock is looked at so often at least: a machine that slept, or whose clock was set, still
/// keeps the schedule.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// A cron schedule in a time zone.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    cron: Cron,
    timezone: Tz,
}

impl Schedule {
    pub fn new(cron: Cron, timezone: Tz) -> Schedule {
        Schedule { cron, timezone }
    }

    /// The first time after `now`; `None` when the schedule never comes.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|next| next.with_timezone(&Utc))
    }
}

/// Sleeps until that time; for ever when there is none.
pub(super) async fn sleep_until(time: Option<DateTime<Utc>>) {
    let Some(time) = time else { return std::future::pending().await };
    while let Ok(left) = (time - Utc::now()).to_std() {
        tokio::time::sleep(left.min(LONGEST_NAP)).await;
    }
}
