//! Log in, and who am I.

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::error::ApiError;
use crate::accounts::{LoginError, log_in};
use crate::app::AppState;
use crate::db::{self, UserRow};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/auth/login").post(login)).service(web::resource("/auth/me").get(me));
}

#[derive(Deserialize)]
struct LoginRequest {
    username: String,
    password: String,
}

#[derive(Serialize)]
struct LoginAnswer {
    access_token: String,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    user: User,
}

/// A user as others may see it.
#[derive(Serialize)]
struct User {
    id: i64,
    username: String,
    email: String,
    full_name: String,
    role: String,
    department_id: i64,
    is_active: bool,
}

async fn login(
    state: Data<AppState>,
    request: HttpRequest,
    Json(asked): Json<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let address = request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    if let Some(wait) = state.login_throttle.wait(&asked.username, &address) {
        return Err(ApiError::TooManyTries(wait));
    }
    let user = log_in(&state.db, &asked.username, &asked.password).await.inspect_err(|err| {
        if matches!(err, LoginError::Refused) {
            state.login_throttle.failed(&asked.username, &address);
            log::warn!("A login from {address} was refused");
        }
    })?;
    state.login_throttle.succeeded(&asked.username, &address);
    let access_token = state.tokens.issue(&user)?;
    let expires_in = state.tokens.lifetime().as_secs();
    Ok(HttpResponse::Ok().json(LoginAnswer { access_token, token_type: "bearer", expires_in, user: user.into() }))
}

async fn me(state: Data<AppState>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let user = db::find_user_by_id(&mut state.db.conn().await?, caller.user_id).await?;
    let user = user.filter(|user| user.is_active);
    let user = user.ok_or_else(|| ApiError::Unauthorized("the user of this token is no longer active".to_owned()))?;
    Ok(HttpResponse::Ok().json(User::from(user)))
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
        }
    }
}
