//! Who asks, and which departments that person may see.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use super::error::ApiError;
use crate::accounts::Claims;
use crate::domain::{DepartmentScope, Role};
use crate::logging::record_user;
use crate::state::AppState;

/// The person behind a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user's id.
    pub user_id: i64,
    /// The login name.
    pub username: String,
    /// When the token ends, in Unix seconds.
    pub token_ends: i64,
    role: Role,
    department_id: i64,
    is_in_finance: bool,
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Caller, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = Caller::of(request);
        if let Ok(caller) = &caller {
            record_user(caller.user_id);
        }
        ready(caller)
    }
}

impl Caller {
    /// Reads the request's token.
    ///
    /// # Errors
    /// 401 without a valid one.
    pub(super) fn of(request: &HttpRequest) -> Result<Caller, ApiError> {
        let state = state_of(request)?;
        Caller::from_claims(&*claims_of(state, request)?, &state.finance_departments)
    }

    fn from_claims(claims: &Claims, finance_departments: &[i64]) -> Result<Caller, ApiError> {
        let user_id = claims
            .sub
            .parse()
            .map_err(|_| ApiError::Unauthorized("the access token names no user".to_owned()))?;
        Ok(Caller {
            user_id,
            username: claims.username.clone(),
            token_ends: claims.exp,
            role: claims.role,
            department_id: claims.department_id,
            is_in_finance: finance_departments.contains(&claims.department_id),
        })
    }

    /// Resolves the department that is asked for (`None`: left out) to what the caller may see.
    ///
    /// # Errors
    /// 403 when the caller may see no credit portfolio, or not that department's.
    pub fn department(&self, requested: Option<i64>) -> Result<DepartmentScope, ApiError> {
        match (self.role, requested) {
            (Role::Admin, None) => Ok(DepartmentScope::All),
            (Role::Admin, Some(id)) => Ok(DepartmentScope::One(id)),
            (Role::User, _) => Err(ApiError::Forbidden(
                "the role USER sees no credit portfolio".to_owned(),
            )),
            (Role::Manager | Role::Accountant, _) if !self.is_in_finance => {
                Err(ApiError::Forbidden(
                    "only members of a finance department see the credit portfolio".to_owned(),
                ))
            }
            (Role::Manager | Role::Accountant, Some(id)) if id != self.department_id => {
                Err(ApiError::Forbidden(format!("department {id} is not yours")))
            }
            (Role::Manager | Role::Accountant, _) => Ok(DepartmentScope::One(self.department_id)),
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
            .unwrap_or(self.department_id))
    }

    /// Only administrators may.
    ///
    /// # Errors
    /// 403 for all others.
    pub fn administers(&self) -> Result<(), ApiError> {
        let refused = || ApiError::Forbidden("only the role ADMIN may do this".to_owned());
        (self.role == Role::Admin).then_some(()).ok_or_else(refused)
    }
}

/// Returns what handlers work with.
pub(super) fn state_of(request: &HttpRequest) -> Result<&web::Data<AppState>, ApiError> {
    let state = request.app_data::<web::Data<AppState>>();
    state.ok_or_else(|| ApiError::Internal("the request has no state".to_owned()))
}

fn claims_of(state: &AppState, request: &HttpRequest) -> Result<Arc<Claims>, ApiError> {
    let header = request.headers().get(AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(bearer_token);
    let token = token.ok_or_else(|| {
        ApiError::Unauthorized(
            "an access token is needed: send Authorization: Bearer <token>".to_owned(),
        )
    })?;
    Ok(state.tokens.verify(token)?)
}

fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
