//! Contracts, each with what was paid on it.

mod checked;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use super::answer::{
    WholeNumber, created, found, listed_data, missing, not_merged, optional_whole, text_field,
};
use super::caller::Caller;
use super::contract_answer::{Contract, answered, part_of};
use super::contract_choice::ContractChoice;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{
    Activity, ContractKind, ContractListOrder, ContractStanding, ContractsPaging, Department,
    Files, LenderId, LoanDirection, NoParams, PathId, Query, Search, given,
};
use super::patch::Patch;
use crate::db::{self, AliasKind, ContractChange, ContractFilter, DbConn, DbError, Page};
use crate::domain::{ChangedData, ContractRef, DepartmentScope};
use crate::state::AppState;
use checked::{
    contract_type, currency, direction, move_contract, only_organization, own_organization,
};

type ListQuery = Query<(
    Department,
    Activity,
    ContractKind,
    LenderId,
    LoanDirection,
    ContractStanding,
    ContractListOrder,
    Search,
    ContractsPaging,
    Files,
)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/contracts").get(list).post(create))
        .service(web::resource("/contracts/{id}").get(show).put(change));
}

/// Without `organization_id`, of the department's one organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContract {
    #[schema(schema_with = fields::text)]
    contract_number: String,
    contract_date: Option<NaiveDate>,
    #[schema(schema_with = fields::contract_type_or_null)]
    contract_type: Option<String>,
    #[schema(schema_with = fields::text_or_null)]
    counterparty: Option<String>,
    #[schema(schema_with = fields::direction_or_null)]
    direction: Option<String>,
    #[schema(schema_with = fields::currency_or_null)]
    currency: Option<String>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    organization_id: Option<i64>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    department_id: Option<i64>,
}

/// A field that is left out stays as it is. Type, lender, direction and currency that are set here
/// are not changed by imports; `null` gives them back to what the operations say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedContract {
    #[serde(default)]
    #[schema(schema_with = fields::text, required = false)]
    contract_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    contract_date: Patch<NaiveDate>,
    #[serde(default)]
    #[schema(schema_with = fields::contract_type_or_null, required = false)]
    contract_type: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = lender_name, required = false)]
    counterparty: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::direction_or_null, required = false)]
    direction: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::currency_or_null, required = false)]
    currency: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::id, required = false)]
    organization_id: Patch<WholeNumber>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

fn lender_name() -> ObjectBuilder {
    fields::text_or_null().description(Some("The lender's name: one that is not known is made."))
}

/// The contracts, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts",
    tag = "Reference data",
    operation_id = "list_contracts",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<Contract>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, activity, kind, lender, direction, standing, order, search, paging, files) =
        query.params;
    let filter = ContractFilter {
        is_active: given(activity.is_active),
        contract_type: given(kind.contract_type).map(|known| known.as_str().to_owned()),
        lender_id: given(lender.lender_id),
        direction: given(direction.direction),
        search: given(search.search).flatten(),
        department: caller.department(given(department.department_id))?,
    };
    let choice = ContractChoice::new(standing, order, filter.direction);
    let page = Page {
        skip: paging.skip.0,
        limit: paging.limit.0,
    };
    let export = files.export(query.raw);
    if let Some(export) = export {
        let (department, shared) = (filter.department, state.clone());
        let part = async move |conn: &mut DbConn, page: Page| {
            Ok(part_of(&shared, conn, &filter, &choice, page).await?.0)
        };
        return export.list(&state, department, "contracts", part).await;
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
    params(PathId),
    responses((status = 200, description = "OK", body = Contract))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let contract = async |conn: &mut DbConn| {
        let row = db::find_contract(conn, scope, id).await?;
        answered(&state, conn, row).await
    };
    found(state.db.snapshot(contract).await?, "contract", id)
}

/// Makes a contract. One that an import stores at the same time is the one that is made.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts",
    tag = "Reference data",
    operation_id = "create_contract",
    request_body = NewContract,
    responses((status = 201, description = "Made", body = Contract), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<NewContract>,
) -> Result<HttpResponse, ApiError> {
    let department_id = caller.one_department(body.department_id)?;
    let number = text_field("contract_number", &body.contract_number)?;
    let reference = ContractRef::parse(&number, body.contract_date)
        .ok_or_else(|| ApiError::invalid("contract_number", "is empty"))?;
    let counterparty = body
        .counterparty
        .map(|text| text_field("counterparty", &text))
        .transpose()?;
    let facts = ContractChange {
        is_active: body.is_active,
        contract_type: body
            .contract_type
            .as_deref()
            .map(contract_type)
            .transpose()?
            .map(Some),
        is_type_manual: body.contract_type.is_some().then_some(true),
        direction: body
            .direction
            .as_deref()
            .map(direction)
            .transpose()?
            .map(Some),
        is_direction_manual: body.direction.is_some().then_some(true),
        currency: body
            .currency
            .as_deref()
            .map(currency)
            .transpose()?
            .map(Some),
        is_currency_manual: body.currency.is_some().then_some(true),
        ..ContractChange::default()
    };
    let scope = DepartmentScope::One(department_id);
    let organization_id = match body.organization_id {
        Some(id) => own_organization(&mut state.db.conn().await?, scope, id)
            .await
            .map(|()| id)?,
        None => only_organization(&state, scope).await?,
    };
    let known = async |conn: &mut DbConn, lender_id: Option<i64>| {
        db::find_contract_of(conn, department_id, organization_id, &reference, lender_id).await
    };
    let lender_id = match &counterparty {
        Some(name) => {
            let key = AliasKind::Lender.key_of_name(name);
            db::find_target(
                &mut state.db.conn().await?,
                department_id,
                AliasKind::Lender,
                &key,
            )
            .await?
        }
        None => None,
    };
    if known(&mut state.db.conn().await?, lender_id)
        .await?
        .is_some()
    {
        return Err(DbError::Duplicate.into());
    }
    let (id, row) = state
        .change_data(department_id, async |conn| {
            let lender_id = match &counterparty {
                Some(name) => Some(db::lender_of_name(conn, department_id, name).await?),
                None => None,
            };
            let contract =
                db::NewContract::new(department_id, organization_id, &reference, lender_id);
            // An import may have stored it while this request waited for its end.
            let id = match known(conn, lender_id).await? {
                Some(id) => id,
                None => db::insert_contract(conn, &contract).await?,
            };
            let is_lender_manual = lender_id.map(|_| true);
            let change = ContractChange {
                lender_id: lender_id.map(Some),
                is_lender_manual,
                ..facts
            };
            db::update_contract(conn, id, &change).await?;
            Ok((id, db::find_contract(conn, scope, id).await?))
        })
        .await?;
    let contract = answered(&state, &mut state.db.conn().await?, row).await?;
    Ok(created(
        &format!("{CREDIT_PORTFOLIO}/contracts"),
        id,
        &contract,
    ))
}

/// Changes a contract; a field that is left out stays as it is.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}",
    tag = "Reference data",
    operation_id = "change_contract",
    params(PathId),
    request_body = ChangedContract,
    responses((status = 200, description = "OK", body = Contract), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ChangedContract>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let number = body.contract_number.required("contract_number")?;
    let number = number
        .map(|text| text_field("contract_number", &text))
        .transpose()?;
    let date = body.contract_date.required("contract_date")?;
    let contract_type = body
        .contract_type
        .try_map(|text| contract_type(&text))?
        .nullable();
    let direction = body.direction.try_map(|text| direction(&text))?.nullable();
    let currency = body.currency.try_map(|text| currency(&text))?.nullable();
    let counterparty = body
        .counterparty
        .try_map(|text| text_field("counterparty", &text))?
        .nullable();
    let organization_id = body
        .organization_id
        .required("organization_id")?
        .map(|WholeNumber(id)| id);
    let change = ContractChange {
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
    let known = db::find_contract(&mut state.db.conn().await?, scope, id).await?;
    let department_id = known.ok_or_else(|| missing("contract", id))?.department_id;
    let changed = async |conn: &mut DbConn| {
        // An import must not add operations between what is read here and what is written.
        db::lock_import_briefly(conn, department_id).await?;
        let known = db::find_contract(conn, scope, id)
            .await?
            .ok_or_else(|| missing("contract", id))?;
        not_merged("contract", id, known.merged_into)?;
        if let Some(organization_id) = organization_id.filter(|id| *id != known.organization_id) {
            move_contract(conn, &known, organization_id).await?;
        }
        let lender_id = match &counterparty {
            None => None,
            Some(None) if !db::is_lender_manual(conn, department_id, id).await? => {
                return Err(ApiError::Conflict(
                    "counterparty can't be cleared: it was not set by hand but follows from the operations".to_owned(),
                ));
            }
            Some(None) => Some(None),
            Some(Some(name)) => Some(Some(db::lender_of_name(conn, department_id, name).await?)),
        };
        let change = ContractChange {
            lender_id,
            ..change.renamed(&known, number, date, lender_id)
        };
        db::update_contract(conn, id, &change).await?;
        db::refresh_contract_facts(conn, department_id, &[id]).await?;
        Ok::<_, ApiError>((
            db::find_contract(conn, scope, id).await?,
            ChangedData::reference_data(),
        ))
    };
    let row = state.change_figures(department_id, changed).await?;
    found(
        answered(&state, &mut state.db.conn().await?, row).await?,
        "contract",
        id,
    )
}
