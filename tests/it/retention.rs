//! Journal, runs and rejected rows are kept for as long as the settings say.

use credit_portfolio::demo::Cell;
use credit_portfolio::import::delete_outdated;
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{Operation, a_receipt, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    rejected_rows_of_a_superseded_file_go_after_90_days_and_nothing_else_does,
    old_entries_and_runs_go_when_the_settings_say_so_but_for_the_present_state,
    many_rows_are_deleted_in_small_batches,
);

fn bad(serial: u32) -> Operation {
    a_receipt(serial).with_amount_cell(Cell::text("many"))
}

/// Imports one file from the server, so many days ago.
async fn import(app: &TestApp, name: &str, rows: &[Operation], days_ago: u32) {
    import_bytes(app, name, &receipts(rows), days_ago).await;
}

async fn import_bytes(app: &TestApp, name: &str, bytes: &[u8], days_ago: u32) {
    app.put(name, bytes);
    app.trigger().await.ok();
    std::fs::remove_file(app.ftp_folder().join(name)).unwrap();
    let then = match app.database_url.starts_with("sqlite") {
        true => format!("strftime('%Y-%m-%d %H:%M:%f', 'now', '-{days_ago} days')"),
        false => format!("(now() AT TIME ZONE 'UTC') - INTERVAL '{days_ago} days'"),
    };
    app.execute(&format!(
        "UPDATE import_journal SET import_date = {then} WHERE id = (SELECT MAX(id) FROM import_journal); \
         UPDATE import_runs SET finished_at = {then} WHERE id = (SELECT MAX(id) FROM import_runs)"
    ))
    .await;
}

/// The names of the files with the number of their rejected rows, in the order of the journal.
fn rejects(app: &TestApp) -> Vec<String> {
    app.read(
        "SELECT j.source_file || ' ' || CAST(COUNT(r.id) AS TEXT) FROM import_journal j \
         LEFT JOIN rejected_rows r ON r.journal_id = j.id GROUP BY j.id, j.source_file ORDER BY j.id",
    )
}

async fn rejected_rows_of_a_superseded_file_go_after_90_days_and_nothing_else_does(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    import(&app, "old postuplenie.xlsx", &[a_receipt(1), bad(2)], 300).await;
    import(&app, "left postuplenie.xlsx", &[a_receipt(3), bad(4)], 300).await;
    import(&app, "late postuplenie.xlsx", &[a_receipt(5), bad(6)], 300).await;
    import(
        &app,
        "old postuplenie.xlsx",
        &[a_receipt(1), a_receipt(2), bad(7)],
        91,
    )
    .await;
    import(
        &app,
        "late postuplenie.xlsx",
        &[a_receipt(5), a_receipt(6)],
        89,
    )
    .await;
    let app = app.restarted(&[("USE_REDIS", "false")]).await;
    let expected = [
        "old postuplenie.xlsx 0",
        "left postuplenie.xlsx 1",
        "late postuplenie.xlsx 1",
        "old postuplenie.xlsx 1",
        "late postuplenie.xlsx 0",
    ];
    eventually("the rejected rows are gone", async || {
        rejects(&app)[0] == expected[0]
    })
    .await;
    assert_eq!(
        delete_outdated(&app.running.state.db, &app.settings.retention)
            .await
            .unwrap(),
        0
    );
    assert_eq!(rejects(&app), expected);
    app.stop().await;
}

async fn old_entries_and_runs_go_when_the_settings_say_so_but_for_the_present_state(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    import(&app, "a postuplenie.xlsx", &[a_receipt(1), bad(2)], 300).await;
    import(&app, "b postuplenie.xlsx", &[a_receipt(3)], 300).await;
    import(
        &app,
        "a postuplenie.xlsx",
        &[a_receipt(1), a_receipt(2)],
        200,
    )
    .await;
    import_bytes(&app, "b postuplenie.xlsx", b"", 150).await;
    import(
        &app,
        "a postuplenie.xlsx",
        &[a_receipt(1), a_receipt(4)],
        10,
    )
    .await;
    let quality = app.get("data-quality").await.ok();
    let days = [
        ("USE_REDIS", "false"),
        ("IMPORT_KEEP_JOURNAL_DAYS", "30"),
        ("IMPORT_KEEP_RUNS_DAYS", "30"),
    ];
    let app = app.restarted(&days).await;
    while delete_outdated(&app.running.state.db, &app.settings.retention)
        .await
        .unwrap()
        > 0
    {}
    let entries = app.read("SELECT source_file || ' ' || status FROM import_journal ORDER BY id");
    let expected = [
        "b postuplenie.xlsx success",
        "b postuplenie.xlsx failed",
        "a postuplenie.xlsx success",
    ];
    assert_eq!(
        entries, expected,
        "the newest of a file, and the newest that went in"
    );
    let runs = app.get("import/runs?limit=1000").await.ok();
    assert_eq!(
        runs.as_array().map(Vec::len),
        Some(3),
        "those of the entries: {runs}"
    );
    let checks = |quality: &Value| quality["checks"].clone();
    assert_eq!(
        checks(&app.get("data-quality").await.ok()),
        checks(&quality),
        "what is found stays"
    );
    app.stop().await;
}

async fn many_rows_are_deleted_in_small_batches(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows: Vec<Operation> = (1..=2_500).map(bad).collect();
    import(
        &app,
        "postuplenie.xlsx",
        &[&rows[..], &[a_receipt(3_000)]].concat(),
        300,
    )
    .await;
    import(
        &app,
        "postuplenie.xlsx",
        &[a_receipt(3_000), a_receipt(3_001)],
        200,
    )
    .await;
    let (db, settings) = (&app.running.state.db, &app.settings.retention);
    let mut batches = Vec::new();
    loop {
        match delete_outdated(db, settings).await.unwrap() {
            0 => break,
            deleted => batches.push(deleted),
        }
    }
    assert_eq!(batches, [1_000, 1_000, 500]);
    assert_eq!(
        app.get(&format!("import-logs?department_id={DEPARTMENT}"))
            .await
            .ok()[0]["rows_failed"],
        0
    );
    app.stop().await;
}
