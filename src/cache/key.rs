//! Deterministic cache keys: `endpoint|part|part|…`, as the HTTP contract writes them.
//!
//! The parts are the *resolved* filters: a key never depends on how the question was put.

use std::fmt::{self, Display};

/// The namespace of every analytics answer.
pub const NAMESPACE: &str = "credit_portfolio";

const PREFIX: &str = "itbudget:cache";

/// The key of one answer within a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// The key of an endpoint without parts.
    pub fn new(endpoint: &str) -> CacheKey {
        CacheKey(endpoint.to_owned())
    }

    /// Adds a part. A `|` or `%` inside it is written `%7C` or `%25`, so that two lists of parts
    /// never give one key.
    pub fn part(mut self, part: impl Display) -> CacheKey {
        let text = part.to_string();
        self.0.push('|');
        for c in text.chars() {
            match c {
                '|' => self.0.push_str("%7C"),
                '%' => self.0.push_str("%25"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds a part that may be missing: `None` stands for it. A text that is `None` is written
    /// `%4Eone`.
    pub fn optional_part(mut self, part: Option<impl Display>) -> CacheKey {
        match part.map(|part| part.to_string()) {
            Some(part) if part == "None" => {
                self.0.push_str("|%4Eone");
                self
            }
            Some(part) => self.part(part),
            None => {
                self.0.push_str("|None");
                self
            }
        }
    }

    /// Adds `name=value` when there is a value.
    pub fn named_part(self, name: &str, part: Option<impl Display>) -> CacheKey {
        match part {
            Some(part) => self.part(format_args!("{name}={part}")),
            None => self,
        }
    }

    /// The whole key in Redis: `itbudget:cache:credit_portfolio:summary|8|None|None`.
    pub fn in_redis(&self, namespace: &str) -> String {
        namespace_prefix(namespace) + &self.0
    }
}

/// What every key of a namespace begins with in Redis.
pub(super) fn namespace_prefix(namespace: &str) -> String {
    format!("{PREFIX}:{namespace}:")
}

impl Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::CacheKey;

    #[test]
    fn keys_are_deterministic_and_parts_can_not_be_confused() {
        let key = CacheKey::new("summary")
            .part(8)
            .optional_part(None::<i64>)
            .part("a|b%");
        assert_eq!(key.to_string(), "summary|8|None|a%7Cb%25");
        assert_ne!(
            CacheKey::new("s").part("a|b").to_string(),
            CacheKey::new("s").part("a").part("b").to_string()
        );
    }
}
