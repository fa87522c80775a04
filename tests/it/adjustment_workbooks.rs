//! Workbooks of adjustments: each replaces what it brought before, unless rows are rejected.

use credit_portfolio::demo::Cell;
use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileStatus, RemarkCode};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::adjustments::{FILE, KNOWN, debt, overpaid, send, workbook};
use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;

on_both_databases!(
    a_workbook_of_adjustments_replaces_what_it_brought_before,
    a_rejected_row_leaves_what_was_stored_alone,
    an_emptied_workbook_removes_nothing,
    rejected_rows_of_a_workbook_are_corrected_in_the_workbook,
    what_was_handed_in_can_be_removed,
    a_changed_row_beside_a_rejected_one_is_not_added_to_the_row_that_it_replaces,
    versions_of_a_workbook_by_date_are_one,
);

async fn a_workbook_of_adjustments_replaces_what_it_brought_before(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    let other = (
        "Договор № 99 от 01.02.2020",
        "31.12.2025",
        "Входящий остаток",
        Cell::amount(40_00),
    );
    let import = async |rows: &[(&str, &str, &str, Cell)]| {
        let counts = app
            .import(DEPARTMENT, &[(FILE, &workbook(rows))])
            .await
            .files[0]
            .counts;
        [
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
        ]
    };
    assert_eq!(
        import(&[opening.clone(), other.clone()]).await,
        [2, 0, 0, 0]
    );
    assert_eq!(
        debt(&app, "").await,
        [90_00, 0],
        "one contract was known, the other was made"
    );
    assert_eq!(app.get("contracts").await.header("X-Total-Count"), "2");
    assert_eq!(
        import(&[other.clone(), opening.clone()]).await,
        [0, 0, 2, 0]
    );
    let changed = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(600_00),
    );
    assert_eq!(import(&[changed.clone(), other]).await, [0, 1, 1, 0]);
    assert_eq!(debt(&app, "").await, [40_00, 0]);
    assert_eq!(import(&[changed]).await, [0, 0, 1, 1]);
    assert_eq!(debt(&app, "").await, [0, 0]);
    let row = app.get("adjustments").await.ok()[0].clone();
    let path = format!("adjustments/{}", row["id"]);
    assert_eq!(row["source"], FILE);
    assert_eq!(
        send(&app, Method::DELETE, &path, None).await.status,
        StatusCode::CONFLICT
    );
    app.stop().await;
}

async fn a_rejected_row_leaves_what_was_stored_alone(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    app.import(DEPARTMENT, &[(FILE, &workbook(&[opening]))])
        .await;
    let broken = (KNOWN, "31.12.2025", "Подарок", Cell::amount(650_00));
    let report = app
        .import(DEPARTMENT, &[(FILE, &workbook(&[broken]))])
        .await;
    assert_eq!(
        (report.files[0].rejected, report.files[0].counts.deleted),
        (1, 0)
    );
    assert_eq!(report.files[0].rejects[0].column, "Вид");
    assert_eq!(debt(&app, "").await, [50_00, 0]);
    app.stop().await;
}

async fn an_emptied_workbook_removes_nothing(backend: Backend) {
    let app = overpaid(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let import = async |content: &[u8]| {
        std::fs::write(folder.path().join("korrektirovka.xlsx"), content).unwrap();
        app.import_folder(folder.path(), DEPARTMENT)
            .await
            .files
            .remove(0)
    };
    let row = (
        "Договор займа № 1 от 01.02.2024",
        "31.12.2023",
        "Начальный остаток",
        Cell::amount(70_00),
    );
    import(&workbook(&[row])).await;
    let before = debt(&app, "").await;
    let emptied = import(&workbook(&[])).await;
    assert_eq!(
        (emptied.status, emptied.counts.deleted),
        (FileStatus::Partial, 0),
        "{emptied:?}"
    );
    assert_eq!(emptied.remark_codes, [RemarkCode::MissingNotRemoved]);
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn hand_in(app: &TestApp, name: &str, content: Vec<u8>) -> Value {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let part = Part::bytes(content).file_name(name.to_owned());
    app.send_form(
        "credit-portfolio/import/files",
        &token,
        Form::new().part("files", part),
    )
    .await
    .ok()
}

async fn rejected_rows_of_a_workbook_are_corrected_in_the_workbook(backend: Backend) {
    let app = overpaid(backend).await;
    let row = |amount: Cell| {
        (
            "Договор займа № 1 от 01.02.2024",
            "31.12.2023",
            "Начальный остаток",
            amount,
        )
    };
    hand_in(
        &app,
        "korrektirovka.xlsx",
        workbook(&[row(Cell::amount(70_00)), row(Cell::text("2,500"))]),
    )
    .await;
    let before = debt(&app, "").await;
    let journal = app.get("import-logs").await.ok();
    let id = journal[0]["id"].as_i64().unwrap();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let rejects = app
        .bytes(
            &format!("credit-portfolio/import-logs/{id}/rejects?format=xlsx"),
            &token,
        )
        .await;
    let answer = hand_in(&app, &format!("rejects-{id}.xlsx"), rejects).await;
    assert_eq!(answer["files_failed"], json!(1), "{answer}");
    let why = app.get("import-logs").await.ok()[0]["error_message"].to_string();
    assert!(why.contains("correct them in that workbook"), "{why}");
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn what_was_handed_in_can_be_removed(backend: Backend) {
    let app = overpaid(backend).await;
    let before = debt(&app, "").await;
    let row = (
        "Договор займа № 1 от 01.02.2024",
        "31.12.2023",
        "Начальный остаток",
        Cell::amount(70_00),
    );
    hand_in(&app, "korrektirovka.xlsx", workbook(&[row])).await;
    assert_ne!(debt(&app, "").await, before);
    let id = app.get("adjustments").await.ok()[0]["id"].clone();
    let removed = send(&app, Method::DELETE, &format!("adjustments/{id}"), None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn a_changed_row_beside_a_rejected_one_is_not_added_to_the_row_that_it_replaces(
    backend: Backend,
) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    let set_off = (KNOWN, "31.05.2026", "Взаимозачет", Cell::amount(10_00));
    app.import(
        DEPARTMENT,
        &[(FILE, &workbook(&[opening, set_off.clone()]))],
    )
    .await;
    assert_eq!(debt(&app, "").await, [60_00, 0]);
    let changed = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(600_00),
    );
    let broken = (KNOWN, "31.05.2026", "Подарок", Cell::amount(10_00));
    let report = app
        .import(DEPARTMENT, &[(FILE, &workbook(&[changed.clone(), broken]))])
        .await;
    assert_eq!(
        debt(&app, "").await,
        [60_00, 0],
        "which stored row the changed one replaces is unknown"
    );
    assert_eq!(report.files[0].status, FileStatus::Failed);
    assert_eq!(
        (report.files[0].rejected, report.files[0].rejects[0].column),
        (1, "Вид")
    );
    app.import(DEPARTMENT, &[(FILE, &workbook(&[changed, set_off]))])
        .await;
    assert_eq!(debt(&app, "").await, [10_00, 0]);
    app.stop().await;
}

async fn versions_of_a_workbook_by_date_are_one(backend: Backend) {
    let app = overpaid(backend).await;
    let version = |amount: i64| {
        workbook(&[(
            KNOWN,
            "31.12.2025",
            "Начальный остаток",
            Cell::amount(amount),
        )])
    };
    let (older, newer) = (version(650_00), version(620_00));
    // The later one stands first by its letters.
    let files: [(&str, &[u8]); 2] = [
        ("korrektirovka 01.02.2026.xlsx", &newer),
        ("korrektirovka 28.01.2026.xlsx", &older),
    ];
    assert_eq!(app.import(DEPARTMENT, &files).await.processed(), 2);
    assert_eq!(debt(&app, "").await, [20_00, 0]);
    let list = app.get("adjustments").await.ok();
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["source"]),
        (1, &json!("korrektirovka.xlsx"))
    );
    app.stop().await;
}

#[actix_rt::test]
async fn the_template_is_a_workbook_that_can_be_imported() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Accountant, DEPARTMENT).await;
    let template = app
        .bytes("credit-portfolio/adjustments/template", &token)
        .await;
    let report = app
        .import(DEPARTMENT, &[("korrektirovka.xlsx", &template)])
        .await;
    assert_eq!(
        report.files[0].kind,
        Some(credit_portfolio::import::workbook::Kind::Adjustments),
        "{}",
        report.message
    );
    assert_eq!(report.processed(), 1, "{}", report.message);
    app.stop().await;
}
