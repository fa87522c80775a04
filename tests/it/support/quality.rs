//! Findings of data quality over REST, and exports with columns of one's own.

use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::app::{DEPARTMENT, TestApp};

pub const RECEIPTS: &str = "A - postuplenie.xlsx";
pub const EXPENSES: &str = "A - spisanie.xlsx";
pub const DETAILS: &str = "A - rasshifrovka.xlsx";

/// Operations that a file no longer names become inactive, however many.
pub const SNAPSHOTS: [(&str, &str); 3] = [
    ("USE_REDIS", "false"),
    ("IMPORT_MISSING_ROWS", "deactivate"),
    ("IMPORT_MISSING_ROWS_MAX_PERCENT", "100"),
];

pub async fn checks(app: &TestApp) -> Vec<Value> {
    app.get("data-quality?department_id=8").await.ok()["checks"]
        .as_array()
        .unwrap()
        .clone()
}

/// Count, sum and names of the rows of one check.
pub async fn found(app: &TestApp, name: &str) -> (i64, Value, Vec<String>) {
    let checks = checks(app).await;
    let check = checks
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no check {name}"));
    assert!(
        check["advice"]
            .as_str()
            .is_some_and(|advice| !advice.is_empty()),
        "{check}"
    );
    let rows = check["rows"].as_array().unwrap().iter();
    let names = rows
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    (
        check["count"].as_i64().unwrap(),
        check["at_stake"].clone(),
        names,
    )
}

pub async fn assert_finds_nothing(app: &TestApp, name: &str) {
    let (count, _, names) = found(app, name).await;
    assert_eq!(count, 0, "{name}: {names:?}");
}

/// Adds a column, or overwrites the one of that heading.
pub fn with_column(mut sheet: Sheet, heading: &str, values: &[&str]) -> Vec<u8> {
    add_column(&mut sheet, heading, values);
    sheet.to_xlsx().unwrap()
}

pub fn add_column(sheet: &mut Sheet, heading: &str, values: &[&str]) {
    let known = sheet.rows[0]
        .iter()
        .position(|cell| *cell == Cell::text(heading));
    let cells = std::iter::once(&heading)
        .chain(values)
        .map(|value| match *value {
            "" => Cell::Empty,
            value => Cell::text(value),
        });
    for (row, cell) in sheet.rows.iter_mut().zip(cells) {
        match known {
            Some(at) => row[at] = cell,
            None => row.push(cell),
        }
    }
}

pub async fn put(app: &TestApp, path: &str, body: Value) {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.request(
        Method::PUT,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        Some(body),
    )
    .await
    .ok();
}
