//! The real actor under a clock that the tests set: a locked database, missed times, a panic.

use std::time::Duration;

use chrono::{DateTime, Utc};
use credit_portfolio::domain::{Clock, Role};
use credit_portfolio::metrics::IMPORT_ACTOR_RESTARTS;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    a_first_start_begins_from_now_and_times_that_were_missed_are_run_once,
    a_time_that_was_run_without_a_mark_is_not_run_again,
);

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Another process that imports at six in Moscow, under a clock of its own.
async fn scheduled_twin(app: &TestApp, now: &str) -> TestApp {
    let mut settings = app.settings.clone();
    settings.import.clock = Clock::fixed(settings.import.timezone, moment(now));
    for source in &mut settings.import.sources {
        source.schedule = Some("0 6 * * *".parse().unwrap());
    }
    app.twin_with(settings).await
}

async fn runs(app: &TestApp) -> Vec<Value> {
    app.get("import/runs?limit=1000")
        .await
        .ok()
        .as_array()
        .unwrap()
        .clone()
}

async fn wait_for_mark(app: &TestApp, mark: &str) {
    let marks = "SELECT CAST(handled_until AS TEXT) FROM schedule_marks";
    eventually("the mark is there", async || {
        app.read(marks).iter().any(|line| line.starts_with(mark))
    })
    .await;
}

async fn wait_for_end_of(app: &TestApp, scheduled_for: &str) {
    let is_it = |run: &Value| run["scheduled_for"] == scheduled_for && run["state"] == "completed";
    eventually("the run has ended", async || {
        runs(app).await.iter().any(is_it)
    })
    .await;
}

async fn a_first_start_begins_from_now_and_times_that_were_missed_are_run_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let first = scheduled_twin(&app, "2026-11-02T03:30:00Z").await;
    wait_for_mark(&app, "2026-11-02 03:30:00").await;
    assert_eq!(
        runs(&app).await,
        Vec::<Value>::new(),
        "nothing was missed before the first start"
    );
    first.stop().await;
    let second = scheduled_twin(&app, "2026-11-05T12:00:00Z").await;
    wait_for_end_of(&app, "2026-11-05T03:00:00").await;
    second.stop().await;
    // The same moment again: nothing is left to do.
    let third = scheduled_twin(&app, "2026-11-05T12:00:01Z").await;
    third
        .settings
        .import
        .clock
        .set(moment("2026-11-06T03:00:00Z"));
    wait_for_end_of(&app, "2026-11-06T03:00:00").await;
    third.stop().await;
    let covered = "SELECT CAST(covers_after AS TEXT) FROM import_runs ORDER BY scheduled_for";
    let covered: Vec<String> = app
        .read(covered)
        .iter()
        .map(|time| time[..19].to_owned())
        .collect();
    assert_eq!(covered, ["2026-11-02 03:30:00", "2026-11-05 03:00:00"]);
    app.stop().await;
}

/// As a process of the version before marks were kept leaves it.
async fn a_time_that_was_run_without_a_mark_is_not_run_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let process = scheduled_twin(&app, "2026-11-05T02:59:00Z").await;
    wait_for_mark(&app, "2026-11-05 02:59:00").await;
    app.execute(&format!(
        "INSERT INTO import_runs (department_id, state, started_by, started_at, scheduled_for, sources, message) \
         VALUES ({DEPARTMENT}, 'completed', 'schedule', '2026-11-05 03:00:00', '2026-11-05 03:00:00', 'ftp', '')"
    ))
    .await;
    process
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:00Z"));
    wait_for_mark(&app, "2026-11-05 03:00:00").await;
    assert_eq!(runs(&app).await.len(), 1);
    process.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_time_at_which_the_database_is_locked_for_seconds_is_run_afterwards() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("DATABASE_TIMEOUT_MS", "500")],
    )
    .await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let process = scheduled_twin(&app, "2026-11-05T02:59:59Z").await;
    wait_for_mark(&app, "2026-11-05 02:59:59").await;
    let lock = app.write_lock().await;
    process
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:00Z"));
    // The fault lasts that long.
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(lock);
    process
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:30Z"));
    wait_for_end_of(&app, "2026-11-05T03:00:00").await;
    assert_eq!(runs(&app).await.len(), 1);
    process.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_scheduled_run_that_a_locked_database_breaks_off_is_taken_up_again() {
    for locked in [Duration::from_secs(3), Duration::from_secs(5)] {
        is_taken_up_after_a_lock_of(locked).await;
    }
}

async fn is_taken_up_after_a_lock_of(locked: Duration) {
    let settings = [
        ("USE_REDIS", "false"),
        ("DATABASE_TIMEOUT_MS", "500"),
        ("IMPORT_SETTLE_SECONDS", "2"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let process = scheduled_twin(&app, "2026-11-05T02:59:59Z").await;
    wait_for_mark(&app, "2026-11-05 02:59:59").await;
    process
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:00Z"));
    // While the run waits whether its file stands still.
    eventually("the run has begun", async || runs(&app).await.len() == 1).await;
    let lock = app.write_lock().await;
    tokio::time::sleep(locked).await;
    drop(lock);
    app.execute("UPDATE import_runs SET seen_at = '2020-01-01 00:00:00' WHERE state = 'running'")
        .await;
    wait_for_end_of(&app, "2026-11-05T03:00:00").await;
    assert_eq!(runs(&app).await.len(), 1);
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(100.0)
    );
    process.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn whoever_waits_for_a_run_that_the_database_breaks_off_gets_503() {
    let settings = [
        ("USE_REDIS", "false"),
        ("DATABASE_TIMEOUT_MS", "500"),
        ("IMPORT_SETTLE_SECONDS", "5"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let locking = async {
        eventually("the run has begun", async || runs(&app).await.len() == 1).await;
        let lock = app.write_lock().await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        drop(lock);
    };
    let (answer, ()) = tokio::join!(app.trigger(), locking);
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.text
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_scheduled_run_that_is_stopped_goes_on_in_the_next_process() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("IMPORT_SETTLE_SECONDS", "2")],
    )
    .await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let first = scheduled_twin(&app, "2026-11-05T02:59:59Z").await;
    wait_for_mark(&app, "2026-11-05 02:59:59").await;
    first
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:00Z"));
    eventually("the run has begun", async || runs(&app).await.len() == 1).await;
    first.stop().await;
    let second = scheduled_twin(&app, "2026-11-05T03:01:00Z").await;
    wait_for_end_of(&app, "2026-11-05T03:00:00").await;
    assert_eq!(runs(&app).await.len(), 1);
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(100.0)
    );
    second.stop().await;
    app.stop().await;
}

/// The end of the calendar is a time that no time zone can show: reading the clock then panics.
#[actix_rt::test]
async fn an_actor_that_panics_is_not_ready_until_it_has_started_again_and_has_lost_no_time() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let process = scheduled_twin(&app, "2026-11-05T02:59:59Z").await;
    wait_for_mark(&app, "2026-11-05 02:59:59").await;
    assert_eq!(process.raw_get("/readyz", &[]).await.ok()["import"], "up");
    process.settings.import.clock.set(DateTime::<Utc>::MAX_UTC);
    eventually("it is not ready", async || {
        process.raw_get("/readyz", &[]).await.status != StatusCode::OK
    })
    .await;
    let ready = process.raw_get("/readyz", &[]).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let body =
        json!({ "status": "not ready", "database": "up", "redis": "off", "import": "restarting" });
    assert_eq!(ready.json(), body);
    let token = process.token(Role::Admin, DEPARTMENT).await;
    let refused = process
        .request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&token),
            None,
        )
        .await;
    assert_eq!(
        refused.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        refused.text
    );
    assert_eq!(
        process.get("summary").await.status,
        StatusCode::OK,
        "questions are answered"
    );
    process
        .settings
        .import
        .clock
        .set(moment("2026-11-05T03:00:30Z"));
    assert!(IMPORT_ACTOR_RESTARTS.get() > 0);
    eventually("it is ready", async || {
        process.raw_get("/readyz", &[]).await.status == StatusCode::OK
    })
    .await;
    wait_for_end_of(&app, "2026-11-05T03:00:00").await;
    assert_eq!(runs(&app).await.len(), 1);
    process.stop().await;
    app.stop().await;
}
