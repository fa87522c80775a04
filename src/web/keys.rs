//! API keys: everybody's own; administrators see and make those of all users. A key is shown once,
//! on the page that answers the form.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, NaiveDateTime};
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::account_words::why_refused;
use super::error::PageError;
use super::files::{FileLink, files_at};
use super::forms::SignedForm;
use super::frame::{Frame, machine_time};
use super::links::Link;
use super::pages::{page, see_other};
use super::texts::texts;
use super::visitor::Visitor;
use crate::accounts::{create_api_key, revoke_api_key};
use crate::db::{self, ApiKeyRow, Page, utc_now};
use crate::domain::short_text;
use crate::state::AppState;

const PATH: &str = "/keys";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(show).post(create))
        .service(web::resource(r"/keys/{id:\d+}/revoke").post(revoke));
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    p: Frame,
    problem: Option<String>,
    /// The key that has just been made.
    made: Option<String>,
    is_admin: bool,
    /// Whose keys are shown; `None`: those of all users.
    owner: Option<String>,
    /// Whose keys the form makes.
    owner_id: i64,
    all: String,
    keys: Vec<KeyLine>,
    files: Vec<FileLink>,
    name: String,
    ends_on: String,
}

struct KeyLine {
    name: String,
    hint: String,
    username: String,
    created: (String, String),
    expires: Option<(String, String)>,
    last_used: Option<(String, String)>,
    state: String,
    class: &'static str,
    /// Where to revoke it, while it is valid.
    revoke: Option<String>,
}

/// Whose keys an address asks for: of administrators only.
#[derive(Deserialize)]
struct Asked {
    user_id: Option<i64>,
    /// Set: those of all users.
    all: Option<String>,
}

#[derive(Deserialize)]
struct NewKey {
    name: String,
    /// The last day; empty: it does not end.
    #[serde(default)]
    ends_on: String,
    user_id: i64,
}

/// A form that leads back to where it was.
#[derive(Deserialize)]
struct Back {
    back: Option<String>,
}

/// What the page shows beside the keys.
#[derive(Default)]
struct Shown {
    problem: Option<String>,
    made: Option<String>,
    name: String,
    ends_on: String,
}

/// `GET /keys`
async fn show(
    state: Data<AppState>,
    visitor: Visitor,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    let owner = match (asked.all.is_some(), asked.user_id) {
        (true, _) => None,
        (false, wanted) => Some(wanted.unwrap_or(visitor.account.user_id)),
    };
    keys_page(&state, &visitor, owner, Shown::default()).await
}

/// `POST /keys`: shows the new key, once.
async fn create(
    state: Data<AppState>,
    request: HttpRequest,
    form: SignedForm<NewKey>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    let owner = fields.user_id;
    check_owner(&visitor, Some(owner))?;
    let t = texts(visitor.language);
    let refused = async |problem: String, fields: NewKey| {
        let shown = Shown {
            problem: Some(problem),
            made: None,
            name: fields.name,
            ends_on: fields.ends_on,
        };
        keys_page(&state, &visitor, Some(owner), shown).await
    };
    let Ok(name) = short_text(&fields.name) else {
        return refused(fl!(t, "refused-key-name"), fields).await;
    };
    let Ok(expires_at) = end_of(&fields.ends_on, &state) else {
        return refused(fl!(t, "refused-key-end"), fields).await;
    };
    let actor = visitor.actor(&request);
    let key = match create_api_key(&state.db, &actor, owner, name, expires_at).await {
        Ok((_, key)) => key,
        Err(err) => return refused(why_refused(t, err)?, fields).await,
    };
    state.look_at_accounts().await;
    let shown = Shown {
        made: Some(key.expose().to_owned()),
        ..Shown::default()
    };
    let mut response = keys_page(&state, &visitor, Some(owner), shown).await?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /keys/{id}/revoke`
async fn revoke(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<i64>,
    form: SignedForm<Back>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    let key = db::find_api_key(&mut state.db.conn().await?, *id).await?;
    let is_own = |key: &ApiKeyRow| visitor.is_admin() || key.user_id == visitor.account.user_id;
    // Others' keys are none of the visitor's business.
    let key = key.filter(is_own).ok_or(PageError::NotFound)?;
    revoke_api_key(&state.db, &visitor.actor(&request), &key).await?;
    state.look_at_accounts().await;
    let back = super::links::own_address(fields.back.as_deref());
    Ok(see_other(back.unwrap_or(PATH)))
}

/// Only administrators see and make other users' keys.
fn check_owner(visitor: &Visitor, owner: Option<i64>) -> Result<(), PageError> {
    let is_own = owner == Some(visitor.account.user_id);
    (is_own || visitor.is_admin())
        .then_some(())
        .ok_or(PageError::Forbidden)
}

/// The moment at which a key ends whose last day is given: midnight after it.
fn end_of(day: &str, state: &AppState) -> Result<Option<NaiveDateTime>, ()> {
    if day.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| ())?;
    let after = day.succ_opt().ok_or(())?;
    let end = state.cache.clock().midnight(after);
    (end > utc_now()).then_some(Some(end)).ok_or(())
}

/// What is shown of keys; `GET /api-keys` lists all.
const NEWEST: Page = Page {
    skip: 0,
    limit: 1_000,
};

async fn keys_page(
    state: &AppState,
    visitor: &Visitor,
    owner: Option<i64>,
    shown: Shown,
) -> Result<HttpResponse, PageError> {
    check_owner(visitor, owner)?;
    let mut conn = state.db.conn().await?;
    let (rows, _) = db::list_api_keys(&mut conn, owner, NEWEST).await?;
    let user = match owner {
        Some(id) => db::find_user_by_id(&mut conn, id).await?,
        None => None,
    };
    drop(conn);
    if owner.is_some() && user.is_none() {
        return Err(PageError::NotFound);
    }
    let address = match owner {
        Some(id) if id == visitor.account.user_id => Link::new(PATH),
        Some(id) => Link::new(PATH).with("user_id", id),
        None => Link::new(PATH).with("all", "1"),
    };
    let mut p = Frame::plain(visitor, PATH, |t| fl!(t, "api-keys"));
    p.address = address.to_string();
    let status = if shown.problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = page(&KeysPage {
        problem: shown.problem,
        made: shown.made,
        is_admin: visitor.is_admin(),
        owner: user.map(|user| user.username),
        owner_id: owner.unwrap_or(visitor.account.user_id),
        all: Link::new(PATH).with("all", "1").to_string(),
        keys: rows.iter().map(|row| KeyLine::of(row, state, &p)).collect(),
        files: files_at(&of_owner(owner), &p),
        name: shown.name,
        ends_on: shown.ends_on,
        p,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// The keys at the REST interface, which gives an administrator those of all unless it is asked for
/// one user's.
fn of_owner(owner: Option<i64>) -> Link {
    let all = Link::new("/api/v1/api-keys");
    owner.map_or(all.clone(), |id| all.with("user_id", id))
}

impl KeyLine {
    fn of(row: &ApiKeyRow, state: &AppState, p: &Frame) -> KeyLine {
        let time = |time: NaiveDateTime| {
            let local = state.cache.clock().local(time);
            (machine_time(time), p.format.time(local))
        };
        let has_ended = row.expires_at.is_some_and(|end| end <= utc_now());
        let (class, words) = match (row.revoked_at, has_ended) {
            (Some(_), _) => ("idle", fl!(p.texts, "key-revoked")),
            (None, true) => ("idle", fl!(p.texts, "key-ended")),
            (None, false) => ("ok", fl!(p.texts, "key-valid")),
        };
        KeyLine {
            name: row.name.clone(),
            hint: row.hint.clone(),
            username: row.username.clone(),
            created: time(row.created_at),
            expires: row.expires_at.map(time),
            last_used: row.last_used_at.map(time),
            state: words,
            class,
            revoke: row
                .revoked_at
                .is_none()
                .then(|| format!("{PATH}/{}/revoke", row.id)),
        }
    }
}
