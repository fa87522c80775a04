//! The own account: password, language and theme.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::error::PageError;
use super::forms::SignedForm;
use super::frame::Frame;
use super::links::own_address;
use super::pages::{page, see_other};
use super::sign_in::{add_cookie, begin_session};
use super::texts::{Texts, code, language_of};
use super::visitor::Visitor;
use crate::accounts::{AccountError, LoginError, PasswordError, set_password};
use crate::db::{self, UserRow};
use crate::http::{device_cookie, login_origin};
use crate::state::AppState;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/account").get(show).post(change_password))
        .service(web::resource("/preferences").post(prefer));
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    p: Frame,
    username: String,
    problem: Option<String>,
    is_changed: bool,
}

#[derive(Deserialize)]
struct Preferences {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

#[derive(Deserialize)]
struct Passwords {
    old_password: String,
    new_password: String,
}

async fn show(visitor: Visitor) -> Result<HttpResponse, PageError> {
    account_page(&visitor, None, false)
}

fn account_page(
    visitor: &Visitor,
    problem: Option<String>,
    is_changed: bool,
) -> Result<HttpResponse, PageError> {
    page(&AccountPage {
        p: Frame::plain(visitor, "/account", |t| fl!(t, "account")),
        username: visitor.account.username.clone(),
        problem,
        is_changed,
    })
}

/// `POST /preferences`
async fn prefer(
    state: Data<AppState>,
    form: SignedForm<Preferences>,
) -> Result<HttpResponse, PageError> {
    let Preferences { lang, theme, back } = form.fields;
    let language = match lang.as_deref() {
        None => None,
        Some(name) => Some(code(
            language_of(name).ok_or_else(|| PageError::Address("lang".to_owned()))?,
        )),
    };
    let theme = match theme.as_deref() {
        None => None,
        Some("system") => Some(None),
        Some(name @ ("light" | "dark")) => Some(Some(name)),
        Some(_) => return Err(PageError::Address("theme".to_owned())),
    };
    let (cookie, user_id) = (&form.visitor.cookie, form.visitor.account.user_id);
    state
        .sessions
        .prefer(cookie, user_id, language, theme)
        .await?;
    Ok(see_other(own_address(back.as_deref()).unwrap_or("/")))
}

/// `POST /account`: ends all other sessions and tokens of the user, and goes on with a new session.
async fn change_password(
    state: Data<AppState>,
    request: HttpRequest,
    form: SignedForm<Passwords>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    let user = active_user(&state, &visitor).await?;
    let known = device_cookie(&request);
    let origin = login_origin(&request, known.as_deref());
    let refused = |text: fn(&Texts) -> String| {
        let problem = text(super::texts::texts(visitor.language));
        let mut response = account_page(&visitor, Some(problem), false)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    };
    let checked = state
        .login_guard()
        .check_own_password(user, &fields.old_password, origin)
        .await;
    match checked {
        Ok(_) => {}
        Err(LoginError::Refused) => return refused(|t| fl!(t, "old-password-wrong")),
        Err(other) => return Err(other.into()),
    }
    let user_id = visitor.account.user_id;
    match set_password(
        &state.db,
        &visitor.actor(&request),
        user_id,
        fields.new_password,
    )
    .await
    {
        Ok(()) => {}
        Err(AccountError::Password(PasswordError::Length)) => {
            return refused(|t| fl!(t, "new-password-length"));
        }
        Err(other) => return Err(other.into()),
    }
    state.look_at_accounts().await;
    state.sessions.end(&visitor.cookie).await?;
    let user = active_user(&state, &visitor).await?;
    let cookie = begin_session(&state, &user).await?;
    // The form token of the page belongs to the session that has just begun.
    let session = state.sessions.find(cookie.value()).await?;
    let visitor = Visitor {
        session: session.ok_or(PageError::SignIn)?,
        cookie: cookie.value().to_owned(),
        ..visitor
    };
    let mut response = account_page(&visitor, None, true)?;
    add_cookie(&mut response, cookie)?;
    Ok(response)
}

async fn active_user(state: &AppState, visitor: &Visitor) -> Result<UserRow, PageError> {
    let id = visitor.account.user_id;
    let user = db::find_user_by_id(&mut state.db.conn().await?, id).await?;
    user.filter(|user| user.is_active).ok_or(PageError::SignIn)
}
