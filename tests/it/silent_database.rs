//! A PostgreSQL that falls silent, is full, slow or read-only: nothing waits without a bound,
//! nothing stale goes unmarked, and all is well afterwards.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::eventually;
use crate::support::proxy::{Proxy, proxied};
use crate::support::servers::psql;
use crate::support::workbooks::{a_receipt, receipts};
use credit_portfolio::domain::Role;

const SHORT_LIMITS: [(&str, &str); 3] = [
    ("DATABASE_TIMEOUT_MS", "500"),
    ("DATABASE_STATEMENT_TIMEOUT_MS", "500"),
    ("DATABASE_POOL_SIZE", "2"),
];
const MARK: &str = "detail=database-unavailable";

/// A program with one operation and a cached summary.
async fn warm() -> (TestApp, Proxy, String) {
    let (app, proxy) = proxied(&SHORT_LIMITS).await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();
    (app, proxy, token)
}

fn is_marked(answer: &Answer) -> bool {
    answer.header("cache-status").contains(MARK)
}

#[actix_rt::test]
async fn a_connection_that_fell_silent_is_given_up_and_holds_no_slot_for_ever() {
    let (app, proxy, token) = warm().await;
    proxy.be_silent(true);
    let months: Vec<String> = (1..=40)
        .map(|day| format!("monthly-stats?date_from=2024-01-{:02}", day % 28 + 1))
        .collect();
    let answers = join_all(months.iter().map(|path| app.get_as(&token, path))).await;
    for answer in answers {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.header("retry-after").is_empty(), "{}", answer.text);
    }
    eventually("readiness says so", async || {
        app.raw_get("/readyz", &[]).await.json()["database"] == "down"
    })
    .await;

    proxy.be_silent(false);
    eventually("a question is computed again", async || {
        app.get_as(&token, "monthly-stats?date_from=2024-03-05")
            .await
            .status
            == StatusCode::OK
    })
    .await;
    eventually("the database is up again", async || {
        app.raw_get("/readyz", &[]).await.json()["database"] == "up"
    })
    .await;
    app.stop().await;
}

#[actix_rt::test]
async fn looks_at_the_accounts_that_wait_for_one_that_fails_fail_with_it() {
    let (app, proxy, _) = warm().await;
    proxy.be_silent(true);
    let looks = join_all((0..100).map(|_| app.running.state.accounts.look()));
    // One after another they would take a minute.
    let looks = tokio::time::timeout(Duration::from_secs(15), looks).await;
    assert!(looks.unwrap().iter().all(Result::is_err));
    proxy.be_silent(false);
    eventually("they work again", async || {
        app.running.state.accounts.look().await.is_ok()
    })
    .await;
    app.stop().await;
}

#[actix_rt::test]
async fn cached_questions_are_answered_and_marked_while_the_database_is_silent() {
    let (app, proxy, token) = warm().await;
    let before = app.get_as(&token, "summary").await;
    assert!(!is_marked(&before), "{}", before.header("cache-status"));
    proxy.be_silent(true);
    eventually("answers are marked", async || {
        is_marked(&app.get_as(&token, "summary").await)
    })
    .await;
    let answers = join_all((0..100).map(|_| app.get_as(&token, "summary"))).await;
    for answer in answers {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(is_marked(&answer), "{}", answer.header("cache-status"));
        assert_eq!(answer.json(), before.json());
    }

    proxy.be_silent(false);
    eventually("answers are verified again", async || {
        let answer = app.get_as(&token, "summary").await;
        answer.status == StatusCode::OK && !is_marked(&answer)
    })
    .await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_full_pool_is_no_missing_database() {
    let (app, _proxy, token) = warm().await;
    let db = app.running.state.analytics.reads().primary();
    let held = [db.conn().await.unwrap(), db.conn().await.unwrap()];
    let timeouts = credit_portfolio::metrics::POOL_TIMEOUTS.with_label_values(&["figures"]);
    let before = timeouts.get();
    let miss = app.get_as(&token, "monthly-stats").await;
    assert_eq!(miss.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        miss.text.contains("connections to the database are in use"),
        "{}",
        miss.text
    );
    assert!(!miss.header("retry-after").is_empty());
    assert!(timeouts.get() > before, "the wait is counted");
    let metrics = app.raw_get("/metrics", &[]).await.text;
    let used = "database_pool_connections{pool=\"figures\",state=\"used\"} 2";
    assert!(metrics.contains(used), "{metrics}");
    let cached = app.get_as(&token, "summary").await;
    assert_eq!(cached.status, StatusCode::OK);
    let list = app.get_as(&token, "expenses?limit=5").await;
    assert_eq!(list.status, StatusCode::OK, "lists wait for no figure");
    assert!(
        !is_marked(&cached),
        "changes are looked for by other connections"
    );
    assert_eq!(app.raw_get("/readyz", &[]).await.status, StatusCode::OK);
    drop(held);
    assert_eq!(
        app.get_as(&token, "monthly-stats").await.status,
        StatusCode::OK
    );
    app.stop().await;
}

#[actix_rt::test]
async fn what_became_of_a_run_is_read_over_one_connection() {
    let (app, _proxy, token) = warm().await;
    let _held = app.running.state.db.conn().await.unwrap();
    let run = app.get_as(&token, "import/runs/1").await;
    assert_eq!(run.status, StatusCode::OK, "{}", run.text);
    app.stop().await;
}

#[actix_rt::test]
async fn a_statement_ends_at_its_limit_with_words() {
    let (app, _proxy, token) = warm().await;
    let db = &app.running.state.import_context.db;
    let locking = async |conn: &mut credit_portfolio::db::DbConn| {
        let credit_portfolio::db::DbConn::Postgres(postgres) = conn else {
            unreachable!("it is PostgreSQL");
        };
        diesel_async::SimpleAsyncConnection::batch_execute(
            &mut **postgres,
            "LOCK TABLE monthly_totals, yearly_totals IN ACCESS EXCLUSIVE MODE",
        )
        .await?;
        Ok::<_, credit_portfolio::db::DbError>(app.get_as(&token, "monthly-stats").await)
    };
    let slow = db.write(locking).await.unwrap();
    assert_eq!(
        slow.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        slow.text
    );
    assert!(slow.text.contains("took too long"), "{}", slow.text);
    assert_eq!(
        app.get_as(&token, "monthly-stats").await.status,
        StatusCode::OK
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_run_that_can_not_begin_is_answered_within_the_limits() {
    let (app, _proxy, token) = warm().await;
    let db = &app.running.state.import_context.db;
    let locking = async |conn: &mut credit_portfolio::db::DbConn| {
        let credit_portfolio::db::DbConn::Postgres(postgres) = conn else {
            unreachable!("it is PostgreSQL");
        };
        diesel_async::SimpleAsyncConnection::batch_execute(
            &mut **postgres,
            "LOCK TABLE import_runs IN ACCESS EXCLUSIVE MODE",
        )
        .await?;
        let path = "credit-portfolio/import/trigger";
        let trigger = app.request(Method::POST, path, Some(&token), None);
        let answer = tokio::time::timeout(Duration::from_secs(60), trigger).await;
        Ok::<_, credit_portfolio::db::DbError>(answer.unwrap())
    };
    let refused = db.write(locking).await.unwrap();
    assert_eq!(
        refused.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        refused.text
    );
    assert!(refused.text.contains("took too long"), "{}", refused.text);
    assert_eq!(app.trigger().await.status, StatusCode::OK);
    app.stop().await;
}

#[actix_rt::test]
async fn a_read_only_database_answers_questions_refuses_changes_and_is_not_ready() {
    let app = TestApp::start_with(Backend::Postgres, &[("USE_REDIS", "false")]).await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    // Over another database: this one takes no change of its own settings then.
    let (server, name) = app.database_url.rsplit_once('/').unwrap();
    let set = |change: &str| {
        let server = format!("{server}/postgres");
        psql(&server, &format!("ALTER DATABASE {name} {change}")).unwrap();
        let end_connections = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        psql(&server, &end_connections).unwrap();
    };
    set("SET default_transaction_read_only = on");
    eventually("readiness says so", async || {
        let ready = app.raw_get("/readyz", &[]).await;
        ready.status == StatusCode::SERVICE_UNAVAILABLE && ready.json()["database"] == "read-only"
    })
    .await;
    eventually("questions are answered", async || {
        app.get_as(&token, "summary").await.status == StatusCode::OK
    })
    .await;
    let renamed = json!({ "name": "ООО «Ромашка плюс»" });
    let path = "credit-portfolio/organizations/1";
    let change = app
        .request(Method::PUT, path, Some(&token), Some(renamed))
        .await;
    assert_eq!(
        change.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        change.text
    );
    assert!(change.text.contains("read-only"), "{}", change.text);

    set("RESET default_transaction_read_only");
    eventually("it is ready again", async || {
        app.raw_get("/readyz", &[]).await.status == StatusCode::OK
    })
    .await;
    app.stop().await;
}
