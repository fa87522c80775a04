//! Totals over all contracts: what happens when a process changes data that does not keep them.

use credit_portfolio::db::{self, DbConn, DbError};
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{a_receipt, kopecks, receipts};

on_both_databases!(totals_that_an_older_version_left_behind_are_not_read_and_made_again,);

/// As a change of a version without totals.
const LEFT_BEHIND: &str = "UPDATE departments SET generation = generation + 1 WHERE id = 8";

/// What was received, by figures that are made of days, of months and of years.
async fn received(app: &TestApp, from: &str) -> [i64; 3] {
    let sum = |answer: Value, field: &str| -> i64 {
        let rows = answer["data"].as_array().or(answer.as_array()).unwrap();
        rows.iter().map(|row| kopecks(&row[field])).sum()
    };
    // Another day each time: nothing is cached.
    let dates = format!("date_from={from}");
    [
        sum(
            app.get(&format!("monthly-stats?{dates}")).await.ok(),
            "receipts",
        ),
        kopecks(&app.get(&format!("summary?{dates}")).await.ok()["total_receipts"]),
        sum(
            app.get(&format!("organization-stats?{dates}")).await.ok(),
            "received",
        ),
    ]
}

async fn totals_that_an_older_version_left_behind_are_not_read_and_made_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).on("10.03.2024").amounting_to(10_000),
        a_receipt(2).on("20.06.2025").amounting_to(10_000),
        a_receipt(3).on("05.11.2026").amounting_to(10_000),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    assert_eq!(received(&app, "2024-03-05").await, [30_000; 3]);

    // As an import of a version without totals changes rows, rollups and the generation.
    app.execute("UPDATE receipts SET amount = amount + 500")
        .await;
    for table in ["daily_flows", "monthly_flows", "yearly_flows"] {
        app.execute(&format!(
            "UPDATE {table} SET receipts = receipts + 500, drawn = drawn + 500"
        ))
        .await;
    }
    app.execute(LEFT_BEHIND).await;
    assert_eq!(received(&app, "2024-03-06").await, [31_500; 3]);
    let of_all = app.get("summary?date_from=2024-03-06").await.ok();
    assert_eq!(kopecks(&of_all["total_receipts"]), 31_500);
    // What is not read is not compared either.
    let verified = async |conn: &mut DbConn| {
        let stored = db::list_rollups(conn).await?;
        Ok::<_, DbError>(stored == db::compute_rollups(conn).await?)
    };
    assert!(app.running.state.db.snapshot(verified).await.unwrap());

    // The next change by this version, of another month alone, makes all of them again.
    let rows = [a_receipt(4).on("01.02.2026").amounting_to(10_000)];
    app.import(DEPARTMENT, &[("postuplenie_2.xlsx", &receipts(&rows))])
        .await;
    assert_eq!(received(&app, "2024-03-07").await, [41_500; 3]);
    assert_eq!(
        app.read("SELECT COUNT(*) FROM departments WHERE generation <> totals_generation"),
        ["0"]
    );
    assert!(has_true_rollups(&app.running.state.db).await);

    // So does the start of the program.
    app.execute(LEFT_BEHIND).await;
    app.execute("UPDATE daily_totals SET receipts = receipts + 1")
        .await;
    let app = app.restarted(&[]).await;
    assert_eq!(
        app.read("SELECT COUNT(*) FROM departments WHERE generation <> totals_generation"),
        ["0"]
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    app.stop().await;
}
