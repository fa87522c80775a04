//! API keys: for programs and spreadsheets that read the portfolio as their owner may.
//!
//! A key is shown once, when it is made. It is sent as a bearer token, or as the password of
//! `Basic` with any user name.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{listed, missing, optional_whole, text_field};
use super::caller::{AccountHolder, Caller};
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{ROOT, fields};
use super::params::{Files, NoParams, Paging, PathId, Query, UserId, given};
use super::types::{ApiKey, answers};
use crate::accounts::{create_api_key, revoke_api_key};
use crate::db::{self, ApiKeyRow, DbConn, Page, utc_now};
use crate::state::AppState;

type ListQuery = Query<(UserId, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/api-keys").get(list).post(create))
        .service(web::resource("/api-keys/{id}").delete(revoke));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    #[schema(schema_with = fields::text)]
    name: String,
    /// When it ends, UTC; left out or null: never.
    expires_at: Option<NaiveDateTime>,
    /// Whose it is; only ADMIN makes keys for others.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    user_id: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct MadeApiKey {
    /// The key itself: it is not shown again.
    key: String,
    #[serde(flatten)]
    row: ApiKey,
}

/// The own API keys, the newest first; for ADMIN those of `user_id`, or of all users.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/api-keys",
    tag = "Accounts",
    operation_id = "list_api_keys",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<ApiKey>))
)]
pub async fn list(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    let (user, paging, files) = query.params;
    let owner = match (given(user.user_id), caller.is_admin()) {
        (wanted, true) => wanted,
        (wanted, false) => Some(own_or_refused(&caller, wanted)?),
    };
    if let Some(export) = files.export(query.raw) {
        let fetch = async move |conn: &mut DbConn, page: Page| {
            let (rows, _) = db::list_api_keys(conn, owner, page).await?;
            Ok(answers::<_, ApiKey>(rows))
        };
        return export.list(&state, None, "api-keys", fetch).await;
    }
    let mut conn = state.db.conn().await?;
    let (rows, total) = db::list_api_keys(&mut conn, owner, paging.page()).await?;
    Ok(listed(&answers::<_, ApiKey>(rows), total))
}

/// Makes an API key.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/api-keys",
    tag = "Accounts",
    operation_id = "create_api_key",
    request_body = NewApiKey,
    responses((status = 201, description = "Made", body = MadeApiKey), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    _: NoParams,
    request: HttpRequest,
    ObjectBody(body): ObjectBody<NewApiKey>,
) -> Result<HttpResponse, ApiError> {
    let name = text_field("name", &body.name)?;
    if body.expires_at.is_some_and(|end| end <= utc_now()) {
        return Err(ApiError::invalid("expires_at", "lies in the past"));
    }
    let owner = match body.user_id {
        Some(id) if caller.is_admin() => id,
        wanted => own_or_refused(&caller, wanted)?,
    };
    let actor = caller.actor(&request);
    let (row, key) = create_api_key(&state.db, &actor, owner, name, body.expires_at).await?;
    state.look_at_accounts().await;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("{ROOT}/api-keys/{}", row.id)))
        .json(MadeApiKey {
            key: key.expose().to_owned(),
            row: row.into(),
        }))
}

/// Revokes an API key of the own, for ADMIN of any user.
#[utoipa::path(
    delete,
    context_path = ROOT,
    path = "/api-keys/{id}",
    tag = "Accounts",
    operation_id = "revoke_api_key",
    params(PathId),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke(
    state: Data<AppState>,
    AccountHolder(caller): AccountHolder,
    PathId(id): PathId,
    _: NoParams,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let key = db::find_api_key(&mut state.db.conn().await?, id).await?;
    let is_own = |key: &ApiKeyRow| caller.is_admin() || key.user_id == caller.user_id();
    // Others' keys are none of the caller's business.
    let key = key.filter(is_own).ok_or_else(|| missing("API key", id))?;
    revoke_api_key(&state.db, &caller.actor(&request), &key).await?;
    state.look_at_accounts().await;
    Ok(HttpResponse::NoContent().finish())
}

fn own_or_refused(caller: &Caller, wanted: Option<i64>) -> Result<i64, ApiError> {
    match wanted {
        Some(id) if id != caller.user_id() => Err(ApiError::Forbidden(
            "only the role ADMIN sees and makes other users' keys".to_owned(),
        )),
        _ => Ok(caller.user_id()),
    }
}
