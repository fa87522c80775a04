//! Who is behind a request: an access token, an API key or a session, and the account that it stands
//! for.

use std::sync::Arc;

use super::api_key::{KeyHash, is_api_key};
use super::directory::{Account, AccountDirectory};
use super::session::{Session, Sessions};
use super::token::{TokenError, Tokens};
use crate::db::DbError;

/// An account, and what stands for it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account as this process knows it.
    pub account: Arc<Account>,
    /// What was presented.
    pub credential: Credential,
}

/// What was presented, as far as it can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub user_id: i64,
    /// The account's version that it holds for.
    pub version: i64,
    /// How it is known.
    pub kind: CredentialKind,
}

/// The kinds of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// An access token, until a time in Unix seconds.
    Token { ends: i64 },
    /// The API key of that id.
    Key { id: i64 },
    /// A session of the dashboard.
    Session,
}

/// Why a credential is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The API key, whatever is wrong with it.
    #[error("the API key is unknown, revoked or expired")]
    Key,
    /// The owner of the API key.
    #[error("the user of this API key is no longer active")]
    Owner,
    /// The session.
    #[error("the session has ended: sign in again")]
    Session,
    /// The account can't be looked up.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Credential {
    /// Whether it only reads.
    pub fn is_read_only(&self) -> bool {
        matches!(self.kind, CredentialKind::Key { .. })
    }

    /// Whether what it was presented with may be remembered: a session can end at any time.
    pub fn may_be_remembered(&self) -> bool {
        self.kind != CredentialKind::Session
    }

    /// Whether it is still accepted, as far as this process knows by a look within the lease; notes the
    /// use of a key.
    pub fn is_accepted(&self, directory: &AccountDirectory, now: i64) -> bool {
        let holds = match self.kind {
            CredentialKind::Token { ends } => ends > now,
            CredentialKind::Key { id } => directory.is_valid_key(id),
            // Only the table of sessions knows whether it has ended.
            CredentialKind::Session => false,
        };
        holds && directory.is_fresh() && directory.is_current(self.user_id, self.version)
    }
}

/// Returns whom an access token or an API key stands for.
///
/// # Errors
/// [`IdentityError`] when it is not accepted.
pub async fn identify(
    directory: &AccountDirectory,
    tokens: &Tokens,
    presented: &str,
) -> Result<Identity, IdentityError> {
    directory.look_if_due().await;
    if is_api_key(presented) {
        let key = directory.key(&KeyHash::of(presented));
        let (id, user_id) = key.ok_or(IdentityError::Key)?;
        let account = directory.account(user_id).filter(|owner| owner.is_active);
        let account = account.ok_or(IdentityError::Owner)?;
        return Ok(Identity::of(account, CredentialKind::Key { id }));
    }
    let claims = tokens.verify(presented)?;
    let user_id = claims.sub.parse().map_err(|_| TokenError::Invalid)?;
    let account = directory.account_of_version(user_id, claims.ver).await?;
    let account = account.filter(|account| account.is_active);
    let account = account.ok_or(TokenError::Revoked)?;
    let ends = claims.exp;
    Ok(Identity::of(account, CredentialKind::Token { ends }))
}

/// Returns whom the cookie of a session stands for, and the session.
///
/// # Errors
/// [`IdentityError`] when it has ended.
pub async fn identify_session(
    directory: &AccountDirectory,
    sessions: &Sessions,
    cookie: &str,
) -> Result<(Identity, Arc<Session>), IdentityError> {
    directory.look_if_due().await;
    let session = sessions.find(cookie).await?.ok_or(IdentityError::Session)?;
    let account = directory
        .account_of_version(session.user_id, session.version)
        .await?;
    let account = account.filter(|account| account.is_active);
    let account = account.ok_or(IdentityError::Session)?;
    Ok((Identity::of(account, CredentialKind::Session), session))
}

impl Identity {
    fn of(account: Arc<Account>, kind: CredentialKind) -> Identity {
        let credential = Credential {
            user_id: account.user_id,
            version: account.version,
            kind,
        };
        Identity {
            account,
            credential,
        }
    }
}
