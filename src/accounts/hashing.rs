//! Argon2id in bounded memory: few hashes at a time, each in a buffer that is handed on to the next.
//!
//! More than a bounded number of waiting hashes are refused: a flood of logins must not take the
//! memory or the time of everything else.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::password::{PasswordError, Priority};

/// So many hashes are computed at a time.
const AT_A_TIME: usize = 2;
/// So many more may wait for their turn.
const MOST_WAITING: usize = 48;
/// So many of all these places are not for strangers.
const NOT_FOR_STRANGERS: usize = 8;
/// None waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A stored hash that needs more memory, in KiB, is not computed.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
/// Buffers are allocated so large, in KiB, though less is used: glibc gives memory of 32 MiB and
/// more back to the system as soon as it is freed; pages that were never written take no memory.
const ALLOCATED_KIB: usize = 33 * 1024;

static PLACES: Semaphore = Semaphore::const_new(AT_A_TIME + MOST_WAITING);
static STRANGERS_PLACES: Semaphore =
    Semaphore::const_new(AT_A_TIME + MOST_WAITING - NOT_FOR_STRANGERS);
static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);
static BUFFERS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Returns the PHC string of a password.
///
/// # Errors
/// [`PasswordError`] when too many wait, or the password can't be hashed.
pub(super) async fn hash(password: String) -> Result<String, PasswordError> {
    in_turn(Priority::Known, move |buffer| hash_in(buffer, &password)).await
}

/// Returns whether a password is the one of a PHC string.
///
/// # Errors
/// As [`hash`]; [`PasswordError::Hash`] also when the string can't be read.
pub(super) async fn verify(
    password: String,
    stored: String,
    priority: Priority,
) -> Result<bool, PasswordError> {
    in_turn(priority, move |buffer| {
        verify_in(buffer, &password, &stored)
    })
    .await
}

/// Computes what the hash of nobody's password takes: an unknown user takes as long as a wrong
/// password.
///
/// # Errors
/// As [`hash`].
pub(super) async fn verify_nobody(
    password: String,
    priority: Priority,
) -> Result<(), PasswordError> {
    in_turn(priority, move |buffer| hash_in(buffer, &password).map(drop)).await
}

fn hash_in(buffer: &mut Vec<Block>, password: &str) -> Result<String, PasswordError> {
    let params = Params::default();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let salt = Salt::generate();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    compute(&argon2, buffer, password, &salt, &mut output)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(salt),
        hash: Some(Output::new(&output).map_err(failed)?),
    };
    Ok(hash.to_string())
}

fn verify_in(buffer: &mut Vec<Block>, password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(failed)?;
    let params = Params::try_from(&stored).map_err(failed)?;
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Err(failed("it has no salt or no output"));
    };
    if params.m_cost() > MOST_MEMORY_KIB {
        return Err(failed("it needs too much memory"));
    }
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(failed)?;
    let version = stored.version.map(Version::try_from).transpose();
    let version = version.map_err(failed)?.unwrap_or_default();
    let mut output = vec![0; expected.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    compute(&argon2, buffer, password, &salt, &mut output)?;
    // `Output` compares in constant time.
    Ok(Output::new(&output).map_err(failed)? == expected)
}

fn compute(
    argon2: &Argon2<'_>,
    buffer: &mut Vec<Block>,
    password: &str,
    salt: &Salt,
    output: &mut [u8],
) -> Result<(), PasswordError> {
    let blocks = argon2.params().block_count();
    if buffer.len() < blocks {
        buffer.resize(blocks, Block::default());
    }
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, output, buffer.as_mut_slice())
        .map_err(failed)
}

fn failed(err: impl std::fmt::Display) -> PasswordError {
    PasswordError::Hash(err.to_string())
}

/// Runs `work` on a thread where it may block, when it is its turn, with a buffer.
async fn in_turn<T: Send + 'static>(
    priority: Priority,
    work: impl FnOnce(&mut Vec<Block>) -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let place = |places: &'static Semaphore| places.try_acquire().map_err(|_| PasswordError::Busy);
    let _place = place(&PLACES)?;
    let _strangers_place = match priority {
        Priority::Stranger => Some(place(&STRANGERS_PLACES)?),
        Priority::Known => None,
    };
    let turn = timeout(LONGEST_WAIT, TURNS.acquire()).await;
    let _turn = turn.map_err(|_| PasswordError::Busy)?.map_err(failed)?;
    tokio::task::spawn_blocking(move || {
        let mut buffer = taken_buffer();
        let result = work(&mut buffer);
        hand_on(buffer);
        result
    })
    .await
    .map_err(failed)?
}

fn taken_buffer() -> Vec<Block> {
    let handed_on = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    handed_on.unwrap_or_else(|| Vec::with_capacity(ALLOCATED_KIB))
}

/// Keeps a buffer for those who wait, and frees it when nobody does.
fn hand_on(buffer: Vec<Block>) {
    let free_places = PLACES.available_permits();
    // A hash that is being computed holds a place, too.
    if free_places < MOST_WAITING {
        BUFFERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(buffer);
    } else {
        BUFFERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::super::password::{PasswordError, Priority};
    use super::{AT_A_TIME, MOST_WAITING, NOT_FOR_STRANGERS, verify_nobody};

    #[tokio::test]
    async fn strangers_leave_places_for_who_is_known() {
        let compare = |priority| verify_nobody("a guess".to_owned(), priority);
        let strangers = (0..AT_A_TIME + MOST_WAITING).map(|_| compare(Priority::Stranger));
        // Fewer than are kept: other tests hash passwords, too.
        let known = (0..NOT_FOR_STRANGERS / 2).map(|_| compare(Priority::Known));
        let (strangers, known) = tokio::join!(join_all(strangers), join_all(known));
        let is_busy = |done: &Result<(), PasswordError>| matches!(done, Err(PasswordError::Busy));
        assert!(strangers.iter().filter(|done| is_busy(done)).count() >= NOT_FOR_STRANGERS);
        assert!(known.iter().all(|done| done.is_ok()), "{known:?}");
    }
}
