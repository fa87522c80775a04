//! Merges, splits and their undoing: who is who, corrected by hand.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{listed_data, optional_whole, whole, whole_list};
use super::caller::Caller;
use super::error::ApiError;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{Department, Files, NoParams, Paging, PathId, Query, given};
use super::types::{Merge, answers};
use crate::db::{self, AliasKind, DbConn, MergeError, MergeRow, Page};
use crate::state::AppState;

type ListQuery = Query<(Department, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/organizations/{id}/merge").post(merge_organization))
        .service(web::resource("/organizations/{id}/split").post(split_organization))
        .service(web::resource("/bank-accounts/{id}/merge").post(merge_bank_account))
        .service(web::resource("/bank-accounts/{id}/split").post(split_bank_account))
        .service(web::resource("/lenders/{id}/merge").post(merge_lender))
        .service(web::resource("/lenders/{id}/split").post(split_lender))
        .service(web::resource("/contracts/{id}/merge").post(merge_contract))
        .service(web::resource("/contracts/{id}/split").post(split_contract))
        .service(web::resource("/merges").get(list))
        .service(web::resource("/merges/{id}/undo").post(undo));
}

/// The row that goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeTarget {
    #[serde(deserialize_with = "whole")]
    #[schema(schema_with = fields::id)]
    into: i64,
}

/// The aliases that leave; the first one names the new row. At least one stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitAliases {
    #[serde(deserialize_with = "whole_list")]
    #[schema(schema_with = fields::ids)]
    alias_ids: Vec<i64>,
}

/// Either the aliases that leave, or the lender whose operations leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, max_properties = 1)]
pub struct ContractSplit {
    #[serde(default, deserialize_with = "whole_list")]
    #[schema(schema_with = fields::ids, required = false)]
    alias_ids: Vec<i64>,
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(schema_with = fields::id, required = false)]
    lender_id: Option<i64>,
}

/// The merges and splits, newest first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/merges",
    tag = "Reference data",
    operation_id = "list_merges",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<Merge>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, paging, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let scope = caller.department(given(department.department_id))?;
    if let Some(export) = export {
        let part = async move |conn: &mut DbConn, page: Page| {
            Ok(answers::<_, Merge>(
                db::list_merges(conn, scope, page).await?.0,
            ))
        };
        return export.list(&state, scope, "merges", part).await;
    }
    listed_data(&state, scope, async |conn| {
        let (rows, total) = db::list_merges(conn, scope, page).await?;
        Ok((answers::<_, Merge>(rows), total))
    })
    .await
}

/// Merges an organization into another one. Its contracts move; those that exports refer to in the
/// same way become one.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations/{id}/merge",
    tag = "Reference data",
    operation_id = "merge_organization",
    params(PathId),
    request_body = MergeTarget,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn merge_organization(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<MergeTarget>,
) -> Result<HttpResponse, ApiError> {
    merge(&state, &caller, AliasKind::Organization, id, body.into).await
}

/// Splits aliases off an organization; their contracts and operations go along.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/organizations/{id}/split",
    tag = "Reference data",
    operation_id = "split_organization",
    params(PathId),
    request_body = SplitAliases,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn split_organization(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<SplitAliases>,
) -> Result<HttpResponse, ApiError> {
    split(
        &state,
        &caller,
        AliasKind::Organization,
        id,
        &body.alias_ids,
    )
    .await
}

/// Merges a bank account into another one.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts/{id}/merge",
    tag = "Reference data",
    operation_id = "merge_bank_account",
    params(PathId),
    request_body = MergeTarget,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn merge_bank_account(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<MergeTarget>,
) -> Result<HttpResponse, ApiError> {
    merge(&state, &caller, AliasKind::BankAccount, id, body.into).await
}

/// Splits aliases off a bank account; their operations go along.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/bank-accounts/{id}/split",
    tag = "Reference data",
    operation_id = "split_bank_account",
    params(PathId),
    request_body = SplitAliases,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn split_bank_account(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<SplitAliases>,
) -> Result<HttpResponse, ApiError> {
    split(&state, &caller, AliasKind::BankAccount, id, &body.alias_ids).await
}

/// Merges a lender into another one. Contracts that are one for each lender become one.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders/{id}/merge",
    tag = "Reference data",
    operation_id = "merge_lender",
    params(PathId),
    request_body = MergeTarget,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn merge_lender(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<MergeTarget>,
) -> Result<HttpResponse, ApiError> {
    merge(&state, &caller, AliasKind::Lender, id, body.into).await
}

/// Splits aliases off a lender; the contracts of their operations are the new lender's.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/lenders/{id}/split",
    tag = "Reference data",
    operation_id = "split_lender",
    params(PathId),
    request_body = SplitAliases,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn split_lender(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<SplitAliases>,
) -> Result<HttpResponse, ApiError> {
    split(&state, &caller, AliasKind::Lender, id, &body.alias_ids).await
}

/// Merges a contract into another one of the same organization.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}/merge",
    tag = "Reference data",
    operation_id = "merge_contract",
    params(PathId),
    request_body = MergeTarget,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn merge_contract(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<MergeTarget>,
) -> Result<HttpResponse, ApiError> {
    merge(&state, &caller, AliasKind::Contract, id, body.into).await
}

/// Splits aliases, or the operations of one lender, off a contract.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/contracts/{id}/split",
    tag = "Reference data",
    operation_id = "split_contract",
    params(PathId),
    request_body = ContractSplit,
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn split_contract(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ContractSplit>,
) -> Result<HttpResponse, ApiError> {
    let Some(lender_id) = body.lender_id else {
        return split(&state, &caller, AliasKind::Contract, id, &body.alias_ids).await;
    };
    if !body.alias_ids.is_empty() {
        return Err(ApiError::invalid(
            "lender_id",
            "does not go together with alias_ids",
        ));
    }
    let scope = caller.department(None)?;
    let department_id = state.department_of(scope, AliasKind::Contract, id).await?;
    state
        .department_of(scope, AliasKind::Lender, lender_id)
        .await?;
    let author = caller.username();
    let done =
        async |conn: &mut DbConn| db::split_contract_by_lender(conn, id, lender_id, author).await;
    change_who_is_who(&state, department_id, done).await
}

/// Undoes a merge or a split; what imports stored since is placed by the names in it.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/merges/{id}/undo",
    tag = "Reference data",
    operation_id = "undo_merge",
    params(PathId),
    responses((status = 200, description = "OK", body = Merge), Conflict)
)]
pub async fn undo(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let undone = state.undo_merge(caller.department(None)?, id).await?;
    Ok(HttpResponse::Ok().json(Merge::from(undone)))
}

async fn merge(
    state: &AppState,
    caller: &Caller,
    kind: AliasKind,
    id: i64,
    into: i64,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let merged = state.merge(scope, kind, (id, into), caller.username());
    Ok(HttpResponse::Ok().json(Merge::from(merged.await?)))
}

async fn split(
    state: &AppState,
    caller: &Caller,
    kind: AliasKind,
    id: i64,
    alias_ids: &[i64],
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let department_id = state.department_of(scope, kind, id).await?;
    let author = caller.username();
    let done = async |conn: &mut DbConn| db::split_row(conn, kind, id, alias_ids, author).await;
    change_who_is_who(state, department_id, done).await
}

async fn change_who_is_who(
    state: &AppState,
    department_id: i64,
    body: impl AsyncFnOnce(&mut DbConn) -> Result<MergeRow, MergeError>,
) -> Result<HttpResponse, ApiError> {
    let done = state.change_who_is_who(department_id, body).await?;
    Ok(HttpResponse::Ok().json(Merge::from(done)))
}
