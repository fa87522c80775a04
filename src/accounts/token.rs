//! Access tokens: JWT, HS256 and nothing else (RFC 7519, RFC 8725).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::config::Secret;
use crate::db::UserRow;
use crate::domain::{Role, system_now};

/// So many checked tokens are remembered, each for so long.
const MOST_REMEMBERED: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(15 * 60);

/// What a token says of its bearer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: String,
    /// The login name.
    pub username: String,
    /// The role.
    pub role: Role,
    /// The user's department.
    pub department_id: i64,
    /// When the token ends, in Unix seconds.
    pub exp: i64,
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("the access token has expired: log in again")]
    Expired,
    /// Anything else.
    #[error("the access token is not valid")]
    Invalid,
}

/// Makes and checks tokens with one key.
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    lifetime: Duration,
    /// Tokens whose signature was right: to check one takes longer than to answer from memory.
    verified: Cache<String, Arc<Claims>>,
}

impl Tokens {
    /// Tokens that are signed with `key` and live for `lifetime`.
    pub fn new(key: &Secret, lifetime: Duration) -> Tokens {
        super::hs256::install();
        let key = key.expose().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp", "sub"]);
        Tokens {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            lifetime,
            verified: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build(),
        }
    }

    /// How long a token lives.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token for a user.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] when the user's role is none that the program knows.
    pub fn issue(&self, user: &UserRow) -> Result<String, TokenError> {
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        let claims = Claims {
            sub: user.id.to_string(),
            username: user.username.clone(),
            role: user.role.parse().map_err(|_| TokenError::Invalid)?,
            department_id: user.department_id,
            exp: system_now().timestamp() + lifetime,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|_| TokenError::Invalid)
    }

    /// What a token says, if it is ours and its time is not over.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        if let Some(claims) = self.verified.get(token) {
            return if claims.exp > system_now().timestamp() {
                Ok(claims)
            } else {
                Err(TokenError::Expired)
            };
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        let claims = Arc::new(decoded.map(|token| token.claims).map_err(
            |err| match err.kind() {
                jsonwebtoken::errors::ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            },
        )?);
        self.verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }
}
