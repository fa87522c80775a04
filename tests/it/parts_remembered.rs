//! Pages of parts that are remembered: none is of data before a change that the process knows of.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::adjustments::{overpaid, send};
use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, kopecks, receipts};
use crate::support::{eventually, on_both_databases};
use credit_portfolio::domain::Role;

on_both_databases!(
    an_own_change_is_in_the_next_page,
    the_balance_of_today_is_not_that_of_yesterday,
);

/// Nothing is looked for in between.
const LONG_LEASE: [(&str, &str); 1] = [("CACHE_LEASE_MS", "60000")];

async fn total(app: &TestApp, query: &str) -> i64 {
    let parts = app.get(&format!("operations/parts?{query}")).await.ok();
    kopecks(&parts["total"])
}

async fn adjusted(app: &TestApp) -> Value {
    let contract = app.get("contracts").await.ok()[0]["id"].clone();
    let body = json!({ "contract_id": contract, "date": "2026-01-31", "kind": "correction", "amount": 12.5 });
    let made = send(app, Method::POST, "adjustments", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

async fn an_own_change_is_in_the_next_page(backend: Backend) {
    let app = overpaid(backend).await.restarted(&LONG_LEASE).await;
    let queries = ["measure=adjustments", "measure=adjustments&department_id=8"];
    for query in queries {
        assert_eq!(total(&app, query).await, 0);
        assert_eq!(total(&app, query).await, 0, "remembered");
    }
    adjusted(&app).await;
    for query in queries {
        assert_eq!(total(&app, query).await, 12_50, "{query}");
    }
    // Whose department it is not, does not see it.
    let other = app.token(Role::Manager, DEPARTMENT + 1).await;
    let path = "operations/parts?measure=adjustments";
    let answer = app.get_as(&other, path).await;
    assert!(answer.status != StatusCode::OK || kopecks(&answer.json()["total"]) == 0);
    app.stop().await;
}

async fn the_balance_of_today_is_not_that_of_yesterday(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).on("05.03.2026").amounting_to(100_00),
        a_receipt(2).on("26.11.2026").amounting_to(7_00),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    assert_eq!(total(&app, "measure=debt").await, 100_00);
    assert_eq!(total(&app, "measure=planned").await, 7_00);
    app.set_today("2026-11-26");
    assert_eq!(total(&app, "measure=debt").await, 107_00);
    assert_eq!(total(&app, "measure=planned").await, 0);
    app.stop().await;
}

#[actix_rt::test]
async fn a_change_of_another_process_is_known_as_soon_as_it_is_announced() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Postgres, &redis).await;
    let rows = [a_receipt(1).on("05.03.2026").amounting_to(100_00)];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let twin = app.twin().await;
    eventually("the twin knows the import", async || {
        total(&twin, "measure=receipts").await == 100_00
    })
    .await;
    assert_eq!(total(&twin, "measure=adjustments").await, 0);
    adjusted(&app).await;
    eventually("the twin has it", async || {
        total(&twin, "measure=adjustments").await == 12_50
    })
    .await;
    twin.stop().await;
    app.stop().await;
}
