//! How new the data is: by organization and kind, when files arrived whole, and their newest
//! document.

use credit_portfolio::domain::Role;
use credit_portfolio::import::FileStatus;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::freshness::{EXPENSES, RECEIPTS, freshness};
use crate::support::workbooks::{a_receipt, an_expense, details, expenses, principal, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    an_unchanged_file_is_fresh,
    the_newest_document_is_not_dated_after_today,
    files_that_an_older_reader_read_are_read_once_more_and_change_no_row,
    freshness_is_of_the_callers_department,
    a_file_with_rejected_rows_did_not_arrive_whole,
    an_organization_that_its_file_no_longer_names_grows_old,
    the_newest_document_is_forgotten_when_it_vanishes,
);

async fn an_unchanged_file_is_fresh(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(
        RECEIPTS,
        receipts(&[
            a_receipt(1).on("10.03.2024"),
            a_receipt(2).on("12.03.2024").of("ООО «Юг»"),
        ]),
    );
    app.put(EXPENSES, expenses(&[an_expense(1).on("25.03.2024")]));
    app.put("A - rasshifrovka.xlsx", details(&[principal(1, 100_00)]));
    app.trigger().await.ok();
    let first = freshness(&app).await["data"].as_array().unwrap().clone();
    app.trigger().await.ok();
    let second = freshness(&app).await["data"].as_array().unwrap().clone();
    let lines: Vec<_> = second
        .iter()
        .map(|line| (line["kind"].clone(), line["newest_document"].clone()))
        .collect();
    assert_eq!(lines.len(), 4, "{second:?}");
    for line in [
        ("receipts", "2024-03-10"),
        ("receipts", "2024-03-12"),
        ("expenses", "2024-03-25"),
        ("expense_details", "2024-03-25"),
    ] {
        assert!(
            lines.contains(&(json!(line.0), json!(line.1))),
            "{second:?}"
        );
    }
    for (before, after) in first.iter().zip(&second) {
        assert_eq!(before["arrived_at"], after["arrived_at"]);
        assert!(
            before["checked_at"].as_str() < after["checked_at"].as_str(),
            "{before} {after}"
        );
    }
    let sheet = app.get("freshness?department_id=8&format=csv").await;
    assert_eq!(sheet.text.lines().count(), 5, "{}", sheet.text);
    app.stop().await;
}

async fn the_newest_document_is_not_dated_after_today(backend: Backend) {
    let app = TestApp::start(backend).await;
    let through = async || {
        app.get("summary?department_id=8")
            .await
            .header("X-Data-Through")
            .to_owned()
    };
    assert_eq!(through().await, "");
    let rows = [
        a_receipt(1).on("20.11.2026"),
        a_receipt(2).on("26.11.2026"),
        a_receipt(3).on("01.01.2030"),
    ];
    app.put(RECEIPTS, receipts(&rows));
    app.trigger().await.ok();
    assert_eq!(through().await, "2026-11-20");
    assert_eq!(
        freshness(&app).await["data"][0]["newest_document"],
        "2026-11-20"
    );
    let file = app.get("receipts?department_id=8").await;
    assert_eq!(
        file.header("X-Data-Through"),
        "2026-11-20",
        "lists say it, too"
    );
    app.set_today("2026-11-26");
    assert_eq!(through().await, "2026-11-26");
    app.stop().await;
}

async fn files_that_an_older_reader_read_are_read_once_more_and_change_no_row(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(1)])).unwrap();
    app.import_folder(folder.path(), DEPARTMENT).await;
    let newer = receipts(&[
        a_receipt(1).amounting_to(70_00),
        a_receipt(2).of("АО «Юг»").amounting_to(5_00),
    ]);
    std::fs::write(folder.path().join("0 - postuplenie.xlsx"), newer).unwrap();
    app.import_folder(folder.path(), DEPARTMENT).await;
    for statement in [
        "DELETE FROM file_organizations",
        "UPDATE imported_files SET reader_version = 0",
    ] {
        app.execute(statement).await;
    }
    let again = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(again.processed(), 2, "{:?}", again.files);
    assert!(
        again
            .files
            .iter()
            .all(|file| !file.counts.changed_anything()),
        "{:?}",
        again.files
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(75.0),
        "the older file takes nothing back"
    );
    let fresh = freshness(&app).await;
    let organizations: Vec<&Value> = fresh["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["organization"])
        .collect();
    assert_eq!(organizations.len(), 2, "{fresh}");
    let once_more = app.import_folder(folder.path(), DEPARTMENT).await;
    assert!(
        once_more
            .files
            .iter()
            .all(|file| file.status == FileStatus::Skipped),
        "{:?}",
        once_more.files
    );
    app.stop().await;
}

async fn freshness_is_of_the_callers_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, b"");
    app.trigger().await.ok();
    let other = app.token(Role::Accountant, OTHER_DEPARTMENT).await;
    let fresh = app.get_as(&other, "freshness").await.ok();
    assert_eq!(
        (&fresh["data"], &fresh["failing_files"]),
        (&json!([]), &json!([])),
        "{fresh}"
    );
    assert_eq!(fresh["departments"][0]["department_id"], OTHER_DEPARTMENT);
    assert_eq!(
        app.get_as(&other, "freshness?department_id=8").await.status,
        StatusCode::FORBIDDEN
    );
    let all = app.get("freshness").await.ok();
    assert_eq!(all["departments"].as_array().unwrap().len(), 2, "{all}");
    eventually("the gauges are refreshed", async || {
        app.raw_get("/metrics", &[])
            .await
            .text
            .contains("import_files_failing{department=\"9\"} 0")
    })
    .await;
    app.stop().await;
}

async fn a_file_with_rejected_rows_did_not_arrive_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let bad = || a_receipt(2).with_amount_cell(credit_portfolio::demo::Cell::text("many"));
    let line = async || freshness(&app).await["data"][0].clone();
    app.put(RECEIPTS, receipts(&[a_receipt(1), bad()]));
    app.trigger().await.ok();
    let never = line().await;
    assert!(
        never["arrived_at"].is_null() && never["checked_at"].is_string(),
        "{never}"
    );
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    let whole = line().await;
    assert!(whole["arrived_at"].is_string(), "{whole}");
    app.put(RECEIPTS, receipts(&[a_receipt(1), bad(), a_receipt(3)]));
    app.trigger().await.ok();
    let partly = line().await;
    assert_eq!(partly["arrived_at"], whole["arrived_at"]);
    assert!(
        partly["checked_at"].as_str() > whole["checked_at"].as_str(),
        "{partly}"
    );
    app.stop().await;
}

async fn an_organization_that_its_file_no_longer_names_grows_old(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(
        RECEIPTS,
        receipts(&[a_receipt(1), a_receipt(2).of("ООО «Юг»")]),
    );
    app.trigger().await.ok();
    let lines = async || freshness(&app).await["data"].as_array().unwrap().clone();
    let south = |lines: &[Value]| {
        lines
            .iter()
            .find(|line| line["organization"] == "ООО «Юг»")
            .unwrap()
            .clone()
    };
    let before = south(&lines().await);
    app.put(RECEIPTS, receipts(&[a_receipt(1), a_receipt(3)]));
    app.trigger().await.ok();
    app.trigger().await.ok();
    let lines = lines().await;
    assert_eq!(south(&lines), before);
    assert!(
        lines
            .iter()
            .any(|line| line["checked_at"].as_str() > before["checked_at"].as_str()),
        "{lines:?}"
    );
    app.stop().await;
}

async fn the_newest_document_is_forgotten_when_it_vanishes(backend: Backend) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_MISSING_ROWS", "deactivate"),
        ("IMPORT_MISSING_ROWS_MAX_PERCENT", "50"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let old = || a_receipt(1).on("10.03.2024");
    app.put(RECEIPTS, receipts(&[old(), a_receipt(2).on("20.11.2026")]));
    app.trigger().await.ok();
    // The vanished document is in no figure of this range: the answer stays valid.
    let path = "summary?department_id=8&date_from=2024-01-01&date_to=2024-12-31";
    assert_eq!(app.get(path).await.header("X-Data-Through"), "2026-11-20");
    app.put(RECEIPTS, receipts(&[old()]));
    app.trigger().await.ok();
    let through = async || app.get(path).await.header("X-Data-Through").to_owned();
    eventually("the vanished document is forgotten", async || {
        through().await == "2024-03-10"
    })
    .await;
    app.stop().await;
}
