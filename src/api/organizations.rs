//! Organizations.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{created, found, missing, not_merged, optional_whole, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{NoParams, PathId};
use super::patch::Patch;
use super::reference_list::{ReferenceQuery, reference_list};
use crate::app::AppState;
use crate::db::{
    self, AliasKind, DbConn, DbError, NewAlias, OrganizationChange, OrganizationRow, Page,
    ReferenceFilter, Spelling,
};
use crate::domain::{DepartmentScope, PartyName};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/organizations").get(list).post(create))
        .service(web::resource("/organizations/{id}").get(show).put(change));
}

/// An organization as it is answered.
#[derive(Serialize, ToSchema)]
struct Organization {
    #[serde(flatten)]
    row: OrganizationRow,
    /// The spellings that exports recognize it by.
    aliases: Vec<Spelling>,
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
    reference_list(&state, &caller, query, "organizations", part_of).await
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
    found(
        find(&mut state.db.conn().await?, scope, id).await?,
        "organization",
        id,
    )
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
    let (scope, key) = (
        DepartmentScope::One(department_id),
        PartyName::parse(&name).key(),
    );
    let known = async |conn: &mut DbConn| {
        db::find_target(conn, department_id, AliasKind::Organization, &key).await
    };
    if known(&mut state.db.conn().await?).await?.is_some() {
        return Err(DbError::Duplicate.into());
    }
    let (id, row) = state
        .change_data(department_id, async |conn| {
            // An import may have stored it while this request waited for its end.
            let id = match known(conn).await? {
                Some(id) => id,
                None => {
                    let id =
                        db::insert_organization(conn, department_id, &name, inn.as_deref()).await?;
                    let alias = NewAlias::new(
                        department_id,
                        AliasKind::Organization,
                        key.clone(),
                        &name,
                        id,
                    );
                    db::insert_alias(conn, alias).await?;
                    id
                }
            };
            let stored_inn = db::find_organization(conn, scope, id)
                .await?
                .and_then(|stored| stored.inn);
            if stored_inn.is_some() && stored_inn != inn {
                return Err(DbError::Duplicate);
            }
            let (name, inn) = (Some(name), inn.map(Some));
            db::update_organization(
                conn,
                id,
                &OrganizationChange {
                    name,
                    inn,
                    is_active: body.is_active,
                },
            )
            .await?;
            db::refresh_intra_group(conn, department_id).await?;
            Ok((id, find(conn, scope, id).await?))
        })
        .await?;
    Ok(created(
        &format!("{CREDIT_PORTFOLIO}/organizations"),
        id,
        &row,
    ))
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
    let known = db::find_organization(&mut state.db.conn().await?, scope, id).await?;
    let known = known.ok_or_else(|| missing("organization", id))?;
    not_merged("organization", id, known.merged_into)?;
    let department_id = known.department_id;
    let row = state
        .change_data(department_id, async |conn| {
            db::update_organization(conn, id, &change).await?;
            if let Some(name) = &name {
                let key = PartyName::parse(name).key();
                db::add_alias_if_free(conn, department_id, AliasKind::Organization, key, name, id)
                    .await?;
            }
            db::refresh_intra_group(conn, department_id).await?;
            find(conn, scope, id).await
        })
        .await?;
    found(row, "organization", id)
}

/// A part of the organizations, and the full count.
async fn part_of(
    conn: &mut DbConn,
    filter: &ReferenceFilter,
    page: Page,
) -> Result<(Vec<Organization>, i64), DbError> {
    let (rows, total) = db::list_organizations(conn, filter, page).await?;
    Ok((answered(conn, filter.department, rows).await?, total))
}

/// The one of that id.
async fn find(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<Organization>, DbError> {
    let row = db::find_organization(conn, scope, id).await?;
    Ok(answered(conn, scope, row.into_iter().collect())
        .await?
        .pop())
}

async fn answered(
    conn: &mut DbConn,
    scope: DepartmentScope,
    rows: Vec<OrganizationRow>,
) -> Result<Vec<Organization>, DbError> {
    let rows = db::with_aliases(conn, scope, AliasKind::Organization, rows, |row| row.id).await?;
    Ok(rows
        .into_iter()
        .map(|(row, aliases)| Organization { row, aliases })
        .collect())
}
