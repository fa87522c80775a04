//! What holds of every page: the policy and other headers, and how errors look.

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::assets::{Assets, assets};
use super::error::PageError;
use super::links::Link;
use super::texts::{Texts, code, texts};
use super::visitor::{Visitor, language_of_browser};
use crate::logging::request_id;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// When a page is worth another try that found the database busy.
const RETRY_SECONDS: u64 = 5;

/// Words and looks of a page outside the frame: sign-in and errors.
pub(crate) struct Bare {
    pub(crate) texts: &'static Texts,
    pub(crate) code: &'static str,
    pub(crate) theme: Option<String>,
    /// Whether somebody is signed in: there is an account to look at, and a session to end.
    pub(crate) is_signed_in: bool,
    pub(crate) title: String,
    pub(crate) assets: &'static Assets,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    p: Bare,
    detail: String,
    /// Another try at the range.
    range: Option<RangeForm>,
    request_id: String,
}

/// The page that was asked for, with its dates to be corrected.
struct RangeForm {
    path: String,
    from: String,
    to: String,
    /// The rest of the query.
    rest: Vec<(String, String)>,
}

impl RangeForm {
    fn of(request: &HttpRequest) -> RangeForm {
        let mut rest: Vec<(String, String)> =
            serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
        let mut take = |name: &str| {
            let at = rest.iter().position(|(known, _)| known == name);
            at.map(|at| rest.remove(at).1).unwrap_or_default()
        };
        RangeForm {
            from: take("date_from"),
            to: take("date_to"),
            path: request.path().to_owned(),
            rest,
        }
    }
}

impl Bare {
    /// Returns what such a page needs, in the language and theme of who asks.
    pub(crate) fn of(request: &HttpRequest, title: impl Fn(&Texts) -> String) -> Bare {
        let extensions = request.extensions();
        let visitor = extensions.get::<Visitor>();
        let language = visitor.map_or_else(
            || language_of_browser(request.headers()),
            |visitor| visitor.language,
        );
        Bare {
            texts: texts(language),
            code: code(language),
            is_signed_in: visitor.is_some(),
            theme: visitor.and_then(|visitor| visitor.session.theme.clone()),
            title: title(texts(language)),
            assets: assets(),
        }
    }
}

/// Prints a page.
///
/// # Errors
/// [`PageError::Internal`] when the template fails.
pub(crate) fn page(template: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(template.render()?))
}

/// Leads the browser elsewhere, with GET.
pub(crate) fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .finish()
}

/// The middleware around all pages.
///
/// # Errors
/// None of its own.
pub(super) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let failure = response.response().error();
    let failure = failure.and_then(|err| err.as_error::<PageError>()).cloned();
    let status = response.status();
    let is_failed = status.is_client_error() || status.is_server_error();
    let response = match failure {
        Some(PageError::SignIn) => {
            let address = sign_in_address(response.request());
            response.into_response(see_other(&address))
        }
        Some(failure) => with_page(response, &failure),
        // What the framework refuses, by itself or through an extractor.
        None if is_failed && !is_html(response.headers()) && wants_html(&response) => {
            let failure = match status {
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => PageError::NotFound,
                StatusCode::INTERNAL_SERVER_ERROR => PageError::Internal(status.to_string()),
                other => PageError::Refused(other.as_u16()),
            };
            with_page(response, &failure)
        }
        None => response,
    };
    Ok(with_headers(response))
}

fn with_headers(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.append(VARY, HeaderValue::from_static("cookie, accept-language"));
        // After a sign-out the browser's way back must not show what was seen before.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The sign-in that leads back to a page; of a form, to the first page.
fn sign_in_address(request: &HttpRequest) -> String {
    let back = request.uri().path_and_query().map(|path| path.as_str());
    match back.filter(|back| *back != "/" && request.method() == "GET") {
        Some(back) => Link::new("/sign-in").with("back", back).to_string(),
        None => "/sign-in".to_owned(),
    }
}

fn with_page(response: ServiceResponse<BoxBody>, failure: &PageError) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let request = response.request().clone();
    let title = |t: &Texts| match failure {
        PageError::Address(_) | PageError::SignIn => fl!(t, "error-address"),
        PageError::Range => fl!(t, "error-range"),
        PageError::Refused(_) => fl!(t, "error-refused"),
        PageError::Forbidden | PageError::ForeignForm => fl!(t, "error-forbidden"),
        PageError::NotFound => fl!(t, "error-not-found"),
        PageError::TooManyTries(_) => fl!(t, "error-too-many"),
        PageError::RetryLater(_) | PageError::Unavailable(_) => fl!(t, "error-unavailable"),
        PageError::Internal(_) => fl!(t, "error-internal"),
    };
    let p = Bare::of(&request, title);
    let t = p.texts;
    let detail = match failure {
        PageError::Address(name) => fl!(t, "error-address-detail", name = name.clone()),
        PageError::Range => fl!(t, "error-range-detail"),
        PageError::Refused(status) => fl!(t, "error-refused-detail", status = i64::from(*status)),
        PageError::Forbidden => fl!(t, "error-forbidden-detail"),
        PageError::ForeignForm => fl!(t, "error-foreign-form-detail"),
        PageError::NotFound | PageError::SignIn => fl!(t, "error-not-found-detail"),
        PageError::TooManyTries(wait) => {
            let seconds = i64::try_from(wait.as_secs().max(1)).unwrap_or(i64::MAX);
            fl!(t, "error-too-many-detail", seconds = seconds)
        }
        PageError::RetryLater(_) => fl!(t, "error-retry-detail"),
        PageError::Unavailable(_) => fl!(t, "error-unavailable-detail"),
        PageError::Internal(_) => fl!(t, "error-internal-detail"),
    };
    let range = matches!(failure, PageError::Range).then(|| RangeForm::of(&request));
    let printed = ErrorPage {
        p,
        detail,
        range,
        request_id: request_id(),
    };
    let printed = page(&printed).unwrap_or_else(|_| HttpResponse::new(status));
    let mut response = response.into_response(printed);
    *response.response_mut().status_mut() = status;
    match failure {
        PageError::TooManyTries(wait) => {
            let seconds = wait.as_secs().max(1);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        PageError::RetryLater(_) | PageError::Unavailable(_) => {
            response
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_SECONDS.into());
        }
        _ => {}
    }
    response
}

fn is_html(headers: &HeaderMap) -> bool {
    says(headers, &CONTENT_TYPE, "text/html")
}

fn wants_html(response: &ServiceResponse<BoxBody>) -> bool {
    says(response.request().headers(), &ACCEPT, "text/html")
}

fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.contains(word))
}
