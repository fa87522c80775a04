//! A database that the version before aliases filled is carried over: no row is lost, no row is
//! taken for a new one, and its figures are those of a fresh import of the same files.
//!
//! `data/before_aliases` holds dumps that this version made after it had imported
//! `data/figures/trust`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;

on_both_databases!(a_database_of_the_version_before_gives_the_figures_of_a_fresh_import);

const FIGURES: [&str; 9] = [
    "summary",
    "summary?date_from=2024-01-01&date_to=2026-01-31",
    "contract-stats",
    "organization-stats",
    "monthly-stats",
    "analytics/roll-forward?date_from=2024-01-01&date_to=2026-11-25",
    "contracts",
    "organizations",
    "receipts?limit=1000",
];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data")
        .join(name)
}

/// Takes away when something was stored, and where: ids and moments.
fn without_identity(answer: Value) -> Value {
    match answer {
        Value::Array(rows) => {
            let mut rows: Vec<Value> = rows.into_iter().map(without_identity).collect();
            rows.sort_by_cached_key(Value::to_string);
            Value::Array(rows)
        }
        Value::Object(fields) => {
            let is_identity =
                |name: &str| name == "id" || name.ends_with("_id") || name.ends_with("_at");
            let kept = fields.into_iter().filter(|(name, _)| !is_identity(name));
            Value::Object(
                kept.map(|(name, value)| (name, without_identity(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

async fn figures(app: &TestApp) -> Vec<(&'static str, Value)> {
    let mut figures = Vec::new();
    for path in FIGURES {
        figures.push((path, without_identity(app.get(path).await.ok())));
    }
    figures
}

async fn a_database_of_the_version_before_gives_the_figures_of_a_fresh_import(backend: Backend) {
    let dump = match backend {
        Backend::Sqlite => "before_aliases/sqlite.sql",
        Backend::Postgres => "before_aliases/postgres.sql",
    };
    let exports = data("figures/trust");
    let fresh = TestApp::start(backend).await;
    assert_eq!(
        fresh.import_folder(&exports, DEPARTMENT).await.processed(),
        3
    );
    let expected = figures(&fresh).await;

    let carried_over =
        TestApp::start_from(backend, &std::fs::read_to_string(data(dump)).unwrap()).await;
    // Its totals were made at the start.
    let behind = "SELECT COUNT(*) FROM departments WHERE generation <> totals_generation \
         OR generation <> debts_generation";
    assert_eq!(carried_over.read(behind), ["0"]);
    assert!(!carried_over.read("SELECT 1 FROM daily_totals").is_empty());
    for ((path, found), (_, expected)) in figures(&carried_over).await.into_iter().zip(&expected) {
        assert_eq!(&found, expected, "{path}");
    }

    let again = carried_over
        .import_folder_again(&exports, DEPARTMENT, true)
        .await;
    assert_eq!(
        (again.processed(), again.files.len()),
        (3, 3),
        "{}",
        again.message
    );
    for file in &again.files {
        assert_eq!(
            (
                file.counts.inserted,
                file.counts.updated,
                file.counts.deleted
            ),
            (0, 0, 0),
            "{file:?}"
        );
        assert!(file.counts.unchanged > 0, "{file:?}");
    }
    for ((path, found), (_, expected)) in figures(&carried_over).await.into_iter().zip(&expected) {
        assert_eq!(&found, expected, "{path} after the files came again");
    }
}
