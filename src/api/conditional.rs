//! Entity tags and 304 (RFC 9110, 8.8.3 and 13.1.2), and who may keep an answer.
//!
//! Every answer to a GET below the prefix is private and has to be revalidated. Its tag is made of
//! its body, before compression, so it is weak.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

use super::PREFIX;
use super::figures::CACHE_STATUS;
use crate::cache::entity_tag;
use crate::metrics;

/// The middleware. It has to lie within compression.
///
/// # Errors
/// The handler's.
pub async fn conditional(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_get = request.method() == Method::GET;
    let is_of_contract = request.path().starts_with(PREFIX);
    let known: Vec<String> = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect();
    let mut response = next.call(request).await?.map_into_boxed_body();
    if !is_get || response.status() != StatusCode::OK {
        return Ok(response);
    }
    // Static files say themselves who may keep them.
    if !response.headers().contains_key(CACHE_CONTROL) {
        set_cache_headers(response.headers_mut());
    }
    if is_of_contract && !response.headers().contains_key(CACHE_STATUS) {
        // RFC 9211: this kind of answer is not cached.
        response.headers_mut().insert(
            CACHE_STATUS,
            HeaderValue::from_static("credit-portfolio; fwd=bypass"),
        );
        metrics::CACHE_REQUESTS
            .with_label_values(&["other", "none", "bypass"])
            .inc();
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        // A stream has no tag: it would have to be held whole.
        Err(stream) => return Ok(ServiceResponse::new(request, response.set_body(stream))),
    };
    let given = response
        .headers()
        .get(ETAG)
        .and_then(|tag| tag.to_str().ok())
        .map(str::to_owned);
    let tag = given.unwrap_or_else(|| entity_tag(&body));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    if !known.iter().any(|listed| matches(listed, &tag)) {
        return Ok(ServiceResponse::new(
            request,
            response.set_body(body).map_into_boxed_body(),
        ));
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(CONTENT_TYPE);
    response.headers_mut().remove(CONTENT_LENGTH);
    Ok(ServiceResponse::new(
        request,
        response.set_body(()).map_into_boxed_body(),
    ))
}

/// Whether a list of `If-None-Match` holds the tag; `W/` makes no difference here, `*` is any.
fn matches(listed: &str, tag: &str) -> bool {
    listed
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || opaque(one) == opaque(tag))
}

/// Who may keep an answer, and for which requests.
pub(super) fn set_cache_headers(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(
        VARY,
        HeaderValue::from_static("authorization, cookie, accept"),
    );
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
