//! Files of one operation that were written some minutes ago, and what was received by them.

use credit_portfolio::import::FileReport;
use serde_json::Value;

use crate::support::app::{DEPARTMENT, TestApp};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::write_aged;

pub const RECEIPTS: &str = "A - postuplenie.xlsx";
pub const EXPENSES: &str = "A - spisanie.xlsx";
pub const DETAILS: &str = "A - rasshifrovka.xlsx";

pub fn receipt(amount: i64) -> Vec<u8> {
    receipts(&[a_receipt(1).amounting_to(amount)])
}

/// Imports one file that was modified so many minutes ago, from a folder of its own.
pub async fn import_aged(app: &TestApp, name: &str, content: &[u8], minutes: u64) -> FileReport {
    let folder = tempfile::tempdir().unwrap();
    write_aged(folder.path(), name, content, minutes);
    app.import_folder(folder.path(), DEPARTMENT)
        .await
        .files
        .remove(0)
}

pub async fn received(app: &TestApp) -> Value {
    app.get("summary?department_id=8").await.ok()["total_receipts"].clone()
}

pub fn message(file: &FileReport) -> &str {
    file.message.as_deref().unwrap_or_default()
}
