//! For how long this process may rely on what it knows of changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The moment before a look into the database: what was committed by then is seen.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Moment(Instant);

impl Moment {
    /// This one.
    pub fn now() -> Moment {
        Moment(Instant::now())
    }
}

pub(super) struct Freshness {
    lease: Duration,
    started: Instant,
    /// Microseconds from `started` to the last look, and one; 0: never.
    looked_us: AtomicU64,
}

impl Freshness {
    pub(super) fn new(lease: Duration) -> Freshness {
        Freshness {
            lease,
            started: Instant::now(),
            looked_us: AtomicU64::new(0),
        }
    }

    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    pub(super) fn looked(&self, moment: Moment) {
        self.looked_us
            .fetch_max(self.since_start(moment.0) + 1, Ordering::AcqRel);
    }

    pub(super) fn has_looked_since(&self, moment: Moment) -> bool {
        let looked = self.looked_us.load(Ordering::Acquire);
        looked > 0 && looked > self.since_start(moment.0)
    }

    pub(super) fn is_fresh(&self) -> bool {
        let looked = self.looked_us.load(Ordering::Acquire);
        let now = self.since_start(Instant::now());
        looked > 0 && u128::from(now.saturating_sub(looked - 1)) < self.lease.as_micros()
    }

    fn since_start(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.started).as_micros())
            .unwrap_or(u64::MAX)
    }
}
