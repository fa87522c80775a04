//! Receipts, expenses and expense details, as stored.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{currencies_header, found};
use super::caller::Caller;
use super::error::ApiError;
use super::list;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{
    Confirmation, ContractId, CursorPaging, Dates, Department, DetailOrder, ExpenseId, Files,
    NoParams, OneCurrency, OperationOrder, OperationParams, PathId, Query, given,
};
use super::types::{Expense, ExpenseDetail, Receipt};
use crate::db::{self, DetailFilter, Details, Expenses, OperationFilter, OperationStats, Receipts};
use crate::domain::Money;
use crate::state::AppState;

type ReceiptsQuery = Query<(OperationParams, CursorPaging, OperationOrder, Files)>;
type ExpensesQuery = Query<(
    OperationParams,
    Confirmation,
    CursorPaging,
    OperationOrder,
    Files,
)>;
type ReceiptStatsQuery = Query<(OperationParams, OneCurrency)>;
type ExpenseStatsQuery = Query<(OperationParams, Confirmation, OneCurrency)>;
type DetailsQuery = Query<(
    Department,
    Dates,
    ExpenseId,
    ContractId,
    CursorPaging,
    DetailOrder,
    Files,
)>;

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
    params(ReceiptsQuery),
    responses((status = 200, description = "OK", body = Vec<Receipt>))
)]
pub async fn receipts(
    state: Data<AppState>,
    caller: Caller,
    query: ReceiptsQuery,
) -> Result<HttpResponse, ApiError> {
    let (filter, paging, order, files) = query.params;
    let list = Receipts(filter.filter(&caller)?);
    let page = paging.page(given(order.sort).flatten(), &query.raw)?;
    list::respond::<Receipt, _>(&state, list, page, files.export(query.raw)).await
}

/// The expenses, newest document first, ties by id, those without a date last.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses",
    tag = "Operations",
    params(ExpensesQuery),
    responses((status = 200, description = "OK", body = Vec<Expense>))
)]
pub async fn expenses(
    state: Data<AppState>,
    caller: Caller,
    query: ExpensesQuery,
) -> Result<HttpResponse, ApiError> {
    let (filter, confirmation, paging, order, files) = query.params;
    let list = Expenses(OperationFilter {
        confirmed: given(confirmation.confirmed),
        ..filter.filter(&caller)?
    });
    let page = paging.page(given(order.sort).flatten(), &query.raw)?;
    list::respond::<Expense, _>(&state, list, page, files.export(query.raw)).await
}

/// One receipt.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/{id}",
    tag = "Operations",
    params(PathId),
    responses((status = 200, description = "OK", body = Receipt))
)]
pub async fn receipt(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let row = db::find_receipt(&mut state.db.conn().await?, scope, id).await?;
    found(row.map(Receipt::from), "receipt", id)
}

/// One expense.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/expenses/{id}",
    tag = "Operations",
    params(PathId),
    responses((status = 200, description = "OK", body = Expense))
)]
pub async fn expense(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let row = db::find_expense(&mut state.db.conn().await?, scope, id).await?;
    found(row.map(Expense::from), "expense", id)
}

/// How many receipts match, in any currency, and the sum of those in the one asked for.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/receipts/stats/summary",
    tag = "Operations",
    params(ReceiptStatsQuery),
    responses((status = 200, description = "OK", body = OperationTotals))
)]
pub async fn receipt_stats(
    state: Data<AppState>,
    caller: Caller,
    query: ReceiptStatsQuery,
) -> Result<HttpResponse, ApiError> {
    let (filter, currency) = query.params;
    let filter = filter.filter(&caller)?;
    let currency = currency.or_base(&state.base_currency);
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
    params(ExpenseStatsQuery),
    responses((status = 200, description = "OK", body = OperationTotals))
)]
pub async fn expense_stats(
    state: Data<AppState>,
    caller: Caller,
    query: ExpenseStatsQuery,
) -> Result<HttpResponse, ApiError> {
    let (filter, confirmation, currency) = query.params;
    let filter = OperationFilter {
        confirmed: given(confirmation.confirmed),
        ..filter.filter(&caller)?
    };
    let currency = currency.or_base(&state.base_currency);
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
    params(DetailsQuery),
    responses((status = 200, description = "OK", body = Vec<ExpenseDetail>))
)]
pub async fn details(
    state: Data<AppState>,
    caller: Caller,
    query: DetailsQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, dates, expense, contract, paging, order, files) = query.params;
    let list = Details(DetailFilter {
        department: caller.department(given(department.department_id))?,
        dates: dates.range()?,
        expense_operation_id: given(expense.expense_operation_id).flatten(),
        contract_id: given(contract.contract_id),
    });
    let page = paging.page(given(order.sort).flatten(), &query.raw)?;
    list::respond::<ExpenseDetail, _>(&state, list, page, files.export(query.raw)).await
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
