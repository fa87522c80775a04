//! What is wrong with the data that was imported.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::caller::Caller;
use super::error::ApiError;
use super::fast_path::FastPathKey;
use super::figures::respond;
use super::openapi::CREDIT_PORTFOLIO;
use super::params::{Department, OneCurrency, Query, RowLimit, TextLanguage, given};
use crate::analytics::{AnalyticsQuery, DataQuality, Figure};
use crate::domain::{DepartmentScope, PortfolioFilter};
use crate::state::AppState;

type DataQualityQuery = Query<(Department, OneCurrency, RowLimit, TextLanguage)>;

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
    params(DataQualityQuery),
    responses((status = 200, description = "OK", body = DataQuality))
)]
pub async fn data_quality(
    state: Data<AppState>,
    caller: Caller,
    fast_path: FastPathKey,
    query: DataQualityQuery,
) -> Result<HttpResponse, ApiError> {
    let (department, currency, rows, language) = query.params;
    let department_id = caller.one_department(given(department.department_id))?;
    let currency = currency.or_base(&state.base_currency);
    let figure = Figure::DataQuality {
        department_id,
        limit: rows.limit.0,
        language: given(language.lang).unwrap_or_default(),
    };
    let filter = PortfolioFilter::of_department(DepartmentScope::One(department_id), currency);
    respond(&state, fast_path, AnalyticsQuery { figure, filter }, None).await
}
