//! Which pages may call the interface from a browser.

use actix_cors::Cors;

const HOUR: usize = 3600;

/// Headers of answers that a page may read beside the usual ones.
const EXPOSED: [&str; 10] = [
    "Cache-Status",
    "Content-Disposition",
    "ETag",
    "Link",
    "X-Data-As-Of",
    "X-Data-Through",
    "X-Next-After",
    "X-Other-Currencies",
    "X-Request-Id",
    "X-Total-Count",
];

/// The middleware for these origins; without any, no page of another origin may.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "DELETE"])
        .allowed_headers([
            "Authorization",
            "Content-Type",
            "If-None-Match",
            "X-Request-Id",
        ])
        .expose_headers(EXPOSED)
        .block_on_origin_mismatch(false)
        .max_age(HOUR);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
