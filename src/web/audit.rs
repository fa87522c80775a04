//! The audit log of accounts: who changed which one, when and how. For administrators only.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::account_words::action_name;
use super::error::PageError;
use super::files::{FileLink, files_at};
use super::frame::{Frame, machine_time};
use super::links::Link;
use super::page_query::PageQuery;
use super::pages::page;
use super::paging::{Pages, page_number, rows_before};
use super::visitor::Visitor;
use crate::db::{self, AuditRow, Page};
use crate::state::AppState;

/// Lines a page.
const PAGE_ROWS: i64 = 50;
const PATH: &str = "/audit";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).get(show));
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    p: Frame,
    /// The user whose lines are shown; `None`: those of all.
    user: Option<String>,
    lines: Vec<AuditLine>,
    files: Vec<FileLink>,
    pages: Pages,
}

struct AuditLine {
    machine: String,
    time: String,
    actor: String,
    address: String,
    action: String,
    username: String,
    /// The user's page.
    href: Option<String>,
    details: String,
}

/// `GET /audit`
async fn show(
    state: Data<AppState>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    visitor.administers()?;
    let query = PageQuery::read(&request, &state, &visitor, PATH, &["user_id", "page"])?;
    let user_id = query.own("user_id").map(str::parse::<i64>).transpose();
    let user_id = user_id.map_err(|_| PageError::Address("user_id".to_owned()))?;
    let number = page_number(&query)?;
    let page_of_lines = Page {
        skip: rows_before(number, PAGE_ROWS)?,
        limit: PAGE_ROWS,
    };
    let mut conn = state.db.conn().await?;
    let (rows, count) = db::list_audit_log(&mut conn, user_id, page_of_lines).await?;
    let user = match user_id {
        Some(id) => db::find_user_by_id(&mut conn, id).await?,
        None => None,
    };
    drop(conn);
    if user_id.is_some() && user.is_none() {
        return Err(PageError::NotFound);
    }
    let address = match user_id {
        Some(id) => Link::new(PATH).with("user_id", id),
        None => Link::new(PATH),
    };
    let mut p = Frame::plain(&visitor, PATH, |t| fl!(t, "audit-log"));
    p.address = address.to_string();
    page(&AuditPage {
        user: user.map(|user| user.username),
        lines: rows
            .iter()
            .map(|row| AuditLine::of(row, &state, &p))
            .collect(),
        files: files_at(&address.at("/api/v1/audit"), &p),
        pages: Pages::of(&address, number, PAGE_ROWS, count, p.format),
        p,
    })
}

impl AuditLine {
    fn of(row: &AuditRow, state: &AppState, p: &Frame) -> AuditLine {
        AuditLine {
            machine: machine_time(row.at),
            time: p.format.time(state.cache.clock().local(row.at)),
            actor: row.actor.clone(),
            address: row.address.clone().unwrap_or_default(),
            action: action_name(p.texts, &row.action),
            username: row.username.clone(),
            href: row.user_id.map(|id| format!("/users/{id}")),
            details: row.details.clone().unwrap_or_default(),
        }
    }
}
