//! Is the service alive, and can it answer?

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;

use crate::app::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/livez").get(livez)).service(web::resource("/readyz").get(readyz));
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Ready when the database can be reached and has this version's schema. Redis is reported only:
/// without it the service answers as well.
async fn readyz(state: Data<AppState>) -> HttpResponse {
    let redis = match state.cache.redis_is_up() {
        None => "off",
        Some(true) => "up",
        Some(false) => "down",
    };
    let (is_ready, database) = match state.db.is_migrated().await {
        Ok(true) => (true, "up"),
        Ok(false) => (false, "without this version's migrations"),
        Err(err) => {
            log::warn!("Not ready: {err}");
            (false, "down")
        }
    };
    let body = json!({ "status": if is_ready { "ready" } else { "not ready" }, "database": database, "redis": redis });
    if is_ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
