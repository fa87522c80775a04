//! Sign-in, by password or by a link that works once, and sign-out.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{CLEAR_SITE_DATA, HeaderValue};
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::error::PageError;
use super::forms::{NoFields, OwnForm, SignedForm};
use super::links::own_address;
use super::pages::{Bare, page, see_other};
use super::visitor::Visitor;
use crate::accounts::LoginError;
use crate::db::{self, UserRow};
use crate::http::{
    device_cookie, login_origin, new_device_cookie, new_session_cookie, no_session_cookie,
};
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/sign-in").get(show).post(sign_in))
        .service(web::resource("/sign-in/once").get(sign_in_once))
        .service(web::resource("/sign-out").post(sign_out));
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    p: Bare,
    back: String,
    username: String,
    problem: Option<String>,
}

/// Where the sign-in leads to.
#[derive(Deserialize)]
struct Back {
    back: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
    back: Option<String>,
}

#[derive(Deserialize)]
struct Once {
    token: String,
}

/// `GET /sign-in`
async fn show(
    request: HttpRequest,
    Query(Back { back }): Query<Back>,
) -> Result<HttpResponse, PageError> {
    let back = own_address(back.as_deref()).unwrap_or("/");
    match Visitor::of(&request).await {
        Ok(_) => Ok(see_other(back)),
        Err(PageError::SignIn) => form(&request, back, "", None),
        Err(other) => Err(other),
    }
}

fn form(
    request: &HttpRequest,
    back: &str,
    username: &str,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    page(&SignInPage {
        p: Bare::of(request, |t| fl!(t, "sign-in")),
        back: back.to_owned(),
        username: username.to_owned(),
        problem,
    })
}

/// `POST /sign-in`
async fn sign_in(
    state: Data<AppState>,
    request: HttpRequest,
    OwnForm(given): OwnForm<Credentials>,
) -> Result<HttpResponse, PageError> {
    let known = device_cookie(&request);
    let origin = login_origin(&request, known.as_deref());
    let back = own_address(given.back.as_deref()).unwrap_or("/");
    let login = state
        .login_guard()
        .log_in(&given.username, &given.password, origin)
        .await;
    let login = match login {
        Ok(login) => login,
        Err(LoginError::Refused) => {
            let t = Bare::of(&request, |_| String::new()).texts;
            let refused = Some(fl!(t, "sign-in-refused"));
            let mut response = form(&request, back, &given.username, refused)?;
            // Not 401, for which browsers would open a dialog of their own.
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
        Err(other) => return Err(other.into()),
    };
    let mut response = see_other(back);
    add_cookie(&mut response, begin_session(&state, &login.user).await?)?;
    if let Some(value) = login.new_device_cookie {
        add_cookie(&mut response, new_device_cookie(&state, value))?;
    }
    Ok(response)
}

/// `GET /sign-in/once`
async fn sign_in_once(
    state: Data<AppState>,
    Query(Once { token }): Query<Once>,
) -> Result<HttpResponse, PageError> {
    let user_id = state
        .sessions
        .take_link(&token)
        .ok_or(PageError::NotFound)?;
    let user = db::find_user_by_id(&mut state.db.conn().await?, user_id).await?;
    let user = user.filter(|user| user.is_active);
    let user = user.ok_or(PageError::NotFound)?;
    let mut response = see_other("/");
    add_cookie(&mut response, begin_session(&state, &user).await?)?;
    Ok(response)
}

/// `POST /sign-out`
async fn sign_out(
    state: Data<AppState>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    let NoFields {} = form.fields;
    state.sessions.end(&form.visitor.cookie).await?;
    let mut response = see_other("/sign-in");
    add_cookie(&mut response, no_session_cookie(&state))?;
    // The way back shows no page of before.
    let cache = HeaderValue::from_static("\"cache\"");
    response.headers_mut().insert(CLEAR_SITE_DATA, cache);
    Ok(response)
}

/// Begins a session for a user and returns its cookie.
pub(super) async fn begin_session(
    state: &AppState,
    user: &UserRow,
) -> Result<Cookie<'static>, PageError> {
    let value = state.sessions.begin(user).await?;
    Ok(new_session_cookie(state, value))
}

/// Adds a cookie to a response.
pub(super) fn add_cookie(
    response: &mut HttpResponse,
    cookie: Cookie<'static>,
) -> Result<(), PageError> {
    response
        .add_cookie(&cookie)
        .map_err(|err| PageError::Internal(err.to_string()))
}
