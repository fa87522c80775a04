//! What is wrong with the data that was imported.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path, ServiceConfig};
use serde::Serialize;

use super::answer::{listed, missing};
use super::caller::Caller;
use super::error::ApiError;
use super::fast_path::FastPathKey;
use super::figures::respond;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{Department, Files, OneCurrency, Query, RowLimit, given};
use crate::analytics::{AnalyticsQuery, CheckResult, DataQuality, Figure, FoundRow};
use crate::domain::{DepartmentScope, Money, PortfolioFilter};
use crate::state::AppState;

type DataQualityQuery = Query<(Department, OneCurrency, RowLimit, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/data-quality").get(data_quality))
        .service(web::resource("/data-quality/{check}").get(found_rows));
}

/// A check in a file: its rows have a file of their own.
#[derive(Serialize)]
struct CheckLine {
    name: String,
    description: String,
    advice: String,
    count: i64,
    at_stake: Money,
}

/// Checks of the data: rows that contradict each other or lack what figures need. Cached like the
/// figures. `lang` is the language of descriptions and advice, too. As a file: a row for each check.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/data-quality",
    tag = "Import",
    params(DataQualityQuery),
    responses((status = 200, description = "OK", body = DataQuality))
)]
pub async fn data_quality(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    query: DataQualityQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, currency, rows, files) = query.params;
    let question = question(&state, &caller, department, currency, rows, &files)?;
    let Some(export) = files.export(query.raw) else {
        return respond(&state, fast_path, question, None).await;
    };
    let scope = question.filter.department;
    let checks = answer(&state, &question).await?.checks;
    let lines = checks.into_iter().map(CheckLine::from).collect();
    export.rows(&state, scope, "data-quality", lines).await
}

/// The rows that one check found, those with most at stake first; at most `limit`, also in a file.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/data-quality/{check}",
    tag = "Import",
    params(
        ("check" = String, Path, description = "The name of a check.", example = "overpaid"),
        DataQualityQuery
    ),
    responses((status = 200, description = "OK", body = Vec<FoundRow>))
)]
pub async fn found_rows(
    state: Data<AppState>,
    caller: Caller,
    name: Path<String>,
    query: DataQualityQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, currency, rows, files) = query.params;
    let question = question(&state, &caller, department, currency, rows, &files)?;
    let scope = question.filter.department;
    let checks = answer(&state, &question).await?.checks;
    let check = checks.into_iter().find(|check| check.name == *name);
    let check = check.ok_or_else(|| missing("check", &name))?;
    let Some(export) = files.export(query.raw) else {
        return Ok(listed(&check.rows, check.count));
    };
    let language = export.language();
    let about = vec![
        (
            language.of("Check", "Проверка"),
            check.description.into_owned(),
        ),
        (
            language.of("Rows found", "Найдено строк"),
            check.count.to_string(),
        ),
        (
            language.of("Rows in the file", "Строк в файле"),
            check.rows.len().to_string(),
        ),
    ];
    export
        .statement(&state, scope, &name, about, check.rows)
        .await
}

fn question(
    state: &AppState,
    caller: &Caller,
    department: Department,
    currency: OneCurrency,
    rows: RowLimit,
    files: &Files,
) -> Result<AnalyticsQuery, ApiError> {
    let department_id = caller.one_department(given(department.department_id))?;
    let currency = currency.or_base(&state.base_currency);
    let figure = Figure::DataQuality {
        department_id,
        limit: rows.limit.0,
        language: files.language(),
    };
    let filter = PortfolioFilter::of_department(DepartmentScope::One(department_id), currency);
    Ok(AnalyticsQuery { figure, filter })
}

async fn answer(state: &AppState, question: &AnalyticsQuery) -> Result<DataQuality, ApiError> {
    let answer = state.analytics.answer(question).await?;
    serde_json::from_slice(&answer.entry.body).map_err(|err| ApiError::Internal(err.to_string()))
}

impl From<CheckResult> for CheckLine {
    fn from(check: CheckResult) -> CheckLine {
        CheckLine {
            name: check.name.into_owned(),
            description: check.description.into_owned(),
            advice: check.advice.into_owned(),
            count: check.count,
            at_stake: check.at_stake,
        }
    }
}
