//! Access tokens: JWT, HS256 and nothing else (RFC 7519, RFC 8725).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::config::Secret;
use crate::db::UserRow;
use crate::domain::{Role, system_now};

/// So many checked tokens are remembered, each for so long.
const MOST_REMEMBERED: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(15 * 60);

/// Who issues the tokens, and for whom.
const ISSUER: &str = "credit-portfolio";
/// A token holds from a little before it is made: clocks of processes may differ.
const CLOCK_DIFFERENCE: i64 = 60;

/// What a token says of its bearer. What the bearer may do is looked up by id and version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: String,
    /// The login name.
    pub username: String,
    /// The role at the time of the login.
    pub role: Role,
    /// The user's department at the time of the login.
    pub department_id: i64,
    /// When the token ends, in Unix seconds.
    pub exp: i64,
    /// The version of the account; tokens of older releases have none.
    #[serde(default)]
    pub ver: i64,
    #[serde(default)]
    iss: String,
    #[serde(default)]
    aud: String,
    #[serde(default)]
    nbf: i64,
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("the access token has expired: log in again")]
    Expired,
    /// The account was changed since: another role, department or password, switched off, or
    /// logged out everywhere.
    #[error("the access token was revoked: log in again")]
    Revoked,
    /// Anything else.
    #[error("the access token is not valid")]
    Invalid,
}

/// Makes tokens with one key and checks them with that or the one before.
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    decoding: Vec<DecodingKey>,
    validation: Validation,
    lifetime: Duration,
    /// Tokens whose signature was right: to check one takes longer than to answer from memory.
    verified: Cache<String, Arc<Claims>>,
}

impl Tokens {
    /// Tokens that are signed with the first key and live for `lifetime`; those of the other keys
    /// are accepted.
    pub fn new(keys: &[&Secret], lifetime: Duration) -> Tokens {
        super::hs256::install();
        let bytes = |key: &&Secret| key.expose().as_bytes().to_vec();
        let keys: Vec<Vec<u8>> = keys.iter().map(bytes).collect();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "sub"]);
        Tokens {
            encoding: EncodingKey::from_secret(keys.first().map_or(&[], Vec::as_slice)),
            decoding: keys
                .iter()
                .map(|key| DecodingKey::from_secret(key))
                .collect(),
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
        let now = system_now().timestamp();
        let claims = Claims {
            sub: user.id.to_string(),
            username: user.username.clone(),
            role: user.role.parse().map_err(|_| TokenError::Invalid)?,
            department_id: user.department_id,
            exp: now + lifetime,
            ver: user.version,
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            nbf: now - CLOCK_DIFFERENCE,
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
        let claims = Arc::new(self.decode(token)?);
        self.verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }

    fn decode(&self, token: &str) -> Result<Claims, TokenError> {
        let mut refused = TokenError::Invalid;
        for key in &self.decoding {
            match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(err) if matches!(err.kind(), ErrorKind::ExpiredSignature) => {
                    refused = TokenError::Expired;
                }
                Err(_) => {}
            }
        }
        Err(refused)
    }
}
