//! Contracts, each with what was paid on it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{WholeNumber, created, found, id_in_path, listed_data, missing, optional_whole, text_field};
use super::caller::Caller;
use super::contract_choice::ContractChoice;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{
    Activity, ContractKind, ContractListFilter, ContractsPaging, Department, Files, Id, LenderAndDirection, Search,
};
use super::params::Params;
use super::patch::Patch;
use crate::analytics::{Standing, standings};
use crate::app::AppState;
use crate::db::{self, ContractChange, ContractFilter, ContractRow, DbConn, DbError, FlowGroup, Page};
use crate::domain::{
    ContractRef, ContractStatus, ContractType, Currency, DepartmentScope, Direction, FlowSums, Money, PortfolioFilter,
};

/// The front end shows all contracts without paging.
const CONTRACTS_LIMIT: i64 = 1000;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/contracts").get(list).post(create))
        .service(web::resource("/contracts/{id}").get(show).put(change));
}

/// A contract as it is answered. Amounts are in the base currency.
#[derive(Serialize, ToSchema)]
pub(super) struct Contract {
    #[serde(flatten)]
    pub row: ContractRow,
    /// `Кредит` or `Заем`.
    contract_type_label: Option<&'static str>,
    pub total_paid: Money,
    principal: Money,
    interest: Money,
    /// What is owed today, in the contract's currency; below zero when more was repaid than drawn.
    pub outstanding: Money,
    /// `undrawn`, `open`, `repaid` or `overpaid`.
    pub status: &'static str,
}

/// Without `organization_id`, of the department's one organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContract {
    contract_number: String,
    contract_date: Option<NaiveDate>,
    contract_type: Option<String>,
    counterparty: Option<String>,
    direction: Option<String>,
    currency: Option<String>,
    #[serde(default, deserialize_with = "optional_whole")]
    organization_id: Option<i64>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    department_id: Option<i64>,
}

/// A field that is left out stays as it is. Type, lender, direction and currency that are set here are not
/// changed by imports; `null` gives them back to what the operations say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedContract {
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    contract_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    contract_date: Patch<NaiveDate>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    contract_type: Patch<String>,
    /// The lender's name: one that is not known is made.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    counterparty: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    direction: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Patch<String>,
    #[serde(default)]
    #[schema(value_type = i64, required = false)]
    organization_id: Patch<WholeNumber>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

/// The contracts, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts",
    tag = "Reference data",
    operation_id = "list_contracts",
    params(Department, Activity, ContractKind, LenderAndDirection, ContractListFilter, Search, ContractsPaging, Files),
    responses((status = 200, description = "OK", body = Vec<Contract>))
)]
pub async fn list(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let filter = ContractFilter {
        is_active: params.switch("is_active")?,
        contract_type: params
            .choice("contract_type", "credit (Кредит) and loan (Заем)", ContractType::of_name)?
            .map(|known| known.as_str().to_owned()),
        lender_id: params.id("lender_id")?,
        direction: params.choice("direction", "borrowed and lent", Direction::of_name)?,
        search: params.text("search"),
        department: caller.department(asked)?,
    };
    let choice = ContractChoice::read(&mut params)?;
    let (page, export) = (params.page_of(CONTRACTS_LIMIT)?, params.export()?);
    params.finish()?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| Ok(part_of(&state, conn, &filter, &choice, page).await?.0);
        return export.list(&state, filter.department, "contracts", part).await;
    }
    let read = async |conn: &mut DbConn| Ok(part_of(&state, conn, &filter, &choice, page).await?);
    listed_data(&state, filter.department, read).await
}

/// One contract.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}",
    tag = "Reference data",
    operation_id = "get_contract",
    params(Id),
    responses((status = 200, description = "OK", body = Contract))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    let mut conn = state.db.conn().await?;
    let row = db::find_contract(&mut conn, scope, id).await?;
    let flows = ContractFigures::of(&state, &mut conn, scope).await?;
    found(row.map(|row| Contract::of(row, &flows)), "contract", id)
}

/// Makes a contract.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts",
    tag = "Reference data",
    operation_id = "create_contract",
    request_body = NewContract,
    responses((status = 201, description = "Made", body = Contract))
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    params: Params,
    Json(body): Json<NewContract>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let department_id = caller.one_department(body.department_id)?;
    let number = text_field("contract_number", &body.contract_number)?;
    let reference = ContractRef::parse(&number, body.contract_date)
        .ok_or_else(|| ApiError::invalid("contract_number", "is empty"))?;
    let counterparty = body.counterparty.map(|text| text_field("counterparty", &text)).transpose()?;
    let facts = ContractChange {
        is_active: body.is_active,
        contract_type: body.contract_type.as_deref().map(contract_type).transpose()?.map(Some),
        is_type_manual: body.contract_type.is_some().then_some(true),
        direction: body.direction.as_deref().map(direction).transpose()?.map(Some),
        is_direction_manual: body.direction.is_some().then_some(true),
        currency: body.currency.as_deref().map(currency).transpose()?.map(Some),
        is_currency_manual: body.currency.is_some().then_some(true),
        ..ContractChange::default()
    };
    let scope = DepartmentScope::One(department_id);
    let organization_id = match body.organization_id {
        Some(id) => own_organization(&state, scope, id).await.map(|()| id)?,
        None => only_organization(&state, scope).await?,
    };
    let (id, row) = state
        .change_data(department_id, async |conn| {
            let lender_id = match &counterparty {
                Some(name) => Some(db::lender_of_name(conn, department_id, name).await?),
                None => None,
            };
            let contract = db::NewContract::new(department_id, organization_id, &reference, lender_id);
            let id = db::insert_contract(conn, &contract).await?;
            let is_lender_manual = lender_id.map(|_| true);
            let change = ContractChange { lender_id: lender_id.map(Some), is_lender_manual, ..facts };
            db::update_contract(conn, id, &change).await?;
            Ok((id, db::find_contract(conn, scope, id).await?))
        })
        .await?;
    let contract = row.map(|row| Contract::of(row, &ContractFigures::default()));
    Ok(created(&format!("{CREDIT_PORTFOLIO}/contracts"), id, &contract))
}

/// Changes a contract; a field that is left out stays as it is.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}",
    tag = "Reference data",
    operation_id = "change_contract",
    params(Id),
    request_body = ChangedContract,
    responses((status = 200, description = "OK", body = Contract))
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
    ObjectBody(body): ObjectBody<ChangedContract>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    let known = db::find_contract(&mut state.db.conn().await?, scope, id).await?;
    let known = known.ok_or_else(|| missing("contract", id))?;
    let department = DepartmentScope::One(known.department_id);
    let organization_id = body.organization_id.required("organization_id")?.map(|WholeNumber(id)| id);
    if let Some(organization_id) = organization_id.filter(|id| *id != known.organization_id) {
        own_organization(&state, department, organization_id).await?;
        if db::has_operations_of_contract(&mut state.db.conn().await?, known.department_id, id).await? {
            let detail = "operations belong to it: exports say whose they are; merge the organizations instead";
            return Err(ApiError::Conflict(detail.to_owned()));
        }
    }
    let number = body.contract_number.required("contract_number")?;
    let number = number.map(|text| text_field("contract_number", &text)).transpose()?;
    let spelling = number.as_ref().unwrap_or(&known.contract_number);
    let date = body.contract_date.required("contract_date")?;
    let reference = ContractRef::parse(spelling, date.or(known.contract_date));
    let contract_type = body.contract_type.try_map(|text| contract_type(&text))?.nullable();
    let direction = body.direction.try_map(|text| direction(&text))?.nullable();
    let currency = body.currency.try_map(|text| currency(&text))?.nullable();
    let counterparty = body.counterparty.try_map(|text| text_field("counterparty", &text))?.nullable();
    let is_renamed = number.is_some() || date.is_some();
    let change = ContractChange {
        contract_date: reference.as_ref().and_then(|reference| reference.date).filter(|_| is_renamed),
        contract_number: number,
        // What is given back is found out again from the operations.
        is_type_manual: contract_type.as_ref().map(Option::is_some),
        contract_type,
        is_direction_manual: direction.as_ref().map(Option::is_some),
        direction,
        is_currency_manual: currency.as_ref().map(Option::is_some),
        currency,
        is_lender_manual: counterparty.as_ref().map(Option::is_some),
        organization_id,
        is_active: body.is_active.required("is_active")?,
        ..ContractChange::default()
    };
    let department_id = known.department_id;
    let row = state
        .change_data(department_id, async |conn| {
            let lender_id = match &counterparty {
                None => None,
                Some(None) => Some(None),
                Some(Some(name)) => Some(Some(db::lender_of_name(conn, department_id, name).await?)),
            };
            let contract_key = reference
                .filter(|_| is_renamed)
                .map(|reference| db::contract_key(&reference, lender_id.unwrap_or(known.lender_id)));
            let change = ContractChange { lender_id, contract_key, ..change };
            db::update_contract(conn, id, &change).await?;
            db::refresh_contract_facts(conn, department_id, &[id]).await?;
            db::find_contract(conn, scope, id).await
        })
        .await?;
    let flows = ContractFigures::of(&state, &mut state.db.conn().await?, department).await?;
    found(row.map(|row| Contract::of(row, &flows)), "contract", id)
}

/// A part of the contracts that match, and the full count.
async fn part_of(
    state: &AppState,
    conn: &mut DbConn,
    filter: &ContractFilter,
    choice: &ContractChoice,
    page: Page,
) -> Result<(Vec<Contract>, i64), DbError> {
    let rows = db::search_contracts(conn, filter).await?;
    let figures = ContractFigures::of(state, conn, filter.department).await?;
    let contracts = rows.into_iter().map(|row| Contract::of(row, &figures));
    let mut contracts: Vec<Contract> = contracts.filter(|contract| choice.takes(contract)).collect();
    contracts.sort_by(|one, other| choice.compare(one, other));
    let total = i64::try_from(contracts.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown = contracts.into_iter().skip(skip).take(usize::try_from(page.limit).unwrap_or(0));
    Ok((shown.collect(), total))
}

/// The organization of a contract must be of the contract's department.
async fn own_organization(state: &AppState, scope: DepartmentScope, id: i64) -> Result<(), ApiError> {
    let organization = db::find_organization(&mut state.db.conn().await?, scope, id).await?;
    organization.map(drop).ok_or_else(|| missing("organization", id))
}

/// The organization of a department that has one only.
async fn only_organization(state: &AppState, scope: DepartmentScope) -> Result<i64, ApiError> {
    let page = Page { skip: 0, limit: 2 };
    let (organizations, _) = db::list_organizations(&mut state.db.conn().await?, scope, None, page).await?;
    match organizations.as_slice() {
        [one] => Ok(one.id),
        _ => Err(ApiError::Conflict(
            "organization_id: is needed, because the department has not exactly one organization".to_owned(),
        )),
    }
}

fn direction(text: &str) -> Result<String, ApiError> {
    let known = Direction::of_name(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| ApiError::invalid("direction", format!("{text:?} is neither borrowed nor lent")))
}

fn currency(text: &str) -> Result<String, ApiError> {
    let known = Currency::parse(text).map(|known| known.as_str().to_owned());
    known
        .filter(|code| code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()))
        .ok_or_else(|| ApiError::invalid("currency", format!("{text:?} is not an ISO currency code")))
}

fn contract_type(text: &str) -> Result<String, ApiError> {
    let known = ContractType::of_name(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| ApiError::invalid("contract_type", format!("{text:?} is neither credit nor loan")))
}

/// The figures of all contracts of a scope, in the base currency, and their standing.
#[derive(Default)]
struct ContractFigures {
    flows: BTreeMap<i64, FlowSums>,
    standings: BTreeMap<i64, Standing>,
}

impl ContractFigures {
    async fn of(state: &AppState, conn: &mut DbConn, scope: DepartmentScope) -> Result<ContractFigures, DbError> {
        let filter = PortfolioFilter::of_department(scope, state.base_currency.clone());
        Ok(ContractFigures {
            flows: db::flows_by(conn, &filter, FlowGroup::Contract).await?,
            standings: standings(conn, &filter, &state.analytics.basis()).await?,
        })
    }
}

impl Contract {
    fn of(row: ContractRow, figures: &ContractFigures) -> Contract {
        let flow = figures.flows.get(&row.id).copied().unwrap_or_default();
        let standing = figures.standings.get(&row.id);
        Contract {
            contract_type_label: row.contract_type.as_deref().and_then(ContractType::of_name).map(ContractType::label),
            row,
            total_paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            outstanding: standing.map_or(Money::ZERO, |standing| standing.balance),
            status: standing.map_or(ContractStatus::Undrawn, |standing| standing.status).as_str(),
        }
    }
}
