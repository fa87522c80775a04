//! Files that public reports describe: what went in wrong once, and what each must give.
//!
//! The files lie in `data/import`, one folder for each case.

use std::path::{Path, PathBuf};

use credit_portfolio::import::{FileStatus, RunReport};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;

on_both_databases!(
    each_case_gives_what_a_person_reads_in_it,
    rows_of_two_sheets_stay_when_missing_ones_become_inactive,
    files_of_other_formats_are_refused_by_their_true_name,
    a_rejected_row_says_by_code_and_column_what_is_wrong,
    a_mistyped_year_makes_no_long_series,
);

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data/import")
        .join(name)
}

/// What is stored of a case: active receipts by currency, with their sums in kopecks, dates and
/// contracts.
fn stored(app: &TestApp, what: &str) -> Vec<String> {
    app.read(&format!(
        "SELECT {what} FROM receipts WHERE is_active ORDER BY 1"
    ))
}

fn said(report: &RunReport) -> String {
    let messages = report
        .files
        .iter()
        .map(|file| format!("{}: {:?}", file.name, file.message));
    messages.collect::<Vec<_>>().join("\n")
}

async fn each_case_gives_what_a_person_reads_in_it(backend: Backend) {
    const SUMS: &str = "currency || ' ' || COUNT(*) || ' ' || CAST(SUM(amount) AS TEXT)";
    // The case, its files' status, the sums by currency, how many rows are rejected, and what is
    // said.
    let cases: [(&str, FileStatus, &[&str], usize, &str); 20] = [
        (
            "01-text-thousands",
            FileStatus::Partial,
            &["RUB 1 123450"],
            7,
            "may mean thousands or decimals",
        ),
        (
            "02-two-amounts-in-one-cell",
            FileStatus::Partial,
            &[],
            5,
            "is not an amount",
        ),
        (
            "04-hidden-sheet-first",
            FileStatus::Success,
            &["RUB 2 30000"],
            0,
            "is hidden and was not read",
        ),
        (
            "05-two-sheets",
            FileStatus::Success,
            &["RUB 3 60000"],
            0,
            "",
        ),
        (
            "06-duplicate-header",
            FileStatus::Failed,
            &[],
            0,
            "«Сумма» stands there twice",
        ),
        (
            "06b-duplicate-header-first-empty",
            FileStatus::Success,
            &["RUB 1 10000"],
            0,
            "",
        ),
        (
            "07c-total-unreadable",
            FileStatus::Partial,
            &["RUB 4 50000"],
            0,
            "can't be read",
        ),
        (
            "10-dates",
            FileStatus::Partial,
            &["RUB 19 190000"],
            1,
            "is not a date",
        ),
        (
            "11-long-account-numbers",
            FileStatus::Partial,
            &["RUB 1 30000"],
            4,
            "has lost its last digits",
        ),
        (
            "12-currency-names",
            FileStatus::Success,
            &["EUR 2 20000", "RUB 9 90000", "USD 3 30000"],
            0,
            "",
        ),
        (
            "13-backslash-zip",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "14-zip64-always",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "18-shared-strings-elsewhere",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "20-header-with-bom",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "20-header-with-shy",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "20-header-with-zwsp",
            FileStatus::Success,
            &["RUB 2 30050"],
            0,
            "",
        ),
        (
            "21-extLst-in-cell",
            FileStatus::Success,
            &["RUB 1 500"],
            0,
            "",
        ),
        (
            "22b-one-bad-number",
            FileStatus::Success,
            &["RUB 3 123756"],
            0,
            "",
        ),
        (
            "22c-number-with-white-space",
            FileStatus::Success,
            &["RUB 2 610"],
            0,
            "",
        ),
        (
            "35-chart-sheet-first",
            FileStatus::Success,
            &["RUB 2 300"],
            0,
            "",
        ),
    ];
    for (name, status, sums, rejected, words) in cases {
        let app = TestApp::start(backend).await;
        let report = app.import_folder(&case(name), DEPARTMENT).await;
        let said = said(&report);
        assert!(
            report.files.iter().all(|file| file.status == status),
            "{name}: {said}"
        );
        assert_eq!(
            report.files.iter().map(|file| file.rejected).sum::<usize>(),
            rejected,
            "{name}: {said}"
        );
        let found = app.read(&format!(
            "SELECT {SUMS} FROM receipts WHERE is_active GROUP BY currency ORDER BY 1"
        ));
        assert_eq!(found, sums, "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
        app.stop().await;
    }
    let app = TestApp::start(backend).await;
    app.import_folder(&case("10-dates"), DEPARTMENT).await;
    let days = app.read(
        "SELECT CAST(document_date AS TEXT) || ' ' || COUNT(*) FROM receipts GROUP BY document_date ORDER BY document_date",
    );
    assert_eq!(days, ["1999-03-05 1", "2024-03-05 17", "2024-12-31 1"]);
    app.import_folder(&case("06b-duplicate-header-first-empty"), DEPARTMENT)
        .await;
    let contracts = stored(&app, "DISTINCT contract_text");
    assert!(
        contracts.contains(&"Договор займа № 1 от 01.02.2024".to_owned()),
        "{contracts:?}"
    );
    let app = TestApp::start(backend).await;
    app.import_folder(&case("38-two-rows-with-one-number"), DEPARTMENT)
        .await;
    assert_eq!(stored(&app, "CAST(amount AS TEXT)"), ["10000", "20000"]);
}

async fn rows_of_two_sheets_stay_when_missing_ones_become_inactive(backend: Backend) {
    let app = TestApp::start_with(backend, &[("IMPORT_MISSING_ROWS", "deactivate")]).await;
    for is_forced in [false, true] {
        let report = app
            .import_folder_again(&case("05b-split-sheet-deactivate"), DEPARTMENT, is_forced)
            .await;
        assert_eq!(report.files[0].counts.deleted, 0, "{}", said(&report));
        assert_eq!(
            stored(&app, "COUNT(*) || ' ' || CAST(SUM(amount) AS TEXT)"),
            ["100 100000"]
        );
    }
}

async fn files_of_other_formats_are_refused_by_their_true_name(backend: Backend) {
    let app = TestApp::start(backend).await;
    let report = app
        .import_folder(&case("28-other-formats"), DEPARTMENT)
        .await;
    for (name, status, words) in [
        (
            "Postuplenie instruction.docx",
            FileStatus::Skipped,
            "an export is an .xlsx file",
        ),
        (
            "Postuplenie.zip",
            FileStatus::Skipped,
            "an export is an .xlsx file",
        ),
        (
            "csv Postuplenie.xlsx",
            FileStatus::Failed,
            "plain text (CSV)",
        ),
        ("html Postuplenie.xlsx", FileStatus::Failed, "an HTML page"),
        (
            "mxl Postuplenie.xlsx",
            FileStatus::Failed,
            "a table of 1C (MXL)",
        ),
        (
            "ods Postuplenie.xlsx",
            FileStatus::Failed,
            "an OpenDocument file (.ods)",
        ),
        (
            "xlsb Postuplenie.xlsx",
            FileStatus::Failed,
            "a binary workbook (.xlsb)",
        ),
        (
            "xml2003 Postuplenie.xlsx",
            FileStatus::Failed,
            "an XML table of Excel 2003",
        ),
        (
            "zip Postuplenie.xlsx",
            FileStatus::Failed,
            "a ZIP archive of other files",
        ),
    ] {
        let file = report
            .files
            .iter()
            .find(|file| file.name == name)
            .unwrap_or_else(|| panic!("{name}"));
        assert_eq!(file.status, status, "{name}: {:?}", file.message);
        assert!(
            file.message
                .as_ref()
                .is_some_and(|message| message.contains(words)),
            "{name}: {:?}",
            file.message
        );
    }
}

async fn a_rejected_row_says_by_code_and_column_what_is_wrong(backend: Backend) {
    let app = TestApp::start(backend).await;
    let report = app
        .import_folder(&case("42-value-error-in-currency"), DEPARTMENT)
        .await;
    assert_eq!(report.files[0].status, FileStatus::Partial);
    let sums =
        app.read("SELECT currency || ' ' || CAST(SUM(amount) AS TEXT) FROM receipts GROUP BY currency ORDER BY 1");
    assert_eq!(
        sums,
        ["RUB 200000", "USD 200000"],
        "the row with #N/A is in neither"
    );
    let journal = app.get("import/logs").await.ok();
    let rejects = app
        .get(&format!("import/logs/{}/rejects", journal[0]["id"]))
        .await
        .ok();
    let expected = serde_json::json!([{
        "row_number": 3, "column_name": "Валюта", "value": "#N/A", "reason": "is an error", "code": "cell_error", "sheet": null,
    }]);
    assert_eq!(rejects, expected);
}

async fn a_mistyped_year_makes_no_long_series(backend: Backend) {
    let app = TestApp::start(backend).await;
    let report = app.import_folder(&case("farfuture"), DEPARTMENT).await;
    assert_eq!(
        (report.files[0].status, report.files[0].rejected),
        (FileStatus::Partial, 1),
        "{}",
        said(&report)
    );
    let series = app.get("analytics/debt-balance").await.ok();
    let rows = series["data"].as_array().unwrap().len();
    assert!((1..100).contains(&rows), "{rows} months");
}
