//! Details that are rejected, or that a whole file no longer holds: what is stored of their
//! expenses.

use std::path::Path;

use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::import::{FileReport, FileStatus};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::quality::found;
use crate::support::workbooks::{Detail, an_expense, details_sheet, expenses, interest, principal};

on_both_databases!(
    a_mistyped_detail_leaves_the_stored_details_of_its_expense_alone,
    the_details_of_other_expenses_are_replaced_beside_a_rejected_one,
    a_rejected_detail_of_unknown_expense_takes_no_detail_away,
    the_first_details_of_an_expense_are_taken_beside_a_rejected_one,
    an_expense_that_a_whole_snapshot_has_no_details_of_loses_them,
    details_are_not_removed_when_too_many_would_be,
    no_details_are_removed_when_a_row_was_rejected_or_the_total_differs,
    details_of_organizations_that_the_file_does_not_name_stay,
);

const EXPENSES: &str = "A - spisanie.xlsx";
const DETAILS: &str = "A - rasshifrovka.xlsx";
const AMOUNT: usize = 3;
/// Details that a whole snapshot no longer holds are removed, if they are half of all at most.
const HALF: [(&str, &str); 3] = [
    ("USE_REDIS", "false"),
    ("IMPORT_MISSING_ROWS", "deactivate"),
    ("IMPORT_MISSING_ROWS_MAX_PERCENT", "50"),
];

/// Principal and interest.
async fn paid(app: &TestApp) -> (Value, Value) {
    let summary = app.get("summary?department_id=8").await.ok();
    (
        summary["total_principal"].clone(),
        summary["total_interest"].clone(),
    )
}

/// A details export in which the amounts of some rows, counted from 0, can't be read.
fn sheet(rows: &[Detail], mistyped: &[usize]) -> Sheet {
    let mut sheet = details_sheet(rows);
    // The header is row 0.
    mistyped
        .iter()
        .for_each(|at| sheet.rows[at + 1][AMOUNT] = Cell::text("1OO"));
    sheet
}

async fn import(app: &TestApp, sheet: &Sheet) -> FileReport {
    app.import(DEPARTMENT, &[(DETAILS, &sheet.to_xlsx().unwrap())])
        .await
        .files
        .remove(0)
}

async fn with_two_expenses(backend: Backend, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(backend, settings).await;
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(1), an_expense(2)]))],
    )
    .await;
    let rows = [
        principal(1, 70_00),
        interest(1, 30_00),
        principal(2, 100_00),
    ];
    assert_eq!(import(&app, &sheet(&rows, &[])).await.counts.inserted, 3);
    app
}

async fn a_mistyped_detail_leaves_the_stored_details_of_its_expense_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/import");
    app.import_folder(&cases.join("detail1"), DEPARTMENT).await;
    assert_eq!(paid(&app).await, (json!(100.0), json!(50.0)));
    let report = app.import_folder(&cases.join("detail2"), DEPARTMENT).await;
    assert_eq!(
        (report.files[0].status, report.files[0].rejected),
        (FileStatus::Partial, 1)
    );
    assert_eq!(
        (
            report.files[0].counts.left_alone,
            report.files[0].counts.deleted
        ),
        (1, 0)
    );
    assert_eq!(paid(&app).await, (json!(100.0), json!(50.0)));
    assert_eq!(found(&app, "rejected_rows_still_stored").await.0, 1);
    app.stop().await;
}

async fn the_details_of_other_expenses_are_replaced_beside_a_rejected_one(backend: Backend) {
    let app = with_two_expenses(backend, &[("USE_REDIS", "false")]).await;
    let rows = [
        principal(1, 60_00),
        interest(1, 40_00),
        principal(2, 90_00),
        interest(2, 10_00),
    ];
    let file = import(&app, &sheet(&rows, &[1])).await;
    assert_eq!(
        (file.status, file.counts.left_alone),
        (FileStatus::Partial, 1)
    );
    assert_eq!(
        paid(&app).await,
        (json!(160.0), json!(40.0)),
        "the first stays, the second is replaced"
    );
    // The one detail of an expense: nothing of it can be read.
    let file = import(
        &app,
        &sheet(
            &[principal(1, 70_00), interest(1, 30_00), principal(2, 1)],
            &[2],
        ),
    )
    .await;
    assert_eq!((file.counts.unchanged, file.counts.deleted), (2, 0));
    assert_eq!(paid(&app).await, (json!(160.0), json!(40.0)));
    assert_eq!(import(&app, &sheet(&rows, &[])).await.counts.updated, 2);
    assert_eq!(
        paid(&app).await,
        (json!(150.0), json!(50.0)),
        "corrected, it goes in"
    );
    app.stop().await;
}

async fn a_rejected_detail_of_unknown_expense_takes_no_detail_away(backend: Backend) {
    let app = with_two_expenses(backend, &[("USE_REDIS", "false")]).await;
    let rows = [
        principal(1, 70_00),
        interest(1, 30_00),
        principal(2, 100_00),
        interest(2, 5_00),
    ];
    let mut nameless = sheet(&rows, &[]);
    nameless.rows[2][0] = Cell::Empty;
    let file = import(&app, &nameless).await;
    assert_eq!((file.status, file.rejected), (FileStatus::Partial, 1));
    assert_eq!(
        (
            file.counts.left_alone,
            file.counts.inserted,
            file.counts.deleted
        ),
        (1, 1, 0)
    );
    assert_eq!(paid(&app).await, (json!(170.0), json!(35.0)));
    app.stop().await;
}

async fn the_first_details_of_an_expense_are_taken_beside_a_rejected_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    let rows = [principal(1, 70_00), interest(1, 30_00)];
    assert_eq!(
        import(&app, &sheet(&rows, &[1])).await.status,
        FileStatus::Partial
    );
    assert_eq!(paid(&app).await, (json!(70.0), json!(0.0)));
    import(&app, &sheet(&rows, &[])).await;
    assert_eq!(paid(&app).await, (json!(70.0), json!(30.0)));
    app.stop().await;
}

async fn an_expense_that_a_whole_snapshot_has_no_details_of_loses_them(backend: Backend) {
    let app = with_two_expenses(backend, &HALF).await;
    let file = import(&app, &sheet(&[principal(2, 100_00)], &[])).await;
    assert_eq!(
        (file.status, file.counts.deleted, file.counts.unchanged),
        (FileStatus::Success, 2, 1)
    );
    assert_eq!(paid(&app).await, (json!(100.0), json!(0.0)));
    let kept = with_two_expenses(backend, &[("USE_REDIS", "false")]).await;
    assert_eq!(
        import(&kept, &sheet(&[principal(2, 100_00)], &[]))
            .await
            .counts
            .deleted,
        0,
        "unless that is wanted"
    );
    kept.stop().await;
    app.stop().await;
}

async fn details_are_not_removed_when_too_many_would_be(backend: Backend) {
    let app = with_two_expenses(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    let file = import(&app, &sheet(&[principal(2, 90_00)], &[])).await;
    let message = file.message.unwrap();
    assert_eq!(file.status, FileStatus::Failed);
    assert!(
        message.contains("1 of the 2 expenses with details") && message.contains("5 %"),
        "{message}"
    );
    assert_eq!(
        paid(&app).await,
        (json!(170.0), json!(30.0)),
        "nothing of the file went in"
    );
    app.stop().await;
}

async fn no_details_are_removed_when_a_row_was_rejected_or_the_total_differs(backend: Backend) {
    let app = with_two_expenses(backend, &HALF).await;
    let rejected = sheet(&[principal(2, 100_00), principal(2, 1)], &[1]);
    let mut differing = sheet(&[principal(2, 100_00)], &[]);
    differing.push_total(AMOUNT, 200_00);
    for sheet in [rejected, differing] {
        let file = import(&app, &sheet).await;
        assert_eq!((file.status, file.counts.deleted), (FileStatus::Partial, 0));
        assert!(
            file.message.as_ref().unwrap().contains("no details"),
            "{:?}",
            file.message
        );
        assert_eq!(paid(&app).await, (json!(170.0), json!(30.0)));
    }
    app.stop().await;
}

async fn details_of_organizations_that_the_file_does_not_name_stay(backend: Backend) {
    let app = with_two_expenses(backend, &HALF).await;
    app.import(
        DEPARTMENT,
        &[(
            "B - spisanie.xlsx",
            &expenses(&[an_expense(3).of("АО «Юг»")]),
        )],
    )
    .await;
    app.import(
        DEPARTMENT,
        &[(
            "B - rasshifrovka.xlsx",
            &details_sheet(&[principal(3, 5_00)]).to_xlsx().unwrap(),
        )],
    )
    .await;
    assert_eq!(paid(&app).await, (json!(175.0), json!(30.0)));
    import(&app, &sheet(&[principal(1, 70_00)], &[])).await;
    assert_eq!(paid(&app).await, (json!(75.0), json!(0.0)));
    app.stop().await;
}
