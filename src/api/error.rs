//! The one error of the REST interface, and its form (RFC 9457, `application/problem+json`).
//!
//! A fault of the server shows nothing but the request's id; its cause goes to the log, once, here.

use std::fmt;
use std::time::Duration;

use actix_multipart::MultipartError;
use actix_web::error::{JsonPayloadError, PayloadError};
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{AccountError, IdentityError, LoginError, PasswordError, TokenError};
use crate::analytics::AnalyticsError;
use crate::db::{DbError, MergeError, ReadError};
use crate::http::NotKept;
use crate::import::actor::StartError;
use crate::import::{DryRunError, HandInError};
use crate::logging::request_id;
use crate::state::ExportQueueError;

/// When a request is worth another try that found the database being written to.
pub(super) const RETRY_SECONDS: u64 = 5;
/// The same of an export that found no place in the queue.
const EXPORT_RETRY_SECONDS: u64 = 30;

/// Everything that can be wrong with a request.
#[derive(Debug)]
pub enum ApiError {
    /// 422: a parameter or a field of the body.
    Invalid { parameter: String, detail: String },
    /// 401.
    Unauthorized(String),
    /// 403.
    Forbidden(String),
    /// 404.
    NotFound(String),
    /// 409, with the id of the run in the way.
    Busy { run_id: i64 },
    /// 409.
    Conflict(String),
    /// 408: the body took longer than it may.
    TooSlow(Duration),
    /// 413.
    TooLarge(String),
    /// 429.
    TooManyTries(Duration),
    /// 429: more files are being written than wait in turn.
    TooManyExports(String),
    /// 503: the database is being written to, is busy, or takes no writes.
    RetryLater(String),
    /// 503: the database does not answer, the import restarts, or the program is stopping.
    Unavailable(String),
    /// 500: a fault of this program.
    Internal(String),
}

impl ApiError {
    /// A parameter that can't be used.
    pub fn invalid(parameter: &str, detail: impl Into<String>) -> ApiError {
        ApiError::Invalid {
            parameter: parameter.to_owned(),
            detail: detail.into(),
        }
    }

    /// A JSON body that can't be used.
    pub fn from_json_error(err: &JsonPayloadError) -> ApiError {
        match err {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                ApiError::TooLarge("the body is too large".to_owned())
            }
            JsonPayloadError::ContentType => ApiError::invalid(
                "body",
                "the body must be JSON: send Content-Type: application/json",
            ),
            other => ApiError::invalid("body", other.to_string()),
        }
    }

    /// Files that can't be taken in.
    pub fn from_multipart_error(err: &MultipartError) -> ApiError {
        match err {
            MultipartError::Payload(PayloadError::Overflow) => {
                ApiError::TooLarge("the files are too large, or too many".to_owned())
            }
            MultipartError::Field { source, .. } => match source.as_error::<NotKept>() {
                Some(cause) => ApiError::Internal(cause.to_string()),
                None => ApiError::invalid("files", err.to_string()),
            },
            other => ApiError::invalid("files", other.to_string()),
        }
    }

    /// The response.
    pub fn answer(&self) -> HttpResponse {
        self.error_response()
    }

    fn detail(&self) -> String {
        match self {
            ApiError::Invalid { parameter, detail } => format!("{parameter}: {detail}"),
            ApiError::Busy { run_id } => format!("import run {run_id} is still running"),
            ApiError::TooManyTries(wait) => {
                format!(
                    "too many failed logins: try again in {} s",
                    wait.as_secs().max(1)
                )
            }
            ApiError::TooSlow(limit) => {
                format!("the body took longer than {} s", limit.as_secs())
            }
            ApiError::Unavailable(_) => {
                "the service can't answer at the moment: try again later".to_owned()
            }
            ApiError::Internal(_) => {
                "an internal error: give the request id to the administrator".to_owned()
            }
            ApiError::Unauthorized(detail)
            | ApiError::Forbidden(detail)
            | ApiError::NotFound(detail)
            | ApiError::Conflict(detail)
            | ApiError::TooLarge(detail)
            | ApiError::TooManyExports(detail)
            | ApiError::RetryLater(detail) => detail.clone(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            ApiError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            ApiError::Forbidden(_) => StatusCode::FORBIDDEN,
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::Busy { .. } | ApiError::Conflict(_) => StatusCode::CONFLICT,
            ApiError::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            ApiError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::TooManyTries(_) | ApiError::TooManyExports(_) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            ApiError::RetryLater(_) | ApiError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let ApiError::Unavailable(cause) | ApiError::Internal(cause) = self {
            log::error!("{cause}");
        }
        let mut problem = Problem::of(self.status_code(), self.detail());
        match self {
            ApiError::Invalid { parameter, .. } => problem.parameter = Some(parameter.clone()),
            ApiError::Busy { run_id } => problem.run_id = Some(*run_id),
            _ => {}
        }
        let mut response = problem.response(self.status_code());
        if let ApiError::TooSlow(_) = self {
            // What follows on this connection would be the rest of the body.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        let headers = response.headers_mut();
        match self {
            ApiError::Unauthorized(_) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ApiError::TooManyTries(wait) => {
                headers.insert(RETRY_AFTER, wait.as_secs().max(1).into());
            }
            ApiError::TooManyExports(_) => {
                headers.insert(RETRY_AFTER, EXPORT_RETRY_SECONDS.into());
            }
            ApiError::RetryLater(_) | ApiError::Unavailable(_) => {
                headers.insert(RETRY_AFTER, RETRY_SECONDS.into());
            }
            _ => {}
        }
        response
    }
}

/// The body of an error (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// A URN that names the kind of problem.
    r#type: String,
    title: String,
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
    request_id: String,
    /// Which parameter or field can't be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Which import run is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<i64>,
}

impl Problem {
    pub(super) fn of(status: StatusCode, detail: String) -> Problem {
        let title = status.canonical_reason().unwrap_or("Error");
        Problem {
            r#type: format!(
                "urn:credit-portfolio:problem:{}",
                title.to_lowercase().replace(' ', "-")
            ),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            request_id: request_id(),
            parameter: None,
            run_id: None,
        }
    }

    fn response(&self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status)
            .content_type("application/problem+json")
            .json(self)
    }
}

/// What the framework answered without words (404, 405, 413 and the like), said properly.
pub(super) fn problem_of_status(status: StatusCode, response: &HttpResponse) -> HttpResponse {
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this path does not take this method",
        StatusCode::NOT_FOUND => "there is nothing at this path",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
        StatusCode::BAD_REQUEST => "the body can't be read: see /docs",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "this path takes another kind of body: see /docs",
        _ => "the request can't be answered",
    };
    let mut problem = Problem::of(status, detail.to_owned()).response(status);
    if let Some(allowed) = response.headers().get(ALLOW) {
        problem.headers_mut().insert(ALLOW, allowed.clone());
    }
    problem
}

impl From<DbError> for ApiError {
    fn from(err: DbError) -> ApiError {
        match err {
            DbError::Unavailable(_) => ApiError::Unavailable(err.to_string()),
            DbError::Duplicate | DbError::Busy => ApiError::Conflict(err.to_string()),
            DbError::Locked
            | DbError::Exhausted(_)
            | DbError::TimedOut
            | DbError::OutOfResources(_)
            | DbError::ReadOnly(_) => ApiError::RetryLater(err.to_string()),
            DbError::NoSuchReference => ApiError::NotFound(err.to_string()),
            DbError::Query(_) | DbError::Migration(_) | DbError::Setting(_) => {
                ApiError::Internal(err.to_string())
            }
        }
    }
}

impl ReadError for ApiError {
    fn is_of_server(&self) -> bool {
        matches!(self, ApiError::Unavailable(_) | ApiError::Internal(_))
    }
}

impl From<MergeError> for ApiError {
    fn from(err: MergeError) -> ApiError {
        match err {
            MergeError::Missing { .. } => ApiError::NotFound(err.to_string()),
            MergeError::Refused(detail) => ApiError::Conflict(detail),
            MergeError::Invalid { parameter, detail } => ApiError::invalid(parameter, detail),
            MergeError::Database(err) => err.into(),
        }
    }
}

impl From<AnalyticsError> for ApiError {
    fn from(err: AnalyticsError) -> ApiError {
        match &err {
            _ if err.is_unavailable() => ApiError::Unavailable(err.to_string()),
            AnalyticsError::Database(cause) if cause.is_transient() => {
                ApiError::RetryLater(err.to_string())
            }
            _ => ApiError::Internal(err.to_string()),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(err: LoginError) -> ApiError {
        match err {
            LoginError::Refused => ApiError::Unauthorized(err.to_string()),
            LoginError::TooManyTries(wait) => ApiError::TooManyTries(wait),
            LoginError::Database(err) => err.into(),
            LoginError::Password(err) => err.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(err: PasswordError) -> ApiError {
        match err {
            PasswordError::Length => ApiError::invalid("password", err.to_string()),
            PasswordError::Busy => ApiError::RetryLater(err.to_string()),
            PasswordError::Hash(_) => ApiError::Internal(err.to_string()),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(err: TokenError) -> ApiError {
        ApiError::Unauthorized(err.to_string())
    }
}

impl From<IdentityError> for ApiError {
    fn from(err: IdentityError) -> ApiError {
        match err {
            IdentityError::Token(_)
            | IdentityError::Key
            | IdentityError::Owner
            | IdentityError::Session => ApiError::Unauthorized(err.to_string()),
            IdentityError::Database(err) => err.into(),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(err: AccountError) -> ApiError {
        match err {
            AccountError::NoSuchUser(_) | AccountError::NoSuchKey(_) => {
                ApiError::NotFound(err.to_string())
            }
            AccountError::Invalid { field, detail } => ApiError::invalid(field, detail),
            AccountError::Conflict(err) => ApiError::Conflict(err.to_string()),
            AccountError::Password(err) => err.into(),
            AccountError::Database(err) => err.into(),
        }
    }
}

impl From<ExportQueueError> for ApiError {
    fn from(err: ExportQueueError) -> ApiError {
        match err {
            ExportQueueError::Full => ApiError::TooManyExports(err.to_string()),
            ExportQueueError::Broken => ApiError::Internal(err.to_string()),
        }
    }
}

impl From<DryRunError> for ApiError {
    fn from(err: DryRunError) -> ApiError {
        match err {
            DryRunError::Source(detail) => ApiError::Conflict(detail),
            DryRunError::Busy | DryRunError::Stopped => ApiError::RetryLater(err.to_string()),
            DryRunError::Database(err) => err.into(),
        }
    }
}

impl From<HandInError> for ApiError {
    fn from(err: HandInError) -> ApiError {
        match err {
            HandInError::NoFolder(_) => ApiError::Internal(err.to_string()),
            other => ApiError::invalid("files", other.to_string()),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(err: StartError) -> ApiError {
        match err {
            StartError::Busy { run_id } => ApiError::Busy { run_id },
            StartError::NoSource => ApiError::Conflict(err.to_string()),
            StartError::Restarting | StartError::Unanswered => {
                ApiError::Unavailable(err.to_string())
            }
            StartError::Stopping => ApiError::RetryLater(err.to_string()),
            StartError::Database(err) => err.into(),
        }
    }
}
