//! The analytics endpoints: one shape, one line each.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::fast_path::FastPathKey;
use super::figures::respond;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{
    BankAccountId, ContractId, ContractStanding, ContractSummaryOrder, Files, Grouping, Pages,
    PortfolioParams, Query, RollForwardGrouping, Search, contract_search, given,
};
use crate::analytics::{
    AnalyticsQuery, Concentration, ContractCounts, ContractsSummary, Data as DataOf, DebtBalance,
    DebtGroup, Figure, LenderStats, MonthCashflow, MonthEfficiency, MonthStats,
    OrganizationEfficiency, OrganizationStats, QuarterComparison, RollForward, RollForwardGroup,
    Summary, YearComparison,
};
use crate::domain::PortfolioFilter;
use crate::state::AppState;

type PortfolioQuery = Query<(PortfolioParams, Files)>;
type AccountsQuery = Query<(PortfolioParams, BankAccountId, Files)>;
type DebtQuery = Query<(PortfolioParams, ContractId, Grouping, Files)>;
type RollForwardQuery = Query<(PortfolioParams, ContractId, RollForwardGrouping, Files)>;
type ContractsSummaryQuery = Query<(
    PortfolioParams,
    Search,
    ContractStanding,
    ContractSummaryOrder,
    Pages,
    Files,
)>;

/// What a handler of a figure takes.
type FigureRequest<Q> = (Data<AppState>, Caller, FastPathKey, Q);

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/summary").get(summary))
        .service(web::resource("/monthly-stats").get(monthly_stats))
        .service(web::resource("/analytics/monthly-efficiency").get(monthly_efficiency))
        .service(web::resource("/analytics/org-efficiency").get(org_efficiency))
        .service(web::resource("/analytics/cashflow-monthly").get(cashflow_monthly))
        .service(web::resource("/analytics/yearly-comparison").get(yearly_comparison))
        .service(web::resource("/analytics/quarterly-comparison").get(quarterly_comparison))
        .service(web::resource("/analytics/debt-balance").get(debt_balance))
        .service(web::resource("/analytics/concentration").get(concentration))
        .service(web::resource("/analytics/roll-forward").get(roll_forward))
        .service(web::resource("/contract-stats").get(contract_stats))
        .service(web::resource("/contracts/stats/summary").get(contracts_summary))
        .service(web::resource("/organization-stats").get(organization_stats))
        .service(web::resource("/lender-stats").get(lender_stats));
}

/// The totals of the portfolio.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/summary",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = Summary))
)]
pub async fn summary(request: FigureRequest<PortfolioQuery>) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::Summary).await
}

/// Receipts and expenses, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/monthly-stats",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = Vec<MonthStats>))
)]
pub async fn monthly_stats(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::MonthlyStats).await
}

/// Principal and interest, month by month.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/monthly-efficiency",
    tag = "Analytics",
    params(AccountsQuery),
    responses((status = 200, description = "OK", body = DataOf<MonthEfficiency>))
)]
pub async fn monthly_efficiency(
    request: FigureRequest<AccountsQuery>,
) -> Result<HttpResponse, ApiError> {
    of_accounts(request, Figure::MonthlyEfficiency).await
}

/// How organizations pay off, largest totalPaid first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/org-efficiency",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = DataOf<OrganizationEfficiency>))
)]
pub async fn org_efficiency(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::OrgEfficiency).await
}

/// The cash flow, month by month, and its running sum.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/cashflow-monthly",
    tag = "Analytics",
    params(AccountsQuery),
    responses((status = 200, description = "OK", body = DataOf<MonthCashflow>))
)]
pub async fn cashflow_monthly(
    request: FigureRequest<AccountsQuery>,
) -> Result<HttpResponse, ApiError> {
    of_accounts(request, Figure::CashflowMonthly).await
}

/// Received and paid, year by year; growth is against the same days of the year before.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/yearly-comparison",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = DataOf<YearComparison>))
)]
pub async fn yearly_comparison(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::YearlyComparison).await
}

/// Received and paid, quarter by quarter; growth is against the same days of the year before.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/quarterly-comparison",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = DataOf<QuarterComparison>))
)]
pub async fn quarterly_comparison(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::QuarterlyComparison).await
}

/// What is owed at the end of each month, up to that of `as_of`: the sum of the positive balances.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/debt-balance",
    tag = "Analytics",
    params(DebtQuery),
    responses((status = 200, description = "OK", body = DataOf<DebtBalance>))
)]
pub async fn debt_balance(
    (state, caller, fast_path, query): FigureRequest<DebtQuery>,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, contract, grouping, files) = query.params;
    let figure = Figure::DebtBalance(given(grouping.group_by));
    let filter = PortfolioFilter {
        contract_id: given(contract.contract_id),
        ..portfolio.filter(&state, &caller)?
    };
    let figure_query = AnalyticsQuery { figure, filter };
    respond(&state, fast_path, figure_query, files.export(query.raw)).await
}

/// Shares of what is owed, by lender and by contract, with the Herfindahl–Hirschman index.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/concentration",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = Concentration))
)]
pub async fn concentration(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::Concentration).await
}

/// How what was owed at the beginning of the range became what is owed at its end: opening + drawn
/// − repaid + adjustments = closing, by contract (unless `group_by` says otherwise) and in total.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/analytics/roll-forward",
    tag = "Analytics",
    params(RollForwardQuery),
    responses((status = 200, description = "OK", body = RollForward))
)]
pub async fn roll_forward(
    (state, caller, fast_path, query): FigureRequest<RollForwardQuery>,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, contract, grouping, files) = query.params;
    let group = given(grouping.group_by).unwrap_or(RollForwardGroup::Of(DebtGroup::Contract));
    let figure = Figure::RollForward(group);
    let filter = PortfolioFilter {
        contract_id: given(contract.contract_id),
        ..portfolio.filter(&state, &caller)?
    };
    let figure_query = AnalyticsQuery { figure, filter };
    respond(&state, fast_path, figure_query, files.export(query.raw)).await
}

/// How many contracts there are; with dates, of those with an operation in the range.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contract-stats",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = ContractCounts))
)]
pub async fn contract_stats(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::ContractStats).await
}

/// The figures of each contract, largest totalPaid first. A file holds all pages.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/stats/summary",
    tag = "Analytics",
    params(ContractsSummaryQuery),
    responses((status = 200, description = "OK", body = ContractsSummary))
)]
pub async fn contracts_summary(
    (state, caller, fast_path, query): FigureRequest<ContractsSummaryQuery>,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, search, standing, order, pages, files) = query.params;
    let export = files.export(query.raw);
    let search = contract_search(search, standing, order, &pages);
    // A file is not cut into pages.
    let search = if export.is_some() {
        search.whole()
    } else {
        search
    };
    let figure_query = AnalyticsQuery {
        figure: Figure::ContractsSummary(search),
        filter: portfolio.filter(&state, &caller)?,
    };
    respond(&state, fast_path, figure_query, export).await
}

/// The figures of each organization.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/organization-stats",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = DataOf<OrganizationStats>))
)]
pub async fn organization_stats(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::OrganizationStats).await
}

/// The figures of each lender: what is owed and what it cost, largest debt first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/lender-stats",
    tag = "Analytics",
    params(PortfolioQuery),
    responses((status = 200, description = "OK", body = DataOf<LenderStats>))
)]
pub async fn lender_stats(
    request: FigureRequest<PortfolioQuery>,
) -> Result<HttpResponse, ApiError> {
    of_portfolio(request, Figure::LenderStats).await
}

/// Answers with a figure of the portfolio.
async fn of_portfolio(
    (state, caller, fast_path, query): FigureRequest<PortfolioQuery>,
    figure: Figure,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, files) = query.params;
    let filter = portfolio.filter(&state, &caller)?;
    let figure_query = AnalyticsQuery { figure, filter };
    respond(&state, fast_path, figure_query, files.export(query.raw)).await
}

/// Answers with a figure of flows, which can be narrowed to a bank account: a balance belongs to
/// none.
async fn of_accounts(
    (state, caller, fast_path, query): FigureRequest<AccountsQuery>,
    figure: Figure,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, account, files) = query.params;
    let filter = PortfolioFilter {
        bank_account_id: given(account.bank_account_id),
        ..portfolio.filter(&state, &caller)?
    };
    let figure_query = AnalyticsQuery { figure, filter };
    respond(&state, fast_path, figure_query, files.export(query.raw)).await
}
