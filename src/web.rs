//! The dashboard: pages for people, from the same figures and the same cache as the REST interface.
//!
//! One file a page. A page asks `Analytics` with the same queries as the API, so that both answer
//! from the same entries. Everything works without script; `static/` holds what script and style
//! add. `web` never calls `api`. `docs/architecture.md` says how a page is added.

mod account;
mod account_words;
mod assets;
mod audit;
mod balance_chart;
mod beside;
mod cash_flow;
mod cells;
mod charts;
mod compare;
mod contract;
mod contracts;
mod direction_words;
mod error;
mod figures;
mod files;
mod filter_bar;
mod format;
mod forms;
mod frame;
mod import_words;
mod imports;
mod keys;
mod lender;
mod lenders;
mod links;
mod navigation;
mod operation;
mod operations;
mod overview;
mod page_query;
mod pages;
mod paging;
mod payments;
mod payments_chart;
mod quality;
mod roll_forward;
mod sign_in;
mod surroundings;
mod texts;
mod users;
mod visitor;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};

use surroundings::KnownSurroundings;

/// What the pages of all workers share.
#[derive(Clone, Default)]
pub struct Shared {
    surroundings: Data<KnownSurroundings>,
}

/// Registers every page. The scope takes all paths that are left: what is no page has none.
pub fn configure(config: &mut ServiceConfig, shared: &Shared) {
    config.service(
        web::scope("")
            .app_data(shared.surroundings.clone())
            .wrap(from_fn(pages::finish))
            .configure(assets::configure)
            .configure(sign_in::configure)
            .configure(account::configure)
            .configure(overview::configure)
            .configure(cash_flow::configure)
            .configure(payments::configure)
            .configure(compare::configure)
            .configure(operation::configure)
            .configure(operations::configure)
            .configure(contracts::configure)
            .configure(contract::configure)
            .configure(lenders::configure)
            .configure(lender::configure)
            .configure(roll_forward::configure)
            .configure(imports::configure)
            .configure(quality::configure)
            .configure(users::configure)
            .configure(keys::configure)
            .configure(audit::configure)
            .default_service(web::route().to(error::no_such_page)),
    );
}
