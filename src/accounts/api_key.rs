//! API keys: random texts that read for their owner. Only their SHA-256 is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::digest::hex_sha256;

/// What every key begins with, so that a key is recognized where it does not belong.
const PREFIX: &str = "cpk_";

/// A key that was just made; it is shown once.
pub struct ApiKey {
    text: String,
}

/// The SHA-256 of a key, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHash(String);

impl ApiKey {
    /// Makes a key of 256 random bits.
    pub fn generate() -> ApiKey {
        let bits: [u8; 32] = rand::random();
        ApiKey {
            text: format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)),
        }
    }

    /// The key itself.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What its owner recognizes it by in a list.
    pub fn hint(&self) -> String {
        self.text.chars().take(PREFIX.len() + 4).collect::<String>() + "…"
    }

    /// What is stored of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.text)
    }
}

impl KeyHash {
    /// The hash of a key's text.
    pub fn of(text: &str) -> KeyHash {
        KeyHash(hex_sha256(text))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text has the form of a key.
pub fn is_api_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}
