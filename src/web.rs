//! The dashboard: pages for people, from the same figures and the same cache as the REST interface.
//!
//! One file a page. A page asks `Analytics` with the same queries as the API, so that both answer
//! from the same entries. Everything works without script; `static/` holds what script and style
//! add. `web` never calls `api`. `docs/architecture.md` says how a page is added.

mod account;
mod account_words;
mod assets;
mod audit;
mod charts;
mod error;
mod figures;
mod filter_bar;
mod format;
mod forms;
mod frame;
mod import_words;
mod imports;
mod keys;
mod links;
mod navigation;
mod operations;
mod overview;
mod page_query;
mod pages;
mod paging;
mod quality;
mod sign_in;
mod surroundings;
mod texts;
mod users;
mod visitor;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};

use surroundings::KnownSurroundings;

/// Registers every page. The scope takes all paths that are left: what is no page has none.
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::scope("")
            .app_data(Data::new(KnownSurroundings::default()))
            .wrap(from_fn(pages::finish))
            .configure(assets::configure)
            .configure(sign_in::configure)
            .configure(account::configure)
            .configure(overview::configure)
            .configure(operations::configure)
            .configure(imports::configure)
            .configure(quality::configure)
            .configure(users::configure)
            .configure(keys::configure)
            .configure(audit::configure)
            .default_service(web::route().to(error::no_such_page)),
    );
}
