//! Receipts, expenses and expense details, as stored.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{currencies_header, found, id_in_path};
use super::caller::Caller;
use super::error::ApiError;
use super::list;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    Confirmation, ContractId, Dates, Department, DetailsPaging, ExpenseId, Files, Id, OneCurrency,
    OperationsFilter, OperationsPaging,
};
use super::params::Params;
use super::types::{Expense, ExpenseDetail, Receipt};
use crate::db::{self, DetailFilter, Details, Expenses, OperationFilter, OperationStats, Receipts};
use crate::domain::{ContractType, Money};
use crate::state::AppState;

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

/// The receipts, newest document first, ties by id, those without a date last.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts",
    tag = "Operations",
    params(Department, Dates, OperationsFilter, OperationsPaging, Files),
    responses((status = 200, description = "OK", body = Vec<Receipt>))
)]
pub async fn receipts(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let list = Receipts(filter(&caller, &mut params)?);
    let (page, export) = (params.list_page::<Receipts>()?, params.export()?);
    params.finish()?;
    list::respond::<Receipt, _>(&state, &list, page, export).await
}

/// The expenses, newest document first, ties by id, those without a date last.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses",
    tag = "Operations",
    params(Department, Dates, OperationsFilter, Confirmation, OperationsPaging, Files),
    responses((status = 200, description = "OK", body = Vec<Expense>))
)]
pub async fn expenses(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let list = Expenses(expense_filter(&caller, &mut params)?);
    let (page, export) = (params.list_page::<Expenses>()?, params.export()?);
    params.finish()?;
    list::respond::<Expense, _>(&state, &list, page, export).await
}

/// One receipt.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/{id}",
    tag = "Operations",
    params(Id),
    responses((status = 200, description = "OK", body = Receipt))
)]
pub async fn receipt(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    let row = db::find_receipt(&mut state.db.conn().await?, scope, id).await?;
    found(row.map(Receipt::from), "receipt", id)
}

/// One expense.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses/{id}",
    tag = "Operations",
    params(Id),
    responses((status = 200, description = "OK", body = Expense))
)]
pub async fn expense(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    let row = db::find_expense(&mut state.db.conn().await?, scope, id).await?;
    found(row.map(Expense::from), "expense", id)
}

/// How many receipts match, in any currency, and the sum of those in the one asked for.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/stats/summary",
    tag = "Operations",
    params(Department, Dates, OperationsFilter, OneCurrency),
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
    Ok(totals(
        &db::receipt_stats(&mut state.db.conn().await?, &filter, &currency).await?,
    ))
}

/// How many expenses match, in any currency, and the sum of those in the one asked for: under
/// contracts, of the contracts' shares.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses/stats/summary",
    tag = "Operations",
    params(Department, Dates, OperationsFilter, Confirmation, OneCurrency),
    responses((status = 200, description = "OK", body = OperationTotals))
)]
pub async fn expense_stats(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = expense_filter(&caller, &mut params)?;
    let currency = params.currency(&state.base_currency)?;
    params.finish()?;
    Ok(totals(
        &db::expense_stats(&mut state.db.conn().await?, &filter, &currency).await?,
    ))
}

/// What expenses consist of: principal, interest and the like. Dates are those of the expense.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expense-details",
    tag = "Operations",
    params(Department, Dates, ExpenseId, ContractId, DetailsPaging, Files),
    responses((status = 200, description = "OK", body = Vec<ExpenseDetail>))
)]
pub async fn details(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let requested = params.id("department_id")?;
    let list = Details(DetailFilter {
        department: caller.department(requested)?,
        dates: params.dates()?,
        expense_operation_id: params.text("expense_operation_id"),
        contract_id: params.id("contract_id")?,
    });
    let (page, export) = (params.list_page::<Details>()?, params.export()?);
    params.finish()?;
    list::respond::<ExpenseDetail, _>(&state, &list, page, export).await
}

fn filter(caller: &Caller, params: &mut Params) -> Result<OperationFilter, ApiError> {
    let requested = params.id("department_id")?;
    let filter = OperationFilter {
        dates: params.dates()?,
        organization_id: params.id("organization_id")?,
        bank_account_id: params.id("bank_account_id")?,
        contract_id: params.id("contract_id")?,
        lender_id: params.id("lender_id")?,
        contract_type: params.choice(
            "contract_type",
            "credit (Кредит) and loan (Заем)",
            ContractType::of_name,
        )?,
        amount_from: params.money("amount_from")?,
        amount_to: params.money("amount_to")?,
        search: params.search()?,
        ..OperationFilter::all(caller.department(requested)?)
    };
    if let (Some(from), Some(to)) = (filter.amount_from, filter.amount_to)
        && from > to
    {
        return Err(ApiError::invalid(
            "amount_from",
            format!("{from} is more than amount_to {to}"),
        ));
    }
    Ok(filter)
}

fn expense_filter(caller: &Caller, params: &mut Params) -> Result<OperationFilter, ApiError> {
    Ok(OperationFilter {
        confirmed: params.switch("confirmed")?,
        ..filter(caller, params)?
    })
}

fn totals(stats: &OperationStats) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(currencies) = currencies_header(&stats.other_currencies) {
        response.insert_header(("X-Other-Currencies", currencies));
    }
    response.json(OperationTotals {
        total_records: stats.total_records,
        total_amount: stats.total_amount,
    })
}
