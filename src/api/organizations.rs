//! Organizations.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{optional_whole, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{NoParams, PathId};
use super::patch::Patch;
use super::reference_list::{ReferenceQuery, reference_list};
use super::reference_rows;
use super::types::Organization;
use crate::db::{self, DbConn, OrganizationChange, OrganizationRow};
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/organizations").get(list).post(create))
        .service(web::resource("/organizations/{id}").get(show).put(change));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    #[schema(schema_with = fields::text)]
    name: String,
    #[schema(schema_with = fields::text_or_null)]
    inn: Option<String>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    department_id: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedOrganization {
    #[serde(default)]
    #[schema(schema_with = fields::text, required = false)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    inn: Patch<String>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

/// The organizations, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations",
    tag = "Reference data",
    operation_id = "list_organizations",
    params(ReferenceQuery),
    responses((status = 200, description = "OK", body = Vec<Organization>))
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
        "organizations",
        reference_rows::part_of::<Organization>,
    )
    .await
}

/// One organization.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations/{id}",
    tag = "Reference data",
    operation_id = "get_organization",
    params(PathId),
    responses((status = 200, description = "OK", body = Organization))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    reference_rows::show::<Organization>(&state, scope, id).await
}

/// Makes an organization. One that an import stores at the same time is the one that is made.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations",
    tag = "Reference data",
    operation_id = "create_organization",
    request_body = NewOrganization,
    responses((status = 201, description = "Made", body = Organization), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<NewOrganization>,
) -> Result<HttpResponse, ApiError> {
    let department_id = caller.one_department(body.department_id)?;
    let name = text_field("name", &body.name)?;
    let inn = body.inn.map(|inn| text_field("inn", &inn)).transpose()?;
    let change = OrganizationChange {
        name: Some(name.clone()),
        inn: inn.clone().map(Some),
        is_active: body.is_active,
    };
    let insert = async |conn: &mut DbConn| {
        db::insert_organization(conn, department_id, &name, inn.as_deref()).await
    };
    let has_other_inn = |stored: &OrganizationRow| stored.inn.is_some() && stored.inn != inn;
    reference_rows::create::<Organization>(
        &state,
        department_id,
        "organizations",
        &name,
        change,
        insert,
        has_other_inn,
    )
    .await
}

/// Changes what is shown of an organization; a field that is left out stays as it is. A new name is
/// recognized in exports beside the old ones.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations/{id}",
    tag = "Reference data",
    operation_id = "change_organization",
    params(PathId),
    request_body = ChangedOrganization,
    responses((status = 200, description = "OK", body = Organization), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ChangedOrganization>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let name = body
        .name
        .required("name")?
        .map(|name| text_field("name", &name))
        .transpose()?;
    let inn = body.inn.try_map(|inn| text_field("inn", &inn))?.nullable();
    let change = OrganizationChange {
        name: name.clone(),
        inn,
        is_active: body.is_active.required("is_active")?,
    };
    reference_rows::change::<Organization>(&state, scope, id, &change, name.as_deref()).await
}
