//! Names of exports, and what an import of them counts.

use credit_portfolio::import::RunReport;
use serde_json::Value;

use crate::support::app::TestApp;

pub const RECEIPTS: &str = "R - postuplenie.xlsx";
pub const EXPENSES: &str = "R - spisanie.xlsx";
pub const DETAILS: &str = "R - spisanie(rasshifrovka).xlsx";

/// Inserted, updated, unchanged, deleted, rejected of each file.
pub fn counts(report: &RunReport) -> Vec<[usize; 5]> {
    let of = |file: &credit_portfolio::import::FileReport| {
        let counts = file.counts;
        [
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
            file.rejected,
        ]
    };
    report.files.iter().map(of).collect()
}

pub async fn summary(app: &TestApp) -> Value {
    app.get("summary?department_id=8").await.ok()
}
