//! Who is sent requests: the table of README.md ("Watching it"), line by line. What stops, restarts
//! or lacks Redis is in `stopping`, `schedule_actor`, `cache` and `silent_database`.

use std::time::{Duration, Instant};

use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::haproxy::HaProxy;
use crate::support::proxy::proxied;
use crate::support::servers::Postgres;
use crate::support::{eventually, on_both_databases};

on_both_databases!(a_database_without_this_versions_migrations_is_not_ready);

/// Status, and what the body says of the program and of the database.
async fn readiness(app: &TestApp) -> (StatusCode, String, String) {
    let answer = app.raw_get("/readyz", &[]).await;
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (answer.status, text("status"), text("database"))
}

async fn becomes(app: &TestApp, status: StatusCode, word: &str, database: &str) {
    let wanted = (status, word.to_owned(), database.to_owned());
    eventually(&format!("readiness is {wanted:?}"), async || {
        readiness(app).await == wanted
    })
    .await;
}

async fn is_alive(app: &TestApp) -> bool {
    app.raw_get("/livez", &[]).await.status == StatusCode::OK
}

#[actix_rt::test]
async fn without_database_and_without_cached_answers_it_is_not_ready() {
    let (app, mut proxy) = proxied(&[]).await;
    becomes(&app, StatusCode::OK, "ready", "up").await;
    proxy.cut().await;
    becomes(&app, StatusCode::SERVICE_UNAVAILABLE, "not ready", "down").await;
    assert!(is_alive(&app).await);
    proxy.restore().await;
    becomes(&app, StatusCode::OK, "ready", "up").await;
    app.stop().await;
}

#[actix_rt::test]
async fn cached_answers_keep_it_ready_until_none_may_be_served() {
    let settings = [
        ("CACHE_TTL_SECONDS", "1"),
        ("CACHE_STALE_IF_ERROR_SECONDS", "4"),
    ];
    let (app, mut proxy) = proxied(&settings).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();
    proxy.cut().await;
    becomes(&app, StatusCode::OK, "ready", "down").await;
    becomes(&app, StatusCode::SERVICE_UNAVAILABLE, "not ready", "down").await;
    proxy.restore().await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_frozen_database_holds_no_probe_up() {
    let (postgres, url) = tokio::task::spawn_blocking(Postgres::start_alone)
        .await
        .unwrap();
    let settings = [("USE_REDIS", "false"), ("DATABASE_URL", url.as_str())];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();
    let frozen = postgres.freeze();
    // As a balancer asks: a probe that takes longer has failed.
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let base = format!("http://{}", app.running.address);
    eventually("the database counts as down", async || {
        let [ready, alive] = ["readyz", "livez"].map(|path| format!("{base}/{path}"));
        assert_eq!(client.get(alive).send().await.unwrap().status(), 200);
        let ready = client.get(ready).send().await.unwrap();
        assert_eq!(ready.status(), 200, "cached answers keep it ready");
        let body: serde_json::Value = ready.json().await.unwrap();
        body["database"] == "down"
    })
    .await;
    drop(frozen);
    becomes(&app, StatusCode::OK, "ready", "up").await;
    app.stop().await;
}

#[actix_rt::test]
async fn an_outage_of_the_database_takes_no_replica_out_of_a_balancer() {
    let (one, mut proxy) = proxied(&[]).await;
    let two = one.twin().await;
    let token = one.token(Role::Admin, DEPARTMENT).await;
    for app in [&one, &two] {
        app.get_as(&token, "summary").await.ok();
    }
    let balancer = HaProxy::start([&one, &two].map(|app| app.running.address.port()));
    balancer.both_up().await;
    proxy.cut().await;
    for app in [&one, &two] {
        becomes(app, StatusCode::OK, "ready", "down").await;
    }
    let url = format!(
        "http://127.0.0.1:{}/api/v1/credit-portfolio/summary",
        balancer.port
    );
    let client = reqwest::Client::new();
    // Several times what the balancer takes to notice that a process is not ready.
    let end = Instant::now() + Duration::from_secs(4);
    let mut answered = 0;
    while Instant::now() < end {
        let answer = client.get(&url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{answered} were answered");
        answered += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(balancer.are_both_up().await);
    proxy.restore().await;
    two.stop().await;
    one.stop().await;
}

async fn a_database_without_this_versions_migrations_is_not_ready(backend: Backend) {
    let app = TestApp::start(backend).await;
    let words = "without this version's migrations";
    app.execute(
        "DELETE FROM __diesel_schema_migrations \
         WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations)",
    )
    .await;
    becomes(&app, StatusCode::SERVICE_UNAVAILABLE, "not ready", words).await;
    assert!(is_alive(&app).await);
    app.stop().await;
}
