//! Who asks, what that person may change, and which departments that person may see.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client_address::client_address;
use super::error::ApiError;
use crate::accounts::{Account, Actor, Credential, identify};
use crate::domain::{DepartmentScope, Role};
use crate::logging::record_user;
use crate::state::AppState;

/// The person behind a valid token or API key. A request that changes something is refused here
/// for those who only read.
#[derive(Clone, Debug)]
pub struct Caller {
    account: Arc<Account>,
    /// What was presented.
    pub(super) credential: Credential,
    is_in_finance: bool,
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
        let presented = presented(request).ok_or_else(|| {
            ApiError::Unauthorized(
                "an access token is needed: send Authorization: Bearer <token>".to_owned(),
            )
        })?;
        let identity = identify(&state.accounts, &state.tokens, &presented).await?;
        record_user(identity.account.user_id);
        let department_id = identity.account.department_id;
        Ok(Caller {
            is_in_finance: state.finance_departments.contains(&department_id),
            account: identity.account,
            credential: identity.credential,
        })
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
        match (self.account.role, requested) {
            (Role::Admin, None) => Ok(DepartmentScope::All),
            (Role::Admin, Some(id)) => Ok(DepartmentScope::One(id)),
            (Role::User, _) => Err(ApiError::Forbidden(
                "the role USER sees no credit portfolio".to_owned(),
            )),
            (Role::Manager | Role::Accountant | Role::Viewer, _) if !self.is_in_finance => {
                Err(ApiError::Forbidden(
                    "only members of a finance department see the credit portfolio".to_owned(),
                ))
            }
            (Role::Manager | Role::Accountant | Role::Viewer, Some(id))
                if id != self.account.department_id =>
            {
                Err(ApiError::Forbidden(format!("department {id} is not yours")))
            }
            (Role::Manager | Role::Accountant | Role::Viewer, _) => {
                Ok(DepartmentScope::One(self.account.department_id))
            }
        }
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
