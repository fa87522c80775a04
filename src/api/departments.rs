//! Departments.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::Deserialize;

use super::answer::{found, id_in_path, listed, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use crate::app::AppState;
use crate::db;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/departments").get(list).post(create))
        .service(web::resource("/departments/{id}").get(show));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDepartment {
    name: String,
    code: String,
}

/// Names of departments are no secret within the holding: every user may read them.
async fn list(state: Data<AppState>, _: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let page = params.page()?;
    params.finish()?;
    let rows = db::list_departments(&mut state.db.conn().await?).await?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown: Vec<_> = rows.into_iter().skip(skip).take(usize::try_from(page.limit).unwrap_or(0)).collect();
    Ok(listed(&shown, total))
}

async fn show(state: Data<AppState>, _: Caller, id: Path<String>, params: Params) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let id = id_in_path(&id)?;
    let rows = db::list_departments(&mut state.db.conn().await?).await?;
    found(rows.into_iter().find(|row| row.id == id), "department", id)
}

async fn create(
    state: Data<AppState>,
    caller: Caller,
    params: Params,
    Json(body): Json<NewDepartment>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    caller.administers()?;
    let (name, code) = (text_field("name", &body.name)?, text_field("code", &body.code)?);
    let id = state.db.write(async |conn| db::insert_department(conn, &name, &code).await).await?;
    let rows = db::list_departments(&mut state.db.conn().await?).await?;
    Ok(HttpResponse::Created().json(rows.into_iter().find(|row| row.id == id)))
}
