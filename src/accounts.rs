//! Who may log in: passwords, tokens and the brake on guessing.
//!
//! Used by the REST endpoints and by the `user` command; knows no HTTP.

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
    /// No such user, another password, or a user that was switched off: nobody is told which.
    #[error("the user name or the password is wrong")]
    Refused,
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The stored hash can't be worked with.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// The user of that name, if the password is right.
///
/// # Errors
/// [`LoginError`].
pub async fn log_in(db: &Db, username: &str, password: &str) -> Result<UserRow, LoginError> {
    let user = db::find_user(&mut db.conn().await?, username).await?;
    // An unknown user takes as long as a wrong password.
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = check_password(password.to_owned(), hash).await?;
    user.filter(|user| is_right && user.is_active).ok_or(LoginError::Refused)
}
