//! Contracts, each with what was paid on it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{created, found, id_in_path, listed, missing, optional_whole, text_field, whole};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{Activity, ContractKind, Department, Files, Id, Paging, Search};
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, ContractChange, ContractFacts, ContractFilter, ContractRow, DbConn, DbError, FlowGroup, Page};
use crate::domain::{ContractRef, ContractType, DepartmentScope, FlowSums, Money, PortfolioFilter};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/contracts").get(list).post(create))
        .service(web::resource("/contracts/{id}").get(show).put(change));
}

/// A contract as it is answered. Amounts are in the base currency.
#[derive(Serialize, ToSchema)]
struct Contract {
    #[serde(flatten)]
    row: ContractRow,
    total_paid: Money,
    principal: Money,
    interest: Money,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContract {
    contract_number: String,
    contract_date: Option<NaiveDate>,
    contract_type: Option<String>,
    counterparty: Option<String>,
    #[serde(deserialize_with = "whole")]
    organization_id: i64,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    department_id: Option<i64>,
}

/// A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedContract {
    contract_number: Option<String>,
    contract_date: Option<NaiveDate>,
    contract_type: Option<String>,
    counterparty: Option<String>,
    #[serde(default, deserialize_with = "optional_whole")]
    organization_id: Option<i64>,
    is_active: Option<bool>,
}

/// The contracts, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts",
    tag = "Reference data",
    operation_id = "list_contracts",
    params(Department, Activity, ContractKind, Search, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<Contract>))
)]
pub async fn list(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let filter = ContractFilter {
        is_active: params.switch("is_active")?,
        contract_type: params.text("contract_type").map(|text| contract_type(&text)).transpose()?,
        search: params.text("search"),
        department: caller.department(asked)?,
    };
    let (page, export) = (params.page()?, params.export()?);
    params.finish()?;
    if let Some(export) = export {
        let part = async |conn: &mut DbConn, page: Page| Ok(part_of(&state, conn, &filter, page).await?.0);
        return export.list(&state, filter.department, "contracts", part).await;
    }
    let (contracts, total) = part_of(&state, &mut state.db.conn().await?, &filter, page).await?;
    Ok(listed(&contracts, total))
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
    let flows = flows(&state, &mut conn, scope).await?;
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
    let facts = ContractFacts {
        contract_type: body.contract_type.map(|text| contract_type(&text)).transpose()?,
        counterparty: body.counterparty.map(|text| text_field("counterparty", &text)).transpose()?,
        ..ContractFacts::default()
    };
    let scope = DepartmentScope::One(department_id);
    let organization_id = body.organization_id;
    own_organization(&state, scope, organization_id).await?;
    let (id, row) = state
        .change_data(department_id, async |conn| {
            let contract = db::NewContract::new(department_id, organization_id, &reference, facts);
            let id = db::insert_contract(conn, &contract).await?;
            let change = ContractChange { is_active: body.is_active, ..ContractChange::default() };
            db::update_contract(conn, id, &change).await?;
            Ok((id, db::find_contract(conn, scope, id).await?))
        })
        .await?;
    let contract = row.map(|row| Contract::of(row, &BTreeMap::new()));
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
    Json(body): Json<ChangedContract>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    let known = db::find_contract(&mut state.db.conn().await?, scope, id).await?;
    let known = known.ok_or_else(|| missing("contract", id))?;
    let department = DepartmentScope::One(known.department_id);
    if let Some(organization_id) = body.organization_id {
        own_organization(&state, department, organization_id).await?;
    }
    let number = body.contract_number.map(|text| text_field("contract_number", &text)).transpose()?;
    let spelling = number.as_ref().unwrap_or(&known.contract_number);
    let reference = ContractRef::parse(spelling, body.contract_date.or(known.contract_date));
    let change = ContractChange {
        contract_key: reference.as_ref().map(ContractRef::key),
        contract_date: reference.and_then(|reference| reference.date),
        contract_number: number,
        contract_type: body.contract_type.map(|text| contract_type(&text)).transpose()?,
        counterparty: body.counterparty.map(|text| text_field("counterparty", &text)).transpose()?,
        organization_id: body.organization_id,
        is_active: body.is_active,
    };
    let row = state
        .change_data(known.department_id, async |conn| {
            db::update_contract(conn, id, &change).await?;
            db::find_contract(conn, scope, id).await
        })
        .await?;
    let flows = flows(&state, &mut state.db.conn().await?, department).await?;
    found(row.map(|row| Contract::of(row, &flows)), "contract", id)
}

/// A part of the contracts that match, and the full count.
async fn part_of(
    state: &AppState,
    conn: &mut DbConn,
    filter: &ContractFilter,
    page: Page,
) -> Result<(Vec<Contract>, i64), DbError> {
    let rows = db::search_contracts(conn, filter).await?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let flows = flows(state, conn, filter.department).await?;
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown = rows.into_iter().skip(skip).take(usize::try_from(page.limit).unwrap_or(0));
    Ok((shown.map(|row| Contract::of(row, &flows)).collect(), total))
}

/// The organization of a contract must be of the contract's department.
async fn own_organization(state: &AppState, scope: DepartmentScope, id: i64) -> Result<(), ApiError> {
    let organization = db::find_organization(&mut state.db.conn().await?, scope, id).await?;
    organization.map(drop).ok_or_else(|| missing("organization", id))
}

fn contract_type(text: &str) -> Result<String, ApiError> {
    let known = ContractType::of_name(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| ApiError::invalid("contract_type", format!("{text:?} is neither credit nor loan")))
}

async fn flows(
    state: &AppState,
    conn: &mut DbConn,
    department: DepartmentScope,
) -> Result<BTreeMap<i64, FlowSums>, DbError> {
    let filter = PortfolioFilter::of_department(department, state.base_currency.clone());
    db::flows_by(conn, &filter, FlowGroup::Contract).await
}

impl Contract {
    fn of(row: ContractRow, flows: &BTreeMap<i64, FlowSums>) -> Contract {
        let flow = flows.get(&row.id).copied().unwrap_or_default();
        Contract { row, total_paid: flow.expenses, principal: flow.principal, interest: flow.interest }
    }
}
