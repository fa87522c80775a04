//! The analytics endpoints: one shape, one line each.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use crate::analytics::{Answer, Origin};
use crate::app::AppState;
use crate::cache::Tier;
use crate::domain::{Currency, PortfolioFilter};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/summary").get(summary))
        .service(web::resource("/monthly-stats").get(monthly_stats))
        .service(web::resource("/analytics/monthly-efficiency").get(monthly_efficiency));
}

async fn summary(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let filter = dated_filter(&state, &caller, &mut params)?;
    params.finish()?;
    Ok(answered(&state.analytics.summary(&filter).await?))
}

async fn monthly_stats(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let filter = dated_filter(&state, &caller, &mut params)?;
    params.finish()?;
    Ok(answered(&state.analytics.monthly_stats(&filter).await?))
}

async fn monthly_efficiency(
    state: Data<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<HttpResponse, ApiError> {
    let mut filter = dated_filter(&state, &caller, &mut params)?;
    filter.organization_id = params.id("organization_id")?;
    filter.bank_account_id = params.id("bank_account_id")?;
    params.finish()?;
    Ok(answered(&state.analytics.monthly_efficiency(&filter).await?))
}

/// What every analytics question takes: department, dates, currency.
fn dated_filter(state: &AppState, caller: &Caller, params: &mut Params) -> Result<PortfolioFilter, ApiError> {
    let asked = params.id("department_id")?;
    let currency = params.text("currency").map(|text| {
        Currency::parse(&text).ok_or_else(|| ApiError::invalid("currency", format!("{text:?} is not a currency code")))
    });
    Ok(PortfolioFilter {
        department: caller.department(asked)?,
        dates: params.dates()?,
        organization_id: None,
        bank_account_id: None,
        currency: currency.transpose()?.unwrap_or_else(|| state.base_currency.clone()),
    })
}

fn answered(answer: &Answer) -> HttpResponse {
    let entry = &answer.entry;
    let mut response: HttpResponseBuilder = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header(("Cache-Status", cache_status(answer)));
    if let Some(as_of) = entry.data_as_of {
        response.insert_header(("X-Data-As-Of", format!("{}Z", as_of.format("%Y-%m-%dT%H:%M:%S"))));
    }
    if !entry.other_currencies.is_empty() {
        response.insert_header(("X-Other-Currencies", entry.other_currencies.join(", ")));
    }
    response.body(entry.answer.get().to_owned())
}

/// RFC 9211: where the answer came from, and what is left of its life.
fn cache_status(answer: &Answer) -> String {
    let ttl = answer.entry.time_left().as_secs();
    let tier = |tier| match tier {
        Tier::Redis => "redis",
        Tier::Memory => "memory",
    };
    match answer.origin {
        Origin::Hit(found) => format!("credit-portfolio; hit; ttl={ttl}; detail={}", tier(found)),
        Origin::Computed(stored) => {
            format!("credit-portfolio; fwd=uri-miss; stored; ttl={ttl}; detail={}", tier(stored))
        }
    }
}
