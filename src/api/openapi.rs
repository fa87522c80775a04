//! The OpenAPI document, generated from the handlers, and the page at `/docs` that shows it.
//!
//! A handler says what is its own: path, parameters, body, answers, errors; a body's fields say
//! what is demanded of them. What holds by rule (common errors, headers, files, who may, examples)
//! is added to the whole document; `tests/it/openapi.rs` compares it with what the program does.

mod document;
pub(super) mod fields;
mod operations_by_rule;
pub(super) mod problems;
mod schemas;
mod schemas_by_rule;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, ServiceConfig};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use self::document::{AccessTokens, JournalAlias};
use self::operations_by_rule::OperationRules;
use self::schemas_by_rule::SchemaRules;
use super::error::Problem;
use super::{
    adjustments, analytics, api_keys, audit, auth, bank_accounts, cache, contracts, data_quality,
    departments, freshness, health, import, journal, lenders, merges, operations, organizations,
    parts, users,
};

/// Where the resources of the credit portfolio lie.
pub(super) const CREDIT_PORTFOLIO: &str = "/api/v1/credit-portfolio";
/// Where logins and departments lie.
pub(super) const ROOT: &str = "/api/v1";

const URL: &str = "/api/v1/openapi.json";

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "credit-portfolio",
        description = "A holding's loans: what was borrowed, repaid, is still owed, and what it costs; by month, \
            organization, contract and lender. Amounts are exact, with two decimals; dates are YYYY-MM-DD; \
            timestamps are UTC. Send the access token of POST /api/v1/auth/login as `Authorization: Bearer …`."
    ),
    servers((url = "/", description = "this service")),
    tags(
        (name = "Accounts", description = "Log in, users, departments."),
        (name = "Analytics", description = "Figures, all cached. Only active operations count, on their document date."),
        (name = "Reference data", description = "Organizations, bank accounts, contracts."),
        (name = "Operations", description = "Receipts, expenses and expense details as 1C gave them."),
        (name = "Adjustments", description = "What exports do not hold: opening balances, set-offs and the like."),
        (name = "Import", description = "Import now, and what imports did."),
        (name = "Service", description = "For whoever runs it.")
    ),
    paths(
        analytics::summary,
        analytics::monthly_stats,
        analytics::monthly_efficiency,
        analytics::org_efficiency,
        analytics::cashflow_monthly,
        analytics::yearly_comparison,
        analytics::quarterly_comparison,
        analytics::debt_balance,
        analytics::concentration,
        analytics::roll_forward,
        analytics::contract_stats,
        analytics::contracts_summary,
        analytics::organization_stats,
        analytics::lender_stats,
        auth::login,
        auth::me,
        auth::change_profile,
        auth::change_password,
        auth::logout,
        users::register,
        users::list,
        users::show,
        users::change,
        users::reset_password,
        users::log_out_user,
        api_keys::list,
        api_keys::create,
        api_keys::revoke,
        audit::list,
        departments::list,
        departments::show,
        departments::create,
        organizations::list,
        organizations::show,
        organizations::create,
        organizations::change,
        bank_accounts::list,
        bank_accounts::show,
        bank_accounts::create,
        bank_accounts::change,
        lenders::list,
        lenders::show,
        lenders::create,
        lenders::change,
        contracts::list,
        contracts::show,
        contracts::create,
        contracts::change,
        merges::list,
        merges::merge_organization,
        merges::split_organization,
        merges::merge_bank_account,
        merges::split_bank_account,
        merges::merge_lender,
        merges::split_lender,
        merges::merge_contract,
        merges::split_contract,
        merges::undo,
        operations::receipts,
        operations::receipt,
        operations::receipt_stats,
        operations::expenses,
        operations::expense,
        operations::expense_stats,
        operations::details,
        parts::operation_parts,
        parts::contract_ledger,
        adjustments::list,
        adjustments::show,
        adjustments::create,
        adjustments::change,
        adjustments::remove,
        adjustments::template,
        import::trigger,
        import::hand_in,
        import::runs,
        import::run,
        import::events,
        import::cancel,
        journal::journal,
        journal::rejects,
        data_quality::data_quality,
        data_quality::found_rows,
        freshness::freshness,
        cache::stats,
        cache::clear,
        health::metrics,
        health::livez,
        health::readyz,
        openapi_json
    ),
    components(schemas(Problem)),
    modifiers(&OperationRules, &SchemaRules, &AccessTokens, &JournalAlias)
)]
struct Handlers;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(Handlers::openapi()).unwrap_or_default());

/// The whole document.
pub fn openapi() -> &'static Value {
    &DOCUMENT
}

/// Below the prefix.
pub(super) fn configure_document(config: &mut ServiceConfig) {
    config.service(web::resource("/openapi.json").get(openapi_json));
}

/// Beside it.
pub(super) fn configure_page(config: &mut ServiceConfig) {
    config.service(web::redirect("/docs", "/docs/")).service(
        SwaggerUi::new("/docs/{_:.*}").config(Config::from(URL).persist_authorization(true)),
    );
}

/// This document.
#[utoipa::path(get, path = URL, tag = "Service", operation_id = "openapi", responses((status = 200, body = Object)))]
async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(openapi().to_string())
}
