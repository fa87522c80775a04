//! Versions of files: an older one overwrites nothing that a newer one brought, whatever the order
//! of arrival.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileReport, FileStatus, RemarkCode, RunReport};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::quality::{SNAPSHOTS, assert_finds_nothing, found};
use crate::support::workbooks::{
    Operation, a_receipt, an_expense, details, expenses, interest, principal, receipts,
};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    a_later_date_in_the_name_wins_in_any_order_of_runs,
    an_older_file_from_another_source_leaves_newer_operations_alone,
    a_newer_file_with_the_same_rows_confirms_them_without_writing_any,
    another_workbook_confirms_the_rows_that_it_holds_and_no_others,
    a_file_that_comes_again_confirms_no_other_of_the_same_second,
    a_late_file_of_other_operations_of_the_organization_is_taken,
    a_hand_in_counts_as_now,
    an_older_set_of_details_leaves_a_newer_one_alone,
    an_older_file_deactivates_nothing_and_brings_nothing_back,
    an_operation_with_two_values_in_one_run_is_remarked_with_both_files,
    a_file_whose_time_moves_on_with_the_same_content_is_the_newest_again,
    a_file_that_is_put_back_and_then_written_again_is_the_newest,
    rows_that_vanished_from_another_file_are_remarked_on,
    rows_from_before_versions_were_kept_are_the_oldest,
    a_parked_file_is_tried_again_by_a_newer_reader,
    rejected_rows_whose_operations_are_stored_are_a_finding,
);

const RECEIPTS: &str = "A - postuplenie.xlsx";
const EXPENSES: &str = "A - spisanie.xlsx";
const DETAILS: &str = "A - rasshifrovka.xlsx";

fn receipt(amount: i64) -> Vec<u8> {
    receipts(&[a_receipt(1).amounting_to(amount)])
}

/// Imports one file that was modified so many minutes ago, from a folder of its own.
async fn import_aged(app: &TestApp, name: &str, content: &[u8], minutes: u64) -> FileReport {
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), name, content, minutes);
    app.import_folder(folder.path(), DEPARTMENT)
        .await
        .files
        .remove(0)
}

async fn received(app: &TestApp) -> Value {
    app.get("summary?department_id=8").await.ok()["total_receipts"].clone()
}

fn message(file: &FileReport) -> &str {
    file.message.as_deref().unwrap_or_default()
}

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

async fn a_newer_file_with_the_same_rows_confirms_them_without_writing_any(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = |app: &TestApp| match backend {
        Backend::Postgres => app.read("SELECT xmin || '' FROM receipts ORDER BY id"),
        Backend::Sqlite => app.read("SELECT version_at || updated_at FROM receipts ORDER BY id"),
    };
    let file = |amount: i64| {
        receipts(&[
            a_receipt(1).amounting_to(amount),
            a_receipt(2).amounting_to(1_00),
        ])
    };
    let name = |day: u32| format!("A - postuplenie 2026-11-0{day}.xlsx");
    import_aged(&app, &name(1), &file(70_00), 60).await;
    let stored = rows(&app);
    let newest = import_aged(&app, &name(3), &file(70_00), 10).await;
    assert_eq!(newest.counts.unchanged, 2);
    assert_eq!(rows(&app), stored, "no row was written");
    let between = import_aged(&app, &name(2), &file(50_00), 30).await;
    assert_eq!(
        (between.counts.left_alone, between.counts.unchanged),
        (1, 1)
    );
    assert_eq!(received(&app).await, json!(71.0));
    app.stop().await;
}

async fn another_workbook_confirms_the_rows_that_it_holds_and_no_others(backend: Backend) {
    let app = TestApp::start(backend).await;
    let year = |amount: i64| {
        receipts(&[
            a_receipt(1).amounting_to(70_00),
            a_receipt(2).amounting_to(amount),
        ])
    };
    let month = receipts(&[a_receipt(1).amounting_to(70_00)]);
    import_aged(&app, "A - postuplenie (year).xlsx", &year(1_00), 60).await;
    let newest = import_aged(&app, "A - postuplenie (month).xlsx", &month, 10).await;
    assert_eq!(
        (newest.counts.unchanged, newest.counts.changed_rows()),
        (1, 0)
    );
    let between = import_aged(&app, "A - postuplenie (year).xlsx", &year(3_00), 30).await;
    assert_eq!(
        (between.counts.updated, between.counts.left_alone),
        (1, 0),
        "the newest file does not hold that row"
    );
    let changed = receipts(&[a_receipt(1).amounting_to(50_00)]);
    let late = import_aged(&app, "A - postuplenie (quarter).xlsx", &changed, 20).await;
    assert_eq!(late.counts.left_alone, 1, "the newest file holds this one");
    assert_eq!(received(&app).await, json!(73.0));
    app.stop().await;
}

async fn a_file_that_comes_again_confirms_no_other_of_the_same_second(backend: Backend) {
    let app = TestApp::start(backend).await;
    let other = "B - postuplenie.xlsx";
    let of_other = |amount: i64| receipts(&[a_receipt(2).amounting_to(amount).of("ООО «Север»")]);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8], minutes: u64| {
        write_aged(folder.path(), name, content, minutes);
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - minutes * 60);
        File::options()
            .write(true)
            .open(folder.path().join(name))
            .unwrap()
            .set_modified(second)
            .unwrap();
    };
    write(RECEIPTS, &receipt(70_00), 60);
    write(other, &of_other(1_00), 60);
    app.import_folder(folder.path(), DEPARTMENT).await;
    write(RECEIPTS, &receipt(70_00), 10);
    assert_eq!(
        app.import_folder(folder.path(), DEPARTMENT).await.files[0].status,
        FileStatus::Skipped
    );
    write(other, &of_other(3_00), 30);
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(received(&app).await, json!(73.0));
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

async fn an_operation_with_two_values_in_one_run_is_remarked_with_both_files(backend: Backend) {
    let app = TestApp::start(backend).await;
    let run = async |names: [&str; 2]| -> RunReport {
        let folder = tempfile::tempdir().unwrap();
        write_aged(folder.path(), names[0], &receipt(50_00), 20);
        write_aged(folder.path(), names[1], &receipt(70_00), 10);
        app.import_folder(folder.path(), DEPARTMENT).await
    };
    // The newer one goes in last, whatever its name.
    let report = run(["B postuplenie.xlsx", "A postuplenie.xlsx"]).await;
    assert_eq!(received(&app).await, json!(70.0));
    let last = report.files.last().unwrap();
    assert_eq!(
        (last.name.as_str(), last.status),
        ("A postuplenie.xlsx", FileStatus::Partial)
    );
    assert!(
        message(last).contains("A postuplenie") && message(last).contains("B postuplenie"),
        "{}",
        message(last)
    );
    app.stop().await;
}

async fn a_file_whose_time_moves_on_with_the_same_content_is_the_newest_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), RECEIPTS, &receipt(50_00), 60);
    app.import_folder(folder.path(), DEPARTMENT).await;
    write_aged(folder.path(), RECEIPTS, &receipt(50_00), 20);
    let touched = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(touched.files[0].status, FileStatus::Skipped);
    let late = import_aged(&app, "B - postuplenie.xlsx", &receipt(70_00), 30).await;
    assert_eq!(
        late.counts.left_alone, 1,
        "the file that was exported again is newer"
    );
    import_aged(&app, "B - postuplenie.xlsx", &receipt(70_00), 10).await;
    assert_eq!(received(&app).await, json!(70.0));
    write_aged(folder.path(), RECEIPTS, &receipt(50_00), 5);
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        received(&app).await,
        json!(50.0),
        "another file had changed its rows meanwhile"
    );
    app.stop().await;
}

async fn a_file_that_is_put_back_and_then_written_again_is_the_newest(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), RECEIPTS, &receipt(200_00), 30);
    app.import_folder(folder.path(), DEPARTMENT).await;
    write_aged(folder.path(), RECEIPTS, &receipt(100_00), 60);
    let put_back = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        (
            put_back.files[0].status,
            put_back.files[0].counts.left_alone
        ),
        (FileStatus::Partial, 1)
    );
    write_aged(folder.path(), RECEIPTS, &receipt(100_00), 10);
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(received(&app).await, json!(100.0));
    app.stop().await;
}

async fn rows_that_vanished_from_another_file_are_remarked_on(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    import_aged(&app, RECEIPTS, &receipt(100_00), 10).await;
    let older = receipts(&[a_receipt(2).amounting_to(5_00)]);
    let other = import_aged(&app, "B - postuplenie.xlsx", &older, 60).await;
    assert_eq!(
        (other.counts.left_alone, other.status),
        (1, FileStatus::Partial),
        "{other:?}"
    );
    assert_eq!(other.remark_codes, [RemarkCode::NewerFile]);
    let journal = app.get("import-logs?department_id=8").await.ok();
    assert_eq!(journal[0]["remark_codes"], json!(["newer_file"]));
    app.stop().await;
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

async fn rejected_rows_whose_operations_are_stored_are_a_finding(backend: Backend) {
    let app = TestApp::start(backend).await;
    let many = || credit_portfolio::demo::Cell::text("many");
    app.put(RECEIPTS, receipts(&[a_receipt(1), a_receipt(2)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "rejected_rows_still_stored").await;
    let bad = [
        a_receipt(1),
        a_receipt(2).with_amount_cell(many()),
        a_receipt(3).with_amount_cell(many()),
        a_receipt(1),
    ];
    app.put(RECEIPTS, receipts(&bad));
    app.trigger().await.ok();
    let (count, _, names) = found(&app, "rejected_rows_still_stored").await;
    assert_eq!((count, names), (1, vec![RECEIPTS.to_owned()]));
    let text = app.get("import-logs").await.ok()[0]["error_message"]
        .as_str()
        .unwrap()
        .to_owned();
    // The third was never stored, and of the first another row was taken.
    assert!(
        text.contains("1 of the operations") && text.contains("0000-000002"),
        "{text}"
    );
    app.put(RECEIPTS, receipts(&[a_receipt(1), a_receipt(2)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "rejected_rows_still_stored").await;
    app.stop().await;
}
