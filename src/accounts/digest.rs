//! What is stored of secrets with random bits of their own.

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of a text, in hexadecimal digits. The bits of what is hashed are random: a
/// fast hash is enough.
pub(super) fn hex_sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
