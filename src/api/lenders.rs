//! Lenders: the other parties of contracts, borrowers of loans given included.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{created, optional_whole, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{NoParams, PathId};
use super::patch::Patch;
use super::reference_list::{ReferenceQuery, reference_list};
use super::reference_rows;
use super::types::Lender;
use crate::db::{self, AliasKind, LenderChange, LenderRow, NewAlias, ReferenceRow};
use crate::domain::DepartmentScope;
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/lenders").get(list).post(create))
        .service(web::resource("/lenders/{id}").get(show).put(change));
}

/// `is_intra_group` sets by hand whether it is one of the holding's own organizations; left out,
/// that follows from INN and name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLender {
    #[schema(schema_with = fields::text)]
    name: String,
    #[schema(schema_with = fields::text_or_null)]
    inn: Option<String>,
    #[schema(schema_with = fields::text_or_null)]
    group: Option<String>,
    is_intra_group: Option<bool>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    department_id: Option<i64>,
}

/// A field that is left out stays as it is. `is_intra_group` of `null` gives it back to what INN
/// and name say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedLender {
    #[serde(default)]
    #[schema(schema_with = fields::text, required = false)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    inn: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    group: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    is_intra_group: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

/// The lenders, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders",
    tag = "Reference data",
    operation_id = "list_lenders",
    params(ReferenceQuery),
    responses((status = 200, description = "OK", body = Vec<Lender>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ReferenceQuery,
) -> Result<HttpResponse, ApiError> {
    reference_list(
        &state,
        &caller,
        query,
        "lenders",
        reference_rows::part_of::<Lender>,
    )
    .await
}

/// One lender.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders/{id}",
    tag = "Reference data",
    operation_id = "get_lender",
    params(PathId),
    responses((status = 200, description = "OK", body = Lender))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    reference_rows::show::<Lender>(&state, scope, id).await
}

/// Makes a lender.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders",
    tag = "Reference data",
    operation_id = "create_lender",
    request_body = NewLender,
    responses((status = 201, description = "Made", body = Lender), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<NewLender>,
) -> Result<HttpResponse, ApiError> {
    let department_id = caller.one_department(body.department_id)?;
    let name = text_field("name", &body.name)?;
    let inn = body.inn.map(|inn| text_field("inn", &inn)).transpose()?;
    let change = LenderChange {
        group_name: body
            .group
            .map(|group| text_field("group", &group))
            .transpose()?
            .map(Some),
        is_intra_group: body.is_intra_group,
        is_intra_group_manual: body.is_intra_group.map(|_| true),
        is_active: body.is_active,
        ..LenderChange::default()
    };
    let scope = DepartmentScope::One(department_id);
    let (id, row) = state
        .change_data(department_id, async |conn| {
            let id = db::insert_lender(conn, department_id, &name, inn.as_deref()).await?;
            let key = AliasKind::Lender.key_of_name(&name);
            db::insert_alias(
                conn,
                NewAlias::new(department_id, AliasKind::Lender, key, &name, id),
            )
            .await?;
            LenderRow::update(conn, id, &change).await?;
            db::refresh_intra_group(conn, department_id).await?;
            Ok((id, reference_rows::find::<Lender>(conn, scope, id).await?))
        })
        .await?;
    Ok(created(&format!("{CREDIT_PORTFOLIO}/lenders"), id, &row))
}

/// Changes what is shown of a lender. A new name is recognized in exports beside the old ones.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders/{id}",
    tag = "Reference data",
    operation_id = "change_lender",
    params(PathId),
    request_body = ChangedLender,
    responses((status = 200, description = "OK", body = Lender), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ChangedLender>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let name = body
        .name
        .required("name")?
        .map(|name| text_field("name", &name))
        .transpose()?;
    let is_intra_group = body.is_intra_group.nullable();
    let change = LenderChange {
        name: name.clone(),
        inn: body.inn.try_map(|inn| text_field("inn", &inn))?.nullable(),
        group_name: body
            .group
            .try_map(|group| text_field("group", &group))?
            .nullable(),
        is_intra_group: is_intra_group.flatten(),
        is_intra_group_manual: is_intra_group.map(|by_hand| by_hand.is_some()),
        is_active: body.is_active.required("is_active")?,
    };
    reference_rows::change::<Lender>(&state, scope, id, &change, name.as_deref()).await
}
