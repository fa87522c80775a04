//! What a page answers with when it can't be shown.
//!
//! A handler returns a [`PageError`]; `pages` makes a page of it in the visitor's language and theme.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use super::visitor::Visitor;
use crate::accounts::{AccessError, AccountError, IdentityError, LoginError, PasswordError};
use crate::analytics::AnalyticsError;
use crate::db::DbError;
use crate::import::actor::StartError;

/// Why a page can't be shown.
#[derive(Clone, Debug)]
pub(crate) enum PageError {
    /// Nobody is signed in: leads to the sign-in, and back.
    SignIn,
    /// 400: the address holds something that can't be used; its name.
    Address(String),
    /// 400: a range that begins after its end.
    Range,
    /// What the framework refuses: its status.
    Refused(u16),
    /// 403: the visitor may not see or do it.
    Forbidden,
    /// 403: a form came from another site, or of another session.
    ForeignForm,
    /// 404.
    NotFound,
    /// 429.
    TooManyTries(Duration),
    /// 503: an import writes, or all connections are in use.
    RetryLater(String),
    /// 503: the database does not answer.
    Unavailable(String),
    /// 500: a fault of this program.
    Internal(String),
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageError::Address(name) => write!(f, "{name} can't be used"),
            PageError::RetryLater(cause)
            | PageError::Unavailable(cause)
            | PageError::Internal(cause) => f.write_str(cause),
            other => write!(f, "{other:?}"),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            PageError::SignIn => StatusCode::SEE_OTHER,
            PageError::Address(_) | PageError::Range => StatusCode::BAD_REQUEST,
            PageError::Refused(status) => {
                StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST)
            }
            PageError::Forbidden | PageError::ForeignForm => StatusCode::FORBIDDEN,
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
            PageError::RetryLater(_) | PageError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            PageError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without a body: `pages` makes it.
    fn error_response(&self) -> HttpResponse {
        if let PageError::Unavailable(cause) | PageError::Internal(cause) = self {
            log::error!("{cause}");
        }
        HttpResponse::new(self.status_code())
    }
}

/// Answers what is no page, in the language of who asks. Programs get the words of the REST
/// interface.
pub(super) async fn no_such_page(_visitor: Result<Visitor, PageError>) -> HttpResponse {
    HttpResponse::NotFound().finish()
}

impl From<DbError> for PageError {
    fn from(err: DbError) -> PageError {
        match err {
            DbError::Unavailable(_) => PageError::Unavailable(err.to_string()),
            DbError::NoSuchReference => PageError::NotFound,
            _ if err.is_transient() => PageError::RetryLater(err.to_string()),
            _ => PageError::Internal(err.to_string()),
        }
    }
}

impl From<AnalyticsError> for PageError {
    fn from(err: AnalyticsError) -> PageError {
        match &err {
            _ if err.is_unavailable() => PageError::Unavailable(err.to_string()),
            AnalyticsError::Database(cause) if cause.is_transient() => {
                PageError::RetryLater(err.to_string())
            }
            _ => PageError::Internal(err.to_string()),
        }
    }
}

impl From<IdentityError> for PageError {
    fn from(err: IdentityError) -> PageError {
        match err {
            IdentityError::Database(err) => err.into(),
            _ => PageError::SignIn,
        }
    }
}

impl From<AccessError> for PageError {
    fn from(_: AccessError) -> PageError {
        PageError::Forbidden
    }
}

impl From<PasswordError> for PageError {
    fn from(err: PasswordError) -> PageError {
        match err {
            PasswordError::Busy => PageError::RetryLater(err.to_string()),
            PasswordError::Length | PasswordError::Hash(_) => PageError::Internal(err.to_string()),
        }
    }
}

impl From<LoginError> for PageError {
    fn from(err: LoginError) -> PageError {
        match err {
            LoginError::Refused => PageError::SignIn,
            LoginError::TooManyTries(wait) => PageError::TooManyTries(wait),
            LoginError::Database(err) => err.into(),
            LoginError::Password(err) => err.into(),
        }
    }
}

impl From<AccountError> for PageError {
    fn from(err: AccountError) -> PageError {
        match err {
            AccountError::Database(err) => err.into(),
            AccountError::Password(err) => err.into(),
            AccountError::NoSuchUser(_) | AccountError::NoSuchKey(_) => PageError::NotFound,
            AccountError::Invalid { .. } | AccountError::Conflict(_) => {
                PageError::Internal(err.to_string())
            }
        }
    }
}

impl From<StartError> for PageError {
    fn from(err: StartError) -> PageError {
        match err {
            StartError::Database(err) => err.into(),
            StartError::Restarting | StartError::Unanswered => {
                PageError::Unavailable(err.to_string())
            }
            StartError::Busy { .. } | StartError::NoSource | StartError::Stopping => {
                PageError::RetryLater(err.to_string())
            }
        }
    }
}

impl From<askama::Error> for PageError {
    fn from(err: askama::Error) -> PageError {
        PageError::Internal(format!("a page can't be printed: {err}"))
    }
}
