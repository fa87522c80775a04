//! Bank accounts.

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
use super::types::BankAccount;
use crate::db::{self, BankAccountChange, DbConn};
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/bank-accounts").get(list).post(create))
        .service(web::resource("/bank-accounts/{id}").get(show).put(change));
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBankAccount {
    #[schema(schema_with = fields::text)]
    account_number: String,
    #[schema(schema_with = fields::text_or_null)]
    bank_name: Option<String>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id_or_null)]
    department_id: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedBankAccount {
    #[serde(default)]
    #[schema(schema_with = fields::text, required = false)]
    account_number: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    bank_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_active: Patch<bool>,
}

/// The bank accounts, by id.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts",
    tag = "Reference data",
    operation_id = "list_bank_accounts",
    params(ReferenceQuery),
    responses((status = 200, description = "OK", body = Vec<BankAccount>))
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
        "bank-accounts",
        reference_rows::part_of::<BankAccount>,
    )
    .await
}

/// One bank account.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts/{id}",
    tag = "Reference data",
    operation_id = "get_bank_account",
    params(PathId),
    responses((status = 200, description = "OK", body = BankAccount))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    reference_rows::show::<BankAccount>(&state, scope, id).await
}

/// Makes a bank account. One that an import stores at the same time is the one that is made.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts",
    tag = "Reference data",
    operation_id = "create_bank_account",
    request_body = NewBankAccount,
    responses((status = 201, description = "Made", body = BankAccount), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<NewBankAccount>,
) -> Result<HttpResponse, ApiError> {
    let department_id = caller.one_department(body.department_id)?;
    let account_number = text_field("account_number", &body.account_number)?;
    let bank_name = body
        .bank_name
        .map(|bank_name| text_field("bank_name", &bank_name))
        .transpose()?;
    let change = BankAccountChange {
        account_number: Some(account_number.clone()),
        bank_name: bank_name.clone().map(Some),
        is_active: body.is_active,
    };
    let insert = async |conn: &mut DbConn| {
        db::insert_bank_account(conn, department_id, &account_number, bank_name.as_deref()).await
    };
    reference_rows::create::<BankAccount>(
        &state,
        department_id,
        "bank-accounts",
        &account_number,
        change,
        insert,
        |_| false,
    )
    .await
}

/// Changes a bank account; a field that is left out stays as it is.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts/{id}",
    tag = "Reference data",
    operation_id = "change_bank_account",
    params(PathId),
    request_body = ChangedBankAccount,
    responses((status = 200, description = "OK", body = BankAccount), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ChangedBankAccount>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let number = body.account_number.required("account_number")?;
    let number = number
        .map(|number| text_field("account_number", &number))
        .transpose()?;
    let bank_name = body
        .bank_name
        .try_map(|bank_name| text_field("bank_name", &bank_name))?
        .nullable();
    let is_active = body.is_active.required("is_active")?;
    let change = BankAccountChange {
        account_number: number.clone(),
        bank_name,
        is_active,
    };
    reference_rows::change::<BankAccount>(&state, scope, id, &change, number.as_deref()).await
}
