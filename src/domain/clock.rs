//! The time: the only place where the program reads the system's.
//!
//! A [`Clock`] says which day balances end with and what is due: today in the time zone of the
//! imports. It is handed in from outside, so that a test can stop it or move it over midnight. When
//! a row was stored, an answer computed or a token issued goes by the system's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;

/// Where the current time comes from; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    timezone: Tz,
    /// Unix seconds of a clock that is set; `None`: the system's time.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Follows the system's time.
    pub fn system(timezone: Tz) -> Clock {
        Clock {
            timezone,
            fixed: None,
        }
    }

    /// Stands still at a moment until [`Clock::set`] moves it.
    pub fn fixed(timezone: Tz, now: DateTime<Utc>) -> Clock {
        Clock {
            timezone,
            fixed: Some(Arc::new(AtomicI64::new(now.timestamp()))),
        }
    }

    /// Moves a clock that stands still, and all its clones; the system's clock stays as it is.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Some(fixed) = &self.fixed {
            fixed.store(now.timestamp(), Ordering::Release);
        }
    }

    /// Returns the current moment.
    pub fn now(&self) -> DateTime<Utc> {
        let fixed = self
            .fixed
            .as_ref()
            .map(|fixed| fixed.load(Ordering::Acquire));
        fixed
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .unwrap_or_else(system_now)
    }

    /// Returns the moment (UTC) at which a day begins in the clock's time zone.
    pub fn midnight(&self, day: NaiveDate) -> NaiveDateTime {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = self.timezone.from_local_datetime(&midnight);
        local
            .earliest()
            .map_or(midnight, |moment| moment.naive_utc())
    }

    /// Returns the current day in the clock's time zone.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.timezone).date_naive()
    }

    /// Returns a time that is stored in UTC as clocks in the time zone show it.
    pub fn local(&self, time: NaiveDateTime) -> NaiveDateTime {
        time.and_utc().with_timezone(&self.timezone).naive_local()
    }
}

impl Default for Clock {
    /// Moscow's time.
    fn default() -> Clock {
        Clock::system(Tz::Europe__Moscow)
    }
}

/// Returns the system's time.
pub fn system_now() -> DateTime<Utc> {
    Utc::now()
}

/// Returns the system's time as it is stored: UTC, whole microseconds (PostgreSQL keeps no more).
pub fn utc_now() -> NaiveDateTime {
    system_now().naive_utc().trunc_subsecs(6)
}
