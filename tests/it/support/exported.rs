//! Lists and figures as files: a portfolio, and the bytes of an answer.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

pub async fn filled(backend: Backend, count: u32) -> TestApp {
    let app = TestApp::start(backend).await;
    let mut rows: Vec<_> = (1..=count)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial)))
        .collect();
    rows[0].counterparty = "=HYPERLINK(\"http://example.org\")".to_owned();
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&[a_receipt(1)])),
        ("spisanie.xlsx", &expenses(&rows)),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 1), interest(2, 1)]),
        ),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

pub async fn bytes(
    app: &TestApp,
    path: &str,
    accept: &str,
) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let url = format!(
        "http://{}/api/v1/credit-portfolio/{path}",
        app.running.address
    );
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(token)
        .header("Accept", accept)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    (
        answer.headers().clone(),
        answer.bytes().await.unwrap().to_vec(),
    )
}

pub fn column(headings: &[String], name: &str) -> usize {
    headings
        .iter()
        .position(|heading| heading == name)
        .unwrap_or_else(|| panic!("{name} of {headings:?}"))
}
