//! The analytics endpoints: one shape, one line each.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::fast_path::FastPathKey;
use super::figures::respond;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    BankAccountId, ContractId, ContractStatusFilter, Dates, Department, Files, Grouping,
    OneCurrency, OrganizationId, Pages, Portfolio, RollForwardGrouping, Search,
};
use super::params::Params;
use super::portfolio_params::{Narrowed, contract_search, portfolio_filter};
use crate::analytics::{
    AnalyticsQuery, Concentration, ContractCounts, ContractsSummary, Data as DataOf, DebtBalance,
    DebtGroup, Figure, MonthCashflow, MonthEfficiency, MonthStats, OrganizationEfficiency,
    OrganizationStats, RollForward, RollForwardGroup, Summary, YearComparison,
};
use crate::state::AppState;

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
        .service(web::resource("/analytics/roll-forward").get(roll_forward))
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
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = Summary))
)]
pub async fn summary(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| Figure::Summary).await
}

/// Receipts and expenses, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/monthly-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = Vec<MonthStats>))
)]
pub async fn monthly_stats(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::MonthlyStats
    })
    .await
}

/// Principal and interest, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/monthly-efficiency",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, BankAccountId, Files),
    responses((status = 200, description = "OK", body = DataOf<MonthEfficiency>))
)]
pub async fn monthly_efficiency(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(
        &state,
        &caller,
        fast_path,
        params,
        &[Narrowed::BankAccount],
        |_| Figure::MonthlyEfficiency,
    )
    .await
}

/// How organizations pay off, largest totalPaid first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/org-efficiency",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = DataOf<OrganizationEfficiency>))
)]
pub async fn org_efficiency(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::OrgEfficiency
    })
    .await
}

/// The cash flow, month by month, and its running sum.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/cashflow-monthly",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, BankAccountId, Files),
    responses((status = 200, description = "OK", body = DataOf<MonthCashflow>))
)]
pub async fn cashflow_monthly(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(
        &state,
        &caller,
        fast_path,
        params,
        &[Narrowed::BankAccount],
        |_| Figure::CashflowMonthly,
    )
    .await
}

/// Received and paid, year by year; growth is against the same days of the year before.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/yearly-comparison",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = DataOf<YearComparison>))
)]
pub async fn yearly_comparison(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::YearlyComparison
    })
    .await
}

/// What is owed at the end of each month, up to that of `as_of`: the sum of the positive balances.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/debt-balance",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, ContractId, Grouping, Files),
    responses((status = 200, description = "OK", body = DataOf<DebtBalance>))
)]
pub async fn debt_balance(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let group = params.choice(
        "group_by",
        "contract, organization and lender",
        DebtGroup::of_name,
    )?;
    answer(
        &state,
        &caller,
        fast_path,
        params,
        &[Narrowed::Contract],
        |_| Figure::DebtBalance(group),
    )
    .await
}

/// Shares of what is owed, by lender and by contract, with the Herfindahl–Hirschman index.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/concentration",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = Concentration))
)]
pub async fn concentration(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::Concentration
    })
    .await
}

/// How what was owed at the beginning of the range became what is owed at its end: opening + drawn
/// − repaid + adjustments = closing, by contract (unless `group_by` says otherwise) and in total.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/roll-forward",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, ContractId, RollForwardGrouping, Files),
    responses((status = 200, description = "OK", body = RollForward))
)]
pub async fn roll_forward(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let group = params.choice(
        "group_by",
        "contract, organization, lender and month",
        RollForwardGroup::of_name,
    )?;
    let group = group.unwrap_or(RollForwardGroup::Of(DebtGroup::Contract));
    answer(
        &state,
        &caller,
        fast_path,
        params,
        &[Narrowed::Contract],
        |_| Figure::RollForward(group),
    )
    .await
}

/// How many contracts there are; with dates, of those with an operation in the range.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contract-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = ContractCounts))
)]
pub async fn contract_stats(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::ContractStats
    })
    .await
}

/// The figures of each contract, largest totalPaid first. A file holds all pages.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/stats/summary",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Search, ContractStatusFilter, Pages, Files),
    responses((status = 200, description = "OK", body = ContractsSummary))
)]
pub async fn contracts_summary(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let search = contract_search(&mut params)?;
    answer(&state, &caller, fast_path, params, &[], |is_file| {
        // A file is not cut into pages.
        Figure::ContractsSummary(if is_file { search.whole() } else { search })
    })
    .await
}

/// The figures of each organization.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/organization-stats",
    tag = "Analytics",
    params(Department, Dates, OneCurrency, OrganizationId, Portfolio, Files),
    responses((status = 200, description = "OK", body = DataOf<OrganizationStats>))
)]
pub async fn organization_stats(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, fast_path, params, &[], |_| {
        Figure::OrganizationStats
    })
    .await
}

/// Reads what every question takes, asks it, and answers. The question may depend on whether a
/// file is asked for.
async fn answer(
    state: &AppState,
    caller: &Caller,
    fast_path: FastPathKey,
    mut params: Params,
    narrowed: &[Narrowed],
    question: impl FnOnce(bool) -> Figure,
) -> Result<HttpResponse, ApiError> {
    let filter = portfolio_filter(state, caller, &mut params, narrowed)?;
    let export = params.export()?;
    params.finish()?;
    respond(
        state,
        fast_path,
        AnalyticsQuery {
            figure: question(export.is_some()),
            filter,
        },
        export,
    )
    .await
}
