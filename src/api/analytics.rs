//! The analytics endpoints: one shape, one line each.

use std::future::Ready;

use actix_web::dev::Payload;
use actix_web::http::header::{
    ACCEPT_ENCODING, AGE, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, VARY,
};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDateTime, Timelike};

use super::caller::Caller;
use super::error::ApiError;
use super::export::Export;
use super::frame::UNCOMPRESSED;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    BankAccountId, ContractId, Dates, Department, Files, Grouping, OneCurrency, OrganizationId, Pages, Search,
};
use super::params::Params;
use super::repeated::{Repeated, key_of};
use crate::analytics::{
    Answer, Asked, Concentration, ContractCounts, ContractSearch, ContractsSummary, Data as DataOf, DebtBalance,
    DebtGroup, MonthCashflow, MonthEfficiency, MonthStats, OrganizationEfficiency, OrganizationStats, Origin, Query,
    Question, Summary, YearComparison,
};
use crate::app::AppState;
use crate::cache::{Encoding, Entry, Tier};
use crate::domain::{DataVersion, PortfolioFilter};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const DATA_AS_OF: HeaderName = HeaderName::from_static("x-data-as-of");
const OTHER_CURRENCIES: HeaderName = HeaderName::from_static("x-other-currencies");

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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::Summary, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::MonthlyStats, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization, Narrowed::BankAccount])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::MonthlyEfficiency, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::OrgEfficiency, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization, Narrowed::BankAccount])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::CashflowMonthly, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[Narrowed::Organization])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::YearlyComparison, filter }, export).await
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
    answered(&state, again, Query { question: Question::DebtBalance(group), filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::Concentration, filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::ContractStats, filter }, export).await
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
    answered(&state, again, Query { question: Question::ContractsSummary(asked), filter }, export).await
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
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let filter = filter(&state, &caller, &mut params, &[])?;
    let export = params.export()?;
    params.finish()?;
    answered(&state, again, Query { question: Question::OrganizationStats, filter }, export).await
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
    again: Again,
    query: Query,
    export: Option<Export>,
) -> Result<HttpResponse, ApiError> {
    let asked = state.analytics.asked(query);
    let answer = state.analytics.answer_to(&asked).await?;
    let Some(export) = export else {
        let response = figures(state, &asked, &answer, again.encoding);
        if answer.origin == Origin::Hit(Tier::Memory) {
            again.remember(asked);
        }
        return response;
    };
    let generation = state.cache.known_version(asked.query.filter.department).map_or(0, |version| version.generation);
    let version = DataVersion { generation, as_of: as_of(state, &asked, &answer) };
    let name = asked.query.endpoint().replace('_', "-");
    let mut response = export.answer(version, &name, &answer.entry.body).await?;
    tell(state, &asked, &answer, response.headers_mut())?;
    Ok(response)
}

/// An answer as it is kept, and what is told beside it.
pub(super) fn figures(
    state: &AppState,
    asked: &Asked,
    answer: &Answer,
    encoding: AcceptedEncoding,
) -> Result<HttpResponse, ApiError> {
    let mut response = ready(&answer.entry, encoding)?;
    tell(state, asked, answer, response.headers_mut())?;
    Ok(response)
}

/// An import that changed nothing leaves the entry valid and the data newer.
fn as_of(state: &AppState, asked: &Asked, answer: &Answer) -> Option<NaiveDateTime> {
    let known = state.cache.known_version(asked.query.filter.department);
    answer.entry.data_as_of.max(known.and_then(|version| version.as_of))
}

fn tell(state: &AppState, asked: &Asked, answer: &Answer, headers: &mut HeaderMap) -> Result<(), ApiError> {
    headers.insert(CACHE_STATUS, header(&cache_status(answer))?);
    headers.insert(AGE, HeaderValue::from(answer.entry.age_seconds()));
    if let Some(as_of) = as_of(state, asked, answer) {
        headers.insert(DATA_AS_OF, header(&utc(as_of))?);
    }
    if !answer.entry.other_currencies.is_empty() {
        headers.insert(OTHER_CURRENCIES, header(&answer.entry.other_currencies.join(", "))?);
    }
    Ok(())
}

/// `2024-03-01T06:00:12Z`, by hand: a format string would be read anew each time.
fn utc(time: NaiveDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

/// The bytes as they are kept, compressed where the client takes that.
fn ready(entry: &Entry, AcceptedEncoding(accepted): AcceptedEncoding) -> Result<HttpResponse, ApiError> {
    let encoded = accepted.and_then(|encoding| Some((encoding, entry.encoded(encoding)?)));
    let (encoding, body) = match encoded {
        Some((Encoding::Brotli, body)) => ("br", body),
        Some((Encoding::Gzip, body)) => ("gzip", body),
        None => (UNCOMPRESSED, entry.body.clone()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((ETAG, header(&entry.entity_tag)?))
        .insert_header((CONTENT_ENCODING, encoding))
        .insert_header((VARY, "accept-encoding"))
        .body(body))
}

fn header(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(|err| ApiError::Internal(err.to_string()))
}

/// RFC 9211: where the answer came from, and what is left of its life.
fn cache_status(answer: &Answer) -> String {
    let ttl = answer.entry.ttl_seconds();
    let tier = |tier| match tier {
        Tier::Redis => "redis",
        Tier::Memory => "memory",
    };
    match answer.origin {
        Origin::Hit(found) => format!("credit-portfolio; hit; ttl={ttl}; detail={}", tier(found)),
        Origin::Stale => format!("credit-portfolio; hit; ttl={ttl}; detail=database-unavailable"),
        Origin::Collapsed => format!("credit-portfolio; fwd=miss; collapsed; ttl={ttl}"),
        Origin::Computed { stored, was_outdated } => {
            let why = if was_outdated { "stale" } else { "uri-miss" };
            format!("credit-portfolio; fwd={why}; stored; ttl={ttl}; detail={}", tier(stored))
        }
    }
}

/// The compression that a client takes, of those that answers are kept in.
#[derive(Clone, Copy)]
pub struct AcceptedEncoding(Option<Encoding>);

impl AcceptedEncoding {
    fn of(headers: &HeaderMap) -> AcceptedEncoding {
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let takes = |name: &str| {
            accepted.into_iter().flat_map(|all| all.split(',')).any(|one| {
                let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
                coding.trim().eq_ignore_ascii_case(name) && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00")
            })
        };
        AcceptedEncoding(match () {
            () if takes("br") => Some(Encoding::Brotli),
            () if takes("gzip") => Some(Encoding::Gzip),
            () => None,
        })
    }
}

/// What is needed to answer the same request again without asking anew who may what.
pub struct Again {
    encoding: AcceptedEncoding,
    key: Vec<u8>,
    token_ends: i64,
    repeated: Option<Data<Repeated>>,
}

impl Again {
    fn remember(self, asked: Asked) {
        if let Some(repeated) = self.repeated {
            repeated.remember(self.key, asked, self.encoding, self.token_ends);
        }
    }
}

impl FromRequest for Again {
    type Error = ApiError;
    type Future = Ready<Result<Again, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let again = Caller::token_ends(request).map(|token_ends| Again {
            encoding: AcceptedEncoding::of(headers),
            key: key_of(request.uri().path_and_query().map_or("", |path| path.as_str()), headers),
            token_ends,
            repeated: request.app_data::<Data<Repeated>>().cloned(),
        });
        std::future::ready(again)
    }
}
