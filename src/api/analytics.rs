//! The analytics endpoints: one shape, one line each.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::export::Export;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    BankAccountId, ContractId, Dates, Department, Files, Grouping, OneCurrency, OrganizationId, Pages, Search,
};
use super::params::Params;
use crate::analytics::{
    Answer, Concentration, ContractCounts, ContractSearch, ContractsSummary, Data as DataOf, DebtBalance, DebtGroup,
    MonthCashflow, MonthEfficiency, MonthStats, OrganizationEfficiency, OrganizationStats, Origin, Summary,
    YearComparison,
};
use crate::app::AppState;
use crate::cache::Tier;
use crate::domain::{DataVersion, PortfolioFilter};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/summary").get(summary))
        .service(web::resource("/monthly-stats").get(monthly_stats))
        .service(web::resource("/analytics/monthly-efficiency").get(monthly_efficiency))
        .service(web::resource("/analytics/org-efficiency").get(org_efficiency))
        .service(web::resource("/analytics/cashflow-monthly").get(cashflow_monthly))
        .service(web::resource("/analytics/yearly-comparison").get(yearly_comparison))
        .service(web::resource("/analytics/debt-balance").get(debt_balance))
        .service(web::resource("/analytics/concentration").get(concentration))
        .service(web::resource("/contract-stats").get(contract_stats))
        .service(web::resource("/contracts/stats/summary").get(contracts_summary))
        .service(web::resource("/organization-stats").get(organization_stats));
}

/// The totals of the portfolio.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/summary",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, Files),
    responses((status = 200, description = "OK", body = Summary))
)]
pub async fn summary(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "summary", &state.analytics.summary(&filter).await?).await
}

/// Receipts and expenses, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/monthly-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, Files),
    responses((status = 200, description = "OK", body = Vec<MonthStats>))
)]
pub async fn monthly_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "monthly-stats", &state.analytics.monthly_stats(&filter).await?).await
}

/// Principal and interest, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/monthly-efficiency",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, BankAccountId, Files),
    responses((status = 200, description = "OK", body = DataOf<MonthEfficiency>))
)]
pub async fn monthly_efficiency(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization, Narrowed::BankAccount])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "monthly-efficiency", &state.analytics.monthly_efficiency(&filter).await?).await
}

/// How organizations pay off, largest totalPaid first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/org-efficiency",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Files),
    responses((status = 200, description = "OK", body = DataOf<OrganizationEfficiency>))
)]
pub async fn org_efficiency(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "org-efficiency", &state.analytics.org_efficiency(&filter).await?).await
}

/// The cash flow, month by month, and its running sum.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/cashflow-monthly",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, BankAccountId, Files),
    responses((status = 200, description = "OK", body = DataOf<MonthCashflow>))
)]
pub async fn cashflow_monthly(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization, Narrowed::BankAccount])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "cashflow-monthly", &state.analytics.cashflow_monthly(&filter).await?).await
}

/// Received and paid, year by year; growth is absent in the first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/yearly-comparison",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Files),
    responses((status = 200, description = "OK", body = DataOf<YearComparison>))
)]
pub async fn yearly_comparison(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "yearly-comparison", &state.analytics.yearly_comparison(&filter).await?).await
}

/// What is owed at the end of each month: received − principal.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/debt-balance",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, ContractId, Grouping, Files),
    responses((status = 200, description = "OK", body = DataOf<DebtBalance>))
)]
pub async fn debt_balance(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization, Narrowed::Contract])?;
    let group = match params.text("group_by").as_deref() {
        None => None,
        Some("contract") => Some(DebtGroup::Contract),
        Some("organization") => Some(DebtGroup::Organization),
        Some("counterparty") => Some(DebtGroup::Counterparty),
        Some(other) => {
            let detail = format!("{other:?} is none of contract, organization and counterparty");
            return Err(ApiError::invalid("group_by", detail));
        }
    };
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "debt-balance", &state.analytics.debt_balance(&filter, group).await?).await
}

/// Shares of what is owed, by lender and by contract, with the Herfindahl–Hirschman index.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/concentration",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, Files),
    responses((status = 200, description = "OK", body = Concentration))
)]
pub async fn concentration(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "concentration", &state.analytics.concentration(&filter).await?).await
}

/// How many contracts there are; with dates, of those with an operation in the range.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contract-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, Files),
    responses((status = 200, description = "OK", body = ContractCounts))
)]
pub async fn contract_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "contract-stats", &state.analytics.contract_stats(&filter).await?).await
}

/// The figures of each contract, largest totalPaid first. A file holds all pages.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/stats/summary",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Search, Pages, Files),
    responses((status = 200, description = "OK", body = ContractsSummary))
)]
pub async fn contracts_summary(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization])?;
    let mut asked = ContractSearch {
        search: params.text("search"),
        page: params.number("page", 1, i64::MAX)?.unwrap_or(1),
        limit: params.number("limit", 1, 100)?.unwrap_or(20),
    };
    let export = params.export()?;
    params.finish()?;
    if export.is_some() {
        // A file is not cut into pages.
        asked = ContractSearch { page: 1, limit: i64::MAX, ..asked };
    }
    let answer = state.analytics.contracts_summary(&filter, &asked).await?;
    answered(&state, &filter, export, "contracts-summary", &answer).await
}

/// The figures of each organization.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/organization-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, Files),
    responses((status = 200, description = "OK", body = DataOf<OrganizationStats>))
)]
pub async fn organization_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, &filter, export, "organization-stats", &state.analytics.organization_stats(&filter).await?).await
}

/// What a question can be narrowed to, beside department and dates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Narrowed {
    Organization,
    BankAccount,
    Contract,
}

/// What every analytics question takes (department, dates, currency), and what this one is
/// narrowed to.
fn filter(
    state: &AppState,
    caller: &Caller,
    params: &mut Params,
    narrowed: &[Narrowed],
) -> Result<PortfolioFilter, ApiError> {
    let asked = params.id("department_id")?;
    let currency = params.currency(&state.base_currency)?;
    let mut id = |what: Narrowed, name: &str| if narrowed.contains(&what) { params.id(name) } else { Ok(None) };
    let organization_id = id(Narrowed::Organization, "organization_id")?;
    let bank_account_id = id(Narrowed::BankAccount, "bank_account_id")?;
    let contract_id = id(Narrowed::Contract, "contract_id")?;
    Ok(PortfolioFilter {
        department: caller.department(asked)?,
        dates: params.dates()?,
        organization_id,
        bank_account_id,
        contract_id,
        currency,
    })
}

async fn answered(
    state: &AppState,
    filter: &PortfolioFilter,
    export: Option<Export>,
    name: &str,
    answer: &Answer,
) -> Result<HttpResponse, ApiError> {
    let entry = &answer.entry;
    // An import that changed nothing leaves the entry valid and the data newer.
    let known = state.cache.known_version(filter.department).and_then(|version| version.as_of);
    let as_of = entry.data_as_of.max(known);
    let mut response = match export {
        Some(export) => {
            let version = DataVersion { generation: entry.generation, as_of };
            export.answer(version, name, entry.answer.get()).await?
        }
        None => {
            HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(entry.answer.get().to_owned())
        }
    };
    let mut told = vec![("cache-status", cache_status(answer))];
    told.extend(as_of.map(|as_of| ("x-data-as-of", format!("{}Z", as_of.format("%Y-%m-%dT%H:%M:%S")))));
    if !entry.other_currencies.is_empty() {
        told.push(("x-other-currencies", entry.other_currencies.join(", ")));
    }
    for (name, value) in told {
        let value = HeaderValue::from_str(&value).map_err(|err| ApiError::Internal(err.to_string()))?;
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}

/// RFC 9211: where the answer came from, and what is left of its life.
fn cache_status(answer: &Answer) -> String {
    let ttl = answer.entry.time_left().as_secs();
    let tier = |tier| match tier {
        Tier::Redis => "redis",
        Tier::Memory => "memory",
    };
    match answer.origin {
        Origin::Hit(found) => format!("credit-portfolio; hit; ttl={ttl}; detail={}", tier(found)),
        Origin::Computed(stored) => {
            format!("credit-portfolio; fwd=uri-miss; stored; ttl={ttl}; detail={}", tier(stored))
        }
    }
}
