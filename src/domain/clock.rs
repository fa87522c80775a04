//! The time of day that balances end with: today in the time zone of the imports.
//!
//! Handed in from outside, so that a test can stop it or move it over midnight.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
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
            .unwrap_or_else(Utc::now)
    }

    /// Returns the current day in the clock's time zone.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.timezone).date_naive()
    }
}

impl Default for Clock {
    /// Moscow's time.
    fn default() -> Clock {
        Clock::system(Tz::Europe__Moscow)
    }
}
