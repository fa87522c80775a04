//! Who may log in: passwords, tokens and the brake on guessing.
//!
//! Used by the REST endpoints and by the `user` command; knows no HTTP.

mod hs256;
mod password;
mod throttle;
mod token;

pub use password::{PasswordError, check_password, hash_password};
pub use throttle::LoginThrottle;
pub use token::{Claims, TokenError, Tokens};

use crate::db::{self, Db, DbError, UserRow};

/// Why a login fails.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such user, another password, or a user that was switched off: the answer does not say
    /// which.
    #[error("the user name or the password is wrong")]
    Refused,
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
pub async fn find_account(db: &Db, login: &str) -> Result<Option<UserRow>, DbError> {
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
pub async fn authenticate(user: Option<UserRow>, password: &str) -> Result<UserRow, LoginError> {
    // An unknown user takes as long as a wrong password.
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = check_password(password.to_owned(), hash).await?;
    user.filter(|user| is_right && user.is_active)
        .ok_or(LoginError::Refused)
}
