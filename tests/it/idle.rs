//! A program that nobody asks leaves its database alone, and misses nothing by it.

use std::time::Duration;

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::servers::{Postgres, psql};
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(the_first_question_after_a_pause_sees_what_others_changed);

/// So long nobody asks: longer than the lease of a second, shorter than the looks of an idle program
/// are apart.
const PAUSE: Duration = Duration::from_millis(2500);

async fn the_first_question_after_a_pause_sees_what_others_changed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let other = app.twin().await;
    let user = app.user(Role::Manager, DEPARTMENT, "irrelevant").await;
    let token = app.running.state.tokens.issue(&user).unwrap();
    assert_eq!(
        app.get_as(&token, "summary").await.ok()["total_receipts"],
        0.0
    );
    tokio::time::sleep(PAUSE).await;
    let receipt = a_receipt(1).on("05.03.2024").amounting_to(100_00);
    other
        .import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&[receipt]))])
        .await;
    assert_eq!(
        app.get_as(&token, "summary").await.ok()["total_receipts"],
        100.0
    );
    tokio::time::sleep(PAUSE).await;
    let admin = other.token(Role::Admin, DEPARTMENT).await;
    let path = format!("users/{}", user.id);
    let change = json!({ "is_active": false });
    other
        .request(Method::PUT, &path, Some(&admin), Some(change))
        .await
        .ok();
    assert_eq!(
        app.get_as(&token, "summary").await.status,
        StatusCode::UNAUTHORIZED
    );
    other.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn an_idle_program_commits_once_a_second_at_most() {
    // A server of its own: it counts what it does by itself, too.
    let (_postgres, url) = Postgres::start_alone();
    let quiet = "ALTER SYSTEM SET autovacuum = off";
    psql(&url, quiet).unwrap();
    psql(&url, "SELECT pg_reload_conf()").unwrap();
    let app = TestApp::start_at(&url, &[("USE_REDIS", "false")]).await;
    let commits = || -> i64 {
        let sum = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
        psql(&app.database_url, sum).unwrap().parse().unwrap()
    };
    // The start is over, and what it did is counted: connections at rest report within ten seconds.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let before = commits();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let made = commits() - before;
    assert!(made <= 30, "{made} commits in 30 s");
    app.stop().await;
}
