//! Other people's accounts: who may log in, with which role and department. ADMIN only.
//!
//! Every change stands in the audit log and ends the user's access tokens.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{WholeNumber, email_field, found, listed_page, text_field, whole};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{ROOT, fields};
use super::params::{Activity, Files, NoParams, Paging, PathId, Query, given};
use super::patch::Patch;
use super::types::{User, answers};
use crate::accounts::{
    AccountChange, NewAccount, change_account, create_account, log_out, set_password,
};
use crate::db;
use crate::domain::Role;
use crate::state::AppState;

type ListQuery = Query<(Activity, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/auth/register").post(register))
        .service(web::resource("/users").get(list))
        .service(web::resource("/users/{id}").get(show).put(change))
        .service(web::resource("/users/{id}/password").post(reset_password))
        .service(web::resource("/users/{id}/logout").post(log_out_user));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[schema(schema_with = fields::username)]
    username: String,
    #[schema(schema_with = fields::email)]
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

/// A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedUser {
    #[serde(default)]
    #[schema(value_type = Role, required = false)]
    role: Patch<Role>,
    #[serde(default)]
    #[schema(schema_with = fields::id, required = false)]
    department_id: Patch<WholeNumber>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[schema(min_length = 8, max_length = 1024)]
    password: String,
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
    request: HttpRequest,
    ObjectBody(body): ObjectBody<Registration>,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let account = NewAccount {
        username: body.username.trim().to_owned(),
        email: email_field("email", &body.email)?,
        full_name: text_field("full_name", &body.full_name)?,
        password: body.password,
        role: body.role,
        department_id: body.department_id,
    };
    let id = create_account(&state.db, &caller.actor(&request), account).await?;
    state.look_at_accounts().await;
    let user = db::find_user_by_id(&mut state.db.conn().await?, id).await?;
    Ok(HttpResponse::Created().json(user.map(User::from)))
}

/// The users, by login name. ADMIN only.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/users",
    tag = "Accounts",
    operation_id = "list_users",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<User>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let (activity, paging, files) = query.params;
    let (page, is_active) = (paging.page(), given(activity.is_active));
    let mut rows = db::list_users(&mut state.db.conn().await?).await?;
    rows.retain(|row| is_active.is_none_or(|wanted| row.is_active == wanted));
    let rows = answers::<_, User>(rows);
    match files.export(query.raw) {
        Some(export) => export.rows(&state, None, "users", rows).await,
        None => Ok(listed_page(rows, page)),
    }
}

/// One user. ADMIN only.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/users/{id}",
    tag = "Accounts",
    operation_id = "get_user",
    params(PathId),
    responses((status = 200, description = "OK", body = User))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let user = db::find_user_by_id(&mut state.db.conn().await?, id).await?;
    found(user.map(User::from), "user", id)
}

/// Changes role, department or activity of a user, who has to log in again. ADMIN only; the last
/// active ADMIN stays one.
#[utoipa::path(
    put,
    context_path = ROOT,
    path = "/users/{id}",
    tag = "Accounts",
    operation_id = "change_user",
    params(PathId),
    request_body = ChangedUser,
    responses((status = 200, description = "OK", body = User), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<ChangedUser>,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let change = AccountChange {
        role: body.role.required("role")?,
        department_id: body
            .department_id
            .required("department_id")?
            .map(|number| number.0),
        is_active: body.is_active.required("is_active")?,
    };
    change_account(&state.db, &caller.actor(&request), id, change).await?;
    state.look_at_accounts().await;
    let user = db::find_user_by_id(&mut state.db.conn().await?, id).await?;
    found(user.map(User::from), "user", id)
}

/// Sets another password for a user, who has to log in again. ADMIN only.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/users/{id}/password",
    tag = "Accounts",
    operation_id = "reset_password",
    params(PathId),
    request_body = NewPassword,
    responses((status = 204, description = "Set"))
)]
pub async fn reset_password(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    set_password(&state.db, &caller.actor(&request), id, body.password).await?;
    state.look_at_accounts().await;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all access tokens of a user. API keys stay. ADMIN only.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/users/{id}/logout",
    tag = "Accounts",
    operation_id = "log_out_user",
    params(PathId),
    responses((status = 204, description = "Logged out everywhere"))
)]
pub async fn log_out_user(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    log_out(&state.db, &caller.actor(&request), id).await?;
    state.look_at_accounts().await;
    Ok(HttpResponse::NoContent().finish())
}
