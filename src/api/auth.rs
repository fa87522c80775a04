//! Logins, and the accounts of users: the own profile and password, and new users.
//!
//! Who may see what is decided in `caller`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{missing, text_field, whole};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::{Conflict, LoginErrors};
use super::openapi::{ROOT, fields};
use super::patch::Patch;
use crate::accounts::{LoginError, authenticate, find_account, hash_password};
use crate::db::{self, DbError, NewUser, ProfileChange, UserRow};
use crate::domain::Role;
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/auth/login").post(login))
        .service(web::resource("/auth/me").get(me).put(change_profile))
        .service(web::resource("/auth/me/change-password").post(change_password))
        .service(web::resource("/auth/register").post(register));
}

#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// The login name, or the e-mail address in any letter case.
    username: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
struct LoginAnswer {
    access_token: String,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    user: User,
}

/// A user as others may see it.
#[derive(Serialize, ToSchema)]
struct User {
    id: i64,
    username: String,
    email: String,
    full_name: String,
    role: String,
    department_id: i64,
    is_active: bool,
    is_verified: bool,
    position: Option<String>,
    phone: Option<String>,
    last_login: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
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
    let address = request
        .peer_addr()
        .map(|peer| peer.ip().to_string())
        .unwrap_or_default();
    let account = find_account(&state.db, &body.username).await?;
    // The tries of one user are counted together, by whatever name they are made.
    let name = account
        .as_ref()
        .map_or(&body.username, |user| &user.username)
        .clone();
    if let Some(wait) = state.login_throttle.wait(&name, &address) {
        return Err(ApiError::TooManyTries(wait));
    }
    let mut user = authenticate(account, &body.password)
        .await
        .inspect_err(|err| {
            if matches!(err, LoginError::Refused) {
                state.login_throttle.failed(&name, &address);
                log::warn!("A login from {address} was refused");
            }
        })?;
    state.login_throttle.succeeded(&name, &address);
    let access_token = state.tokens.issue(&user)?;
    let now = db::utc_now();
    match state
        .db
        .write(async |conn| db::set_last_login(conn, user.id, now).await)
        .await
    {
        Ok(()) => user.last_login = Some(now),
        // A database that is busy with an import keeps nobody out.
        Err(err) => log::warn!("The time of a login can't be stored: {err}"),
    }
    let expires_in = state.tokens.lifetime().as_secs();
    Ok(HttpResponse::Ok().json(LoginAnswer {
        access_token,
        token_type: "bearer",
        expires_in,
        user: user.into(),
    }))
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
    #[schema(schema_with = fields::text, required = false)]
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
    caller: Caller,
    ObjectBody(body): ObjectBody<Profile>,
) -> Result<HttpResponse, ApiError> {
    let id = active_user(&state, &caller).await?.id;
    let change = ProfileChange {
        email: body
            .email
            .try_map(|text| text_field("email", &text))?
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
    state
        .db
        .write(async |conn| db::update_profile(conn, id, &change).await)
        .await
        .map_err(|err| match err {
            DbError::Duplicate => {
                ApiError::Conflict("another user has this e-mail address".to_owned())
            }
            other => other.into(),
        })?;
    me(state, caller).await
}

/// Returns the user of the token.
async fn active_user(state: &AppState, caller: &Caller) -> Result<UserRow, ApiError> {
    let user = db::find_user_by_id(&mut state.db.conn().await?, caller.user_id).await?;
    let user = user.filter(|user| user.is_active);
    user.ok_or_else(|| {
        ApiError::Unauthorized("the user of this token is no longer active".to_owned())
    })
}

#[derive(Serialize, ToSchema)]
struct Message {
    message: &'static str,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    old_password: String,
    #[schema(min_length = 8, max_length = 1024)]
    new_password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[schema(schema_with = fields::text)]
    username: String,
    #[schema(schema_with = fields::text)]
    email: String,
    #[schema(min_length = 8, max_length = 1024)]
    password: String,
    #[schema(schema_with = fields::text)]
    full_name: String,
    role: Role,
    #[serde(deserialize_with = "whole")]
    #[schema(schema_with = fields::id)]
    department_id: i64,
}

/// Sets another password.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/auth/me/change-password",
    tag = "Accounts",
    request_body = PasswordChange,
    responses((status = 200, description = "OK", body = Message))
)]
pub async fn change_password(
    state: Data<AppState>,
    caller: Caller,
    ObjectBody(body): ObjectBody<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let user = db::find_user(&mut state.db.conn().await?, &caller.username).await?;
    authenticate(user, &body.old_password)
        .await
        .map_err(|err| match err {
            LoginError::Refused => ApiError::Forbidden("old_password: is wrong".to_owned()),
            other => other.into(),
        })?;
    let hash = hash_password(body.new_password)
        .await
        .map_err(|err| ApiError::invalid("new_password", err.to_string()))?;
    state
        .db
        .write(async |conn| db::set_password_hash(conn, &caller.username, &hash).await)
        .await?;
    Ok(HttpResponse::Ok().json(Message {
        message: "the password is changed",
    }))
}

/// Makes a user. ADMIN only.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/auth/register",
    tag = "Accounts",
    request_body = Registration,
    responses((status = 201, description = "Made", body = User), Conflict)
)]
pub async fn register(
    state: Data<AppState>,
    caller: Caller,
    ObjectBody(body): ObjectBody<Registration>,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let now = db::utc_now();
    let user = NewUser {
        department_id: body.department_id,
        username: text_field("username", &body.username)?,
        email: text_field("email", &body.email)?,
        full_name: text_field("full_name", &body.full_name)?,
        password_hash: hash_password(body.password).await?,
        role: body.role.to_string(),
        created_at: now,
        updated_at: now,
    };
    let id = state
        .db
        .write(async |conn| db::insert_user(conn, user).await)
        .await
        .map_err(|err| match err {
            DbError::NoSuchReference => missing("department", body.department_id),
            DbError::Duplicate => ApiError::Conflict(
                "a user of that name or e-mail address exists already".to_owned(),
            ),
            other => other.into(),
        })?;
    let user = db::find_user_by_id(&mut state.db.conn().await?, id).await?;
    Ok(HttpResponse::Created().json(user.map(User::from)))
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> User {
        User {
            id: row.id,
            username: row.username,
            email: row.email,
            full_name: row.full_name,
            role: row.role,
            department_id: row.department_id,
            is_active: row.is_active,
            is_verified: row.is_verified,
            position: row.position,
            phone: row.phone,
            last_login: row.last_login,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
