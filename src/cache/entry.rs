//! One cached answer: the bytes that are sent, and what decides on its validity.

use std::any::Any;
use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use chrono::{NaiveDate, NaiveDateTime};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::CacheLookup;
use super::changes::Generations;
use crate::domain::{Currency, DataVersion, DepartmentScope, Dependency, system_now};

/// A shorter answer is not worth compressing.
const WORTH_COMPRESSING: usize = 1024;
const BROTLI_QUALITY: i32 = 5;
/// A longer answer is read again each time: its value would take up too much beside it.
const LONGEST_KEPT_VALUE: usize = 128 * 1024;

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Entry {
    /// The id of the database that it was computed from.
    pub database_id: Arc<str>,
    /// The departments that it is of.
    pub scope: DepartmentScope,
    /// What it is computed from.
    pub dependency: Dependency,
    /// What it was computed at, read in the same snapshot as the figures.
    pub generations: Generations,
    /// The local day that it was computed on; it is valid on no other.
    pub day: NaiveDate,
    /// When that data was last known to be complete (UTC).
    pub data_as_of: Option<NaiveDateTime>,
    /// The newest document of that data that is not dated after the entry's day.
    pub data_through: Option<NaiveDate>,
    /// When it was computed, in Unix milliseconds.
    pub computed_at_ms: i64,
    /// When its life ends, in Unix milliseconds.
    pub expires_at_ms: i64,
    /// How long computing it took.
    pub computing: Duration,
    /// Currencies among the operations that are not in the figures.
    pub other_currencies: Vec<String>,
    /// The answer's JSON.
    pub body: Bytes,
    /// Its entity tag, weak.
    pub entity_tag: String,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
    value: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `br`.
    Brotli,
    /// `gzip`.
    Gzip,
}

/// An entry as it stands in Redis: readable with `GET`.
#[derive(Serialize, Deserialize)]
struct Stored<A> {
    generations: Generations,
    day: NaiveDate,
    data_as_of: Option<NaiveDateTime>,
    #[serde(default)]
    data_through: Option<NaiveDate>,
    computed_at_ms: i64,
    expires_at_ms: i64,
    computing_us: u64,
    other_currencies: Vec<String>,
    entity_tag: String,
    /// Nothing in entries of versions before this field.
    #[serde(default)]
    database: String,
    answer: A,
}

impl Entry {
    /// An entry that lives for `ttl` from now on.
    #[expect(clippy::too_many_arguments, reason = "each is a field of its own")]
    pub fn new(
        database_id: Arc<str>,
        lookup: &CacheLookup,
        generations: Generations,
        version: DataVersion,
        day: NaiveDate,
        other_currencies: &[Currency],
        answer: Box<RawValue>,
        computing: Duration,
        ttl: Duration,
    ) -> Entry {
        let now = system_now().timestamp_millis();
        let body = Bytes::from(Box::<str>::from(answer).into_boxed_bytes());
        Entry {
            database_id,
            scope: lookup.scope,
            dependency: lookup.dependency.clone(),
            generations,
            day,
            data_as_of: version.as_of,
            data_through: version.through,
            computed_at_ms: now,
            expires_at_ms: now + i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX / 2),
            computing,
            other_currencies: other_currencies.iter().map(ToString::to_string).collect(),
            entity_tag: entity_tag(&body),
            body,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
            value: OnceLock::new(),
        }
    }

    /// What is left of its life in seconds: negative when it has ended.
    pub fn ttl_seconds(&self) -> i64 {
        (self.expires_at_ms - system_now().timestamp_millis()).div_euclid(1000)
    }

    /// What is left of its life: zero when it has ended.
    pub fn time_left(&self) -> Duration {
        let left = self.expires_at_ms - system_now().timestamp_millis();
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// How long ago it was computed, in seconds.
    pub fn age_seconds(&self) -> i64 {
        ((system_now().timestamp_millis() - self.computed_at_ms) / 1000).max(0)
    }

    /// What it takes up, its compressed forms and its value reckoned in.
    pub fn weight(&self) -> usize {
        let length = self.body.len();
        let value = if length > LONGEST_KEPT_VALUE {
            0
        } else {
            length
        };
        size_of::<Entry>() + length + length / 2 + value
    }

    /// The answer as a value, read when first asked for: pages are made of the same answers again
    /// and again. Whoever asks for another type than the first one reads it each time.
    ///
    /// # Errors
    /// When the body is not such a value.
    pub fn value<T>(&self) -> Result<Arc<T>, serde_json::Error>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let kept = self.value.get().cloned();
        if let Some(value) = kept.and_then(|value| value.downcast().ok()) {
            return Ok(value);
        }
        let value: Arc<T> = Arc::new(serde_json::from_slice(&self.body)?);
        if self.body.len() <= LONGEST_KEPT_VALUE {
            // Whoever was first is kept; both are the same.
            let _ = self.value.set(value.clone());
        }
        Ok(value)
    }

    /// The compressed body, made when first asked for; `None` when it is not worth it.
    pub fn encoded(&self, encoding: Encoding) -> Option<Bytes> {
        if self.body.len() < WORTH_COMPRESSING {
            return None;
        }
        let made = match encoding {
            Encoding::Brotli => self.brotli.get_or_init(|| brotli(&self.body)),
            Encoding::Gzip => self.gzip.get_or_init(|| gzip(&self.body)),
        };
        made.clone()
    }

    /// As it stands in Redis.
    ///
    /// # Errors
    /// When the body is not JSON.
    pub fn to_stored(&self) -> Result<Vec<u8>, serde_json::Error> {
        let answer: &RawValue = serde_json::from_slice(&self.body)?;
        serde_json::to_vec(&Stored {
            generations: self.generations.clone(),
            day: self.day,
            data_as_of: self.data_as_of,
            data_through: self.data_through,
            computed_at_ms: self.computed_at_ms,
            expires_at_ms: self.expires_at_ms,
            computing_us: u64::try_from(self.computing.as_micros()).unwrap_or(u64::MAX),
            other_currencies: self.other_currencies.clone(),
            entity_tag: self.entity_tag.clone(),
            database: self.database_id.to_string(),
            answer,
        })
    }

    /// Reads what stands in Redis.
    ///
    /// # Errors
    /// When it is not what [`Entry::to_stored`] writes.
    pub fn from_stored(lookup: &CacheLookup, bytes: &[u8]) -> Result<Entry, serde_json::Error> {
        let stored: Stored<&RawValue> = serde_json::from_slice(bytes)?;
        let body = Bytes::copy_from_slice(stored.answer.get().as_bytes());
        Ok(Entry {
            database_id: stored.database.into(),
            scope: lookup.scope,
            dependency: lookup.dependency.clone(),
            generations: stored.generations,
            day: stored.day,
            data_as_of: stored.data_as_of,
            data_through: stored.data_through,
            computed_at_ms: stored.computed_at_ms,
            expires_at_ms: stored.expires_at_ms,
            computing: Duration::from_micros(stored.computing_us),
            other_currencies: stored.other_currencies,
            entity_tag: stored.entity_tag,
            body,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
            value: OnceLock::new(),
        })
    }
}

/// The weak entity tag of a body (RFC 9110, 8.8.3): it is the same in every compression. It
/// distinguishes the states of an answer and guards nothing, so its hash need not resist an attacker.
pub(crate) fn entity_tag(body: &[u8]) -> String {
    format!("W/\"{:032x}\"", xxh3_128(body))
}

fn brotli(body: &[u8]) -> Option<Bytes> {
    let mut compressed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*body, &mut compressed, &settings).ok()?;
    Some(Bytes::from(compressed))
}

fn gzip(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::cache::CacheKey;

    fn entry_of(answer: &str) -> Entry {
        let lookup = CacheLookup::new(
            CacheKey::new("summary"),
            DepartmentScope::One(8),
            Dependency::default(),
        );
        Entry::new(
            "database".into(),
            &lookup,
            Generations::default(),
            DataVersion::default(),
            NaiveDate::default(),
            &[],
            RawValue::from_string(answer.to_owned()).unwrap(),
            Duration::ZERO,
            Duration::ZERO,
        )
    }

    #[test]
    fn an_answer_is_read_as_a_value_once_and_as_any_type_that_it_fits() {
        let entry = entry_of("[1, 2]");
        let first: Arc<Vec<i64>> = entry.value().unwrap();
        assert_eq!(*first, [1, 2]);
        assert!(Arc::ptr_eq(&first, &entry.value().unwrap()));
        let pair: Arc<(u8, u8)> = entry.value().unwrap();
        assert_eq!(*pair, (1, 2));
        assert!(Arc::ptr_eq(&first, &entry.value().unwrap()));
        entry.value::<String>().unwrap_err();
    }

    #[test]
    fn a_long_answer_is_not_kept_as_a_value() {
        let entry = entry_of(&format!("\"{}\"", "a".repeat(LONGEST_KEPT_VALUE)));
        let first: Arc<String> = entry.value().unwrap();
        assert_eq!(first.len(), LONGEST_KEPT_VALUE);
        assert!(!Arc::ptr_eq(&first, &entry.value().unwrap()));
        assert!(entry.weight() < entry.body.len() * 2);
    }
}
