//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes).

use super::hashing;

/// A password needs so many characters (NIST SP 800-63B asks for eight at least).
const SHORTEST: usize = 8;
/// A longer one is refused: hashing it would be a way to keep the machine busy.
const LONGEST: usize = 1024;

/// What is wrong with a password or its hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too few or too many characters.
    #[error("a password needs {SHORTEST} to {LONGEST} characters")]
    Length,
    /// More passwords are to be hashed or compared than there is time for.
    #[error("too many people log in at this moment: try again in a few seconds")]
    Busy,
    /// The hash could not be made or read.
    #[error("the password could not be hashed or compared: {0}")]
    Hash(String),
}

/// Returns the PHC string of a new password.
///
/// # Errors
/// [`PasswordError`] when the password is too short or too long, or too many are being hashed.
pub async fn hash_password(password: String) -> Result<String, PasswordError> {
    if !(SHORTEST..=LONGEST).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    hashing::hash(password).await
}

/// Who is let to the queue of passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Some places are never a stranger's.
    Stranger,
    /// Who is logged in, or comes from a device or an address that the user logged in from.
    Known,
}

/// Returns whether the password is the one of the hash. Without a hash (no such user) it never is,
/// and takes as long.
///
/// # Errors
/// [`PasswordError`] when the stored hash can't be read, or too many are being compared.
pub async fn check_password(
    password: String,
    hash: Option<String>,
    priority: Priority,
) -> Result<bool, PasswordError> {
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    match hash {
        Some(hash) => hashing::verify(password, hash, priority).await,
        None => hashing::verify_nobody(password, priority)
            .await
            .map(|()| false),
    }
}
