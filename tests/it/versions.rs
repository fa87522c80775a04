//! Versions of files: an older one overwrites nothing that a newer one brought, whatever the order
//! of arrival.

use std::path::{Path, PathBuf};

use credit_portfolio::domain::Role;
use credit_portfolio::import::FileStatus;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::quality::SNAPSHOTS;
use crate::support::versions::{
    DETAILS, EXPENSES, RECEIPTS, import_aged, message, receipt, received,
};
use crate::support::workbooks::{
    Operation, a_receipt, an_expense, details, expenses, interest, principal, receipts,
};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    a_later_date_in_the_name_wins_in_any_order_of_runs,
    an_older_file_from_another_source_leaves_newer_operations_alone,
    a_late_file_of_other_operations_of_the_organization_is_taken,
    a_hand_in_counts_as_now,
    an_older_set_of_details_leaves_a_newer_one_alone,
    an_older_file_deactivates_nothing_and_brings_nothing_back,
    rows_from_before_versions_were_kept_are_the_oldest,
);

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data/import")
        .join(name)
}

async fn a_later_date_in_the_name_wins_in_any_order_of_runs(backend: Backend) {
    let names = [
        "Sever - Postuplenie 28.02.2024.xlsx",
        "Sever - Postuplenie 05.03.2024.xlsx",
    ];
    let content = |at: usize| std::fs::read(case("25-dated-snapshots").join(names[at])).unwrap();
    // Which of the files come in each run; all of them with other times of writing.
    for runs in [
        vec![vec![0, 1]],
        vec![vec![0], vec![1]],
        vec![vec![1], vec![0]],
        vec![vec![1], vec![0, 1]],
    ] {
        let app = TestApp::start(backend).await;
        app.import(OTHER_DEPARTMENT, &[(names[1], &content(1))])
            .await;
        let newest = app.get("summary?department_id=9").await.ok()["total_receipts"].clone();
        let folder = tempfile::tempdir().unwrap();
        for run in &runs {
            for at in run {
                write_aged(
                    folder.path(),
                    names[*at],
                    &content(*at),
                    10 + 10 * *at as u64,
                );
            }
            app.import_folder(folder.path(), DEPARTMENT).await;
        }
        assert_eq!(received(&app).await, newest, "{runs:?}");
        let forced = app
            .import_folder_again(folder.path(), DEPARTMENT, true)
            .await;
        assert_eq!(forced.processed(), 2);
        assert_eq!(received(&app).await, newest, "{runs:?} with force");
        import_aged(&app, names[0], &content(0), 0).await;
        assert_eq!(received(&app).await, newest, "{runs:?} from another source");
        app.stop().await;
    }
}

async fn an_older_file_from_another_source_leaves_newer_operations_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    import_aged(&app, RECEIPTS, &receipt(70_00), 10).await;
    let folder = tempfile::tempdir().unwrap();
    let older = receipts(&[
        a_receipt(1).amounting_to(50_00),
        a_receipt(2).amounting_to(5_00),
    ]);
    write_aged(folder.path(), "B - postuplenie.xlsx", &older, 60);
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    let file = &report.files[0];
    assert_eq!(
        (
            file.counts.inserted,
            file.counts.updated,
            file.counts.left_alone
        ),
        (1, 0, 1)
    );
    assert_eq!(
        file.status,
        FileStatus::Partial,
        "which of the two files is right is in doubt"
    );
    assert!(
        message(file).contains("1 of its rows") && message(file).contains(RECEIPTS),
        "{}",
        message(file)
    );
    assert_eq!(received(&app).await, json!(75.0));
    let journal = app.get("import-logs?department_id=8").await.ok();
    assert_eq!(
        (
            &journal[0]["rows_left_alone"],
            &journal[0]["rows_unchanged"]
        ),
        (&json!(1), &json!(0)),
        "{journal}"
    );
    let app = app.restarted(&[("USE_REDIS", "false")]).await;
    let forced = app
        .import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    assert_eq!(
        (
            forced.files[0].counts.left_alone,
            forced.files[0].counts.unchanged
        ),
        (1, 1)
    );
    assert_eq!(received(&app).await, json!(75.0));
    let newer = import_aged(&app, "B - postuplenie.xlsx", &older, 1).await;
    assert_eq!(
        (newer.counts.updated, newer.counts.left_alone, newer.status),
        (1, 0, FileStatus::Success)
    );
    assert_eq!(received(&app).await, json!(55.0));
    app.stop().await;
}

async fn a_late_file_of_other_operations_of_the_organization_is_taken(backend: Backend) {
    let app = TestApp::start(backend).await;
    let loans = |amount: i64| receipts(&[a_receipt(1).amounting_to(amount)]);
    let credits = receipts(&[a_receipt(2).amounting_to(5_00)]);
    import_aged(&app, "A - postuplenie (zaimy).xlsx", &loans(70_00), 60).await;
    import_aged(&app, "A - postuplenie (kredity).xlsx", &credits, 10).await;
    let late = import_aged(&app, "A - postuplenie (zaimy).xlsx", &loans(80_00), 30).await;
    assert_eq!((late.counts.updated, late.counts.left_alone), (1, 0));
    assert_eq!(received(&app).await, json!(85.0));
    app.stop().await;
}

async fn hand_in(app: &TestApp, name: &str, content: Vec<u8>) -> Value {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let form = Form::new().part("files", Part::bytes(content).file_name(name.to_owned()));
    app.send_form("credit-portfolio/import/files", &token, form)
        .await
        .ok()
}

async fn a_hand_in_counts_as_now(backend: Backend) {
    let app = TestApp::start(backend).await;
    let both = |amount: i64| {
        receipts(&[
            a_receipt(1).amounting_to(amount),
            a_receipt(2).amounting_to(amount),
        ])
    };
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), RECEIPTS, &both(50_00), 60);
    app.import_folder(folder.path(), DEPARTMENT).await;
    hand_in(
        &app,
        "correction.xlsx",
        receipts(&[a_receipt(1).amounting_to(70_00)]),
    )
    .await;
    let forced = app
        .import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    assert_eq!(
        (
            forced.files[0].counts.left_alone,
            forced.files[0].counts.unchanged
        ),
        (1, 1)
    );
    assert_eq!(received(&app).await, json!(120.0));
    // What a hand-in holds unchanged is confirmed; what it leaves out is not.
    hand_in(
        &app,
        "confirmation.xlsx",
        receipts(&[a_receipt(1).amounting_to(70_00)]),
    )
    .await;
    let later = import_aged(&app, RECEIPTS, &both(60_00), 30).await;
    assert_eq!((later.counts.left_alone, later.counts.updated), (1, 1));
    assert_eq!(received(&app).await, json!(130.0));
    let newest = import_aged(&app, RECEIPTS, &both(80_00), 0).await;
    assert_eq!((newest.counts.left_alone, newest.counts.updated), (0, 2));
    app.stop().await;
}

async fn an_older_set_of_details_leaves_a_newer_one_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    let paid = async || {
        let summary = app.get("summary?department_id=8").await.ok();
        (
            summary["total_principal"].clone(),
            summary["total_interest"].clone(),
        )
    };
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(1), an_expense(2)]))],
    )
    .await;
    let whole = [
        principal(1, 70_00),
        interest(1, 30_00),
        principal(2, 100_00),
    ];
    import_aged(&app, DETAILS, &details(&whole), 60).await;
    // The commission is gone: what is left of the set is as it was.
    import_aged(
        &app,
        DETAILS,
        &details(&[principal(1, 70_00), principal(2, 100_00)]),
        10,
    )
    .await;
    assert_eq!(paid().await, (json!(170.0), json!(0.0)));
    let late = import_aged(&app, DETAILS, &details(&whole), 30).await;
    assert_eq!(
        (
            late.counts.left_alone,
            late.counts.unchanged,
            late.counts.inserted
        ),
        (2, 1, 0)
    );
    assert_eq!(paid().await, (json!(170.0), json!(0.0)));
    app.stop().await;
}

async fn an_older_file_deactivates_nothing_and_brings_nothing_back(backend: Backend) {
    let of = |serials: &[u32]| {
        let rows: Vec<Operation> = serials.iter().map(|serial| an_expense(*serial)).collect();
        expenses(&rows)
    };
    let paid = |serials: &[u32]| {
        let rows: Vec<_> = serials
            .iter()
            .map(|serial| principal(*serial, 100_00))
            .collect();
        details(&rows)
    };
    let figures = async |app: &TestApp| {
        let summary = app.get("summary?department_id=8").await.ok();
        (
            summary["total_expenses"].clone(),
            summary["total_principal"].clone(),
        )
    };
    // The newest has lost 1 and got 3; that of the time between still has 1.
    for newest_first in [false, true] {
        let app = TestApp::start_with(backend, &SNAPSHOTS).await;
        if !newest_first {
            import_aged(&app, EXPENSES, &of(&[1, 2]), 60).await;
            import_aged(&app, DETAILS, &paid(&[1, 2]), 60).await;
        }
        import_aged(&app, EXPENSES, &of(&[2, 3]), 10).await;
        import_aged(&app, DETAILS, &paid(&[2]), 10).await;
        assert_eq!(figures(&app).await, (json!(200.0), json!(100.0)));
        import_aged(&app, EXPENSES, &of(&[1, 2]), 30).await;
        import_aged(&app, DETAILS, &paid(&[1, 2, 3]), 30).await;
        assert_eq!(
            figures(&app).await,
            (json!(200.0), json!(100.0)),
            "newest first: {newest_first}"
        );
        import_aged(&app, EXPENSES, &of(&[1, 2, 3]), 1).await;
        import_aged(&app, DETAILS, &paid(&[1, 2, 3]), 1).await;
        assert_eq!(
            figures(&app).await,
            (json!(300.0), json!(300.0)),
            "the newest brings it back"
        );
        app.stop().await;
    }
}

async fn rows_from_before_versions_were_kept_are_the_oldest(backend: Backend) {
    let app = TestApp::start(backend).await;
    import_aged(&app, RECEIPTS, &receipt(70_00), 10).await;
    app.execute("UPDATE receipts SET snapshot_id = NULL, version_at = NULL")
        .await;
    app.execute("DELETE FROM snapshots").await;
    let older = import_aged(&app, "B - postuplenie.xlsx", &receipt(50_00), 60).await;
    assert_eq!(
        (older.counts.updated, older.status),
        (1, FileStatus::Success)
    );
    app.stop().await;
}
