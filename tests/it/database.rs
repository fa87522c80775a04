//! A database that goes away and comes back.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::proxy::Proxy;
use crate::support::servers::Postgres;
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};
use credit_portfolio::config::{DatabaseSettings, DatabaseUrl};
use credit_portfolio::db::{self, Db, DbConn, DbError};
use credit_portfolio::domain::Role;

on_both_databases!(a_change_by_hand_waits_for_an_import_for_seconds_only,);

async fn a_change_by_hand_waits_for_an_import_for_seconds_only(backend: Backend) {
    let app = TestApp::start_with(backend, &[("USE_REDIS", "false"), ("DATABASE_TIMEOUT_MS", "1000")]).await;
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))]).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let renamed = json!({ "name": "ООО «Ромашка плюс»" });
    let change = async || {
        let path = "credit-portfolio/organizations/1";
        app.request(reqwest::Method::PUT, path, Some(&token), Some(renamed.clone())).await
    };
    let while_importing = async |conn: &mut DbConn| {
        db::lock_import(conn, DEPARTMENT).await?;
        Ok::<_, DbError>((change().await, app.get_as(&token, "summary").await.status))
    };
    let (refused, read) = app.running.state.db.write(while_importing).await.unwrap();
    assert_eq!((refused.status, read), (StatusCode::CONFLICT, StatusCode::OK), "{}", refused.text);
    assert!(refused.text.contains("try again"), "{}", refused.text);
    assert_eq!(change().await.status, StatusCode::OK);
    app.stop().await;
}

/// A database behind a proxy.
async fn proxied(settings: &[(&str, &str)]) -> (TestApp, Proxy) {
    let url = tokio::task::spawn_blocking(Postgres::fresh_database).await.unwrap();
    let (host, name) = url.rsplit_once('/').unwrap();
    let port: u16 = host.rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = Proxy::start(port).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", proxy.port);
    let settings: Vec<_> =
        [("USE_REDIS", "false"), ("DATABASE_URL", url.as_str())].into_iter().chain(settings.iter().copied()).collect();
    (TestApp::start_with(Backend::Sqlite, &settings).await, proxy)
}

#[actix_rt::test]
async fn a_list_whose_connection_breaks_is_an_error_and_never_a_part_of_it() {
    let (app, proxy) = proxied(&[]).await;
    let rows: Vec<_> = (1..=3500).map(a_receipt).collect();
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))]).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for path in
        ["receipts?limit=50000", "receipts?limit=50000&sort=amount", "receipts?format=csv", "receipts?format=xlsx"]
    {
        for bytes in [100_000, 400_000, 700_000] {
            proxy.break_after(bytes);
            let broken = app.get_as(&token, path).await;
            assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE, "{path} after {bytes}");
            assert!(broken.json()["detail"].is_string(), "{}", broken.text);
        }
        proxy.break_after(0);
        assert_eq!(app.get_as(&token, path).await.status, StatusCode::OK, "{path}");
    }
    let list = app.get_as(&token, "receipts?limit=50000").await;
    assert_eq!(list.json().as_array().unwrap().len(), 3500);
    app.stop().await;
}

#[actix_rt::test]
async fn while_the_database_is_away_answers_are_503_and_afterwards_all_is_well() {
    let (app, mut proxy) = proxied(&[("DATABASE_TIMEOUT_MS", "500")]).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();

    proxy.cut().await;
    assert_eq!(app.get_as(&token, "summary").await.status, StatusCode::OK, "what is cached is still told");
    let miss = app.get_as(&token, "monthly-stats").await;
    assert_eq!(miss.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!miss.text.contains("127.0.0.1"), "nothing of the inside is told: {}", miss.text);
    let ready = app.raw_get("/readyz", &[]).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json(), json!({ "status": "not ready", "database": "down", "redis": "off", "import": "up" }));
    assert_eq!(app.raw_get("/livez", &[]).await.status, StatusCode::OK);
    let trigger = app.request(reqwest::Method::POST, "credit-portfolio/import/trigger", Some(&token), None).await;
    assert_eq!(trigger.status, StatusCode::SERVICE_UNAVAILABLE);

    proxy.restore().await;
    eventually("it is ready again", async || app.raw_get("/readyz", &[]).await.status == StatusCode::OK).await;
    assert_eq!(app.trigger().await.ok()["success"], json!(true));
    assert_eq!(app.get_as(&token, "summary").await.ok()["total_receipts"], json!(100.0));
    app.stop().await;
}

/// The pool's timeout must not drop a query that runs on a blocking thread: on a runtime of one thread, as the import
/// actor has, that panics.
#[test]
fn a_slow_check_out_of_a_connection_to_sqlite_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
    let settings = DatabaseSettings { url, pool_size: 2, timeout: Duration::from_millis(500) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let db = Db::open(&settings, true).await.unwrap();
        // The only blocking thread is busy for longer than the timeout.
        let (release, released) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || released.recv());
        let slow = tokio::time::timeout(Duration::from_secs(5), db.conn()).await.unwrap();
        drop(slow);
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert!(db.is_migrated().await.unwrap());
    });
}
