//! Figures as they go out: the bytes that the cache keeps, and their headers.

use actix_web::HttpResponse;
use actix_web::http::header::{
    AGE, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, VARY,
};
use chrono::{Datelike, NaiveDateTime, Timelike};

use super::answer::currencies_header;
use super::compression::{AcceptedEncoding, NoCompression};
use super::error::ApiError;
use super::export::Export;
use super::fast_path::FastPathKey;
use crate::analytics::{AnalyticsQuery, Answer, Origin, PreparedQuery};
use crate::cache::{Encoding, Entry, Tier};
use crate::domain::DataVersion;
use crate::state::AppState;

pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const DATA_AS_OF: HeaderName = HeaderName::from_static("x-data-as-of");
const DATA_THROUGH: HeaderName = HeaderName::from_static("x-data-through");
const OTHER_CURRENCIES: HeaderName = HeaderName::from_static("x-other-currencies");

/// The answer to a question, as JSON or as the file that is asked for.
pub(super) async fn respond(
    state: &AppState,
    fast_path: FastPathKey,
    query: AnalyticsQuery,
    export: Option<Export>,
) -> Result<HttpResponse, ApiError> {
    let prepared = state.analytics.prepare(query);
    let answer = state.analytics.answer_to(&prepared).await?;
    let Some(export) = export else {
        let mut response = figures(state, &prepared, &answer, fast_path.encoding())?;
        response.extensions_mut().insert(NoCompression);
        if answer.origin == Origin::Hit(Tier::Memory) {
            fast_path.remember(prepared);
        }
        return Ok(response);
    };
    let version = data_version(state, &prepared, &answer);
    let name = prepared.query.endpoint().replace('_', "-");
    let (currency, left_out) = (
        prepared.query.filter.currency.clone(),
        answer.entry.other_currencies.clone(),
    );
    let mut response = export
        .answer(
            state,
            prepared.query.filter.department,
            version,
            &name,
            currency,
            left_out,
            &answer.entry.body,
        )
        .await?;
    set_figure_headers(state, &prepared, &answer, response.headers_mut())?;
    Ok(response)
}

/// Returns a cached answer with its headers.
pub(super) fn figures(
    state: &AppState,
    prepared: &PreparedQuery,
    answer: &Answer,
    encoding: AcceptedEncoding,
) -> Result<HttpResponse, ApiError> {
    let mut response = ready(&answer.entry, encoding)?;
    set_figure_headers(state, prepared, answer, response.headers_mut())?;
    Ok(response)
}

/// Returns how new the data is: an import without an effect on the answer leaves the entry valid,
/// but may have completed the data and may have removed its newest document.
fn data_version(state: &AppState, prepared: &PreparedQuery, answer: &Answer) -> DataVersion {
    let entry = &answer.entry;
    let generation = entry.generations.values().sum();
    let known = state
        .cache
        .known_version(prepared.query.filter.department)
        .unwrap_or_default();
    DataVersion {
        generation,
        as_of: entry.data_as_of.max(known.as_of),
        through: if known.generation > generation {
            known.through
        } else {
            entry.data_through
        },
    }
}

/// Adds the headers that say how new the data is.
pub(super) fn set_data_version(
    headers: &mut HeaderMap,
    version: DataVersion,
) -> Result<(), ApiError> {
    if let Some(as_of) = version.as_of {
        headers.insert(DATA_AS_OF, header(&utc(as_of))?);
    }
    if let Some(through) = version.through {
        headers.insert(DATA_THROUGH, header(&through.to_string())?);
    }
    Ok(())
}

/// Adds the headers that say where an answer came from and how new its data is.
fn set_figure_headers(
    state: &AppState,
    prepared: &PreparedQuery,
    answer: &Answer,
    headers: &mut HeaderMap,
) -> Result<(), ApiError> {
    headers.insert(CACHE_STATUS, header(&cache_status(answer))?);
    headers.insert(AGE, HeaderValue::from(answer.entry.age_seconds()));
    set_data_version(headers, data_version(state, prepared, answer))?;
    if let Some(currencies) = currencies_header(&answer.entry.other_currencies) {
        headers.insert(OTHER_CURRENCIES, header(&currencies)?);
    }
    Ok(())
}

/// `2024-03-01T06:00:12Z`, by hand: a format string would be parsed each time.
fn utc(time: NaiveDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// The bytes as they are kept, compressed where the client takes that.
fn ready(
    entry: &Entry,
    AcceptedEncoding(accepted): AcceptedEncoding,
) -> Result<HttpResponse, ApiError> {
    let encoded = accepted.and_then(|encoding| Some((encoding, entry.encoded(encoding)?)));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((ETAG, header(&entry.entity_tag)?))
        .insert_header((VARY, "accept-encoding"));
    let (coding, body) = match encoded {
        Some((Encoding::Brotli, body)) => ("br", body),
        Some((Encoding::Gzip, body)) => ("gzip", body),
        None => return Ok(response.body(entry.body.clone())),
    };
    Ok(response
        .insert_header((CONTENT_ENCODING, coding))
        .body(body))
}

fn header(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(|err| ApiError::Internal(err.to_string()))
}

/// RFC 9211: where the answer came from, and what is left of its life.
fn cache_status(answer: &Answer) -> String {
    let ttl = answer.entry.ttl_seconds();
    let tier = |tier| match tier {
        Tier::Redis => "redis",
        Tier::Memory => "memory",
    };
    match answer.origin {
        Origin::Hit(found) => format!("credit-portfolio; hit; ttl={ttl}; detail={}", tier(found)),
        Origin::Stale => format!("credit-portfolio; hit; ttl={ttl}; detail=database-unavailable"),
        Origin::Collapsed => format!("credit-portfolio; fwd=miss; collapsed; ttl={ttl}"),
        Origin::Computed {
            stored,
            was_outdated,
        } => {
            let why = if was_outdated { "stale" } else { "uri-miss" };
            format!(
                "credit-portfolio; fwd={why}; stored; ttl={ttl}; detail={}",
                tier(stored)
            )
        }
    }
}
