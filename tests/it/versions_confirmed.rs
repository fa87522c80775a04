//! Newer versions of files with the same rows: they confirm these rows without writing any, and no
//! others.

use std::fs::File;
use std::time::{Duration, SystemTime};

use credit_portfolio::import::FileStatus;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::versions::{RECEIPTS, import_aged, receipt, received};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    a_newer_file_with_the_same_rows_confirms_them_without_writing_any,
    another_workbook_confirms_the_rows_that_it_holds_and_no_others,
    a_file_that_comes_again_confirms_no_other_of_the_same_second,
    a_file_whose_time_moves_on_with_the_same_content_is_the_newest_again,
    a_file_that_is_put_back_and_then_written_again_is_the_newest,
);

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
