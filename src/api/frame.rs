//! The frame around every request: its id, its line in the access log, and what holds whatever the
//! handler does.
//!
//! A request that began is finished even if its client leaves: work that is cut off in the middle
//! would give up its database connection (and SQLite's can't be given up cleanly on a web
//! worker). A response that the framework made without words becomes problem+json, and so does a
//! panic.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use actix_web::Error;
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::access_log::{self, AccessLine, PendingLine};
use super::error::{ApiError, problem_of_status};
use super::fast_path::respond_from_fast_path;
use super::normalize::{take_head, trim_slash, without_body};
use super::unread_body::UnreadBody;
use crate::logging::RequestSpan;
use crate::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"credit-portfolio\"");
/// A longer id of the client's is replaced by one of ours.
const LONGEST_ID: usize = 128;

/// The middleware.
///
/// # Errors
/// A handler's panic, as 500; a handler's error is a response by now.
pub async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let body = UnreadBody::of(&mut request);
    Ok(body.keep_until_sent(framed(request, next).await?))
}

async fn framed(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    trim_slash(&mut request);
    let method = request.method().clone();
    let is_head = take_head(&mut request);
    let is_leaving = is_leaving(&request);
    let id = client_id(&request).unwrap_or_else(new_id);
    if let Some(hit) = respond_from_fast_path(&request) {
        let line = AccessLine {
            method: &method,
            route: hit.route(),
            status: hit.response.status().as_u16(),
            request_id: &id,
            user_id: Some(hit.user_id()),
        };
        let duration = started.elapsed();
        access_log::write(duration, &line);
        hit.record(duration);
        let mut response = hit.response;
        set_request_id(response.headers_mut(), &id);
        if is_leaving {
            end_connection(&mut response);
        }
        let response = if is_head {
            without_body(response)
        } else {
            response
        };
        return Ok(request.into_response(response));
    }
    let offers_basic = !is_of_a_page(request.headers());
    let span = RequestSpan::new(id);
    let line = PendingLine::new(started, method, request.match_pattern(), span.clone());
    let handling = next.call(request);
    let work = span.clone().scope(async move {
        handling
            .await
            .map(|answer| ensure_problem_body(answer.map_into_boxed_body()))
    });
    let answer = match shielded(work).await {
        Ok(Ok(mut response)) => {
            set_request_id(response.headers_mut(), span.request_id());
            if offers_basic && response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().append(WWW_AUTHENTICATE, BASIC);
            }
            if is_leaving {
                end_connection(response.response_mut());
            }
            Ok(response)
        }
        Ok(Err(err)) => Err(with_response(err, span)),
        Err(fault) => Err(with_response(fault.into(), span)),
    };
    line.finish(match &answer {
        Ok(response) => response.status(),
        Err(err) => err.as_response_error().status_code(),
    });
    let response = answer?;
    if is_head {
        let (request, answer) = response.into_parts();
        return Ok(ServiceResponse::new(request, without_body(answer)));
    }
    Ok(response)
}

/// Whether the program is on its way out.
fn is_leaving(request: &ServiceRequest) -> bool {
    let state = request.app_data::<Data<AppState>>();
    state.is_some_and(|state| state.shutdown.is_leaving())
}

/// Sends the client's next request over another connection: to another process, behind a load
/// balancer.
fn end_connection<B>(response: &mut HttpResponse<B>) {
    response
        .head_mut()
        .set_connection_type(ConnectionType::Close);
}

/// Finishes work that began, also when the caller is dropped.
///
/// # Errors
/// [`ApiError::Internal`] when the work panicked.
async fn shielded<T: 'static>(work: impl Future<Output = T> + 'static) -> Result<T, ApiError> {
    let mut work = Box::pin(work);
    // What can be answered at once, out of memory, needs no task of its own. A panic is caught
    // here as a task would catch it.
    let first = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        Poll::Ready(polled.map_err(|_| "it panicked".to_owned()))
    });
    let answer = match first.await {
        Ok(Poll::Ready(answer)) => Ok(answer),
        Ok(Poll::Pending) => actix_web::rt::spawn(work)
            .await
            .map_err(|err| err.to_string()),
        Err(why) => Err(why),
    };
    answer.map_err(|why| ApiError::Internal(format!("the handler broke off: {why}")))
}

/// Gives an error its response, which is made and logged within the request.
fn with_response(err: Error, span: Arc<RequestSpan>) -> Error {
    let mut response = span.clone().enter(|| err.error_response());
    set_request_id(response.headers_mut(), span.request_id());
    InternalError::from_response(err, response).into()
}

/// Whether a page in a browser sends the request. Basic is not offered there: the browser would open
/// a dialog of its own. Spreadsheets need the offer.
fn is_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-mode") || headers.contains_key(ORIGIN)
}

fn set_request_id(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// Gives an error response without words its words.
fn ensure_problem_body(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    // Whatever a handler of ours says is JSON, or a page.
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let is_said = kind.is_some_and(|kind| kind.ends_with("json") || kind.starts_with("text/html"));
    if is_said || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = problem_of_status(status, response.response());
    response.into_response(problem)
}

/// The id that a client or proxy gave, if it can stand in a header and a log line.
fn client_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let is_plain = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    (is_plain && !id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

fn new_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
