//! Versions of files that are in doubt: remarks name the files, and findings the rows that stay.

use credit_portfolio::import::{FileStatus, RemarkCode, RunReport};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::quality::{assert_finds_nothing, found};
use crate::support::versions::{RECEIPTS, import_aged, message, receipt, received};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    an_operation_with_two_values_in_one_run_is_remarked_with_both_files,
    rows_that_vanished_from_another_file_are_remarked_on,
    rejected_rows_whose_operations_are_stored_are_a_finding,
);

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
