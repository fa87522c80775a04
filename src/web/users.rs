//! The users: list and create; one user has a page of its own (`one`). For administrators only.

mod one;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::account_words::{role_name, why_refused};
use super::error::PageError;
use super::files::{FileLink, files_at};
use super::forms::SignedForm;
use super::frame::{Frame, machine_time};
use super::links::Link;
use super::pages::{page, see_other};
use super::texts::{Texts, texts};
use super::visitor::Visitor;
use crate::accounts::{NewAccount, create_account};
use crate::db::{self, DepartmentRow, UserRow};
use crate::domain::{Role, short_text};
use crate::state::AppState;

const PATH: &str = "/users";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(show).post(create))
        .service(
            web::resource(r"/users/{id:\d+}")
                .get(one::show)
                .post(one::change),
        )
        .service(web::resource(r"/users/{id:\d+}/password").post(one::reset_password))
        .service(web::resource(r"/users/{id:\d+}/log-out").post(one::end_sessions));
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    p: Frame,
    problem: Option<String>,
    users: Vec<UserLine>,
    files: Vec<FileLink>,
    entered: Entered,
    roles: Vec<Choice>,
    departments: Vec<Choice>,
}

struct UserLine {
    username: String,
    href: String,
    full_name: String,
    email: String,
    role: String,
    department: String,
    is_active: bool,
    /// When the user signed in last: for machines and for people.
    last_login: Option<(String, String)>,
}

/// An option of a select.
struct Choice {
    value: String,
    text: String,
    is_selected: bool,
}

/// A new user as the form has it.
#[derive(Default, Deserialize)]
struct Entered {
    username: String,
    email: String,
    full_name: String,
    #[serde(default)]
    password: String,
    role: String,
    department_id: String,
}

/// `GET /users`
async fn show(state: Data<AppState>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    visitor.administers()?;
    users_page(&state, &visitor, Entered::default(), None).await
}

/// `POST /users`: leads to the new user.
async fn create(
    state: Data<AppState>,
    request: HttpRequest,
    form: SignedForm<Entered>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    visitor.administers()?;
    let t = texts(visitor.language);
    let account = match fields.account(t) {
        Ok(account) => account,
        Err(problem) => return users_page(&state, &visitor, fields, Some(problem)).await,
    };
    match create_account(&state.db, &visitor.actor(&request), account).await {
        Ok(id) => {
            state.look_at_accounts().await;
            Ok(see_other(&format!("{PATH}/{id}?done=created")))
        }
        Err(err) => {
            let problem = why_refused(t, err)?;
            users_page(&state, &visitor, fields, Some(problem)).await
        }
    }
}

async fn users_page(
    state: &AppState,
    visitor: &Visitor,
    entered: Entered,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let mut conn = state.db.conn().await?;
    let users = db::list_users(&mut conn).await?;
    let departments = db::list_departments(&mut conn).await?;
    drop(conn);
    let p = Frame::plain(visitor, PATH, |t| fl!(t, "users"));
    let line = |user: &UserRow| UserLine {
        username: user.username.clone(),
        href: format!("{PATH}/{}", user.id),
        full_name: user.full_name.clone(),
        email: user.email.clone(),
        role: role_of(p.texts, &user.role),
        department: department_name(&departments, user.department_id),
        is_active: user.is_active,
        last_login: user.last_login.map(|time| {
            let local = state.cache.clock().local(time);
            (machine_time(time), p.format.time(local))
        }),
    };
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let wanted = match entered.role.as_str() {
        "" => Role::Viewer.as_str(),
        role => role,
    };
    let mut response = page(&UsersPage {
        problem,
        users: users.iter().map(line).collect(),
        files: files_at(&Link::new("/api/v1/users"), &p),
        roles: role_choices(p.texts, wanted),
        departments: department_choices(&departments, entered.department_id.parse().ok()),
        entered,
        p,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

impl Entered {
    /// The account to be made, or what is wrong with the form.
    fn account(&self, t: &Texts) -> Result<NewAccount, String> {
        let role = self.role.parse().map_err(|_| fl!(t, "refused-role"))?;
        let department_id = self.department_id.parse();
        Ok(NewAccount {
            username: self.username.trim().to_owned(),
            email: short_text(&self.email).map_err(|_| fl!(t, "refused-email"))?,
            full_name: short_text(&self.full_name).map_err(|_| fl!(t, "refused-full-name"))?,
            password: self.password.clone(),
            role,
            department_id: department_id.map_err(|_| fl!(t, "refused-department"))?,
        })
    }
}

/// The words for a role as stored.
fn role_of(t: &Texts, role: &str) -> String {
    role.parse()
        .map_or_else(|_| role.to_owned(), |role| role_name(t, role))
}

fn department_name(departments: &[DepartmentRow], id: i64) -> String {
    let found = departments.iter().find(|department| department.id == id);
    found.map_or_else(|| id.to_string(), |department| department.name.clone())
}

fn role_choices(t: &Texts, wanted: &str) -> Vec<Choice> {
    let choice = |role: &Role| Choice {
        value: role.to_string(),
        text: role_name(t, *role),
        is_selected: role.as_str() == wanted,
    };
    Role::ALL.iter().map(choice).collect()
}

fn department_choices(departments: &[DepartmentRow], wanted: Option<i64>) -> Vec<Choice> {
    let choice = |department: &DepartmentRow| Choice {
        value: department.id.to_string(),
        text: department.name.clone(),
        is_selected: Some(department.id) == wanted,
    };
    departments.iter().map(choice).collect()
}
