//! Bank accounts.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::Deserialize;

use super::answer::{found, id_in_path, listed, missing, text_field};
use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, BankAccountChange, DbConn, Page};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/bank-accounts").get(list).post(create))
        .service(web::resource("/bank-accounts/{id}").get(show).put(change));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBankAccount {
    account_number: String,
    bank_name: Option<String>,
    is_active: Option<bool>,
    department_id: Option<i64>,
}

async fn list(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let (asked, is_active, page) = (params.id("department_id")?, params.switch("is_active")?, params.page()?);
    let export = params.export()?;
    params.finish()?;
    let scope = caller.department(asked)?;
    if let Some(export) = export {
        let part =
            async |conn: &mut DbConn, page: Page| Ok(db::list_bank_accounts(conn, scope, is_active, page).await?.0);
        return export.list(&state, scope, "bank-accounts", part).await;
    }
    let (rows, total) = db::list_bank_accounts(&mut state.db.conn().await?, scope, is_active, page).await?;
    Ok(listed(&rows, total))
}

async fn show(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    found(db::find_bank_account(&mut state.db.conn().await?, scope, id).await?, "bank account", id)
}

async fn create(
    state: Data<AppState>,
    caller: Caller,
    params: Params,
    Json(body): Json<NewBankAccount>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let department_id = caller.one_department(body.department_id)?;
    let account_number = text_field("account_number", &body.account_number)?;
    let bank_name = body.bank_name.map(|bank_name| text_field("bank_name", &bank_name)).transpose()?;
    let row = state
        .change_data(department_id, async |conn| {
            let id = db::insert_bank_account(conn, department_id, &account_number, bank_name.as_deref()).await?;
            let change = BankAccountChange { is_active: body.is_active, ..BankAccountChange::default() };
            db::update_bank_account(conn, id, &change).await?;
            db::find_bank_account(conn, crate::domain::DepartmentScope::One(department_id), id).await
        })
        .await?;
    Ok(HttpResponse::Created().json(row))
}

async fn change(
    state: Data<AppState>,
    caller: Caller,
    id: Path<String>,
    params: Params,
    Json(mut body): Json<BankAccountChange>,
) -> Result<HttpResponse, ApiError> {
    params.finish()?;
    let (id, scope) = (id_in_path(&id)?, caller.department(None)?);
    body.account_number = body.account_number.map(|number| text_field("account_number", &number)).transpose()?;
    body.bank_name = body.bank_name.map(|bank_name| text_field("bank_name", &bank_name)).transpose()?;
    let known = db::find_bank_account(&mut state.db.conn().await?, scope, id).await?;
    let department_id = known.ok_or_else(|| missing("bank account", id))?.department_id;
    let row = state
        .change_data(department_id, async |conn| {
            db::update_bank_account(conn, id, &body).await?;
            db::find_bank_account(conn, scope, id).await
        })
        .await?;
    found(row, "bank account", id)
}
