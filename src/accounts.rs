//! Who may log in and what they may do: passwords, tokens, sessions, API keys, the brake on guessing,
//! and the changes of accounts with their audit log.
//!
//! Used by the REST endpoints and by the `user` command; knows no HTTP.

mod access;
mod administration;
mod api_key;
mod device;
mod digest;
mod directory;
mod hashing;
mod hs256;
mod identity;
mod login;
mod names;
mod password;
mod session;
mod throttle;
mod token;

pub use access::AccessError;
pub use administration::{
    AccountChange, AccountConflict, AccountError, Actor, NewAccount, change_account,
    change_profile, create_account, create_api_key, log_out, revoke_api_key, set_password,
};
pub use api_key::ApiKey;
pub use device::Devices;
pub use directory::{Account, AccountDirectory};
pub use identity::{Credential, Identity, IdentityError, identify, identify_session};
pub use login::{LoggedIn, LoginGuard, LoginOrigin};
pub use names::{EMAIL_PATTERN, LONGEST_EMAIL, LONGEST_NAME, NAME_PATTERN, check_email};
pub use password::{PasswordError, Priority, check_password, hash_password};
pub use session::{Session, Sessions};
pub use throttle::LoginThrottle;
pub use token::{TokenError, Tokens};

use std::time::Duration;

use crate::db::{self, Db, DbError, UserRow};

/// Why a login fails.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such user, another password, or a user that was switched off: the answer does not say
    /// which.
    #[error("the user name or the password is wrong")]
    Refused,
    /// Too many were refused: this one was not looked at.
    #[error("too many failed logins: try again in {} s", .0.as_secs().max(1))]
    TooManyTries(Duration),
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The stored hash can't be worked with.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Returns the user whom a login means: the one of that login name, else the one of that e-mail
/// address in any letter case.
///
/// # Errors
/// [`DbError`] when the database can't answer.
async fn find_account(db: &Db, login: &str) -> Result<Option<UserRow>, DbError> {
    let mut conn = db.conn().await?;
    match db::find_user(&mut conn, login).await? {
        None if login.contains('@') => db::find_user_by_email(&mut conn, login).await,
        found => Ok(found),
    }
}

/// Returns the user if the password is right.
///
/// # Errors
/// [`LoginError`].
async fn authenticate(
    user: Option<UserRow>,
    password: &str,
    priority: Priority,
) -> Result<UserRow, LoginError> {
    // An unknown user takes as long as a wrong password.
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = check_password(password.to_owned(), hash, priority).await?;
    user.filter(|user| is_right && user.is_active)
        .ok_or(LoginError::Refused)
}
