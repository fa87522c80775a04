//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes).
//!
//! Hashing is slow on purpose: it runs on threads of its own, a few at a time.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// A password needs so many characters (NIST SP 800-63B asks for eight at least).
const SHORTEST: usize = 8;
/// A longer one is refused: hashing it would be a way to keep the machine busy.
const LONGEST: usize = 1024;

static AT_A_TIME: Semaphore = Semaphore::const_new(4);
/// Compared with when there is no such user.
static NOBODYS_HASH: LazyLock<String> =
    LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

/// What is wrong with a password or its hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too few or too many characters.
    #[error("a password needs {SHORTEST} to {LONGEST} characters")]
    Length,
    /// The hash could not be made or read.
    #[error("the password could not be hashed or compared: {0}")]
    Hash(String),
}

/// The PHC string of a new password.
///
/// # Errors
/// [`PasswordError`] when the password is too short or too long.
pub async fn hash_password(password: String) -> Result<String, PasswordError> {
    if !(SHORTEST..=LONGEST).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    on_own_thread(move || hash(&password)).await
}

/// Whether the password is the one of the hash. Without a hash (no such user) it never is, and
/// takes as long.
///
/// # Errors
/// [`PasswordError::Hash`] when the stored hash can't be read.
pub async fn check_password(password: String, hash: Option<String>) -> Result<bool, PasswordError> {
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    on_own_thread(move || {
        let stored = hash.as_ref().unwrap_or(&NOBODYS_HASH);
        let stored =
            PasswordHash::new(stored).map_err(|err| PasswordError::Hash(err.to_string()))?;
        let is_right = Argon2::default()
            .verify_password(password.as_bytes(), &stored)
            .is_ok();
        Ok(is_right && hash.is_some())
    })
    .await
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|err| PasswordError::Hash(err.to_string()))
}

async fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let failed = |err: &dyn std::fmt::Display| PasswordError::Hash(err.to_string());
    let _turn = AT_A_TIME.acquire().await.map_err(|err| failed(&err))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|err| failed(&err))?
}
