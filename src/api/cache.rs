//! What the cache holds, and emptying it. For administrators.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::NoParams;
use crate::cache::NAMESPACE;
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/cache/stats").get(stats))
        .service(web::resource("/cache/clear").post(clear));
}

#[derive(Serialize, ToSchema)]
struct CacheStatistics {
    /// Which of the processes that share the database answers.
    replica_id: String,
    /// Entries in this process's memory.
    entries: u64,
    /// What they take up.
    bytes: u64,
    /// `up`, `down` or `off`.
    redis: &'static str,
    /// `scoped` or `namespace`.
    invalidation: &'static str,
    /// What people ask most, by cache key.
    most_asked: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct Cleared {
    message: &'static str,
}

/// What the cache of the process that answers holds. ADMIN only.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/cache/stats",
    tag = "Service",
    operation_id = "cache_stats",
    responses((status = 200, description = "OK", body = CacheStatistics))
)]
pub async fn stats(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let stats = state.cache.stats();
    Ok(HttpResponse::Ok().json(CacheStatistics {
        replica_id: state.cache.replica_id().to_owned(),
        entries: stats.entries,
        bytes: stats.bytes,
        redis: super::health::redis_state(stats.redis_is_up),
        invalidation: if state.is_scoped {
            "scoped"
        } else {
            "namespace"
        },
        most_asked: state.analytics.most_asked(),
    }))
}

/// Drops every cached answer, here and in Redis. ADMIN only. It is never needed for right figures.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/cache/clear",
    tag = "Service",
    operation_id = "cache_clear",
    responses((status = 200, description = "OK", body = Cleared))
)]
pub async fn clear(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    state.cache.invalidate_namespace(NAMESPACE).await;
    log::info!("{} cleared the cache", caller.username());
    Ok(HttpResponse::Ok().json(Cleared {
        message: "the cache is empty",
    }))
}
