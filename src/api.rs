//! The REST interface: parse, authorize, call one use case, answer.
//!
//! One file for each resource. Every error becomes problem+json in `error`; who may see what is
//! decided in `caller`; query strings are read in `params`. No figure is made here.

mod access_log;
mod adjustments;
mod analytics;
mod answer;
mod api_keys;
mod audit;
mod auth;
mod bank_accounts;
mod cache;
mod caller;
mod compression;
mod conditional;
mod contract_answer;
mod contract_choice;
mod contracts;
mod cors;
mod data_quality;
mod departments;
mod error;
mod export;
mod fast_path;
mod figures;
mod file_body;
mod frame;
mod freshness;
mod health;
mod import;
mod journal;
mod lenders;
mod list;
mod merges;
mod normalize;
mod object_body;
mod openapi;
mod operations;
mod organizations;
mod params;
mod parts;
mod patch;
mod reference_list;
mod reference_rows;
mod run_events;
pub mod types;
mod unread_body;
mod upload;
mod users;

use actix_web::web::{self, JsonConfig, ServiceConfig};

pub use compression::compress;
pub use conditional::conditional;
pub use cors::cors;
use error::ApiError;
pub use export::{has_filter_name, has_heading, has_word};
pub use fast_path::FastPathCache;
pub use frame::frame;
pub use health::configure_metrics;
pub use openapi::openapi;

/// The path that the whole contract lies under.
pub const PREFIX: &str = "/api/v1";

/// A JSON body has so many bytes at most.
const JSON_BYTES: usize = 64 * 1024;

/// Registers every route.
pub fn configure(config: &mut ServiceConfig) {
    let json = JsonConfig::default()
        .limit(JSON_BYTES)
        .error_handler(|err, _| ApiError::from_json_error(&err).into());
    config
        .app_data(upload::form_config())
        .app_data(json)
        .service(
            web::scope(PREFIX)
                // What is asked most comes first, and what is more exact comes first:
                // contracts/stats/summary before contracts/{id}.
                .service(
                    web::scope("/credit-portfolio")
                        .configure(analytics::configure)
                        .configure(operations::configure)
                        .configure(parts::configure)
                        .configure(merges::configure)
                        .configure(organizations::configure)
                        .configure(bank_accounts::configure)
                        .configure(lenders::configure)
                        .configure(contracts::configure)
                        .configure(adjustments::configure)
                        .configure(import::configure)
                        .configure(journal::configure)
                        .configure(data_quality::configure)
                        .configure(freshness::configure)
                        .configure(cache::configure),
                )
                .configure(auth::configure)
                .configure(users::configure)
                .configure(api_keys::configure)
                .configure(audit::configure)
                .configure(departments::configure)
                .configure(openapi::configure_document),
        )
        .configure(health::configure)
        .configure(openapi::configure_page)
        .default_service(
            web::route().to(async || {
                ApiError::NotFound("there is nothing at this path".to_owned()).answer()
            }),
        );
}
