//! Imports by hand: what a run would do, and files that are handed in.

use credit_portfolio::domain::Role;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

on_both_databases!(
    a_dry_run_reports_what_would_change_and_changes_nothing,
    one_dry_run_is_read_at_a_time,
    files_handed_in_are_imported_and_journaled
);

async fn one_dry_run_is_read_at_a_time(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let preview = async || {
        let path = "credit-portfolio/import/trigger?dry_run=true";
        app.request(Method::POST, path, Some(&token), None).await
    };
    let other = app.running.state.import_context.dry_runs.try_acquire();
    let refused = preview().await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text.contains("another dry run"), "{}", refused.text);
    assert!(!refused.header("retry-after").is_empty());
    drop(other);
    assert_eq!(preview().await.ok()["files"][0]["rows_inserted"], json!(1));
    app.stop().await;
}

async fn a_dry_run_reports_what_would_change_and_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(
        "postuplenie.xlsx",
        receipts(&[a_receipt(1).amounting_to(100_00)]),
    );
    app.trigger().await.ok();
    app.put(
        "postuplenie.xlsx",
        receipts(&[
            a_receipt(1).amounting_to(150_00),
            a_receipt(2).amounting_to(7_00),
        ]),
    );
    app.put(
        "spisanie.xlsx",
        expenses(&[an_expense(1).amounting_to(30_00)]),
    );
    app.put(
        "rasshifrovka.xlsx",
        details(&[principal(1, 20_00), interest(1, 10_00)]),
    );
    app.put("spisanie bad.xlsx", "no workbook");
    let before = (
        app.get("summary").await.text,
        app.get("import-logs").await.text,
        app.get("organizations").await.text,
    );
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = "credit-portfolio/import/trigger?dry_run=true";
    let preview = app
        .request(Method::POST, path, Some(&token), None)
        .await
        .ok();
    let file = |name: &str| {
        let files = preview["files"].as_array().unwrap();
        files
            .iter()
            .find(|file| file["name"] == name)
            .unwrap_or_else(|| panic!("{preview}"))
            .clone()
    };
    let receipts = file("postuplenie.xlsx");
    assert_eq!(
        (&receipts["rows_inserted"], &receipts["rows_updated"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(file("spisanie bad.xlsx")["status"], "failed");
    let total = |name: &str| {
        let totals = preview["totals"].as_array().unwrap();
        let total = totals.iter().find(|total| total["name"] == name).unwrap();
        (
            total["before"].as_f64().unwrap(),
            total["after"].as_f64().unwrap(),
            total["change"].as_f64().unwrap(),
        )
    };
    assert_eq!(total("total_receipts"), (100.0, 157.0, 57.0));
    assert_eq!(total("total_principal"), (0.0, 20.0, 20.0));
    assert_eq!(total("net_balance"), (100.0, 127.0, 27.0));
    let after = (
        app.get("summary").await.text,
        app.get("import-logs").await.text,
        app.get("organizations").await.text,
    );
    assert_eq!(before, after, "nothing was written");
    // What it announced comes true.
    app.trigger().await.ok();
    let summary = app.get("summary").await.ok();
    assert_eq!(
        (&summary["total_receipts"], &summary["total_principal"]),
        (&json!(157.0), &json!(20.0))
    );
    app.stop().await;
}

async fn hand_in(app: &TestApp, token: &str, files: &[(&str, Vec<u8>)]) -> Answer {
    let form = files.iter().fold(Form::new(), |form, (name, content)| {
        form.part(
            "files",
            Part::bytes(content.clone()).file_name((*name).to_owned()),
        )
    });
    app.send_form("credit-portfolio/import/files", token, form)
        .await
}

async fn files_handed_in_are_imported_and_journaled(backend: Backend) {
    let app = TestApp::start(backend).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let files = [
        (
            "postuplenie.xlsx",
            receipts(&[a_receipt(1).amounting_to(100_00)]),
        ),
        (
            "Списание (кредиты).xlsx",
            expenses(&[an_expense(1).amounting_to(30_00)]),
        ),
    ];
    let answer = hand_in(&app, &token, &files).await.ok();
    assert_eq!(
        (&answer["success"], &answer["files_processed"]),
        (&json!(true), &json!(2))
    );
    let summary = app.get("summary").await.ok();
    assert_eq!(
        (&summary["total_receipts"], &summary["total_expenses"]),
        (&json!(100.0), &json!(30.0))
    );
    let journal = app.get("import-logs").await.ok();
    assert!(
        journal.to_string().contains("Списание (кредиты).xlsx"),
        "{journal}"
    );

    for name in ["..", ".hidden.xlsx", "a/", ""] {
        let refused = hand_in(&app, &token, &[(name, receipts(&[a_receipt(2)]))]).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name:?}: {}",
            refused.text
        );
    }
    let beside = hand_in(
        &app,
        &token,
        &[("../../postuplenie.xlsx", receipts(&[a_receipt(3)]))],
    )
    .await
    .ok();
    assert_eq!(
        beside["files_processed"], 1,
        "only the name counts: {beside}"
    );
    let none = hand_in(&app, &token, &[]).await;
    assert_eq!(
        none.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        none.text
    );
    let twice = [
        ("postuplenie.xlsx", receipts(&[a_receipt(4)])),
        ("postuplenie.xlsx", receipts(&[a_receipt(5)])),
    ];
    let both = hand_in(&app, &token, &twice).await.ok();
    assert_eq!(
        both["files_processed"], 2,
        "files of two folders may have one name: {both}"
    );
    let journal = app.get("import-logs").await.ok();
    assert!(
        journal.to_string().contains("postuplenie (2).xlsx"),
        "{journal}"
    );
    let json = app
        .request(
            Method::POST,
            "credit-portfolio/import/files",
            Some(&token),
            Some(json!({})),
        )
        .await;
    assert_eq!(
        json.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "{}",
        json.text
    );
    let user = app.token(Role::User, DEPARTMENT).await;
    assert_eq!(
        hand_in(&app, &user, &files).await.status,
        StatusCode::FORBIDDEN
    );
    app.stop().await;
}
