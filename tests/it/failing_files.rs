//! Files that fail: counted until they go in or are no longer offered, in states of runs, metrics
//! and findings.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use credit_portfolio::domain::Role;
use credit_portfolio::import::FileStatus;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::freshness::{EXPENSES, RECEIPTS, freshness};
use crate::support::workbooks::{a_receipt, an_expense, expenses, receipts};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    a_file_that_is_left_alone_keeps_failing_until_it_goes_in,
    a_run_in_which_nothing_came_in_failed,
    a_parked_file_is_tried_again_by_a_newer_reader,
    a_failing_file_that_is_no_longer_offered_fails_no_more,
    the_gauge_of_failing_files_is_read_from_the_database,
    a_source_that_can_not_be_listed_was_not_looked_through,
    failing_files_are_a_finding_and_stand_on_the_sheet_of_every_file,
);

const PARKS_SOON: [(&str, &str); 2] = [("USE_REDIS", "false"), ("IMPORT_PARK_AFTER", "2")];

async fn last_run(app: &TestApp) -> Value {
    app.get("import/runs?limit=1").await.ok()[0].clone()
}

async fn a_file_that_is_left_alone_keeps_failing_until_it_goes_in(backend: Backend) {
    let app = TestApp::start_with(backend, &PARKS_SOON).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    assert_eq!(app.trigger().await.ok()["success"], true);
    let complete = app
        .get("summary?department_id=8")
        .await
        .header("X-Data-As-Of")
        .to_owned();
    app.put(EXPENSES, b"");
    let mut since = None;
    for run in 0..4 {
        let answer = app.trigger().await.ok();
        assert_eq!(
            (&answer["success"], &answer["files_failing"]),
            (&json!(false), &json!(1)),
            "{answer}"
        );
        assert_eq!(
            answer["files_failed"],
            if run < 2 { 1 } else { 0 },
            "then it is left alone: {answer}"
        );
        assert_eq!(last_run(&app).await["state"], "partial");
        let fresh = freshness(&app).await;
        let failing = &fresh["failing_files"][0];
        assert_eq!(
            (&failing["name"], &failing["kind"]),
            (&json!(EXPENSES), &json!("expenses")),
            "{fresh}"
        );
        assert!(
            failing["reason"].as_str().unwrap().contains("0 bytes"),
            "{fresh}"
        );
        assert_eq!(
            *since.get_or_insert(failing["since"].clone()),
            failing["since"]
        );
        let export = fresh["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|export| export["kind"] == "expenses")
            .unwrap();
        assert_eq!(export["failing_files"], json!([EXPENSES]), "{fresh}");
        let department = &fresh["departments"][0];
        assert_eq!(department["files_failing"], 1);
        assert!(
            department["checked_at"].as_str() > department["data_as_of"].as_str(),
            "{fresh}"
        );
    }
    let answer = app.get("summary?department_id=8").await;
    assert_eq!(
        answer.header("X-Data-As-Of"),
        complete,
        "it has not been complete since"
    );
    app.put(EXPENSES, expenses(&[an_expense(1), an_expense(2)]));
    let answer = app.trigger().await.ok();
    assert_eq!(
        (&answer["success"], &answer["files_failing"]),
        (&json!(true), &json!(0)),
        "{answer}"
    );
    let fresh = freshness(&app).await;
    assert_eq!(fresh["failing_files"], json!([]));
    assert_eq!(
        fresh["departments"][0]["checked_at"],
        fresh["departments"][0]["data_as_of"]
    );
    app.stop().await;
}

async fn a_run_in_which_nothing_came_in_failed(backend: Backend) {
    let app = TestApp::start_with(backend, &PARKS_SOON).await;
    app.put(RECEIPTS, b"");
    for _ in 0..3 {
        app.trigger().await.ok();
        let run = last_run(&app).await;
        assert_eq!(
            (&run["state"], &run["files_failing"]),
            (&json!("failed"), &json!(1)),
            "{run}"
        );
    }
    assert_eq!(app.get("summary").await.header("X-Data-As-Of"), "");
    app.stop().await;
}

async fn a_parked_file_is_tried_again_by_a_newer_reader(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_PARK_AFTER", "1")],
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), RECEIPTS, b"PK no workbook", 10);
    let status = async || app.import_folder(folder.path(), DEPARTMENT).await.files[0].status;
    assert_eq!(
        (status().await, status().await),
        (FileStatus::Failed, FileStatus::Skipped)
    );
    app.execute("UPDATE imported_files SET reader_version = 0")
        .await;
    assert_eq!(
        (status().await, status().await),
        (FileStatus::Failed, FileStatus::Skipped)
    );
    app.stop().await;
}

async fn a_failing_file_that_is_no_longer_offered_fails_no_more(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, b"");
    app.trigger().await.ok();
    std::fs::remove_file(app.ftp_folder().join(EXPENSES)).unwrap();
    let answer = app.trigger().await.ok();
    assert_eq!(
        (&answer["success"], &answer["files_failing"]),
        (&json!(true), &json!(0)),
        "{answer}"
    );
    app.stop().await;
}

/// The gauges of all tests are those of one process: each test has departments of its own.
async fn the_gauge_of_failing_files_is_read_from_the_database(backend: Backend) {
    let department = if backend == Backend::Sqlite { 77 } else { 78 };
    let department_setting = department.to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("FINANCE_DEPARTMENT_ID", department_setting.as_str()),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, b"");
    let token = app.token(Role::Admin, department).await;
    app.request(
        Method::POST,
        "credit-portfolio/import/trigger",
        Some(&token),
        None,
    )
    .await
    .ok();
    let failing = format!("credit_portfolio_import_files_failing{{department=\"{department}\"}}");
    let checked = format!(
        "credit_portfolio_import_checked_timestamp_seconds{{department=\"{department}\"}} 1"
    );
    let metrics = app.raw_get("/metrics", &[]).await.text;
    assert!(
        metrics.contains(&format!("{failing} 1")) && metrics.contains(&checked),
        "{metrics}"
    );
    // Another process, as it were, that has not run any import.
    credit_portfolio::metrics::IMPORT_FILES_FAILING
        .with_label_values(&[&department_setting])
        .set(0);
    let app = app.restarted(&settings).await;
    assert!(
        app.raw_get("/metrics", &[])
            .await
            .text
            .contains(&format!("{failing} 1"))
    );
    std::fs::remove_file(app.ftp_folder().join(EXPENSES)).unwrap();
    app.request(
        Method::POST,
        "credit-portfolio/import/trigger",
        Some(&token),
        None,
    )
    .await
    .ok();
    assert!(
        app.raw_get("/metrics", &[])
            .await
            .text
            .contains(&format!("{failing} 0"))
    );
    app.stop().await;
}

async fn a_source_that_can_not_be_listed_was_not_looked_through(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    let before = freshness(&app).await["departments"].clone();
    let app = app
        .restarted(&[("USE_REDIS", "false"), ("FTP_PASSWORD", "another")])
        .await;
    assert_eq!(app.trigger().await.ok()["success"], false);
    assert_eq!(last_run(&app).await["state"], "failed");
    assert_eq!(freshness(&app).await["departments"], before);
    app.stop().await;
}

async fn failing_files_are_a_finding_and_stand_on_the_sheet_of_every_file(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1).on("10.03.2024")]));
    app.put(EXPENSES, b"");
    app.trigger().await.ok();
    let quality = app.get("data-quality?department_id=8").await.ok();
    let check = quality["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "failing_files")
        .unwrap();
    assert_eq!(
        (&check["count"], &check["rows"][0]["name"]),
        (&json!(1), &json!(EXPENSES)),
        "{check}"
    );
    let journal = app.get("import-logs").await.ok();
    let entry = journal
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["source_file"] == EXPENSES)
        .unwrap();
    assert_eq!(check["rows"][0]["id"], entry["id"]);
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for path in ["receipts", "summary", "organizations", "freshness"] {
        let path = format!("credit-portfolio/{path}?department_id=8&format=xlsx&lang=ru");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(app.bytes(&path, &token).await)).unwrap();
        let name = book.sheet_names().last().unwrap().clone();
        let sheet = book.worksheet_range(&name).unwrap();
        let line = |label: &str| {
            let row = sheet
                .rows()
                .find(|row| row[0].to_string().starts_with(label));
            row.map(|row| row[1].to_string())
        };
        assert_eq!(
            line("Самый новый документ").as_deref(),
            Some("10.03.2024"),
            "{path}"
        );
        assert!(
            line("Не загружается с").is_some_and(|reason| reason.starts_with(EXPENSES)),
            "{path}"
        );
    }
    app.stop().await;
}
