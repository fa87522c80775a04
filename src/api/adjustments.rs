//! Adjustments of balances: what exports do not hold.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Data, ServiceConfig};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{created, listed_data, missing, text_field, whole};
use super::caller::Caller;
use super::error::ApiError;
use super::export::adjustment_template;
use super::object_body::ObjectBody;
use super::openapi::problems::Conflict;
use super::openapi::{CREDIT_PORTFOLIO, fields};
use super::params::{
    AdjustmentKindFilter, ContractId, Dates, Department, Files, NoParams, OrganizationId, Paging,
    PathId, Query, given,
};
use super::patch::Patch;
use super::types::Adjustment;
use crate::db::{self, AdjustmentChange, AdjustmentFilter, DbConn, DbError, Page};
use crate::domain::{AdjustmentKind, Money};
use crate::state::{
    self, AdjustmentError, AppState, StoredAdjustment, TouchedDays, changeable, is_manual,
};

const PATH: &str = "/api/v1/credit-portfolio/adjustments";

type ListQuery = Query<(
    Department,
    Dates,
    OrganizationId,
    ContractId,
    AdjustmentKindFilter,
    Paging,
    Files,
)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/adjustments").get(list).post(create))
        .service(web::resource("/adjustments/template").get(template))
        .service(
            web::resource("/adjustments/{id}")
                .get(show)
                .put(change)
                .delete(remove),
        );
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredAdjustment {
    #[serde(deserialize_with = "whole")]
    #[schema(schema_with = fields::id)]
    contract_id: i64,
    #[schema(schema_with = fields::possible_day)]
    date: NaiveDate,
    #[schema(schema_with = fields::adjustment_kind)]
    kind: String,
    #[schema(schema_with = fields::amount)]
    amount: Money,
    #[schema(schema_with = fields::text_or_null)]
    comment: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedAdjustment {
    #[serde(default)]
    #[schema(schema_with = fields::possible_day, required = false)]
    date: Patch<NaiveDate>,
    #[serde(default)]
    #[schema(schema_with = fields::adjustment_kind, required = false)]
    kind: Patch<String>,
    #[serde(default)]
    #[schema(schema_with = fields::amount, required = false)]
    amount: Patch<Money>,
    #[serde(default)]
    #[schema(schema_with = fields::text_or_null, required = false)]
    comment: Patch<String>,
}

/// The adjustments, newest day first.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments",
    tag = "Adjustments",
    operation_id = "list_adjustments",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<Adjustment>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, dates, organization, contract, kind, paging, files) = query.params;
    let filter = AdjustmentFilter {
        department: caller.department(given(department.department_id))?,
        dates: dates.range()?,
        organization_id: given(organization.organization_id),
        contract_id: given(contract.contract_id),
        kind: given(kind.kind).map(|kind| kind.as_str().to_owned()),
    };
    let (page, export) = (paging.page(), files.export(query.raw));
    let department = filter.department;
    let filtered = filter.clone();
    let part = async move |conn: &mut DbConn, page: Page| {
        let rows = db::list_adjustments(conn, &filtered, page).await?;
        Ok::<_, DbError>(rows.into_iter().map(Adjustment::from).collect::<Vec<_>>())
    };
    if let Some(export) = export {
        return export.list(&state, department, "adjustments", part).await;
    }
    let read = async |conn: &mut DbConn| {
        Ok((
            part(conn, page).await?,
            db::count_adjustments(conn, &filter).await?,
        ))
    };
    listed_data(&state, filter.department, read).await
}

/// One adjustment.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments/{id}",
    tag = "Adjustments",
    operation_id = "get_adjustment",
    params(PathId),
    responses((status = 200, description = "OK", body = Adjustment))
)]
pub async fn show(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let row = db::find_adjustment(&mut state.db.conn().await?, scope, id).await?;
    let row = row.ok_or_else(|| missing("adjustment", id))?;
    Ok(HttpResponse::Ok().json(Adjustment::from(row)))
}

/// Enters an adjustment of a contract. An opening balance is the part that the exports lack: it is
/// added to what they hold.
#[utoipa::path(
    post,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments",
    tag = "Adjustments",
    operation_id = "create_adjustment",
    request_body = EnteredAdjustment,
    responses((status = 201, description = "Made", body = Adjustment), Conflict)
)]
pub async fn create(
    state: Data<AppState>,
    caller: Caller,
    _: NoParams,
    ObjectBody(body): ObjectBody<EnteredAdjustment>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let entered = state::EnteredAdjustment {
        contract_id: body.contract_id,
        date: body.date,
        kind: kind(&body.kind)?,
        amount: body.amount,
        comment: body
            .comment
            .map(|text| text_field("comment", &text))
            .transpose()?,
        only_once: false,
    };
    let made = state
        .enter_adjustment(scope, caller.username(), entered)
        .await?;
    let made = Adjustment::from(made);
    Ok(created(PATH, made.id, &made))
}

/// Changes an adjustment that was entered by hand; a field that is left out stays as it is.
#[utoipa::path(
    put,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments/{id}",
    tag = "Adjustments",
    operation_id = "change_adjustment",
    params(PathId),
    request_body = ChangedAdjustment,
    responses((status = 200, description = "OK", body = Adjustment), Conflict)
)]
pub async fn change(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
    ObjectBody(body): ObjectBody<ChangedAdjustment>,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    let department_id = changeable(&mut state.db.conn().await?, scope, id, is_manual)
        .await?
        .department_id;
    let date = body.date.required("date")?;
    if let Some(day) = date {
        state.check_day(day)?;
    }
    let change = AdjustmentChange {
        effective_date: date,
        kind: body
            .kind
            .required("kind")?
            .map(|name| kind(&name))
            .transpose()?
            .map(|kind| kind.as_str().to_owned()),
        amount: body.amount.required("amount")?.map(Money::kopecks),
        comment: body
            .comment
            .try_map(|text| text_field("comment", &text))?
            .nullable(),
    };
    let changed = async |conn: &mut DbConn| {
        let known = changeable(conn, scope, id, is_manual).await?;
        db::update_adjustment(conn, department_id, id, &change).await?;
        let days = [Some(known.effective_date), date];
        let touched = TouchedDays {
            organization_id: known.organization_id,
            days: days.into_iter().flatten().collect(),
        };
        Ok((StoredAdjustment::find(conn, scope, id).await?, touched))
    };
    let changed = state.adjust(department_id, changed).await?;
    Ok(HttpResponse::Ok().json(Adjustment::from(changed)))
}

/// Removes an adjustment that was entered by hand, or that a workbook brought which was handed in.
#[utoipa::path(
    delete,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments/{id}",
    tag = "Adjustments",
    operation_id = "delete_adjustment",
    params(PathId),
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(
    state: Data<AppState>,
    caller: Caller,
    PathId(id): PathId,
    _: NoParams,
) -> Result<HttpResponse, ApiError> {
    let scope = caller.department(None)?;
    state.remove_adjustment(scope, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An empty workbook of adjustments, to be filled in and imported like an export: its name has to
/// hold `korrektirovka` or `корректировка`.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/adjustments/template",
    tag = "Adjustments",
    operation_id = "adjustment_template",
    responses((status = 200, description = "OK", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
)]
pub async fn template(_: Caller, _: NoParams) -> Result<HttpResponse, ApiError> {
    let bytes = web::block(adjustment_template)
        .await
        .map_err(|err| ApiError::Internal(err.to_string()))?;
    let bytes = bytes.map_err(|err| ApiError::Internal(err.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ))
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"korrektirovka.xlsx\"",
        ))
        .body(bytes))
}

impl From<StoredAdjustment> for Adjustment {
    fn from(stored: StoredAdjustment) -> Adjustment {
        let mut adjustment = Adjustment::from(stored.row);
        if stored.follows_operations {
            adjustment.warnings.push(
                "operations of the contract precede this opening balance: it is added to what they make of it".to_owned(),
            );
        }
        adjustment
    }
}

fn kind(name: &str) -> Result<AdjustmentKind, ApiError> {
    let names = AdjustmentKind::ALL.map(AdjustmentKind::as_str).join(", ");
    AdjustmentKind::of_name(name)
        .ok_or_else(|| ApiError::invalid("kind", format!("{name:?} is none of {names}")))
}

impl From<AdjustmentError> for ApiError {
    fn from(err: AdjustmentError) -> ApiError {
        match err {
            AdjustmentError::Missing { what, id } => missing(what, id),
            AdjustmentError::ImpossibleDay { .. } => ApiError::invalid("date", err.to_string()),
            AdjustmentError::Merged { .. }
            | AdjustmentError::OfWorkbook(_)
            | AdjustmentError::Equal(_) => ApiError::Conflict(err.to_string()),
            AdjustmentError::Database(err) => err.into(),
        }
    }
}
