//! The parts behind a figure, and the ledger of a contract.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::missing;
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{
    BankAccountId, ContractId, ContractStanding, Dates, FigureMeasure, Files, Paging, PathId,
    PortfolioParams, Query, Search, contracts_found, given,
};
use super::types::answers;
use crate::analytics::{Ledger, Measure, Parts, ledger};
use crate::db::{DbConn, DbError, FlowMeasure, LedgerRow, Page, PartRow};
use crate::domain::{Money, PortfolioFilter};
use crate::state::{AppState, PartsQuestion};

type PartsQuery = Query<(
    PortfolioParams,
    BankAccountId,
    ContractId,
    FigureMeasure,
    Search,
    ContractStanding,
    Paging,
    Files,
)>;
type LedgerQuery = Query<(Dates, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/operations/parts").get(operation_parts))
        .service(web::resource("/contracts/{id}/ledger").get(contract_ledger));
}

/// What a figure is made of.
#[derive(Serialize, ToSchema)]
struct FigureParts {
    measure: String,
    /// What all parts add up to: the figure.
    total: Money,
    /// How many parts there are in all.
    count: i64,
    /// The currency of the amounts.
    currency: String,
    data: Vec<FigurePart>,
}

/// A receipt, a detail of an expense, what details leave of it, or an adjustment.
#[derive(Clone, Serialize, ToSchema)]
struct FigurePart {
    /// `receipt`, `detail`, `rest` (of an expense: the whole of one without details) or
    /// `adjustment`.
    kind: String,
    /// The id of the receipt, the expense or the adjustment.
    id: i64,
    detail_id: Option<i64>,
    operation_id: String,
    document_date: NaiveDate,
    organization_id: i64,
    organization: Option<String>,
    bank_account_id: Option<i64>,
    contract_id: Option<i64>,
    contract: Option<String>,
    operation_type: Option<String>,
    /// What a payment is for: `principal`, `interest`, `given` or `other`.
    payment_type: Option<String>,
    /// Whether that follows from an account or the expense's type, because no detail says it.
    payment_type_derived: bool,
    is_confirmed: bool,
    /// The currency of the amount.
    currency: String,
    /// What the part counts in the figure.
    amount: Money,
}

impl From<PartRow> for FigurePart {
    fn from(row: PartRow) -> FigurePart {
        FigurePart {
            kind: row.kind,
            id: row.id,
            detail_id: Some(row.detail_id).filter(|id| *id != 0),
            operation_id: row.operation_id,
            document_date: row.day,
            organization_id: row.organization_id,
            organization: row.organization,
            bank_account_id: Some(row.bank_account_id).filter(|id| *id != 0),
            contract_id: Some(row.contract_id).filter(|id| *id != 0),
            contract: row.contract,
            operation_type: row.operation_type,
            payment_type: row.payment_kind,
            payment_type_derived: row.payment_type_derived,
            is_confirmed: row.is_confirmed,
            currency: row.currency,
            amount: Money::from_kopecks(row.value),
        }
    }
}

/// The parts behind a figure, newest first: give the filters of the figure and its `measure`. Their
/// sum is the figure. `search`, `status` and `has_debt` leave the operations of the contracts that
/// `contracts/stats/summary` finds by them.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/operations/parts",
    tag = "Operations",
    params(PartsQuery),
    responses((status = 200, description = "OK", body = FigureParts))
)]
pub async fn operation_parts(
    state: Data<AppState>,
    caller: Caller,
    query: PartsQuery,
) -> Result<HttpResponse, ApiError> {
    let (portfolio, account, contract, measure, search, standing, paging, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let filter = PortfolioFilter {
        bank_account_id: given(account.bank_account_id),
        contract_id: given(contract.contract_id),
        ..portfolio.filter(&state, &caller)?
    };
    let (measure, name) = given(measure.measure)
        .unwrap_or_else(|| (Measure::Flow(FlowMeasure::Amount), "amount".to_owned()));
    if filter.bank_account_id.is_some() && !matches!(measure, Measure::Flow(_) | Measure::Planned) {
        return Err(ApiError::invalid(
            "bank_account_id",
            "a balance belongs to no bank account",
        ));
    }
    let search = contracts_found(search, standing);
    let basis = state.analytics.basis();
    if let Some(export) = export {
        let (scope, mut read) = (filter.department, None);
        let part = async move |conn: &mut DbConn, _: Page| {
            if read.is_none() {
                read = match Parts::of(conn, &filter, &basis, measure, search.as_ref()).await? {
                    Some(parts) => parts.by_days(conn).await?,
                    None => None,
                };
            }
            let rows = match &mut read {
                Some(days) => days.next(conn).await?,
                None => Vec::new(),
            };
            Ok::<_, DbError>(answers::<_, FigurePart>(rows))
        };
        return export.list(&state, scope, "operations", part).await;
    }
    let question = PartsQuestion {
        filter: &filter,
        measure,
        search: search.as_ref(),
    };
    let parts = state.figure_parts(question, page).await?;
    let (total, count) = (Money::from_kopecks(parts.totals.total), parts.totals.count);
    // A long page is nobody else's.
    let data =
        answers(Arc::try_unwrap(parts).map_or_else(|shared| shared.rows.clone(), |own| own.rows));
    Ok(HttpResponse::Ok()
        .insert_header(("X-Total-Count", count.to_string()))
        .json(FigureParts {
            measure: name,
            total,
            count,
            currency: filter.currency.to_string(),
            data,
        }))
}

/// The ledger of a contract, for a reconciliation statement (акт сверки). Amounts are in its
/// currency.
#[derive(Serialize, ToSchema)]
struct ContractLedger {
    contract_id: i64,
    contract_number: String,
    contract_date: Option<NaiveDate>,
    organization: String,
    counterparty: Option<String>,
    direction: Option<String>,
    currency: String,
    /// The balance at the end of the day before `date_from`.
    opening: Money,
    /// The balance at `as_of`.
    closing: Money,
    as_of: NaiveDate,
    data: Vec<LedgerLine>,
}

/// One line of a ledger.
#[derive(Clone, Serialize, ToSchema)]
struct LedgerLine {
    /// `opening`, `receipt`, `detail`, `rest` (of an expense: what its details leave), `adjustment`
    /// or `closing`.
    kind: String,
    id: Option<i64>,
    document_date: Option<NaiveDate>,
    operation_id: String,
    operation_type: Option<String>,
    is_confirmed: bool,
    /// Raises what is owed; of a loan given, what was given.
    drawn: Money,
    /// Lowers it; of a loan given, what was returned.
    principal: Money,
    interest: Money,
    other: Money,
    adjustment: Money,
    /// What is owed after this line.
    balance: Money,
}

impl LedgerLine {
    fn of_balance(kind: &str, day: Option<NaiveDate>, balance: Money) -> LedgerLine {
        LedgerLine {
            kind: kind.to_owned(),
            id: None,
            document_date: day,
            operation_id: String::new(),
            operation_type: None,
            is_confirmed: true,
            drawn: Money::ZERO,
            principal: Money::ZERO,
            interest: Money::ZERO,
            other: Money::ZERO,
            adjustment: Money::ZERO,
            balance,
        }
    }

    /// `balance` is the one before the line.
    fn of_row(row: LedgerRow, balance: Money) -> LedgerLine {
        let balance = balance + row.change();
        let [drawn, principal, adjustment, interest, other] = [
            row.drawn,
            row.repaid,
            row.adjustments,
            row.interest,
            row.other,
        ]
        .map(Money::from_kopecks);
        LedgerLine {
            kind: row.kind,
            id: Some(row.id),
            document_date: Some(row.day),
            operation_id: row.operation_id,
            operation_type: row.operation_type,
            is_confirmed: row.is_confirmed,
            drawn,
            principal,
            interest,
            other,
            adjustment,
            balance,
        }
    }
}

/// Opening and closing lines around the rows.
fn lines(ledger: Ledger, opening_day: Option<NaiveDate>) -> Vec<LedgerLine> {
    let mut lines = vec![LedgerLine::of_balance(
        "opening",
        opening_day,
        ledger.opening,
    )];
    for row in ledger.lines {
        let before = lines.last().map_or(ledger.opening, |line| line.balance);
        lines.push(LedgerLine::of_row(row, before));
    }
    lines.push(LedgerLine::of_balance(
        "closing",
        Some(ledger.as_of),
        ledger.closing,
    ));
    lines
}

/// Every receipt, payment and adjustment of a contract in the range, oldest first, with the running
/// balance.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}/ledger",
    tag = "Reference data",
    operation_id = "contract_ledger",
    params(PathId, LedgerQuery),
    responses((status = 200, description = "OK", body = ContractLedger))
)]
pub async fn contract_ledger(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    query: LedgerQuery,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let (dates, files) = query.params;
    let (dates, export) = (dates.range()?, files.export(query.raw));
    let filter = PortfolioFilter {
        contract_id: Some(id),
        ..PortfolioFilter::of_department(scope, state.base_currency.clone()).over(dates)
    };
    let basis = state.analytics.basis();
    let found = state
        .reads
        .snapshot(async |conn: &mut DbConn| ledger(conn, &filter, &basis).await)
        .await?;
    let found = found.ok_or_else(|| missing("contract", id))?;
    let (title, opening, closing, as_of) = (
        found.contract.clone(),
        found.opening,
        found.closing,
        found.as_of,
    );
    let data = lines(found, dates.from().and_then(|day| day.pred_opt()));
    let currency = title
        .currency
        .clone()
        .unwrap_or_else(|| state.base_currency.to_string());
    if let Some(export) = export {
        let language = export.language();
        let about = vec![
            (language.of("Contract", "Договор"), title.contract_number),
            (
                language.of("Organization", "Организация"),
                title.organization,
            ),
            (
                language.of("Counterparty", "Контрагент"),
                title.lender.unwrap_or_default(),
            ),
            (language.of("Currency", "Валюта"), currency),
            (
                language.of("Opening balance", "Остаток на начало"),
                opening.to_string(),
            ),
            (
                language.of("Closing balance", "Остаток на конец"),
                closing.to_string(),
            ),
            (language.of("As of", "На дату"), as_of.to_string()),
        ];
        return export.statement(&state, scope, "ledger", about, data).await;
    }
    Ok(HttpResponse::Ok().json(ContractLedger {
        contract_id: title.id,
        contract_number: title.contract_number,
        contract_date: title.contract_date,
        organization: title.organization,
        counterparty: title.lender,
        direction: title.direction,
        currency,
        opening,
        closing,
        as_of,
        data,
    }))
}
