//! How new the data is.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{Department, Files, Query, given};
use crate::analytics::{self, Freshness};
use crate::state::AppState;

type FreshnessQuery = Query<(Department, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/freshness").get(freshness));
}

/// How new the data is: by department, by organization and kind of export, and the files that fail
/// now. A file holds the rows by organization and kind.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/freshness",
    tag = "Import",
    params(FreshnessQuery),
    responses((status = 200, description = "OK", body = Freshness))
)]
pub async fn freshness(
    state: Data<AppState>,
    caller: Caller,
    query: FreshnessQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, files) = query.params;
    let export = files.export(query.raw);
    let scope = caller.department(given(department.department_id))?;
    let today = state.cache.today();
    let freshness = state
        .db
        .snapshot(async |conn| analytics::freshness(conn, scope, today).await)
        .await?;
    match export {
        Some(export) => {
            export
                .rows(&state, scope, "freshness", freshness.exports)
                .await
        }
        None => Ok(HttpResponse::Ok().json(freshness)),
    }
}
