//! Bank accounts.

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
    self, AliasKind, BankAccountChange, BankAccountRow, DbConn, DbError, NewAlias, Page,
    ReferenceFilter, Spelling,
};
use crate::domain::{DepartmentScope, number_and_bank};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/bank-accounts").get(list).post(create))
        .service(web::resource("/bank-accounts/{id}").get(show).put(change));
}

/// A bank account as it is answered.
#[derive(Serialize, ToSchema)]
struct BankAccount {
    #[serde(flatten)]
    row: BankAccountRow,
    /// The spellings that exports recognize it by.
    aliases: Vec<Spelling>,
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
    reference_list(&state, &caller, query, "bank-accounts", part_of).await
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
    found(
        find(&mut state.db.conn().await?, scope, id).await?,
        "bank account",
        id,
    )
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
    let (scope, key) = (
        DepartmentScope::One(department_id),
        number_and_bank(&account_number).0.to_lowercase(),
    );
    let known = async |conn: &mut DbConn| {
        db::find_target(conn, department_id, AliasKind::BankAccount, &key).await
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
                    let id = db::insert_bank_account(
                        conn,
                        department_id,
                        &account_number,
                        bank_name.as_deref(),
                    )
                    .await?;
                    let alias = NewAlias::new(
                        department_id,
                        AliasKind::BankAccount,
                        key.clone(),
                        &account_number,
                        id,
                    );
                    db::insert_alias(conn, alias).await?;
                    id
                }
            };
            let (account_number, bank_name) = (Some(account_number), bank_name.map(Some));
            let change = BankAccountChange {
                account_number,
                bank_name,
                is_active: body.is_active,
            };
            db::update_bank_account(conn, id, &change).await?;
            Ok((id, find(conn, scope, id).await?))
        })
        .await?;
    Ok(created(
        &format!("{CREDIT_PORTFOLIO}/bank-accounts"),
        id,
        &row,
    ))
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
    let known = db::find_bank_account(&mut state.db.conn().await?, scope, id).await?;
    let known = known.ok_or_else(|| missing("bank account", id))?;
    not_merged("bank account", id, known.merged_into)?;
    let department_id = known.department_id;
    let row = state
        .change_data(department_id, async |conn| {
            db::update_bank_account(conn, id, &change).await?;
            if let Some(number) = &number {
                let key = number_and_bank(number).0.to_lowercase();
                db::add_alias_if_free(conn, department_id, AliasKind::BankAccount, key, number, id)
                    .await?;
            }
            find(conn, scope, id).await
        })
        .await?;
    found(row, "bank account", id)
}

/// A part of the bank accounts, and the full count.
async fn part_of(
    conn: &mut DbConn,
    filter: &ReferenceFilter,
    page: Page,
) -> Result<(Vec<BankAccount>, i64), DbError> {
    let (rows, total) = db::list_bank_accounts(conn, filter, page).await?;
    Ok((answered(conn, filter.department, rows).await?, total))
}

/// The one of that id.
async fn find(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<BankAccount>, DbError> {
    let row = db::find_bank_account(conn, scope, id).await?;
    Ok(answered(conn, scope, row.into_iter().collect())
        .await?
        .pop())
}

async fn answered(
    conn: &mut DbConn,
    scope: DepartmentScope,
    rows: Vec<BankAccountRow>,
) -> Result<Vec<BankAccount>, DbError> {
    let rows = db::with_aliases(conn, scope, AliasKind::BankAccount, rows, |row| row.id).await?;
    Ok(rows
        .into_iter()
        .map(|(row, aliases)| BankAccount { row, aliases })
        .collect())
}
