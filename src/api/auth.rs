//! Logins and the own account: profile, password, log-out everywhere.
//!
//! Who may see what is decided in `caller`; other people's accounts are in `users`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{email_field, text_field};
use super::caller::{AccountHolder, Caller};
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::{Conflict, GuessErrors, LoginErrors};
use super::openapi::{ROOT, fields};
use super::patch::Patch;
use super::types::User;
use crate::accounts::{self, AccountConflict, AccountError, PasswordError, log_out, set_password};
use crate::db::{self, ProfileChange, UserRow};
use crate::http::{device_cookie, login_origin, new_device_cookie};
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/auth/login").post(login))
        .service(web::resource("/auth/me").get(me).put(change_profile))
        .service(web::resource("/auth/me/change-password").post(change_password))
        .service(web::resource("/auth/logout").post(logout));
}

#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// The login name, or the e-mail address in any letter case.
    username: String,
    password: String,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
struct IssuedToken {
    access_token: String,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
}

#[derive(Serialize, ToSchema)]
struct LoginAnswer {
    #[serde(flatten)]
    token: IssuedToken,
    user: User,
}

/// An access token for name and password.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/auth/login",
    tag = "Accounts",
    request_body = LoginRequest,
    responses((status = 200, description = "OK", body = LoginAnswer), LoginErrors)
)]
pub async fn login(
    state: Data<AppState>,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let known = device_cookie(&request);
    let login = state
        .login_guard()
        .log_in(
            &body.username,
            &body.password,
            login_origin(&request, known.as_deref()),
        )
        .await?;
    let mut response = HttpResponse::Ok();
    if let Some(value) = login.new_device_cookie {
        response.cookie(new_device_cookie(&state, value));
    }
    Ok(response.json(LoginAnswer {
        token: signed_in(&state, &login.user)?,
        user: login.user.into(),
    }))
}

fn signed_in(state: &AppState, user: &UserRow) -> Result<IssuedToken, ApiError> {
    Ok(IssuedToken {
        access_token: state.tokens.issue(user)?,
        token_type: "bearer",
        expires_in: state.tokens.lifetime().as_secs(),
    })
}

/// The user of the token.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/auth/me",
    tag = "Accounts",
    responses((status = 200, description = "OK", body = User))
)]
pub async fn me(state: Data<AppState>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(User::from(active_user(&state, &caller).await?)))
}

/// A field that is left out stays as it is; null clears position and phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    #[serde(default)]
    #[schema(schema_with = fields::email, required = false)]
    email: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text, required = false)]
    full_name: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    position: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    phone: Patch<String>,
}

/// Changes the profile of the user of the token.
#[utoipa::path(
    put,
    context_path = ROOT,
    path = "/auth/me",
    tag = "Accounts",
    request_body = Profile,
    responses((status = 200, description = "OK", body = User), Conflict)
)]
pub async fn change_profile(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<Profile>,
) -> Result<HttpResponse, ApiError> {
    let id = active_user(&state, &caller).await?.id;
    let change = ProfileChange {
        email: body
            .email
            .try_map(|text| email_field("email", &text))?
            .required("email")?,
        full_name: body
            .full_name
            .try_map(|text| text_field("full_name", &text))?
            .required("full_name")?,
        position: body
            .position
            .try_map(|text| text_field("position", &text))?
            .nullable(),
        phone: body
            .phone
            .try_map(|text| text_field("phone", &text))?
            .nullable(),
    };
    accounts::change_profile(&state.db, &caller.actor(&request), id, &change)
        .await
        .map_err(|err| match err {
            AccountError::Conflict(AccountConflict::Taken) => {
                ApiError::Conflict("another user has this e-mail address".to_owned())
            }
            other => other.into(),
        })?;
    me(state, caller).await
}

/// Returns the user of the token.
async fn active_user(state: &AppState, caller: &Caller) -> Result<UserRow, ApiError> {
    let user = db::find_user_by_id(&mut state.db.conn().await?, caller.user_id()).await?;
    let user = user.filter(|user| user.is_active);
    user.ok_or_else(|| {
        ApiError::Unauthorized("the user of this token is no longer active".to_owned())
    })
}

#[derive(Serialize, ToSchema)]
struct ChangedPassword {
    message: &'static str,
    #[serde(flatten)]
    token: IssuedToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    old_password: String,
    #[schema(min_length = 8, max_length = 1024)]
    new_password: String,
}

/// Sets another password. Tokens that were issued before end; the answer holds a new one.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/auth/me/change-password",
    tag = "Accounts",
    request_body = PasswordChange,
    responses((status = 200, description = "OK", body = ChangedPassword), GuessErrors)
)]
pub async fn change_password(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let user = active_user(&state, &caller).await?;
    let known = device_cookie(&request);
    let user = state
        .login_guard()
        .check_own_password(
            user,
            &body.old_password,
            login_origin(&request, known.as_deref()),
        )
        .await
        .map_err(ApiError::from)
        .map_err(|err| match err {
            ApiError::Unauthorized(_) => ApiError::Forbidden("old_password: is wrong".to_owned()),
            other => other,
        })?;
    set_password(
        &state.db,
        &caller.actor(&request),
        user.id,
        body.new_password,
    )
    .await
    .map_err(|err| match err {
        AccountError::Password(PasswordError::Length) => {
            ApiError::invalid("new_password", err.to_string())
        }
        other => other.into(),
    })?;
    state.look_at_accounts().await;
    let user = active_user(&state, &caller).await?;
    Ok(HttpResponse::Ok().json(ChangedPassword {
        message: "the password is changed",
        token: signed_in(&state, &user)?,
    }))
}

/// Ends all access tokens of the user of the token. API keys stay.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/auth/logout",
    tag = "Accounts",
    operation_id = "logout",
    responses((status = 204, description = "Logged out everywhere"))
)]
pub async fn logout(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    log_out(&state.db, &caller.actor(&request), caller.user_id()).await?;
    state.look_at_accounts().await;
    Ok(HttpResponse::NoContent().finish())
}
