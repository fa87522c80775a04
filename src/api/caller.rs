//! Who asks, what that person may change, and which departments that person may see.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::ApiError;
use crate::accounts::{Account, Actor, Credential, Identity, identify, identify_session};
use crate::domain::{DepartmentScope, Role};
use crate::http::{client_address, session_cookie};
use crate::logging::record_user;
use crate::state::AppState;

/// The person behind a valid token, API key or session. A request that changes something is refused here
/// for those who only read.
#[derive(Clone)]
pub struct Caller {
    account: Arc<Account>,
    /// What was presented.
    pub(super) credential: Credential,
    state: web::Data<AppState>,
}

/// A person who may change the own account: everybody with a token, whatever the role. API keys
/// may not.
pub struct AccountHolder(pub Caller);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Extracted<Caller>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Caller::allowed(&request).await })
    }
}

impl FromRequest for AccountHolder {
    type Error = ApiError;
    type Future = Extracted<AccountHolder>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = Caller::of(&request).await?;
            caller.is_no_key().map(|()| AccountHolder(caller))
        })
    }
}

impl Caller {
    /// Reads who asks, and refuses changes of those who only read.
    ///
    /// # Errors
    /// 401 without a valid credential, 403 when it only reads.
    pub(super) async fn allowed(request: &HttpRequest) -> Result<Caller, ApiError> {
        let caller = Caller::of(request).await?;
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            caller.changes()?;
        }
        Ok(caller)
    }

    /// Reads the request's credential.
    ///
    /// # Errors
    /// 401 without a valid one.
    async fn of(request: &HttpRequest) -> Result<Caller, ApiError> {
        let state = state_of(request)?;
        let identity = Caller::identity(state, request).await?;
        record_user(identity.account.user_id);
        Ok(Caller {
            account: identity.account,
            credential: identity.credential,
            state: state.clone(),
        })
    }

    /// A session of the dashboard reads only: its cookie comes with requests that other sites make.
    async fn identity(state: &AppState, request: &HttpRequest) -> Result<Identity, ApiError> {
        if let Some(presented) = presented(request) {
            return Ok(identify(&state.accounts, &state.tokens, &presented).await?);
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match session_cookie(request).filter(|_| is_read) {
            Some(cookie) => {
                let found = identify_session(&state.accounts, &state.sessions, &cookie).await;
                Ok(found.map(|(identity, _)| identity)?)
            }
            None => Err(ApiError::Unauthorized(
                "an access token is needed: send Authorization: Bearer <token>".to_owned(),
            )),
        }
    }

    /// The user's id.
    pub fn user_id(&self) -> i64 {
        self.account.user_id
    }

    /// The login name.
    pub fn username(&self) -> &str {
        &self.account.username
    }

    /// The caller, for the audit log.
    pub fn actor(&self, request: &HttpRequest) -> Actor {
        Actor {
            user_id: Some(self.user_id()),
            name: self.username().to_owned(),
            address: client_address(request),
        }
    }

    /// Those who only read may not.
    fn changes(&self) -> Result<(), ApiError> {
        if self.account.role == Role::Viewer {
            return Err(ApiError::Forbidden(
                "the role VIEWER changes nothing".to_owned(),
            ));
        }
        self.is_no_key()
    }

    fn is_no_key(&self) -> Result<(), ApiError> {
        let refused = || {
            ApiError::Forbidden(
                "an API key only reads the portfolio: log in with name and password for this"
                    .to_owned(),
            )
        };
        (!self.credential.is_read_only())
            .then_some(())
            .ok_or_else(refused)
    }

    /// Resolves the department that is asked for (`None`: left out) to what the caller may see.
    ///
    /// # Errors
    /// 403 when the caller may see no credit portfolio, or not that department's.
    pub fn department(&self, requested: Option<i64>) -> Result<DepartmentScope, ApiError> {
        self.account
            .scope(requested, &self.state.finance_departments)
            .map_err(|err| ApiError::Forbidden(err.to_string()))
    }

    /// As [`Caller::department`], for a row that has to be of one: left out, the caller's own.
    ///
    /// # Errors
    /// 403 as there.
    pub fn one_department(&self, requested: Option<i64>) -> Result<i64, ApiError> {
        Ok(self
            .department(requested)?
            .id()
            .unwrap_or(self.account.department_id))
    }

    /// Whether this is an administrator.
    pub fn is_admin(&self) -> bool {
        self.account.role == Role::Admin
    }

    /// Only administrators may, and not by an API key.
    ///
    /// # Errors
    /// 403 for all others.
    pub fn administers(&self) -> Result<(), ApiError> {
        if self.account.role != Role::Admin {
            return Err(ApiError::Forbidden(
                "only the role ADMIN may do this".to_owned(),
            ));
        }
        self.is_no_key()
    }
}

/// Returns what handlers work with.
pub(super) fn state_of(request: &HttpRequest) -> Result<&web::Data<AppState>, ApiError> {
    let state = request.app_data::<web::Data<AppState>>();
    state.ok_or_else(|| ApiError::Internal("the request has no state".to_owned()))
}

/// Returns the token or API key of a request: behind `Bearer`, or as the password of `Basic`, which
/// is how spreadsheets send a key.
fn presented(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = header.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}
