//! Rows that a file no longer holds: inactive where the settings say so, unless they are too many
//! or were handed in.

use credit_portfolio::domain::Role;
use credit_portfolio::import::FileStatus;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::known_files::{EXPENSES, a_bad_seventh, messages};
use crate::support::on_both_databases;
use crate::support::workbooks::{an_expense, expenses};

on_both_databases!(
    vanished_rows_become_inactive_and_come_back,
    too_many_vanished_rows_refuse_the_file,
    what_a_file_handed_in_leaves_out_stays,
);

fn twenty(except: u32) -> Vec<u8> {
    let rows: Vec<_> = (1..=20)
        .filter(|serial| *serial != except)
        .map(an_expense)
        .collect();
    expenses(&rows)
}

async fn vanished_rows_become_inactive_and_come_back(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    let total = async || {
        app.get("summary").await.ok()["total_expenses"]
            .as_f64()
            .unwrap()
    };
    let other = expenses(&[an_expense(90).of("ООО «Другая»")]);
    app.import(
        DEPARTMENT,
        &[("A spisanie.xlsx", &twenty(0)), ("B spisanie.xlsx", &other)],
    )
    .await;
    assert_eq!(total().await, 2100.0);
    let report = app.import(DEPARTMENT, &[(EXPENSES, &twenty(7))]).await;
    assert_eq!(
        (
            report.files[0].counts.deactivated,
            report.files[0].counts.unchanged
        ),
        (1, 19)
    );
    assert_eq!(total().await, 2000.0, "another organization's rows stay");
    let report = app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    assert_eq!(
        (
            report.files[0].counts.updated,
            report.files[0].counts.unchanged
        ),
        (1, 19)
    );
    assert_eq!(total().await, 2100.0);
    for nothing in [
        expenses(&[]),
        crate::support::workbooks::expenses_sheet(&[])
            .to_xlsx()
            .unwrap(),
    ] {
        let report = app.import(DEPARTMENT, &[(EXPENSES, &nothing)]).await;
        assert_eq!(
            (report.files[0].status, report.files[0].counts.deactivated),
            (FileStatus::Success, 0)
        );
    }
    assert_eq!(total().await, 2100.0, "an empty export wipes nothing");
    // A row that can't be taken is in the file all the same.
    let bad = a_bad_seventh();
    let report = app.import(DEPARTMENT, &[(EXPENSES, &bad)]).await;
    assert_eq!(
        (report.files[0].rejected, report.files[0].counts.deactivated),
        (1, 0)
    );
    assert_eq!(total().await, 2100.0);
    app.stop().await;
}

async fn too_many_vanished_rows_refuse_the_file(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    let half: Vec<_> = (1..=10).map(an_expense).collect();
    let changed = [half.as_slice(), &[an_expense(11).amounting_to(1)]].concat();
    let report = app
        .import(DEPARTMENT, &[(EXPENSES, &expenses(&changed))])
        .await;
    let (status, message) = &messages(&report)[0];
    assert_eq!(*status, FileStatus::Failed);
    assert!(
        message.contains("9 of the 20") && message.contains("5 %"),
        "{message}"
    );
    assert!(
        message.contains("IMPORT_MISSING_ROWS_MAX_PERCENT"),
        "{message}"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_expenses"],
        json!(2000.0),
        "nothing of it went in"
    );
    app.stop().await;
}

async fn what_a_file_handed_in_leaves_out_stays(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let part = reqwest::multipart::Part::bytes(twenty(7)).file_name(EXPENSES);
    let form = reqwest::multipart::Form::new().part("files", part);
    let answer = app
        .send_form("credit-portfolio/import/files", &token, form)
        .await
        .ok();
    assert_eq!(answer["success"], true, "{answer}");
    assert_eq!(
        app.get("summary").await.ok()["total_expenses"],
        json!(2000.0)
    );
    app.stop().await;
}
