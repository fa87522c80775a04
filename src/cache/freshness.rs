//! For how long this process may rely on what it knows of changes, and whether anybody relies on it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

/// When was looked last, beside the lease for which that holds.
pub(crate) struct Freshness {
    lease: Duration,
    started: Instant,
    /// Microseconds from `started` to the last look, and one; 0: never.
    looked_us: AtomicU64,
    /// Whether somebody relied on it since that was taken last.
    is_relied_on: AtomicBool,
}

impl Freshness {
    pub(crate) fn new(lease: Duration) -> Freshness {
        Freshness {
            lease,
            started: Instant::now(),
            looked_us: AtomicU64::new(0),
            is_relied_on: AtomicBool::new(false),
        }
    }

    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    /// Notes a look that began at a moment and succeeded.
    pub(crate) fn looked(&self, moment: Moment) {
        self.looked_us
            .fetch_max(self.since_start(moment.0) + 1, Ordering::AcqRel);
    }

    /// Whether a look succeeded that began at that moment or later.
    pub(crate) fn has_looked_since(&self, moment: Moment) -> bool {
        let looked = self.looked_us.load(Ordering::Acquire);
        looked > 0 && looked > self.since_start(moment.0)
    }

    /// Whether the last look is younger than the lease. Who asks this relies on the answer.
    pub(crate) fn is_fresh(&self) -> bool {
        // Read first: most calls find it set, and none of them writes what all share.
        if !self.is_relied_on.load(Ordering::Relaxed) {
            self.is_relied_on.store(true, Ordering::Relaxed);
        }
        let looked = self.looked_us.load(Ordering::Acquire);
        let now = self.since_start(Instant::now());
        looked > 0 && u128::from(now.saturating_sub(looked - 1)) < self.lease.as_micros()
    }

    /// Whether anybody relied on it since this was asked last.
    pub(crate) fn take_reliance(&self) -> bool {
        self.is_relied_on.swap(false, Ordering::Relaxed)
    }

    fn since_start(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.started).as_micros())
            .unwrap_or(u64::MAX)
    }
}
