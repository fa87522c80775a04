//! The analytics endpoints: one shape, one line each.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::figures::{Again, answered};
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    BankAccountId, ContractId, Dates, Department, Files, Grouping, OneCurrency, OrganizationId, Pages, Search,
};
use super::params::Params;
use crate::analytics::{
    Concentration, ContractCounts, ContractSearch, ContractsSummary, Data as DataOf, DebtBalance, DebtGroup,
    MonthCashflow, MonthEfficiency, MonthStats, OrganizationEfficiency, OrganizationStats, Query, Question, Summary,
    YearComparison,
};
use crate::app::AppState;
use crate::domain::PortfolioFilter;

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
pub async fn summary(
    state: Data<AppState>,
    caller: Caller,
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[], |_| Question::Summary).await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[], |_| Question::MonthlyStats).await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[Narrowed::Organization, Narrowed::BankAccount], |_| {
        Question::MonthlyEfficiency
    })
    .await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[Narrowed::Organization], |_| Question::OrgEfficiency).await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[Narrowed::Organization, Narrowed::BankAccount], |_| {
        Question::CashflowMonthly
    })
    .await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[Narrowed::Organization], |_| Question::YearlyComparison).await
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
pub async fn debt_balance(
    state: Data<AppState>,
    caller: Caller,
    again: Again,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
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
    let narrowed = [Narrowed::Organization, Narrowed::Contract];
    answer(&state, &caller, again, params, &narrowed, |_| Question::DebtBalance(group)).await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[], |_| Question::Concentration).await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[], |_| Question::ContractStats).await
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
    again: Again,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let (search, page, limit) =
        (params.text("search"), params.number("page", 1, i64::MAX)?, params.number("limit", 1, 100)?);
    let (page, limit) = (page.unwrap_or(1), limit.unwrap_or(20));
    // A file is not cut into pages.
    let pages = |is_file| if is_file { (1, i64::MAX) } else { (page, limit) };
    answer(&state, &caller, again, params, &[Narrowed::Organization], |is_file| {
        let (page, limit) = pages(is_file);
        Question::ContractsSummary(ContractSearch { search, page, limit })
    })
    .await
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
    again: Again,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &caller, again, params, &[], |_| Question::OrganizationStats).await
}

/// Reads what every question takes, asks it, and answers. The question may depend on whether a
/// file is asked for.
async fn answer(
    state: &AppState,
    caller: &Caller,
    again: Again,
    mut params: Params,
    narrowed: &[Narrowed],
    question: impl FnOnce(bool) -> Question,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(state, caller, &mut params, narrowed)?;
    let export = params.export()?;
    params.finish()?;
    answered(state, again, Query { question: question(export.is_some()), filter }, export).await
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
