//! The frame around every request: its id, and what holds whatever the handler does.
//!
//! A request that began is finished even if its client leaves: work that is cut off in the middle
//! would give up its database connection (and SQLite's can't be given up cleanly on a web
//! worker). A response that the framework made without words becomes problem+json.

use std::future::poll_fn;
use std::task::Poll;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;

use super::error::{ApiError, problem_of_status};
use super::fast_path::respond_from_fast_path;
use super::normalize::{take_head, trim_slash, without_body};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id of the client's is replaced by one of ours.
const LONGEST_ID: usize = 128;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task works on.
pub fn request_id() -> String {
    CURRENT
        .try_with(Clone::clone)
        .unwrap_or_else(|_| "-".to_owned())
}

/// The middleware.
///
/// # Errors
/// A handler's panic, as 500; a handler's error is a response by now.
pub async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    trim_slash(&mut request);
    let is_head = take_head(&mut request);
    let id = asked_id(&request).unwrap_or_else(new_id);
    if let Some(mut response) = respond_from_fast_path(&request) {
        finish(response.headers_mut(), &id);
        let response = if is_head {
            without_body(response)
        } else {
            response
        };
        return Ok(request.into_response(response));
    }
    let handling = next.call(request);
    let work = CURRENT.scope(id.clone(), async move {
        handling
            .await
            .map(|answer| ensure_problem_body(answer.map_into_boxed_body()))
    });
    // What can be answered at once, out of memory, needs no task of its own.
    let mut work = Box::pin(work);
    let mut response = match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(answer) => answer?,
        Poll::Pending => actix_web::rt::spawn(work)
            .await
            .map_err(|err| ApiError::Internal(format!("the handler broke off: {err}")))??,
    };
    finish(response.headers_mut(), &id);
    if is_head {
        let (request, answer) = response.into_parts();
        return Ok(ServiceResponse::new(request, without_body(answer)));
    }
    Ok(response)
}

fn finish(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// Gives an error response without words its words.
fn ensure_problem_body(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    // Whatever a handler of ours says is JSON.
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let is_said = kind.is_some_and(|kind| kind.ends_with("json"));
    if is_said || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = problem_of_status(status, response.response());
    response.into_response(problem)
}

/// The id that a client or proxy gave, if it can stand in a header and a log line.
fn asked_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let is_plain = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    (is_plain && !id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

fn new_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
