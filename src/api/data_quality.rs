//! What is wrong with the data that was imported.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::fast_path::FastPathKey;
use super::figures::respond;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{Department, OneCurrency, RowLimit, TextLanguage};
use super::params::Params;
use crate::analytics::{AnalyticsQuery, DataQuality, Figure};
use crate::domain::{DepartmentScope, PortfolioFilter};
use crate::state::AppState;

/// Rows of a check, when the query does not say.
const USUAL_ROWS: i64 = 20;
/// Rows of a check at most.
const MOST_ROWS: i64 = 1000;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/data-quality").get(data_quality));
}

/// Checks of the data: rows that contradict each other or lack what figures need. Cached like the
/// figures.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/data-quality",
    tag = "Import",
    params(Department, OneCurrency, RowLimit, TextLanguage),
    responses((status = 200, description = "OK", body = DataQuality))
)]
pub async fn data_quality(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let department_id = params.id("department_id")?;
    let currency = params.currency(&state.base_currency)?;
    let limit = params.number("limit", 1, MOST_ROWS)?.unwrap_or(USUAL_ROWS);
    let language = params.language()?;
    params.finish()?;
    let department_id = caller.one_department(department_id)?;
    let figure = Figure::DataQuality {
        department_id,
        limit,
        language,
    };
    let filter = PortfolioFilter::of_department(DepartmentScope::One(department_id), currency);
    respond(&state, fast_path, AnalyticsQuery { figure, filter }, None).await
}
