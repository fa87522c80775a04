//! Looking after Redis: whether it takes what is written, and taking it up again after an outage.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bb8_redis::redis;

use super::{CHANNEL, RedisStore};
use crate::cache::redis_fault::{RedisFault, cause};
use crate::metrics;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
const PROBE: &str = "itbudget:probe";
const PROBE_HASH: &str = "itbudget:probe:generations";
/// Whether scripts may be run. KEYS: an entry.
const PROBE_SCRIPT: &str = "return redis.call('SET', KEYS[1], '1')";

impl RedisStore {
    pub(super) async fn look_after(self) {
        let mut is_explained = false;
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if self.is_up() {
                // What is found in memory does not ask Redis: its loss shows here.
                let _ = self.used(self.probe()).await;
                is_explained = false;
                continue;
            }
            match self.take_up().await {
                Ok(()) => log::info!("Redis is back: answers are cached there again"),
                // To ask once more each time would only delay its return.
                Err(RedisFault::Slow(_)) if is_explained => {}
                Err(fault) => self.log_fallback(&cause(&self.settings, fault).await),
            }
            is_explained = true;
        }
    }

    /// Puts Redis into use after it answered and learnt of everything that was invalidated.
    pub(super) async fn take_up(&self) -> Result<(), RedisFault> {
        self.probe_rights().await?;
        self.invalidate_pending().await?;
        self.state
            .last_fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.state.taken_up.fetch_add(1, Ordering::AcqRel);
        self.state.is_up.store(true, Ordering::Release);
        metrics::REDIS_UP.set(1);
        // One that came between the last two lines would otherwise wait for the next outage.
        self.invalidate_pending().await
    }

    /// One that is full, or a replica of another, answers, too, but takes nothing.
    async fn probe(&self) -> Result<(), RedisFault> {
        let mut probe = redis::cmd("SET");
        probe
            .arg(PROBE)
            .arg(1)
            .arg("PX")
            .arg(LOOK_AGAIN.as_millis() as u64);
        self.query(&probe).await
    }

    /// Does all that this program does in Redis, so that a right that its user lacks shows before
    /// Redis is used; each by itself, because an error within a script does not name the command.
    async fn probe_rights(&self) -> Result<(), RedisFault> {
        for (command, arguments) in [
            ("EVAL", [PROBE_SCRIPT, "1", PROBE].as_slice()),
            ("DEL", &[PROBE]),
            ("SET", &[PROBE, "1", "NX"]),
            ("GET", &[PROBE]),
            ("HSET", &[PROBE_HASH, "0", "0"]),
            ("HGET", &[PROBE_HASH, "0"]),
            ("HGETALL", &[PROBE_HASH]),
            ("PUBLISH", &[CHANNEL, ""]),
            ("SCAN", &["0", "MATCH", PROBE, "COUNT", "1"]),
            ("UNLINK", &[PROBE, PROBE_HASH]),
        ] {
            self.query::<redis::Value>(redis::cmd(command).arg(arguments))
                .await?;
        }
        Ok(())
    }

    /// Says once why Redis is not used.
    pub(super) fn log_fallback(&self, fault: &RedisFault) {
        let text = fault.to_string();
        let mut last = self
            .state
            .last_fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *last != text {
            log::warn!("Falling back to in-memory cache: Redis: {text}");
            *last = text;
        }
    }
}
