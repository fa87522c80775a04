//! The cookies: of the session, and of the device that a user logged in from before. No script can
//! read them, and other sites' forms are sent without them.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Data;

use super::client_address;
use crate::accounts::LoginOrigin;
use crate::state::AppState;

/// Holds what proves that a user logged in from this device before.
const DEVICE: &str = "credit_portfolio_device";
/// Holds who is signed in to the dashboard. With the prefix, a browser takes it only over HTTPS and
/// from this host itself (RFC 6265bis, 4.1.3.2).
const SESSION: &str = "__Host-credit_portfolio_session";
const SESSION_OVER_HTTP: &str = "credit_portfolio_session";

const DEVICE_LIFETIME: Duration = Duration::days(365);
/// The table decides when a session ends; this is later.
const SESSION_LIFETIME: Duration = Duration::days(30);

/// Returns the value of the device's cookie.
pub(crate) fn device_cookie(request: &HttpRequest) -> Option<String> {
    Some(request.cookie(DEVICE)?.value().to_owned())
}

/// Returns the value of the session's cookie.
pub(crate) fn session_cookie(request: &HttpRequest) -> Option<String> {
    let state = request.app_data::<Data<AppState>>()?;
    let cookie = request.cookie(session_name(state))?;
    Some(cookie.value().to_owned())
}

/// Returns where a password comes from.
pub(crate) fn login_origin<'a>(
    request: &HttpRequest,
    device_cookie: Option<&'a str>,
) -> LoginOrigin<'a> {
    LoginOrigin {
        address: client_address(request),
        device_cookie,
    }
}

/// Returns the cookie of a device that a user logged in from just now.
pub(crate) fn new_device_cookie(state: &AppState, value: String) -> Cookie<'static> {
    cookie(state, DEVICE, value, DEVICE_LIFETIME)
}

/// Returns the cookie of a session that has just begun.
pub(crate) fn new_session_cookie(state: &AppState, value: String) -> Cookie<'static> {
    cookie(state, session_name(state), value, SESSION_LIFETIME)
}

/// Returns the cookie that takes the session's away.
pub(crate) fn no_session_cookie(state: &AppState) -> Cookie<'static> {
    cookie(state, session_name(state), String::new(), Duration::ZERO)
}

fn session_name(state: &AppState) -> &'static str {
    if state.are_cookies_secure {
        SESSION
    } else {
        SESSION_OVER_HTTP
    }
}

/// Lax, not Strict: a link that somebody shares leads to its page, not to the sign-in.
fn cookie(
    state: &AppState,
    name: &'static str,
    value: String,
    lifetime: Duration,
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.are_cookies_secure)
        .max_age(lifetime)
        .finish()
}
