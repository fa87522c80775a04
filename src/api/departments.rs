//! Departments.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{created, found, id_in_path, listed, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::ROOT;
use super::openapi::parameters::{Activity, Files, Id, Paging};
use super::params::Params;
use super::types::{Department, answers};
use crate::db;
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/departments").get(list).post(create))
        .service(web::resource("/departments/{id}").get(show));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepartment {
    name: String,
    code: String,
}

/// Names of departments are no secret within the holding: every user may read them.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/departments",
    tag = "Accounts",
    operation_id = "list_departments",
    params(Activity, Paging, Files),
    responses((status = 200, description = "OK", body = Vec<Department>))
)]
pub async fn list(
    state: Data<AppState>,
    _: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let (is_active, page, export) = (
        params.switch("is_active")?,
        params.page()?,
        params.export()?,
    );
    params.finish()?;
    let mut rows = db::list_departments(&mut state.db.conn().await?).await?;
    rows.retain(|row| is_active.is_none_or(|wanted| row.is_active == wanted));
    if let Some(export) = export {
        let rows = answers::<_, Department>(rows);
        return export.rows(&state, None, "departments", rows).await;
    }
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown: Vec<Department> = rows
        .into_iter()
        .skip(skip)
        .take(usize::try_from(page.limit).unwrap_or(0))
        .map(Department::from)
        .collect();
    Ok(listed(&shown, total))
}

/// One department.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/departments/{id}",
    tag = "Accounts",
    operation_id = "get_department",
    params(Id),
    responses((status = 200, description = "OK", body = Department))
)]
pub async fn show(
    state: Data<AppState>,
    _: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let id = id_in_path(&id)?;
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
    responses((status = 201, description = "Made", body = Department))
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    params: Params,
    Json(body): Json<NewDepartment>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
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
