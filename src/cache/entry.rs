//! One cached answer with what decides on its validity.

use std::time::Duration;

use chrono::{NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::{Currency, DataVersion};

/// An answer as it is stored. In Redis it is this struct as JSON: readable with `GET`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The data's generation, read in the same snapshot as the figures.
    pub generation: i64,
    /// When that data was imported (UTC).
    pub data_as_of: Option<NaiveDateTime>,
    /// When the entry ends, in Unix milliseconds.
    pub expires_at_ms: i64,
    /// Currencies among the operations that are not in the figures.
    pub other_currencies: Vec<String>,
    /// The answer's JSON.
    pub answer: Box<RawValue>,
}

impl Entry {
    /// An entry that lives for `ttl` from now on.
    pub fn new(version: DataVersion, other_currencies: &[Currency], answer: Box<RawValue>, ttl: Duration) -> Entry {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX / 2);
        Entry {
            generation: version.generation,
            data_as_of: version.as_of,
            expires_at_ms: Utc::now().timestamp_millis() + ttl_ms,
            other_currencies: other_currencies.iter().map(ToString::to_string).collect(),
            answer,
        }
    }

    /// What is left of its life: zero when it has ended.
    pub fn time_left(&self) -> Duration {
        let left = self.expires_at_ms - Utc::now().timestamp_millis();
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// Whether its life has ended.
    pub fn is_expired(&self) -> bool {
        self.time_left().is_zero()
    }
}
