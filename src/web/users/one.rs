//! One user: role, department and activity; another password; the end of all sessions.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::{Choice, PATH, department_choices, role_choices};
use crate::accounts::{AccountChange, AccountError, change_account, log_out, set_password};
use crate::db::{self, UserRow};
use crate::state::AppState;
use crate::web::account_words::why_refused;
use crate::web::error::PageError;
use crate::web::forms::{NoFields, SignedForm};
use crate::web::frame::Frame;
use crate::web::pages::{page, see_other};
use crate::web::texts::{Texts, texts};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    p: Frame,
    problem: Option<String>,
    /// What has just been done.
    done: Option<String>,
    user: UserRow,
    path: String,
    roles: Vec<Choice>,
    departments: Vec<Choice>,
}

/// What the address says.
#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Rights {
    role: String,
    department_id: i64,
    /// Set: the user may sign in.
    is_active: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    password: String,
}

/// `GET /users/{id}`
pub(super) async fn show(
    state: Data<AppState>,
    visitor: Visitor,
    id: Path<i64>,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    visitor.administers()?;
    let t = texts(visitor.language);
    let done = asked.done.as_deref().and_then(|name| done_text(t, name));
    user_page(&state, &visitor, *id, done, None).await
}

/// `POST /users/{id}`
pub(super) async fn change(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<i64>,
    form: SignedForm<Rights>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    visitor.administers()?;
    let role = fields.role.parse();
    let change = AccountChange {
        role: Some(role.map_err(|_| PageError::Address("role".to_owned()))?),
        department_id: Some(fields.department_id),
        is_active: Some(fields.is_active.is_some()),
    };
    let done = change_account(&state.db, &visitor.actor(&request), *id, change).await;
    answered(&state, &visitor, *id, "changed", done).await
}

/// `POST /users/{id}/password`
pub(super) async fn reset_password(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<i64>,
    form: SignedForm<NewPassword>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    visitor.administers()?;
    let done = set_password(&state.db, &visitor.actor(&request), *id, fields.password).await;
    answered(&state, &visitor, *id, "password", done).await
}

/// `POST /users/{id}/log-out`
pub(super) async fn end_sessions(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<i64>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    let visitor = form.visitor;
    visitor.administers()?;
    let done = log_out(&state.db, &visitor.actor(&request), *id).await;
    answered(&state, &visitor, *id, "logged-out", done).await
}

/// Leads back to the user after a change, or says why it was refused.
async fn answered(
    state: &AppState,
    visitor: &Visitor,
    id: i64,
    name: &str,
    done: Result<(), AccountError>,
) -> Result<HttpResponse, PageError> {
    match done {
        Ok(()) => {
            state.look_at_accounts().await;
            Ok(see_other(&format!("{PATH}/{id}?done={name}")))
        }
        Err(err) => {
            let problem = why_refused(texts(visitor.language), err)?;
            user_page(state, visitor, id, None, Some(problem)).await
        }
    }
}

fn done_text(t: &Texts, name: &str) -> Option<String> {
    match name {
        "created" => Some(fl!(t, "done-created")),
        "changed" => Some(fl!(t, "done-changed")),
        "password" => Some(fl!(t, "done-password")),
        "logged-out" => Some(fl!(t, "done-logged-out")),
        _ => None,
    }
}

async fn user_page(
    state: &AppState,
    visitor: &Visitor,
    id: i64,
    done: Option<String>,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let mut conn = state.db.conn().await?;
    let user = db::find_user_by_id(&mut conn, id).await?;
    let user = user.ok_or(PageError::NotFound)?;
    let departments = db::list_departments(&mut conn).await?;
    drop(conn);
    let p = Frame::plain(visitor, PATH, |_| user.username.clone());
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = page(&UserPage {
        problem,
        done,
        path: format!("{PATH}/{id}"),
        roles: role_choices(p.texts, &user.role),
        departments: department_choices(&departments, Some(user.department_id)),
        user,
        p,
    })?;
    *response.status_mut() = status;
    Ok(response)
}
