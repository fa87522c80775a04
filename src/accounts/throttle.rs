//! The brake on guessing passwords.
//!
//! A try is counted before its password is compared, and given back when it was right. Strangers
//! (who come from a device and an address that the user never logged in from) share limits by
//! name and address, by name, by address, and over all. A device or an address that the user has
//! logged in from has a limit of its own: strangers can't use it up, so that nobody is locked out
//! for long by another's guesses.
//!
//! Counts are remembered under hashes: what a client sends takes no memory here, however long.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::device::DeviceId;

/// The time that tries are counted over, from the first.
const WINDOW: Duration = Duration::from_secs(300);
/// So many tries for one name from one address.
const BY_NAME_AND_ADDRESS: u32 = 5;
/// So many for one name, wherever they come from.
const BY_NAME: u32 = 20;
/// So many from one address, for whatever names.
const BY_ADDRESS: u32 = 100;
/// So many for one name from a device or an address that is known.
const BY_KNOWN: u32 = 10;
/// Strangers' tries over all: so many at once …
const BURST: f64 = 200.0;
/// … and so many a second from then on. It never comes to a stop: nobody can use it up for all.
const PER_SECOND: f64 = 10.0;
/// Known addresses are remembered for so long after the last login.
const ADDRESS_KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const REMEMBERED: u64 = 100_000;

type Key = [u8; 16];

/// Counts tries to log in. Cheap to clone.
#[derive(Clone)]
pub struct LoginThrottle {
    tries: Cache<Key, Tries>,
    known_addresses: Cache<Key, ()>,
    over_all: Arc<Mutex<Bucket>>,
}

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The login name of the account, or what was given if there is none.
    pub name: &'a str,
    /// Where the request comes from; unknown without a connection.
    pub address: Option<IpAddr>,
    /// The device, if it is one of the account's.
    pub device: Option<&'a DeviceId>,
}

/// A try that was counted.
#[derive(Debug)]
pub struct Admitted {
    counted: Vec<Key>,
    address: Key,
}

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    since: Instant,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl Default for LoginThrottle {
    fn default() -> LoginThrottle {
        LoginThrottle {
            tries: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(WINDOW)
                .build(),
            known_addresses: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(ADDRESS_KNOWN_FOR)
                .build(),
            over_all: Arc::new(Mutex::new(Bucket {
                left: BURST,
                at: Instant::now(),
            })),
        }
    }
}

impl LoginThrottle {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait before the next one; this one does not count.
    pub fn admit(&self, attempt: &Attempt<'_>) -> Result<Admitted, Duration> {
        let name = attempt.name.to_lowercase();
        let address = attempt.address.map(network).unwrap_or_default();
        let pair = key(&["name and address", &name, &address]);
        let limits = match attempt.device {
            Some(device) => vec![(key(&["device", &name, device.as_str()]), BY_KNOWN)],
            None if self.known_addresses.get(&pair).is_some() => vec![(pair, BY_KNOWN)],
            None => vec![
                (pair, BY_NAME_AND_ADDRESS),
                (key(&["name", &name]), BY_NAME),
                (key(&["address", &address]), BY_ADDRESS),
            ],
        };
        let is_stranger = limits.len() > 1;
        let waits = limits
            .iter()
            .filter_map(|(key, limit)| self.wait(key, *limit));
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        if is_stranger {
            self.take_from_bucket()?;
        }
        let counted = limits.iter().map(|(key, _)| *key).collect();
        for (key, _) in &limits {
            self.count(key);
        }
        Ok(Admitted {
            counted,
            address: pair,
        })
    }

    /// Gives back what a right password's try has counted, and remembers the address.
    pub fn succeeded(&self, admitted: Admitted) {
        let address = admitted.address;
        self.give_back(admitted);
        // The name's own failures from here are forgiven, those for other names are not.
        self.tries.invalidate(&address);
        self.known_addresses.insert(address, ());
    }

    /// Gives back a try whose password was not compared.
    pub fn give_back(&self, admitted: Admitted) {
        for key in &admitted.counted {
            self.tries.entry(*key).and_upsert_with(|entry| {
                let before = entry.map(|entry| entry.into_value());
                let before = before.unwrap_or_else(Tries::none);
                Tries {
                    count: before.count.saturating_sub(1),
                    ..before
                }
            });
        }
    }

    /// How long until another try counts under a key; `None`: at once.
    fn wait(&self, key: &Key, limit: u32) -> Option<Duration> {
        let tries = self.tries.get(key)?;
        let left = WINDOW.checked_sub(tries.since.elapsed())?;
        (tries.count >= limit).then_some(left)
    }

    fn count(&self, key: &Key) {
        self.tries.entry(*key).and_upsert_with(|entry| {
            let before = entry.map(|entry| entry.into_value());
            match before.filter(|before| before.since.elapsed() < WINDOW) {
                Some(before) => Tries {
                    count: before.count + 1,
                    ..before
                },
                None => Tries {
                    count: 1,
                    ..Tries::none()
                },
            }
        });
    }

    fn take_from_bucket(&self) -> Result<(), Duration> {
        let mut bucket = self.over_all.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(bucket.at).as_secs_f64() * PER_SECOND;
        bucket.left = (bucket.left + gained).min(BURST);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs(1));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

impl Tries {
    fn none() -> Tries {
        Tries {
            count: 0,
            since: Instant::now(),
        }
    }
}

/// The network that an address counts for: of IPv6, what one subscriber gets.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn key(parts: &[&str]) -> Key {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    key
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{Attempt, BURST, BY_ADDRESS, BY_KNOWN, BY_NAME, LoginThrottle};
    use crate::accounts::device::Devices;
    use crate::config::Secret;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    fn stranger(name: &str, last: u8) -> Attempt<'_> {
        Attempt {
            name,
            address: address(last),
            device: None,
        }
    }

    #[test]
    fn five_tries_for_a_name_from_an_address_in_any_letter_case() {
        let throttle = LoginThrottle::default();
        for name in ["ivan", "Ivan", "IVAN", "iVan", "ivaN"] {
            throttle.admit(&stranger(name, 1)).unwrap();
        }
        let wait = throttle.admit(&stranger("ivan", 1)).unwrap_err();
        assert!((1..=300).contains(&wait.as_secs()), "{wait:?}");
        throttle.admit(&stranger("olga", 1)).unwrap();
        throttle.admit(&stranger("ivan", 2)).unwrap();
    }

    #[test]
    fn a_name_has_a_limit_over_all_addresses_and_an_address_over_all_names() {
        let throttle = LoginThrottle::default();
        for last in 0..BY_NAME {
            throttle
                .admit(&stranger("ivan", u8::try_from(last).unwrap()))
                .unwrap();
        }
        assert!(throttle.admit(&stranger("ivan", 200)).is_err());
        for number in 0..BY_ADDRESS {
            throttle
                .admit(&stranger(&format!("user{number}"), 201))
                .unwrap();
        }
        assert!(throttle.admit(&stranger("another", 201)).is_err());
    }

    #[test]
    fn strangers_do_not_lock_out_a_known_address_or_device() {
        let throttle = LoginThrottle::default();
        let admitted = throttle.admit(&stranger("ivan", 1)).unwrap();
        throttle.succeeded(admitted);
        let mut last = 2;
        while throttle.admit(&stranger("ivan", last)).is_ok() {
            last += 1;
        }
        throttle.admit(&stranger("ivan", 1)).unwrap();
        let key = Secret::new("key");
        let devices = Devices::new(&[&key]);
        let device = devices.verify(1, &devices.issue(1).unwrap()).unwrap();
        let own = Attempt {
            device: Some(&device),
            ..stranger("ivan", last)
        };
        for _ in 0..BY_KNOWN {
            throttle.admit(&own).unwrap();
        }
        assert!(
            throttle.admit(&own).is_err(),
            "a stolen cookie is limited, too"
        );
    }

    #[test]
    fn strangers_over_all_are_slowed_down_but_never_stopped() {
        let throttle = LoginThrottle::default();
        let mut admitted = 0.0;
        let mut waits = Vec::new();
        for number in 0..1000_u32 {
            let name = format!("user{number}");
            match throttle.admit(&stranger(&name, u8::try_from(number % 250).unwrap())) {
                Ok(_) => admitted += 1.0,
                Err(wait) => waits.push(wait.as_secs()),
            }
        }
        assert!((BURST..900.0).contains(&admitted), "{admitted}");
        assert!(waits.iter().all(|wait| *wait == 1), "{waits:?}");
    }
}
