//! Is the service alive, and can it answer?

use actix_web::HttpResponse;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::RETRY_SECONDS;
use crate::import::actor::ActorState;
use crate::metrics;
use crate::state::{AppState, DatabaseStatus};

const UP: &str = "up";

/// Routes that machines ask all the time.
pub(super) const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/livez").get(livez))
        .service(web::resource("/readyz").get(readyz));
}

/// Registers the metrics, which may have an address of their own.
pub fn configure_metrics(config: &mut ServiceConfig) {
    config.service(web::resource("/metrics").get(metrics));
}

#[derive(Serialize, ToSchema)]
struct Liveness {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, `not ready`, or `stopping`: the program still answers for a moment.
    status: &'static str,
    /// `up`, `down`, `read-only` or `without this version's migrations`. While it is down, the program
    /// is ready as long as it has cached answers.
    database: &'static str,
    /// `up`, `down` or `off`.
    redis: &'static str,
    /// Whether imports are started, by schedule and on request: `up`, `restarting` or `down`.
    import: &'static str,
}

/// Whether the program runs, whatever it depends on.
#[utoipa::path(get, path = "/livez", tag = "Service", responses((status = 200, description = "OK", body = Liveness)))]
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: "alive" })
}

/// Whether requests should be sent here.
/// Ready when the database can be worked with, or does not answer while there are cached answers to
/// serve; when imports are started; and when the program is not about to stop. Redis is reported
/// only: without it the service answers as well. The database is waited for half a second at most.
#[utoipa::path(get, path = "/readyz", tag = "Service", responses((status = 200, description = "Ready", body = Readiness), (status = 503, description = "Not ready", body = Readiness)))]
pub async fn readyz(state: Data<AppState>) -> HttpResponse {
    let redis = redis_state(state.cache.redis_is_up());
    let import = import_state(state.import.state());
    let (can_answer, database) = match state.database_status().await {
        DatabaseStatus::Up => (true, UP),
        DatabaseStatus::NotMigrated => (false, "without this version's migrations"),
        DatabaseStatus::ReadOnly => (false, "read-only"),
        // It is away for every process: a balancer that sent nobody here would send nobody anywhere.
        DatabaseStatus::Down => (state.cache.holds_answers(), "down"),
    };
    let is_ready = can_answer && import == UP && !state.shutdown.is_leaving();
    let body = Readiness {
        status: match is_ready {
            true => "ready",
            false if state.shutdown.is_leaving() => "stopping",
            false => "not ready",
        },
        database,
        redis,
        import,
    };
    if is_ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable()
            .insert_header((RETRY_AFTER, RETRY_SECONDS))
            .json(body)
    }
}

/// What is measured, for Prometheus. With `METRICS_BIND` it is found at that address alone.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Service",
    responses((status = 200, description = "OK", body = String, content_type = "text/plain"))
)]
pub async fn metrics(state: Data<AppState>) -> HttpResponse {
    let stats = state.cache.stats();
    metrics::CACHE_ENTRIES.set(i64::try_from(stats.entries).unwrap_or(i64::MAX));
    metrics::CACHE_BYTES.set(i64::try_from(stats.bytes).unwrap_or(i64::MAX));
    let is_up = state.database_status().await == DatabaseStatus::Up;
    metrics::DATABASE_UP.set(i64::from(is_up));
    for pool in state.pools() {
        let usage = pool.usage();
        let connections = |state, count| {
            metrics::POOL_CONNECTIONS
                .with_label_values(&[usage.pool, state])
                .set(i64::from(count));
        };
        connections("used", usage.open.saturating_sub(usage.idle));
        connections("idle", usage.idle);
        metrics::POOL_LIMIT
            .with_label_values(&[usage.pool])
            .set(i64::from(usage.limit));
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics::text())
}

fn import_state(state: ActorState) -> &'static str {
    match state {
        ActorState::Running => UP,
        ActorState::Restarting => "restarting",
        ActorState::Stopped => "down",
    }
}

/// As it is answered: `up`, `down` or `off`.
pub(super) fn redis_state(is_up: Option<bool>) -> &'static str {
    match is_up {
        None => "off",
        Some(true) => UP,
        Some(false) => "down",
    }
}
