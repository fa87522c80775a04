//! Workbooks into tables: counts, rejects, control totals, order; the same on both databases.

use credit_portfolio::demo::Cell;
use credit_portfolio::import::{FileStatus, RunState};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::imports::{DETAILS, EXPENSES, RECEIPTS, counts, summary};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    AMOUNT_COLUMN, a_receipt, an_expense, details, details_sheet, expenses, expenses_sheet,
    interest, principal, receipts,
};

on_both_databases!(
    a_first_import_inserts_and_a_second_changes_nothing,
    a_changed_row_is_updated_alone,
    a_bad_row_is_rejected_alone_and_listed,
    a_differing_control_total_is_recorded,
    the_order_of_arrival_does_not_matter,
    bad_files_do_not_stop_the_others,
    departments_keep_their_rows_apart,
    a_new_portfolio_of_twenty_thousand_rows_goes_in_whole,
);

async fn a_first_import_inserts_and_a_second_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            DETAILS,
            &details(&[principal(1, 70_00), interest(1, 30_00)]),
        ),
        (EXPENSES, &expenses(&[an_expense(1), an_expense(2)])),
        (RECEIPTS, &receipts(&[a_receipt(1).amounting_to(500_00)])),
    ];
    let first = app.import(DEPARTMENT, &files).await;
    assert_eq!(
        counts(&first),
        [[1, 0, 0, 0, 0], [2, 0, 0, 0, 0], [2, 0, 0, 0, 0]]
    );
    let figures = summary(&app).await;
    let second = app.import(DEPARTMENT, &files).await;
    assert_eq!(
        counts(&second),
        [[0, 0, 1, 0, 0], [0, 0, 2, 0, 0], [0, 0, 2, 0, 0]]
    );
    assert_eq!(summary(&app).await, figures);
    let again = app.get("summary?department_id=8").await;
    assert!(
        again.header("Cache-Status").contains("hit"),
        "nothing changed, so nothing was dropped"
    );
    app.stop().await;
}

async fn a_changed_row_is_updated_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1), a_receipt(2)]))],
    )
    .await;
    let changed = receipts(&[
        a_receipt(1),
        a_receipt(2).amounting_to(7),
        a_receipt(3).amounting_to(1),
    ]);
    let report = app.import(DEPARTMENT, &[(RECEIPTS, &changed)]).await;
    assert_eq!(counts(&report), [[1, 1, 1, 0, 0]]);
    assert_eq!(summary(&app).await["total_receipts"], json!(100.08));
    app.stop().await;
}

async fn a_bad_row_is_rejected_alone_and_listed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1),
        a_receipt(2).with_amount_cell(Cell::text("abc")),
        a_receipt(3),
    ];
    let report = app
        .import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    assert_eq!(counts(&report), [[2, 0, 0, 0, 1]]);
    assert_eq!(report.files[0].status, FileStatus::Partial);
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["rows_failed"], 1);
    assert_eq!(journal[0]["status"], "partial");
    assert!(
        journal[0]["error_message"]
            .as_str()
            .unwrap()
            .contains("row 3, column «Сумма»"),
        "{journal}"
    );
    let rejects = app
        .get(&format!("import-logs/{}/rejects", journal[0]["id"]))
        .await
        .ok();
    insta::allow_duplicates! {
        insta::assert_snapshot!(rejects.to_string(), @r#"[{"row_number":3,"column_name":"Сумма","value":"abc","reason":"is not an amount","code":"not_an_amount","sheet":null}]"#);
    }
    app.stop().await;
}

async fn a_differing_control_total_is_recorded(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut sheet = expenses_sheet(&[an_expense(1)]);
    sheet.push_total(AMOUNT_COLUMN, 99_99);
    let report = app
        .import(DEPARTMENT, &[(EXPENSES, &sheet.to_xlsx().unwrap())])
        .await;
    assert_eq!(report.files[0].status, FileStatus::Partial);
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["control_total"], json!(99.99));
    assert_eq!(journal[0]["rows_total"], json!(100.0));
    let message = journal[0]["error_message"].as_str().unwrap();
    assert!(
        message.contains("99.99") && message.contains("100.00") && message.contains("-0.01"),
        "{message}"
    );
    app.stop().await;
}

async fn the_order_of_arrival_does_not_matter(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            RECEIPTS,
            &receipts(&[a_receipt(1), a_receipt(2).of("АО «Лютик»")]),
        ),
        (
            EXPENSES,
            &expenses(&[
                an_expense(1),
                an_expense(2).on("06.04.2024").of("АО «Лютик»"),
            ]),
        ),
        (
            DETAILS,
            &details(&[
                principal(1, 70_00),
                interest(1, 30_00),
                principal(2, 100_00),
            ]),
        ),
    ];
    let mut answers = Vec::new();
    for (department, order) in [(8, [0, 1, 2]), (9, [2, 1, 0])] {
        for at in order {
            app.import(department, &files[at..=at]).await;
        }
        let mut figures = Vec::new();
        for path in ["summary", "monthly-stats", "analytics/monthly-efficiency"] {
            figures.push(
                app.get(&format!("{path}?department_id={department}"))
                    .await
                    .ok(),
            );
        }
        answers.push(figures);
    }
    assert_eq!(answers[0], answers[1]);
    app.stop().await;
}

async fn bad_files_do_not_stop_the_others(backend: Backend) {
    let app = TestApp::start(backend).await;
    let whole = receipts(&[a_receipt(1)]);
    let report = app
        .import(
            DEPARTMENT,
            &[
                ("A postuplenie empty.xlsx", b""),
                ("B postuplenie cut.xlsx", &whole[..whole.len() / 2]),
                ("C postuplenie html.xlsx", b"<html>"),
                (
                    "D postuplenie locked.xlsx",
                    &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
                ),
                ("E postuplenie.xlsx", &whole),
                (
                    "other.xlsx",
                    &credit_portfolio::demo::Sheet::new(&["Товар"])
                        .to_xlsx()
                        .unwrap(),
                ),
                ("~$E postuplenie.xlsx", b"lock"),
                ("F postuplenie.xlsx.part", &whole),
                ("notes.txt", b"hello"),
            ],
        )
        .await;
    assert_eq!(report.state, RunState::Partial);
    assert_eq!(report.count(FileStatus::Failed), 5);
    assert_eq!(report.count(FileStatus::Success), 1);
    assert_eq!(report.count(FileStatus::Skipped), 3);
    assert_eq!(summary(&app).await["total_receipts"], json!(100.0));
    let journal = app.get("import-logs").await.ok();
    let message_of = |name: &str| {
        let entry = journal
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["source_file"] == name);
        entry.unwrap()["error_message"].as_str().unwrap().to_owned()
    };
    assert!(message_of("A postuplenie empty.xlsx").contains("0 bytes"));
    assert!(message_of("B postuplenie cut.xlsx").contains("cut off"));
    assert!(message_of("C postuplenie html.xlsx").contains("an HTML page"));
    assert!(message_of("D postuplenie locked.xlsx").contains("password"));
    assert!(message_of("other.xlsx").contains("neither the file's name nor a header row"));
    app.stop().await;
}

async fn departments_keep_their_rows_apart(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1).amounting_to(1_00)]))],
    )
    .await;
    let same_id = app
        .import(
            OTHER_DEPARTMENT,
            &[(RECEIPTS, &receipts(&[a_receipt(1).amounting_to(2_00)]))],
        )
        .await;
    assert_eq!(counts(&same_id), [[1, 0, 0, 0, 0]]);
    let total = async |path: &str| app.get(path).await.ok()["total_receipts"].clone();
    assert_eq!(total("summary?department_id=8").await, json!(1.0));
    assert_eq!(total("summary?department_id=9").await, json!(2.0));
    assert_eq!(total("summary").await, json!(3.0));
    app.stop().await;
}

async fn a_new_portfolio_of_twenty_thousand_rows_goes_in_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows: Vec<_> = (1..=10_000)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial)))
        .collect();
    let parts: Vec<_> = (1..=10_000)
        .map(|serial| principal(serial, i64::from(serial)))
        .collect();
    let mut breakdown = details_sheet(&parts);
    breakdown.push_total(3, 50_005_000);
    let report = app
        .import(
            DEPARTMENT,
            &[
                (EXPENSES, &expenses(&rows)),
                (DETAILS, &breakdown.to_xlsx().unwrap()),
            ],
        )
        .await;
    assert_eq!(
        counts(&report),
        [[10_000, 0, 0, 0, 0], [10_000, 0, 0, 0, 0]]
    );
    let figures = summary(&app).await;
    assert_eq!(
        (&figures["total_expenses"], &figures["total_principal"]),
        (&json!(500_050.0), &json!(500_050.0))
    );
    if backend == Backend::Postgres {
        // Not left to the server's own analyzing, which comes a minute later.
        let uncounted = "SELECT relname FROM pg_class WHERE reltuples < 1000 \
             AND oid IN ('expenses'::regclass, 'expense_details'::regclass)";
        assert_eq!(app.read(uncounted), Vec::<String>::new());
    }
    app.stop().await;
}
