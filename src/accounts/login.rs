//! Logins by name and password: a try is counted before a password is compared.

use std::net::IpAddr;

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
        let account = find_account(self.db, name).await?;
        // The tries of one user are counted together, by whatever name they are made.
        let counted = account.as_ref().map_or(name, |user| &user.username);
        let counted = counted.to_owned();
        let device = account
            .as_ref()
            .and_then(|user| self.known_device(origin, user.id));
        let attempt = Attempt {
            name: &counted,
            address: origin.address,
            device: device.as_ref(),
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
            address: origin.address,
            device: device.as_ref(),
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
        let address = attempt
            .address
            .map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
        let name: String = attempt.name.chars().take(LONGEST_NAME).collect();
        let admitted = self.throttle.admit(attempt).map_err(|wait| {
            log::warn!("A login as {name:?} from {address} has to wait: too many were refused");
            LoginError::TooManyTries(wait)
        })?;
        match authenticate(account, password).await {
            Ok(user) => {
                self.throttle.succeeded(admitted);
                Ok(user)
            }
            Err(LoginError::Refused) => {
                log::warn!("A login as {name:?} from {address} was refused");
                Err(LoginError::Refused)
            }
            Err(other) => {
                self.throttle.give_back(admitted);
                Err(other)
            }
        }
    }
}
