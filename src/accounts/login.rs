//! Logins by name and password: a try is counted before a password is compared.

use std::net::IpAddr;
use std::time::Duration;

use super::device::{DeviceId, Devices};
use super::names::LONGEST_NAME;
use super::throttle::{Attempt, LoginThrottle};
use super::{LoginError, authenticate, find_account};
use crate::db::{self, Db, UserRow, utc_now};

/// What logins are checked with.
pub struct LoginGuard<'a> {
    /// The database.
    pub db: &'a Db,
    /// The brake on guessing.
    pub throttle: &'a LoginThrottle,
    /// The devices that users logged in from.
    pub devices: &'a Devices,
}

/// Where a password comes from.
#[derive(Clone, Copy, Debug)]
pub struct LoginOrigin<'a> {
    /// The client's address; unknown without a connection.
    pub address: Option<IpAddr>,
    /// The value of the cookie of devices.
    pub device_cookie: Option<&'a str>,
}

/// A login that succeeded.
pub struct LoggedIn {
    /// The user.
    pub user: UserRow,
    /// A cookie for a device that the user had not logged in from before.
    pub new_device_cookie: Option<String>,
}

impl LoginGuard<'_> {
    /// Returns the user of that name and password, and stores the time of the login.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        origin: LoginOrigin<'_>,
    ) -> Result<LoggedIn, LoginError> {
        // Whose cookie it is can't be known without the account.
        if origin.device_cookie.is_none() {
            let looked = self.throttle.look(name, origin.address);
            looked.map_err(|wait| refused_for(name, origin.address, wait))?;
        }
        let account = find_account(self.db, name).await?;
        let device = account
            .as_ref()
            .and_then(|user| self.known_device(origin, user.id));
        let username = account.as_ref().map(|user| user.username.clone());
        let attempt = Attempt {
            name,
            account: username.as_deref(),
            address: origin.address,
            device: device.as_ref(),
            is_logged_in: false,
        };
        let mut user = self.compare(&attempt, account, password).await?;
        let now = utc_now();
        match self
            .db
            .write(async |conn| db::set_last_login(conn, user.id, now).await)
            .await
        {
            Ok(()) => user.last_login = Some(now),
            // A database that is busy with an import keeps nobody out.
            Err(err) => log::warn!("The time of a login can't be stored: {err}"),
        }
        let new_device_cookie = match device {
            Some(_) => None,
            None => self.devices.issue(user.id),
        };
        Ok(LoggedIn {
            user,
            new_device_cookie,
        })
    }

    /// Checks the password of a user who is logged in; counted like a login.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn check_own_password(
        &self,
        user: UserRow,
        password: &str,
        origin: LoginOrigin<'_>,
    ) -> Result<UserRow, LoginError> {
        let device = self.known_device(origin, user.id);
        let name = user.username.clone();
        let attempt = Attempt {
            name: &name,
            account: Some(&name),
            address: origin.address,
            device: device.as_ref(),
            is_logged_in: true,
        };
        self.compare(&attempt, Some(user), password).await
    }

    /// Returns the device of a request if the user logged in from it before.
    fn known_device(&self, origin: LoginOrigin<'_>, user_id: i64) -> Option<DeviceId> {
        self.devices.verify(user_id, origin.device_cookie?)
    }

    async fn compare(
        &self,
        attempt: &Attempt<'_>,
        account: Option<UserRow>,
        password: &str,
    ) -> Result<UserRow, LoginError> {
        let admitted = self
            .throttle
            .admit(attempt)
            .map_err(|wait| refused_for(attempt.name, attempt.address, wait))?;
        let account = account.filter(|_| !admitted.is_spent());
        let compared = async {
            let _turn = self.throttle.turn(attempt).await?;
            authenticate(account, password, admitted.priority()).await
        };
        match compared.await {
            Ok(user) => {
                self.throttle.succeeded(admitted);
                Ok(user)
            }
            Err(LoginError::Refused) => {
                let (name, address) = named(attempt.name, attempt.address);
                match admitted.is_spent() {
                    true => log::warn!(
                        "A login as {name:?} from {address} was refused: too many were, by another name of the user"
                    ),
                    false => log::warn!("A login as {name:?} from {address} was refused"),
                }
                Err(LoginError::Refused)
            }
            Err(other) => {
                self.throttle.give_back(&admitted);
                Err(other)
            }
        }
    }
}

/// Logs a try that is not looked at, and returns its error.
fn refused_for(name: &str, address: Option<IpAddr>, wait: Duration) -> LoginError {
    let (name, address) = named(name, address);
    log::warn!("A login as {name:?} from {address} has to wait: there were too many");
    LoginError::TooManyTries(wait)
}

/// Returns name and address as the log has them.
fn named(name: &str, address: Option<IpAddr>) -> (String, String) {
    let address = address.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
    (name.chars().take(LONGEST_NAME).collect(), address)
}
