//! A contract that is repaid beyond what was drawn, adjustments of it, and workbooks of
//! adjustments.

use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, kopecks, principal, receipts,
};

pub const FILE: &str = "Север - корректировка.xlsx";
pub const KNOWN: &str = "Договор займа № 1 от 01.02.2024";

pub async fn debt(app: &TestApp, query: &str) -> [i64; 2] {
    let summary = app.get(&format!("summary?{query}")).await.ok();
    ["debt", "overpaid"].map(|name| kopecks(&summary[name]))
}

/// More was repaid than the exports say was drawn.
pub async fn overpaid(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).on("05.03.2026").amounting_to(100_00)]),
        ),
        (
            "spisanie.xlsx",
            &expenses(&[an_expense(1).on("05.04.2026").amounting_to(700_00)]),
        ),
        ("rasshifrovka.xlsx", &details(&[principal(1, 700_00)])),
    ];
    app.import(DEPARTMENT, &files).await;
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app
}

pub async fn send(app: &TestApp, method: Method, path: &str, body: Option<Value>) -> Answer {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    app.request(
        method,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        body,
    )
    .await
}

pub fn workbook(rows: &[(&str, &str, &str, Cell)]) -> Vec<u8> {
    workbook_of("ООО «Ромашка»", Some("ПАО «Банк»"), rows)
}

pub fn workbook_of(
    organization: &str,
    lender: Option<&str>,
    rows: &[(&str, &str, &str, Cell)],
) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "Организация",
        "Договор",
        "Контрагент",
        "Дата",
        "Вид",
        "Сумма",
        "Комментарий",
    ]);
    for (contract, day, kind, amount) in rows {
        sheet.rows.push(vec![
            Cell::text(organization),
            Cell::text(*contract),
            lender.map_or(Cell::Empty, Cell::text),
            Cell::text(*day),
            Cell::text(*kind),
            amount.clone(),
            Cell::Empty,
        ]);
    }
    sheet.to_xlsx().unwrap()
}
