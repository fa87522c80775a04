//! Versions of a workbook of adjustments: an earlier one that arrives later replaces nothing.

use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileReport, FileStatus};
use reqwest::multipart::{Form, Part};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{a_receipt, kopecks, receipts};
use crate::support::{on_both_databases, write_aged};

on_both_databases!(
    an_earlier_dated_version_that_arrives_later_does_not_replace_the_later_one,
    an_older_workbook_from_elsewhere_does_not_replace_what_was_handed_in,
    workbooks_of_one_name_from_two_sources_do_not_hold_each_other_up,
    an_undated_workbook_that_is_older_is_in_doubt,
);

const CONTRACT: &str = "Договор займа № 1 от 01.02.2024";
const ROMASHKA: &str = "ООО «Ромашка»";
const YUG: &str = "АО «Юг»";

/// A workbook of opening balances.
fn workbook(organization: &str, amounts: &[i64]) -> Vec<u8> {
    let mut sheet = Sheet::new(&["Организация", "Договор", "Дата", "Вид", "Сумма"]);
    for amount in amounts {
        let texts = [organization, CONTRACT, "31.12.2023", "Начальный остаток"];
        let mut row: Vec<Cell> = texts.into_iter().map(Cell::text).collect();
        row.push(Cell::amount(*amount));
        sheet.rows.push(row);
    }
    sheet.to_xlsx().unwrap()
}

async fn start(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let rows = [a_receipt(1).of(ROMASHKA), a_receipt(2).of(YUG)];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    app
}

/// The amounts of all adjustments, in kopecks.
async fn amounts(app: &TestApp) -> Vec<i64> {
    let list = app.get("adjustments?department_id=8").await.ok();
    let mut amounts: Vec<i64> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| kopecks(&row["amount"]))
        .collect();
    amounts.sort_unstable();
    amounts
}

async fn import_aged(app: &TestApp, name: &str, content: &[u8], minutes: u64) -> FileReport {
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), name, content, minutes);
    app.import_folder(folder.path(), DEPARTMENT)
        .await
        .files
        .remove(0)
}

async fn an_earlier_dated_version_that_arrives_later_does_not_replace_the_later_one(
    backend: Backend,
) {
    let app = start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(
        folder.path(),
        "korrektirovka 01.02.2026.xlsx",
        &workbook(ROMASHKA, &[620_00]),
        10,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    let earlier = workbook(ROMASHKA, &[650_00, 7_00]);
    write_aged(folder.path(), "korrektirovka 28.01.2026.xlsx", &earlier, 1);
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    let file = report
        .files
        .iter()
        .find(|file| file.name.contains("28.01"))
        .unwrap();
    assert_eq!(
        (file.counts.left_alone, file.counts.changed_rows()),
        (2, 0),
        "{:?}",
        file.message
    );
    assert_eq!(amounts(&app).await, [620_00]);
    app.import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    import_aged(&app, "korrektirovka 28.01.2026.xlsx", &earlier, 0).await;
    assert_eq!(amounts(&app).await, [620_00]);
    write_aged(
        folder.path(),
        "korrektirovka 02.02.2026.xlsx",
        &workbook(ROMASHKA, &[600_00]),
        60,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(amounts(&app).await, [600_00]);
    app.stop().await;
}

async fn an_older_workbook_from_elsewhere_does_not_replace_what_was_handed_in(backend: Backend) {
    let app = start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(
        folder.path(),
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[620_00, 7_00]),
        10,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let part = Part::bytes(workbook(ROMASHKA, &[620_00])).file_name("korrektirovka.xlsx");
    app.send_form(
        "credit-portfolio/import/files",
        &token,
        Form::new().part("files", part),
    )
    .await
    .ok();
    assert_eq!(amounts(&app).await, [620_00]);
    app.import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    assert_eq!(
        amounts(&app).await,
        [620_00],
        "the older one does not bring back what was removed"
    );
    write_aged(
        folder.path(),
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[610_00]),
        0,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(amounts(&app).await, [610_00]);
    app.stop().await;
}

async fn workbooks_of_one_name_from_two_sources_do_not_hold_each_other_up(backend: Backend) {
    let app = start(backend).await;
    import_aged(
        &app,
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[620_00]),
        10,
    )
    .await;
    let other = import_aged(&app, "korrektirovka.xlsx", &workbook(YUG, &[5_00]), 60).await;
    assert_eq!(
        (other.counts.inserted, other.counts.left_alone),
        (1, 0),
        "{:?}",
        other.message
    );
    assert_eq!(amounts(&app).await, [5_00, 620_00]);
    app.stop().await;
}

async fn an_undated_workbook_that_is_older_is_in_doubt(backend: Backend) {
    let app = start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write_aged(
        folder.path(),
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[620_00]),
        10,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    write_aged(
        folder.path(),
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[650_00]),
        60,
    );
    let older = app
        .import_folder(folder.path(), DEPARTMENT)
        .await
        .files
        .remove(0);
    assert_eq!(
        (older.status, older.counts.left_alone),
        (FileStatus::Partial, 1),
        "{older:?}"
    );
    assert_eq!(amounts(&app).await, [620_00]);
    // Written once more, it is the newest.
    write_aged(
        folder.path(),
        "korrektirovka.xlsx",
        &workbook(ROMASHKA, &[650_00]),
        5,
    );
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(amounts(&app).await, [650_00]);
    app.stop().await;
}
