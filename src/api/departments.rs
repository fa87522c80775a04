//! Departments.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{created, found, listed_page, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{ROOT, fields};
use super::params::{Activity, Files, NoParams, Paging, PathId, Query, given};
use super::types::{Department, answers};
use crate::db;
use crate::state::AppState;

type ListQuery = Query<(Activity, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/departments").get(list).post(create))
        .service(web::resource("/departments/{id}").get(show));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepartment {
    #[schema(schema_with = fields::text)]
    name: String,
    #[schema(schema_with = fields::text)]
    code: String,
}

/// Names of departments are no secret within the holding: every user may read them.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/departments",
    tag = "Accounts",
    operation_id = "list_departments",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<Department>))
)]
pub async fn list(
    state: Data<AppState>,
    _: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    let (activity, paging, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let is_active = given(activity.is_active);
    let mut rows = db::list_departments(&mut state.db.conn().await?).await?;
    rows.retain(|row| is_active.is_none_or(|wanted| row.is_active == wanted));
    if let Some(export) = export {
        let rows = answers::<_, Department>(rows);
        return export.rows(&state, None, "departments", rows).await;
    }
    Ok(listed_page(answers::<_, Department>(rows), page))
}

/// One department.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/departments/{id}",
    tag = "Accounts",
    operation_id = "get_department",
    params(PathId),
    responses((status = 200, description = "OK", body = Department))
)]
pub async fn show(
    state: Data<AppState>,
    _: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let rows = db::list_departments(&mut state.db.conn().await?).await?;
    let row = rows.into_iter().find(|row| row.id == id);
    found(row.map(Department::from), "department", id)
}

/// Makes a department. ADMIN only.
#[utoipa::path(
    post,
    context_path = ROOT,
    path = "/departments",
    tag = "Accounts",
    operation_id = "create_department",
    request_body = NewDepartment,
    responses((status = 201, description = "Made", body = Department), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<NewDepartment>,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let (name, code) = (
        text_field("name", &body.name)?,
        text_field("code", &body.code)?,
    );
    let id = state
        .db
        .write(async |conn| db::insert_department(conn, &name, &code).await)
        .await?;
    let rows = db::list_departments(&mut state.db.conn().await?).await?;
    let row = rows.into_iter().find(|row| row.id == id);
    Ok(created(
        &format!("{ROOT}/departments"),
        id,
        &row.map(Department::from),
    ))
}
