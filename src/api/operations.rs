//! Receipts, expenses and expense details, as stored.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{found, id_in_path, listed};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    BankAccountId, ContractId, Dates, Department, ExpenseId, Files, Id, OneCurrency, OrganizationId, Paging,
};
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, DbConn, DetailFilter, DetailRow, ExpenseRow, OperationFilter, OperationStats, Page, ReceiptRow};
use crate::domain::{Currency, Money};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/receipts").get(receipts))
        .service(web::resource("/receipts/stats/summary").get(receipt_stats))
        .service(web::resource("/receipts/{id}").get(receipt))
        .service(web::resource("/expenses").get(expenses))
        .service(web::resource("/expenses/stats/summary").get(expense_stats))
        .service(web::resource("/expenses/{id}").get(expense))
        .service(web::resource("/expense-details").get(details));
}

#[derive(Serialize, ToSchema)]
struct OperationTotals {
    total_records: i64,
    total_amount: Money,
}

/// The receipts, newest document first, ties by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts",
    tag = "Operations",
    params(Department, Dates, OrganizationId, BankAccountId, ContractId, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<ReceiptRow>))
)]
pub async fn receipts(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let (filter, page, export) = (filter(&caller, &mut params)?, params.page()?, params.export()?);
    params.finish()?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| db::list_receipts(conn, &filter, page).await;
        return export.list(&state, filter.department, "receipts", part).await;
    }
    let mut conn = state.db.conn().await?;
    let total = db::receipt_stats(&mut conn, &filter, &state.base_currency).await?.total_records;
    Ok(listed(&db::list_receipts(&mut conn, &filter, page).await?, total))
}

/// The expenses, newest document first, ties by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses",
    tag = "Operations",
    params(Department, Dates, OrganizationId, BankAccountId, ContractId, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<ExpenseRow>))
)]
pub async fn expenses(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let (filter, page, export) = (filter(&caller, &mut params)?, params.page()?, params.export()?);
    params.finish()?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| db::list_expenses(conn, &filter, page).await;
        return export.list(&state, filter.department, "expenses", part).await;
    }
    let mut conn = state.db.conn().await?;
    let total = db::expense_stats(&mut conn, &filter, &state.base_currency).await?.total_records;
    Ok(listed(&db::list_expenses(&mut conn, &filter, page).await?, total))
}

/// One receipt.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/{id}",
    tag = "Operations",
    params(Id),
    responses((status = 200, description = "OK", body = ReceiptRow))
)]
pub async fn receipt(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    found(db::find_receipt(&mut state.db.conn().await?, scope, id).await?, "receipt", id)
}

/// One expense.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses/{id}",
    tag = "Operations",
    params(Id),
    responses((status = 200, description = "OK", body = ExpenseRow))
)]
pub async fn expense(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    found(db::find_expense(&mut state.db.conn().await?, scope, id).await?, "expense", id)
}

/// How many receipts match, in any currency, and the sum of those in the one asked for.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/stats/summary",
    tag = "Operations",
    params(Department, Dates, OrganizationId, BankAccountId, ContractId, OneCurrency),
    responses((status = 200, description = "OK", body = OperationTotals))
)]
pub async fn receipt_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&caller, &mut params)?;
    let currency = params.currency(&state.base_currency)?;
    params.finish()?;
    Ok(told(&db::receipt_stats(&mut state.db.conn().await?, &filter, &currency).await?))
}

/// How many expenses match, in any currency, and the sum of those in the one asked for.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses/stats/summary",
    tag = "Operations",
    params(Department, Dates, OrganizationId, BankAccountId, ContractId, OneCurrency),
    responses((status = 200, description = "OK", body = OperationTotals))
)]
pub async fn expense_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&caller, &mut params)?;
    let currency: Currency = params.currency(&state.base_currency)?;
    params.finish()?;
    Ok(told(&db::expense_stats(&mut state.db.conn().await?, &filter, &currency).await?))
}

/// What expenses consist of: principal, interest and the like. Dates are those of the expense.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expense-details",
    tag = "Operations",
    params(Department, Dates, ExpenseId, ContractId, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<DetailRow>))
)]
pub async fn details(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let filter = DetailFilter {
        department: caller.department(asked)?,
        dates: params.dates()?,
        expense_operation_id: params.text("expense_operation_id"),
        contract_id: params.id("contract_id")?,
    };
    let (page, export) = (params.page()?, params.export()?);
    params.finish()?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| Ok(db::list_details(conn, &filter, page).await?.0);
        return export.list(&state, filter.department, "expense-details", part).await;
    }
    let (rows, total) = db::list_details(&mut state.db.conn().await?, &filter, page).await?;
    Ok(listed(&rows, total))
}

fn filter(caller: &Caller, params: &mut Params) -> Result<OperationFilter, ApiError> {
    let asked = params.id("department_id")?;
    Ok(OperationFilter {
        department: caller.department(asked)?,
        dates: params.dates()?,
        organization_id: params.id("organization_id")?,
        bank_account_id: params.id("bank_account_id")?,
        contract_id: params.id("contract_id")?,
    })
}

fn told(stats: &OperationStats) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if !stats.other_currencies.is_empty() {
        response.insert_header(("X-Other-Currencies", stats.other_currencies.join(", ")));
    }
    response.json(OperationTotals { total_records: stats.total_records, total_amount: stats.total_amount })
}
