//! The brake on guessing passwords.
//!
//! A try is counted before its password is compared, and given back when it was right. Strangers
//! (who come from a device and an address that the user never logged in from) share limits by
//! name and address, by name, by address, and over all. A device or an address that the user has
//! logged in from has a limit of its own: strangers can't use it up, so that nobody is locked out
//! for long by another's guesses.
//!
//! A user has two names, login name and e-mail address. Tries count by the name that was given,
//! which decides on the answer, and by the account: a try beyond the account's limit is refused like
//! a wrong password. So no answer says which two names are one user's.

mod bucket;
mod counts;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::device::DeviceId;
use super::password::{PasswordError, Priority};
use bucket::Bucket;
use counts::{Key, REMEMBERED, TryCounts, key};

/// So many tries for one name from one address.
const BY_NAME_AND_ADDRESS: u32 = 5;
/// So many for one name, wherever they come from.
const BY_NAME: u32 = 20;
/// So many from one address, for whatever names.
const BY_ADDRESS: u32 = 100;
/// So many for one name from a device or an address that is known.
const BY_KNOWN: u32 = 10;
/// So many right passwords of one user: comparing them takes as long as wrong ones.
const RIGHT_ONES: u32 = 30;
/// So many passwords of one user wait for their comparison or are compared; others wait outside.
const AT_ONCE: usize = 2;
/// None waits longer outside.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Strangers' tries over all: so many at once …
const BURST: f64 = 200.0;
/// … and so many a second from then on. It never comes to a stop: nobody can use it up for all.
const PER_SECOND: f64 = 10.0;
/// Known addresses are remembered for so long after the last login.
const ADDRESS_KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Counts tries to log in. Cheap to clone.
#[derive(Clone)]
pub struct LoginThrottle {
    tries: TryCounts,
    known_addresses: Cache<Key, ()>,
    over_all: Arc<Mutex<Bucket>>,
    turns: Cache<Key, Arc<Semaphore>>,
}

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What was given: a login name, an e-mail address, or neither.
    pub name: &'a str,
    /// The login name of the account that it means, if there is one.
    pub account: Option<&'a str>,
    /// Where the request comes from; unknown without a connection.
    pub address: Option<IpAddr>,
    /// The device, if it is one of the account's.
    pub device: Option<&'a DeviceId>,
    /// Whether it is somebody who is logged in as that user: nothing need be hidden then.
    pub is_logged_in: bool,
}

/// A try that was counted.
#[derive(Debug)]
pub struct Admitted {
    counted: Vec<Key>,
    /// The keys of name and address.
    addresses: Vec<Key>,
    right: Option<Key>,
    is_spent: bool,
    priority: Priority,
}

/// What a try counts by, with the limits.
struct Limits {
    /// By what was given.
    by_name: Vec<(Key, u32)>,
    /// By the account.
    by_account: Vec<(Key, u32)>,
    is_stranger: bool,
}

impl Default for LoginThrottle {
    fn default() -> LoginThrottle {
        LoginThrottle {
            tries: TryCounts::default(),
            known_addresses: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(ADDRESS_KNOWN_FOR)
                .build(),
            over_all: Arc::new(Mutex::new(Bucket::new(BURST, PER_SECOND))),
            turns: Cache::builder()
                .max_capacity(REMEMBERED)
                // Longer than anybody waits.
                .time_to_idle(LONGEST_WAIT * 6)
                .build(),
        }
    }
}

impl LoginThrottle {
    /// Looks, before the account is looked up, whether a stranger would be refused.
    ///
    /// # Errors
    /// How long to wait before the next try.
    pub fn look(&self, name: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        let (name, address) = (name.to_lowercase(), network(address));
        if self.is_known(&given_key(&name, &address)) {
            return Ok(());
        }
        self.within(&strangers_limits(&name, &address))?;
        self.over_all().look()
    }

    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait before the next one; this one does not count.
    pub fn admit(&self, attempt: &Attempt<'_>) -> Result<Admitted, Duration> {
        let (name, address) = (attempt.name.to_lowercase(), network(attempt.address));
        let account = attempt.account.map(str::to_lowercase);
        let mut limits = self.limits(&name, account.as_deref(), &address, attempt.device);
        if attempt.is_logged_in {
            limits.by_name.append(&mut limits.by_account);
        }
        let right = account.as_deref().map(|account| key(&["right", account]));
        self.within(&limits.by_name)?;
        if let Some(right) = right {
            self.within(&[(right, RIGHT_ONES)])?;
        }
        let mut priority = Priority::Known;
        if limits.is_stranger {
            self.over_all().take()?;
            priority = Priority::Stranger;
        }
        let is_spent = self.within(&limits.by_account).is_err();
        let all = limits.by_name.iter().chain(&limits.by_account);
        let counted: Vec<Key> = all.map(|(key, _)| *key).collect();
        for key in &counted {
            self.tries.count(key);
        }
        let mut addresses = vec![given_key(&name, &address)];
        if let Some(account) = &account {
            addresses.push(given_key(account, &address));
            addresses.push(account_key(account, &address));
        }
        Ok(Admitted {
            counted,
            addresses,
            right,
            is_spent,
            priority,
        })
    }

    /// Gives back what a right password's try has counted, and remembers the address.
    pub fn succeeded(&self, admitted: Admitted) {
        self.give_back(&admitted);
        for address in &admitted.addresses {
            // The name's own failures from here are forgiven, those for other names are not.
            self.tries.forgive(address);
            self.known_addresses.insert(*address, ());
        }
        if let Some(right) = &admitted.right {
            self.tries.count(right);
        }
    }

    /// Gives back a try whose password was not compared.
    pub fn give_back(&self, admitted: &Admitted) {
        for key in &admitted.counted {
            self.tries.give_back(key);
        }
    }

    /// Waits for a user's turn to have a password compared: nobody fills the queue alone.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when it does not come.
    pub async fn turn(&self, attempt: &Attempt<'_>) -> Result<OwnedSemaphorePermit, PasswordError> {
        let user = attempt.account.unwrap_or(attempt.name).to_lowercase();
        let new = || Arc::new(Semaphore::new(AT_ONCE));
        let turns = self.turns.get_with(key(&["turns", &user]), new);
        let turn = timeout(LONGEST_WAIT, turns.acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(PasswordError::Busy)
    }

    fn limits(
        &self,
        name: &str,
        account: Option<&str>,
        address: &str,
        device: Option<&DeviceId>,
    ) -> Limits {
        let own_address = account.map(|account| account_key(account, address));
        let own_address = own_address.filter(|key| self.is_known(key));
        let (by_name, by_account) = match (account, device, own_address) {
            (Some(account), Some(device), _) => (
                vec![(key(&["device", name, device.as_str()]), BY_KNOWN)],
                vec![(key(&["own device", account, device.as_str()]), BY_KNOWN)],
            ),
            (Some(_), None, Some(own_address)) => (
                vec![(given_key(name, address), BY_KNOWN)],
                vec![(own_address, BY_KNOWN)],
            ),
            (Some(account), None, None) => (
                strangers_limits(name, address),
                vec![
                    (account_key(account, address), BY_NAME_AND_ADDRESS),
                    (key(&["account", account]), BY_NAME),
                ],
            ),
            (None, _, _) => (strangers_limits(name, address), Vec::new()),
        };
        Limits {
            by_name,
            by_account,
            is_stranger: account.is_none() || (device.is_none() && own_address.is_none()),
        }
    }

    fn within(&self, limits: &[(Key, u32)]) -> Result<(), Duration> {
        let waits = limits
            .iter()
            .filter_map(|(key, limit)| self.tries.wait(key, *limit));
        waits.max().map_or(Ok(()), Err)
    }

    fn is_known(&self, key: &Key) -> bool {
        self.known_addresses.get(key).is_some()
    }

    fn over_all(&self) -> std::sync::MutexGuard<'_, Bucket> {
        self.over_all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// Whether the account's tries are used up: the password must not be compared.
    pub fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whose password is compared first.
    pub fn priority(&self) -> Priority {
        self.priority
    }
}

fn strangers_limits(name: &str, address: &str) -> Vec<(Key, u32)> {
    vec![
        (given_key(name, address), BY_NAME_AND_ADDRESS),
        (key(&["name", name]), BY_NAME),
        (key(&["address", address]), BY_ADDRESS),
    ]
}

fn given_key(name: &str, address: &str) -> Key {
    key(&["name and address", name, address])
}

fn account_key(account: &str, address: &str) -> Key {
    key(&["account and address", account, address])
}

/// The network that an address counts for: of IPv6, what one subscriber gets.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => String::new(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
