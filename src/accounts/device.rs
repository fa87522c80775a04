//! Devices that a user logged in from before: their own cookie exempts them from the limits that
//! strangers' failed logins use up (OWASP, "device cookies").
//!
//! A cookie holds a random id and its HMAC with the user's id: it can't be made up, and is worth
//! nothing for another user. It gives no access.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::config::Secret;

/// Makes and checks the cookies of devices.
#[derive(Clone)]
pub struct Devices {
    keys: Vec<Key>,
}

/// A device that a user logged in from before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceId(String);

impl DeviceId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Devices {
    /// Signs with the first key, accepts all.
    pub fn new(keys: &[&Secret]) -> Devices {
        let key = |secret: &&Secret| Key::new(HMAC_SHA256, secret.expose().as_bytes());
        Devices {
            keys: keys.iter().map(key).collect(),
        }
    }

    /// Returns the value of a cookie for a device that the user has just logged in from.
    pub fn issue(&self, user_id: i64) -> Option<String> {
        let bits: [u8; 16] = rand::random();
        let id = URL_SAFE_NO_PAD.encode(bits);
        let tag = hmac::sign(self.keys.first()?, &message(user_id, &id));
        Some(format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Returns the device if the cookie is one of ours for that user.
    pub fn verify(&self, user_id: i64, cookie: &str) -> Option<DeviceId> {
        let (id, tag) = cookie.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let is_ours = |key: &Key| hmac::verify(key, &message(user_id, id), &tag).is_ok();
        self.keys
            .iter()
            .any(is_ours)
            .then(|| DeviceId(id.to_owned()))
    }
}

/// The same key signs tokens: the prefix keeps the two apart.
fn message(user_id: i64, id: &str) -> Vec<u8> {
    format!("device:{user_id}:{id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::Devices;
    use crate::config::Secret;

    #[test]
    fn a_cookie_is_of_one_user_and_one_key() {
        let (new, old) = (Secret::new("new key"), Secret::new("old key"));
        let devices = Devices::new(&[&new, &old]);
        let cookie = devices.issue(7).unwrap_or_default();
        assert!(devices.verify(7, &cookie).is_some());
        assert!(devices.verify(8, &cookie).is_none());
        assert!(devices.verify(7, &format!("x{cookie}")).is_none());
        assert!(devices.verify(7, "").is_none());
        assert!(Devices::new(&[&old]).verify(7, &cookie).is_none());
        let before = Devices::new(&[&old]).issue(7).unwrap_or_default();
        assert!(devices.verify(7, &before).is_some(), "after a rotation");
    }
}
