//! Runs: watched and cancelled, and over several sources by the patterns of their files.

use credit_portfolio::app::import_context;
use credit_portfolio::domain::Role;
use credit_portfolio::import::{ImportRequest, Source, run_once};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::known_files::{EXPENSES, RECEIPTS, triggered};
use crate::support::workbooks::{a_receipt, an_expense, expenses, receipts};

#[actix_rt::test]
async fn a_run_is_watched_and_cancelled_between_two_batches() {
    let app = TestApp::start(Backend::Postgres).await;
    let rows: Vec<_> = (1..60_000).map(a_receipt).collect();
    app.put(RECEIPTS, receipts(&rows));
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let started = triggered(&app, "?wait=false").await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text);
    let run_id = started.json()["run_id"].clone();
    let path = format!("credit-portfolio/import/runs/{run_id}");
    crate::support::eventually("rows are loaded", async || {
        let run = app
            .request(Method::GET, &path, Some(&token), None)
            .await
            .ok();
        run["progress"]["rows"]
            .as_u64()
            .is_some_and(|rows| rows > 0)
    })
    .await;
    let cancelled = app
        .request(Method::POST, &format!("{path}/cancel"), Some(&token), None)
        .await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
    let events = app
        .request(Method::GET, &format!("{path}/events"), Some(&token), None)
        .await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(
        events.text.contains("event: ended") && events.text.contains("cancelled"),
        "{}",
        events.text
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(0.0),
        "nothing of the file is kept"
    );
    let again = app
        .request(Method::POST, &format!("{path}/cancel"), Some(&token), None)
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    app.stop().await;
}

#[actix_rt::test]
async fn a_run_takes_the_files_of_several_sources_by_their_patterns() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (serial, folder) in (1..).zip(&folders) {
        std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(serial)])).unwrap();
        std::fs::write(
            folder.path().join(EXPENSES),
            expenses(&[an_expense(serial)]),
        )
        .unwrap();
    }
    let mut policy = app.settings.import.policy.clone();
    let first = Source::folder(folders[0].path().to_owned(), DEPARTMENT, policy.clone());
    policy.patterns = vec!["POST*".parse().unwrap()];
    let second = Source {
        policy,
        ..Source::folder(
            folders[1].path().to_owned(),
            DEPARTMENT,
            first.policy.clone(),
        )
    };
    let context = import_context(
        &app.settings,
        app.running.state.db.clone(),
        app.running.state.cache.clone(),
    );
    let order = ImportRequest::now(vec![first, second], "test");
    let report = run_once(&context, &order, &Default::default(), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(
        (report.total_files, report.processed()),
        (3, 3),
        "{}",
        report.message
    );
    let summary = app.get("summary").await.ok();
    assert_eq!(
        (&summary["total_receipts"], &summary["total_expenses"]),
        (&json!(200.0), &json!(100.0))
    );
    let journal = app.get("import-logs").await.ok();
    let source = folders[1].path().display().to_string();
    assert!(
        journal
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["source"] == source.as_str()),
        "{journal}"
    );
    app.stop().await;
}
