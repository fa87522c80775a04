//! What a run does with files that it knows: unchanged, changed, bad, with rejected rows.

use credit_portfolio::domain::Role;
use credit_portfolio::import::FileStatus;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::known_files::{EXPENSES, RECEIPTS, a_bad_seventh, messages};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    an_unchanged_file_is_neither_fetched_nor_read_nor_journaled,
    the_same_bytes_with_another_time_are_not_read,
    a_bad_file_is_tried_again_and_parked_until_it_changes,
    a_strict_source_takes_all_rows_or_none,
    rejected_rows_come_back_as_a_workbook_that_can_be_corrected,
);

/// Writes a file whose time is old enough to be relied on.
fn write(folder: &std::path::Path, name: &str, content: Vec<u8>, minutes_old: u64) {
    write_aged(folder, name, &content, minutes_old);
}

async fn an_unchanged_file_is_neither_fetched_nor_read_nor_journaled(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECEIPTS, receipts(&[a_receipt(1)]), 10);
    let first = app.import_folder(folder.path(), DEPARTMENT).await;
    // Were it read, it would fail: size and time are those of before.
    let size = std::fs::metadata(folder.path().join(RECEIPTS))
        .unwrap()
        .len();
    let modified = std::fs::metadata(folder.path().join(RECEIPTS))
        .unwrap()
        .modified()
        .unwrap();
    std::fs::write(folder.path().join(RECEIPTS), vec![0; size as usize]).unwrap();
    let file = std::fs::File::options()
        .append(true)
        .open(folder.path().join(RECEIPTS))
        .unwrap();
    file.set_modified(modified).unwrap();
    let second = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        messages(&second),
        [(
            FileStatus::Skipped,
            format!("unchanged since run {}", first.run_id)
        )]
    );
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal.as_array().unwrap().len(), 1, "{journal}");
    let forced = app
        .import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    assert_eq!(
        forced.files[0].status,
        FileStatus::Failed,
        "force reads it all the same"
    );
    app.stop().await;
}

async fn the_same_bytes_with_another_time_are_not_read(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let bytes = receipts(&[a_receipt(1)]);
    write(folder.path(), RECEIPTS, bytes.clone(), 10);
    app.import_folder(folder.path(), DEPARTMENT).await;
    write(folder.path(), RECEIPTS, bytes, 5);
    let second = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        second.files[0].status,
        FileStatus::Skipped,
        "{:?}",
        messages(&second)
    );
    write(
        folder.path(),
        RECEIPTS,
        receipts(&[a_receipt(1), a_receipt(2)]),
        3,
    );
    let third = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        (
            third.files[0].counts.inserted,
            third.files[0].counts.unchanged
        ),
        (1, 1)
    );
    app.stop().await;
}

async fn a_bad_file_is_tried_again_and_parked_until_it_changes(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_PARK_AFTER", "2")],
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECEIPTS, b"PK no workbook".to_vec(), 10);
    for _ in 0..2 {
        let tried = app.import_folder(folder.path(), DEPARTMENT).await;
        assert_eq!(tried.files[0].status, FileStatus::Failed);
    }
    let parked = app.import_folder(folder.path(), DEPARTMENT).await;
    let (status, message) = &messages(&parked)[0];
    assert_eq!(*status, FileStatus::Skipped);
    assert!(
        message.contains("until it changes") && message.contains("after 2 failures"),
        "{message}"
    );
    assert!(
        message.contains("cut off"),
        "the reason is repeated: {message}"
    );
    write(folder.path(), RECEIPTS, receipts(&[a_receipt(1)]), 5);
    let changed = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(changed.files[0].status, FileStatus::Success);
    app.stop().await;
}

async fn a_strict_source_takes_all_rows_or_none(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_ROW_POLICY", "strict")],
    )
    .await;
    let mut nameless = a_receipt(2);
    nameless.organization = String::new();
    let report = app
        .import(
            DEPARTMENT,
            &[(RECEIPTS, &receipts(&[a_receipt(1), nameless]))],
        )
        .await;
    let (status, message) = &messages(&report)[0];
    assert_eq!(*status, FileStatus::Failed);
    assert!(
        message.contains("strict") && message.contains("«Организация»"),
        "{message}"
    );
    assert_eq!(app.get("summary").await.ok()["total_receipts"], json!(0.0));
    let entry = app.get("import-logs").await.ok()[0]["id"].clone();
    let rejects = app.get(&format!("import-logs/{entry}/rejects")).await.ok();
    assert_eq!(
        rejects[0]["row_number"], 3,
        "what is wrong is listed all the same: {rejects}"
    );
    app.stop().await;
}

async fn rejected_rows_come_back_as_a_workbook_that_can_be_corrected(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(EXPENSES, &a_bad_seventh())])
        .await;
    let entry = app.get("import-logs").await.ok()[0]["id"].clone();
    let csv = app
        .get(&format!("import-logs/{entry}/rejects?format=csv"))
        .await;
    let mut rows = csv::Reader::from_reader(csv.text.trim_start_matches('\u{feff}').as_bytes());
    let headings: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headings[0], "Списание с расчетного счета");
    assert_eq!(headings.last().unwrap(), "Причина отказа");
    let row = rows.records().next().unwrap().unwrap();
    assert!(
        row[0].contains("0000-000007") && &row[7] == "many",
        "{row:?}"
    );
    assert!(row[row.len() - 1].contains("row 8, «Сумма»"), "{row:?}");
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = format!("credit-portfolio/import-logs/{entry}/rejects?format=xlsx");
    let workbook = app.bytes(&path, &token).await;
    // Handed in again as it is, it is read, and the same row is rejected for the same reason.
    let report = app.import(DEPARTMENT, &[(EXPENSES, &workbook)]).await;
    assert_eq!(
        (
            report.files[0].rejected,
            report.files[0].rejects[0].value.as_str()
        ),
        (1, "many")
    );
    app.stop().await;
}
