//! The brake on guessing passwords.

use std::time::{Duration, Instant};

use moka::sync::Cache;

const TRIES: u32 = 5;
const WINDOW: Duration = Duration::from_secs(300);
const REMEMBERED: u64 = 100_000;

/// Counts failed logins by name and address. After five within five minutes of the first, the
/// pair has to wait for the rest of the five minutes. Cheap to clone.
#[derive(Clone)]
pub struct LoginThrottle {
    failures: Cache<(String, String), Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: Instant,
}

impl Default for LoginThrottle {
    fn default() -> LoginThrottle {
        LoginThrottle {
            failures: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(WINDOW)
                .build(),
        }
    }
}

impl LoginThrottle {
    /// How long the pair has to wait; `None`: it may try.
    pub fn wait(&self, username: &str, address: &str) -> Option<Duration> {
        let failures = self.failures.get(&pair(username, address))?;
        let left = WINDOW.checked_sub(failures.since.elapsed())?;
        (failures.count >= TRIES).then_some(left)
    }

    /// Notes a failed login.
    pub fn failed(&self, username: &str, address: &str) {
        self.failures
            .entry(pair(username, address))
            .and_upsert_with(|entry| match entry.map(|entry| entry.into_value()) {
                Some(before) if before.since.elapsed() < WINDOW => Failures {
                    count: before.count + 1,
                    ..before
                },
                _ => Failures {
                    count: 1,
                    since: Instant::now(),
                },
            });
    }

    /// Forgets the failures of the pair: it has logged in.
    pub fn succeeded(&self, username: &str, address: &str) {
        self.failures.invalidate(&pair(username, address));
    }
}

fn pair(username: &str, address: &str) -> (String, String) {
    (username.to_lowercase(), address.to_owned())
}
