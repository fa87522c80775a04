//! Imports: the runs, the one that is going on, import now, files to be handed in, files that fail,
//! and how new the data of each organization is.

mod entry;
mod freshness;
mod live;
mod preview;
mod run;
mod start;
mod upload;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::error::PageError;
use super::files::{FileLink, files_at};
use super::frame::Frame;
use super::import_words::run_state;
use super::links::Link;
use super::page_query::PageQuery;
use super::pages::page;
use super::paging::{Pages, page_number, rows_before};
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics;
use crate::db::{self, Page, RunRow};
use crate::http::upload_config;
use crate::state::AppState;
use freshness::{DepartmentLine, ExportLine, FailingLine};
use live::LiveRun;

/// Runs a page.
const PAGE_ROWS: i64 = 20;
const API: &str = "/api/v1/credit-portfolio";
/// Where the page is.
pub(super) const PATH: &str = "/imports";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(show).post(start::start))
        .service(
            web::resource("/imports/uploads")
                .app_data(upload_config())
                .post(upload::receive),
        )
        .service(web::resource("/imports/uploads/{id}").get(upload::show))
        .service(web::resource("/imports/uploads/{id}/check").post(upload::check))
        .service(web::resource("/imports/uploads/{id}/confirm").post(upload::confirm))
        .service(web::resource("/imports/uploads/{id}/discard").post(upload::discard))
        .service(web::resource(r"/imports/entries/{id:\d+}").get(entry::show))
        .service(web::resource(r"/imports/{id:\d+}").get(run::show))
        .service(web::resource(r"/imports/{id:\d+}/cancel").post(start::cancel));
}

#[derive(Template)]
#[template(path = "imports.html")]
struct ImportsPage {
    p: Frame,
    problem: Option<String>,
    may_change: bool,
    has_sources: bool,
    /// The department that is looked at, if it is one.
    department: Option<i64>,
    live: Option<LiveRun>,
    runs: Vec<RunLine>,
    pages: Pages,
    run_files: Vec<FileLink>,
    journal_files: Vec<FileLink>,
    failing: Vec<FailingLine>,
    failing_files: Vec<FileLink>,
    departments: Vec<DepartmentLine>,
    exports: Vec<ExportLine>,
    freshness_files: Vec<FileLink>,
}

/// A run of the list.
struct RunLine {
    name: String,
    href: String,
    class: &'static str,
    state: String,
    machine: String,
    time: String,
    by: String,
    sources: String,
    /// Files in all, imported, failed, skipped.
    counts: [String; 4],
}

/// `GET /imports`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    imports_page(&state, &surroundings, &visitor, &request, None).await
}

/// Prints the page, with what stood against a form that was sent.
async fn imports_page(
    state: &Data<AppState>,
    surroundings: &KnownSurroundings,
    visitor: &Visitor,
    request: &HttpRequest,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let query = PageQuery::read(request, state, visitor, PATH, &["page"])?;
    let number = page_number(&query)?;
    let page_of_runs = Page {
        skip: rows_before(number, PAGE_ROWS)?,
        limit: PAGE_ROWS,
    };
    let (scope, today) = (query.filter.department, state.cache.today());
    let (runs, count, freshness) = state
        .db
        .snapshot(async |conn| {
            let (runs, count) = db::list_runs(conn, scope, page_of_runs).await?;
            let freshness = analytics::freshness(conn, scope, today).await?;
            Ok::<_, db::DbError>((runs, count, freshness))
        })
        .await?;
    let around = surroundings.of(state, scope).await?;
    let p = Frame::of_list(state, visitor, &query, &around, |t| fl!(t, "imports"));
    let running = around.runs.iter().chain(&runs);
    let running = running
        .filter(|run| run.state == "running")
        .map(|run| run.id);
    let live = match running.max() {
        Some(id) => LiveRun::of(state, visitor, &p, scope, id).await?,
        None => None,
    };
    let department_id = scope.id().unwrap_or(state.import_department);
    let files = |name: &str| files(&query, name, &p);
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = page(&ImportsPage {
        problem,
        may_change: visitor.may_change(),
        has_sources: !state.sources_of(department_id).is_empty(),
        department: scope.id(),
        live,
        runs: runs.iter().map(|run| RunLine::of(run, state, &p)).collect(),
        pages: Pages::of(&query.link, number, PAGE_ROWS, count, p.format),
        run_files: files("import/runs"),
        journal_files: files("import-logs"),
        failing: freshness::failing(&freshness, state, &p),
        failing_files: files("data-quality/failing_files"),
        departments: freshness::departments(&freshness, state, &p),
        exports: freshness::exports(&freshness, state, &query, &p),
        freshness_files: files("freshness"),
        p,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Links to a list of the REST interface as files.
fn files(query: &PageQuery, name: &str, p: &Frame) -> Vec<FileLink> {
    let department = query.filter.department.id().map(|id| id.to_string());
    let list = Link::new(&format!("{API}/{name}"));
    files_at(
        &list.with("department_id", department.unwrap_or_default()),
        p,
    )
}

impl RunLine {
    fn of(run: &RunRow, state: &AppState, p: &Frame) -> RunLine {
        let (class, words) = run_state(p.texts, &run.state);
        let counts = [
            run.total_files,
            run.files_processed,
            run.files_failed,
            run.files_skipped,
        ];
        RunLine {
            name: fl!(p.texts, "run-number", id = run.id),
            href: format!("{PATH}/{}", run.id),
            class,
            state: words,
            machine: super::frame::machine_time(run.started_at),
            time: p.format.time(state.cache.clock().local(run.started_at)),
            by: run.started_by.clone(),
            sources: run.sources.replace(',', ", "),
            counts: counts.map(|files| p.format.count(files.into())),
        }
    }
}
