//! Names of exports, and how new the data is.

use serde_json::Value;

use crate::support::app::TestApp;

pub const RECEIPTS: &str = "A - postuplenie.xlsx";
pub const EXPENSES: &str = "A - spisanie.xlsx";

pub async fn freshness(app: &TestApp) -> Value {
    app.get("freshness?department_id=8").await.ok()
}
