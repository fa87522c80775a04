//! The access log, and the ids of requests in all other lines.

use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};

use actix_web::dev::Service;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, http, web};
use credit_portfolio::api;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, program, run, wait_until_ready};

const FIGURES: &str = "/api/v1/credit-portfolio/monthly-stats";

/// The program as a process of its own, with an administrator.
struct Program {
    folder: TempDir,
    running: Running,
    address: String,
    bearer: String,
}

/// What came back.
struct Answer {
    status: u16,
    request_id: String,
    cache_status: String,
    text: String,
}

impl Program {
    fn start(rust_log: &str) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let admin = ["user", "create", "--username", "admin", "--role", "ADMIN"];
        assert!(
            run(folder.path(), &admin, "correct horse\n")
                .status
                .success()
        );
        let address = format!("127.0.0.1:{}", free_port());
        let mut serve = program(folder.path(), &["serve"]);
        serve
            .env("SECRET_KEY", SECRET_KEY)
            .env("BIND", &address)
            .env("RUST_LOG", rust_log);
        let running = Running::start(&mut serve);
        wait_until_ready(&address);
        let login = ureq::post(format!("http://{address}/api/v1/auth/login"))
            .header("Content-Type", "application/json")
            .send(r#"{"username":"admin","password":"correct horse"}"#);
        let login = login.unwrap().body_mut().read_to_string().unwrap();
        let login: serde_json::Value = serde_json::from_str(&login).unwrap();
        Program {
            bearer: format!("Bearer {}", login["access_token"].as_str().unwrap()),
            folder,
            running,
            address,
        }
    }

    fn get(&self, path: &str, request_id: &str) -> Answer {
        let mut response = ureq::get(format!("http://{}{path}", self.address))
            .header("Authorization", &self.bearer)
            .header("X-Request-Id", request_id)
            .config()
            .http_status_as_error(false)
            .build()
            .call()
            .unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        Answer {
            status: response.status().as_u16(),
            request_id: header("x-request-id"),
            cache_status: header("cache-status"),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }

    fn log(self) -> String {
        let (code, log) = self.running.terminate();
        assert_eq!(code, Some(0), "{log}");
        log
    }
}

/// The lines of the access log that name a request.
fn lines_of<'a>(log: &'a str, request_id: &str) -> Vec<&'a str> {
    let name = format!(" request_id={request_id} ");
    log.lines().filter(|line| line.contains(&name)).collect()
}

/// The only line of a request: method, route, status and user of it, in the log's words.
fn assert_line(log: &str, request_id: &str, [start, end]: [&str; 2]) {
    let lines = lines_of(log, request_id);
    assert_eq!(lines.len(), 1, "{request_id}: {log}");
    let line = lines[0];
    assert!(
        line.contains(&format!(" access] {start} duration_ms=")),
        "{line}"
    );
    assert!(line.ends_with(end), "{line}");
}

#[test]
fn every_request_has_a_line_with_its_route_and_user_and_without_its_values() {
    let program = Program::start("info");
    let question = format!("{FIGURES}?date_from=2021-07-13");
    let hits = (0..40)
        .map(|number| program.get(&question, &format!("figures-{number}-")))
        .filter(|answer| answer.cache_status.contains("; hit; "))
        .count();
    assert!(hits >= 30, "{hits} answers came out of the cache");
    let contract = program.get("/api/v1/credit-portfolio/contracts/424242", "contract");
    assert_eq!(contract.status, 404);
    assert_eq!(program.get("/nowhere/717171?q=1", "nowhere").status, 404);
    let user = program.get("/api/v1/auth/me", "me").text;
    let user: serde_json::Value = serde_json::from_str(&user).unwrap();
    let user = format!(" user_id={}", user["id"]);
    let anonymous = ureq::get(format!("http://{}{FIGURES}", program.address))
        .header("X-Request-Id", "anonymous")
        .call();
    assert!(anonymous.is_err());
    let head = ureq::head(format!("http://{}{FIGURES}/", program.address))
        .header("X-Request-Id", "head")
        .header("Authorization", &program.bearer)
        .call();
    assert_eq!(head.unwrap().status(), 200);
    let log = program.log();
    for number in 0..40 {
        let words = format!("method=GET route={FIGURES} status=200");
        assert_line(&log, &format!("figures-{number}-"), [&words, &user]);
    }
    let contract = "method=GET route=/api/v1/credit-portfolio/contracts/{id} status=404";
    assert_line(&log, "contract", [contract, &user]);
    let nowhere = "method=GET route=- status=404";
    assert_line(&log, "nowhere", [nowhere, " user_id=-"]);
    let anonymous = format!("method=GET route={FIGURES} status=401");
    assert_line(&log, "anonymous", [&anonymous, " user_id=-"]);
    let head = format!("method=HEAD route={FIGURES} status=200");
    assert_line(&log, "head", [&head, &user]);
    for value in [
        "2021-07-13",
        "424242",
        "717171",
        "readyz",
        &SECRET_KEY[..12],
    ] {
        assert!(!log.contains(value), "{value}: {log}");
    }
}

#[test]
fn a_line_that_is_logged_within_a_request_carries_its_id() {
    let program = Program::start("info");
    break_table(program.folder.path());
    let answer = program.get("/api/v1/credit-portfolio/bank-accounts", "broken-1");
    assert_eq!(
        (answer.status, answer.request_id.as_str()),
        (500, "broken-1")
    );
    let log = program.log();
    let errors: Vec<&str> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{log}");
    assert!(
        errors[0].contains("credit_portfolio::api::error] [broken-1] "),
        "{log}"
    );
    assert_eq!(lines_of(&log, "broken-1").len(), 1, "{log}");
}

fn break_table(folder: &Path) {
    let database = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "db"))
        .unwrap();
    SqliteConnection::establish(database.to_str().unwrap())
        .unwrap()
        .batch_execute("PRAGMA busy_timeout = 10000; ALTER TABLE bank_accounts RENAME TO broken")
        .unwrap();
}

#[test]
fn rust_log_silences_the_access_log_and_shows_probes() {
    let silent = Program::start("info,access=off");
    silent.get(FIGURES, "silent");
    let log = silent.log();
    assert!(
        !log.contains("access]") && log.contains("Listening on"),
        "{log}"
    );
    let talkative = Program::start("info,access=debug");
    talkative.get("/livez", "probe");
    let log = talkative.log();
    assert_line(
        &log,
        "probe",
        ["method=GET route=/livez status=200", " user_id=-"],
    );
}

/// The access log of this process, for tests of the frame alone.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl log::Log for Kept {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "access"
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        if self.enabled(record.metadata()) && line.contains("request_id=frame-") {
            self.lines().push(line);
        }
    }

    fn flush(&self) {}
}

impl Kept {
    fn start() {
        static START: Once = Once::new();
        START.call_once(|| {
            log::set_logger(&KEPT).unwrap();
            log::set_max_level(log::LevelFilter::Info);
        });
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn assert_line(&self, request_id: &str, start: &str) {
        let name = format!(" request_id={request_id} ");
        let lines = self.lines();
        let found: Vec<_> = lines.iter().filter(|line| line.contains(&name)).collect();
        assert_eq!(found.len(), 1, "{lines:?}");
        assert!(found[0].starts_with(start), "{lines:?}");
    }
}

async fn panics_at_once() -> &'static str {
    panic!("only for a test")
}

async fn panics_later() -> &'static str {
    tokio::task::yield_now().await;
    panic!("only for a test")
}

#[actix_rt::test]
async fn a_panic_is_answered_and_logged_as_500() {
    Kept::start();
    let app = App::new()
        .wrap(from_fn(api::frame))
        .route("/at-once", web::get().to(panics_at_once))
        .route("/later", web::get().to(panics_later));
    let app = init_service(app).await;
    for name in ["at-once", "later"] {
        let id = format!("frame-{name}");
        let request = TestRequest::get()
            .uri(&format!("/{name}?secret=1"))
            .insert_header(("X-Request-Id", id.as_str()))
            .to_request();
        let response = app.call(request).await.err().unwrap().error_response();
        assert_eq!(response.status(), http::StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("x-request-id").unwrap(), id.as_str());
        let start = format!("method=GET route=/{name} status=500 duration_ms=");
        KEPT.assert_line(&id, &start);
    }
}

#[actix_rt::test]
async fn a_request_whose_client_left_is_logged_as_499() {
    Kept::start();
    let app = App::new().wrap(from_fn(api::frame)).route(
        "/never",
        web::get().to(std::future::pending::<&'static str>),
    );
    let app = init_service(app).await;
    let request = TestRequest::get()
        .uri("/never")
        .insert_header(("X-Request-Id", "frame-gone"))
        .to_request();
    let call = app.call(request);
    let in_time = tokio::time::timeout(std::time::Duration::from_millis(20), call).await;
    assert!(in_time.is_err(), "nobody answers");
    KEPT.assert_line(
        "frame-gone",
        "method=GET route=/never status=499 duration_ms=",
    );
}
