//! Files that runs take up again and again, and what runs say of them.

use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileReport, FileStatus, RunReport};
use reqwest::Method;

use crate::support::app::{Answer, DEPARTMENT, TestApp};
use crate::support::workbooks::{an_expense, expenses};

pub const RECEIPTS: &str = "postuplenie.xlsx";
pub const EXPENSES: &str = "spisanie.xlsx";

pub fn messages(report: &RunReport) -> Vec<(FileStatus, String)> {
    let of = |file: &FileReport| (file.status, file.message.clone().unwrap_or_default());
    report.files.iter().map(of).collect()
}

pub async fn triggered(app: &TestApp, query: &str) -> Answer {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.request(
        Method::POST,
        &format!("credit-portfolio/import/trigger{query}"),
        Some(&token),
        None,
    )
    .await
}

pub fn a_bad_seventh() -> Vec<u8> {
    let amount = credit_portfolio::demo::Cell::text("many");
    let row = |serial| match serial {
        7 => an_expense(7).with_amount_cell(amount.clone()),
        serial => an_expense(serial),
    };
    expenses(&(1..=20).map(row).collect::<Vec<_>>())
}
