//! Several PostgreSQL servers: a streaming replica that answers what is only read while it holds all
//! that is known, and a standby that takes over.

use std::time::Duration;

use credit_portfolio::app::RunningApp;
use credit_portfolio::config::Settings;
use credit_portfolio::metrics::REPLICA_READS;

use crate::support::app::{DEPARTMENT, SECRET_KEY, TestApp};
use crate::support::eventually;
use crate::support::servers::Postgres;
use crate::support::workbooks::{a_receipt, receipts};

/// Imports a receipt of 100 roubles in January of a year of its own.
async fn import_receipt(app: &TestApp, number: u32) {
    let receipt = a_receipt(number)
        .on(&format!("15.01.{}", 2000 + number))
        .amounting_to(100_00);
    let name = format!("{number} postuplenie.xlsx");
    app.import(DEPARTMENT, &[(&name, &receipts(&[receipt]))])
        .await;
}

fn reads(result: &str) -> u64 {
    REPLICA_READS.with_label_values(&[result]).get()
}

/// What a figure that nobody asked before, a list and a file say of all receipts, in numbers of them.
async fn counted(app: &TestApp, question: u32) -> [usize; 3] {
    let from = format!("1990-01-{:02}", question % 28 + 1);
    let summary = format!(
        "summary?date_from={from}&date_to=2{:03}-12-31",
        100 + question
    );
    let received = app.get(&summary).await.ok()["total_receipts"].as_f64();
    let list = app.get("receipts").await.ok();
    let file = app.get("receipts?format=csv").await;
    assert!(file.status.is_success(), "{}", file.text);
    [
        (received.unwrap() / 100.0) as usize,
        list.as_array().unwrap().len(),
        file.text.trim().lines().count() - 1,
    ]
}

#[actix_rt::test]
async fn a_replica_answers_while_it_holds_all_that_is_known() {
    let (primary, url) = Postgres::start_alone();
    let app = TestApp::start_at(&url, &[("USE_REDIS", "false")]).await;
    import_receipt(&app, 1).await;
    app.stop().await;
    let standby = primary.standby();
    let read_url = standby.url("postgres");
    let app = TestApp::start_at(
        &url,
        &[
            ("USE_REDIS", "false"),
            ("DATABASE_READ_URL", &read_url),
            ("DATABASE_TIMEOUT_MS", "5000"),
        ],
    )
    .await;
    let mut question = 0;
    let mut ask = async |expected: usize| {
        question += 1;
        assert_eq!(counted(&app, question).await, [expected; 3]);
    };

    let before = reads("replica");
    eventually("the replica answers", async || {
        ask(1).await;
        reads("replica") >= before + 3
    })
    .await;

    // What was imported is read at once, though the replica does not show it yet.
    standby.pause_replay(true);
    let late = reads("late");
    import_receipt(&app, 2).await;
    ask(2).await;
    assert!(
        reads("late") >= late + 3,
        "{} reads were late",
        reads("late") - late
    );
    // So is what another process imported while nobody asked this one.
    let other = app.twin().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    import_receipt(&other, 3).await;
    let lines = app.get("receipts?format=csv").await.text;
    assert_eq!(lines.trim().lines().count(), 4, "{lines}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    import_receipt(&other, 4).await;
    ask(4).await;
    other.stop().await;
    standby.pause_replay(false);
    let before = reads("replica");
    eventually("the replica has caught up", async || {
        ask(4).await;
        reads("replica") >= before + 3
    })
    .await;

    // One that stands still costs a short wait, and then nothing.
    let frozen = standby.freeze();
    let gone = reads("gone");
    ask(4).await;
    ask(4).await;
    assert!(reads("gone") >= gone + 2);
    drop(frozen);
    let before = reads("replica");
    eventually("the replica answers again", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        ask(4).await;
        reads("replica") >= before + 3
    })
    .await;

    drop(standby);
    ask(4).await;
    import_receipt(&app, 5).await;
    ask(5).await;
    app.stop().await;
    drop(primary);
}

#[actix_rt::test]
async fn a_server_that_is_no_replica_of_the_primary_is_refused() {
    let (_primary, url) = Postgres::start_alone();
    let (_other, other_url) = Postgres::start_alone();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_READ_URL", &other_url),
        ("SECRET_KEY", SECRET_KEY),
        ("USE_REDIS", "false"),
        ("BIND", "127.0.0.1:0"),
    ];
    let settings = Settings::from_sources(None, |name| {
        let set = settings.iter().find(|(of, _)| *of == name);
        set.map(|(_, value)| (*value).to_owned())
    })
    .unwrap();
    let refused = RunningApp::start(&settings, true).await;
    let message = refused.err().map(|err| err.to_string()).unwrap_or_default();
    assert!(
        message.contains("DATABASE_READ_URL leads to another server"),
        "{message}"
    );
}

#[actix_rt::test]
async fn a_standby_that_is_promoted_takes_over_by_a_url_with_both_hosts() {
    let (primary, url) = Postgres::start_alone();
    let app = TestApp::start_at(&url, &[("USE_REDIS", "false")]).await;
    import_receipt(&app, 1).await;
    app.stop().await;
    let standby = primary.standby();
    let both = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        primary.port(),
        standby.port()
    );
    let app = TestApp::start_at(
        &both,
        &[("USE_REDIS", "false"), ("DATABASE_TIMEOUT_MS", "5000")],
    )
    .await;
    assert_eq!(counted(&app, 1).await, [1; 3]);
    import_receipt(&app, 2).await;
    let replayed = "SELECT count(*) FROM receipts";
    eventually("the standby has everything", async || {
        crate::support::servers::psql(&standby.url("postgres"), replayed).unwrap() == "2"
    })
    .await;
    drop(primary);
    standby.promote();
    eventually("the standby has taken over", async || {
        app.get("receipts").await.status.is_success()
    })
    .await;
    assert_eq!(counted(&app, 2).await, [2; 3]);
    import_receipt(&app, 3).await;
    assert_eq!(counted(&app, 3).await, [3; 3]);
    app.stop().await;
}
