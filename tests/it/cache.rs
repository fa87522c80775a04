//! The cache over a real Redis: keys, hits, invalidation, and every way of losing Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use credit_portfolio::cache::CacheKey;
use credit_portfolio::import::{ImportRequest, Source, run_once};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    a_second_request_is_a_hit_and_the_key_stands_in_redis,
    an_import_drops_what_was_cached
);

const SUMMARY_KEY: &str = "itbudget:cache:credit_portfolio:summary|8|None|None";

async fn total(app: &TestApp) -> Value {
    app.get("summary?department_id=8").await.ok()["total_receipts"].clone()
}

async fn import_receipt(app: &TestApp, kopecks: i64) {
    app.import(
        DEPARTMENT,
        &[(
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).amounting_to(kopecks)]),
        )],
    )
    .await;
}

async fn a_second_request_is_a_hit_and_the_key_stands_in_redis(backend: Backend) {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(backend, &redis).await;
    let first = app.get("summary?department_id=8").await;
    assert!(
        first
            .header("Cache-Status")
            .starts_with("credit-portfolio; fwd=uri-miss; stored; ttl=")
    );
    let second = app.get("summary?department_id=8").await;
    assert!(
        second
            .header("Cache-Status")
            .starts_with("credit-portfolio; hit; ttl="),
        "{}",
        second.header("Cache-Status")
    );
    assert!(second.header("Cache-Status").ends_with("detail=memory"));
    assert_eq!(first.text, second.text);
    let twin = app.twin().await;
    let third = twin.get("summary?department_id=8").await;
    assert!(
        third.header("Cache-Status").ends_with("detail=redis"),
        "{}",
        third.header("Cache-Status")
    );
    assert_eq!(
        (third.text.as_str(), third.header("ETag")),
        (first.text.as_str(), first.header("ETag"))
    );
    twin.stop().await;
    let stored: Value = serde_json::from_str(&redis.cli(&["GET", SUMMARY_KEY])).unwrap();
    assert_eq!(
        stored["answer"],
        second.json(),
        "the value holds the answer, readable"
    );
    let ttl: i64 = redis.cli(&["TTL", SUMMARY_KEY]).parse().unwrap();
    assert!((240..=330).contains(&ttl), "{ttl}");
    for (path, key) in [
        ("summary", "summary|None|None|None"),
        (
            "summary?department_id=8&date_from=2024-01-01&date_to=2024-12-31",
            "summary|8|2024-01-01|2024-12-31",
        ),
        (
            "summary?department_id=8&currency=USD",
            "summary|8|None|None|USD",
        ),
        (
            "monthly-stats?department_id=8&date_to=2024-12-31",
            "monthly_stats|8|None|2024-12-31",
        ),
        (
            "analytics/monthly-efficiency?department_id=8&bank_account_id=2",
            "monthly_efficiency|8|None|None|None|2",
        ),
        (
            "analytics/monthly-efficiency?department_id=8&organization_id=1",
            "monthly_efficiency|8|None|None|1|None",
        ),
    ] {
        app.get(path).await.ok();
        let key = format!("itbudget:cache:credit_portfolio:{key}");
        assert_eq!(
            redis.cli(&["EXISTS", &key]),
            "1",
            "{path} is kept under {key}"
        );
    }
    app.stop().await;
}

async fn an_import_drops_what_was_cached(backend: Backend) {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(backend, &redis).await;
    import_receipt(&app, 1_00).await;
    assert_eq!(total(&app).await, json!(1.0));
    redis.cli(&["SET", "itbudget:cache:other:kept", "1"]);
    import_receipt(&app, 2_00).await;
    assert_eq!(
        redis.cli(&["KEYS", "itbudget:cache:*"]),
        "itbudget:cache:other:kept"
    );
    assert_eq!(total(&app).await, json!(2.0));
    app.stop().await;
}

#[actix_rt::test]
async fn without_redis_at_start_memory_serves_and_redis_is_taken_up_when_it_comes() {
    let mut redis = Redis::start();
    redis.signal("KILL");
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    assert_eq!(app.raw_get("/readyz", &[]).await.ok()["redis"], "down");
    import_receipt(&app, 1_00).await;
    assert_eq!(total(&app).await, json!(1.0));
    let hit = app.get("summary?department_id=8").await;
    assert!(
        hit.header("Cache-Status").contains("hit")
            && hit.header("Cache-Status").ends_with("detail=memory")
    );
    redis.restart();
    eventually("Redis is taken up", async || {
        app.running.state.cache.redis_is_up() == Some(true)
    })
    .await;
    assert_eq!(total(&app).await, json!(1.0));
    app.get("summary?department_id=8&date_from=2024-01-01")
        .await
        .ok();
    assert_eq!(
        redis.cli(&[
            "EXISTS",
            &format!(
                "{}2024-01-01|None",
                SUMMARY_KEY.trim_end_matches("None|None")
            )
        ]),
        "1"
    );
    app.stop().await;
}

/// Sends requests without a pause until the end; returns how many answers were not 200.
async fn under_load(app: &TestApp, what_happens: impl AsyncFnOnce()) -> (usize, usize) {
    let token = app
        .token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
        .await;
    let (stop, bad, all) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let client = reqwest::Client::new();
    let mut askers = Vec::new();
    for asker in 0..8 {
        let (stop, bad, all, client, token) = (
            stop.clone(),
            bad.clone(),
            all.clone(),
            client.clone(),
            token.clone(),
        );
        let url = format!(
            "http://{}/api/v1/credit-portfolio/summary?date_from=2024-01-{:02}",
            app.running.address,
            asker + 1
        );
        askers.push(actix_rt::spawn(async move {
            while !stop.load(Ordering::Acquire) {
                let answer = client.get(&url).bearer_auth(&token).send().await;
                all.fetch_add(1, Ordering::AcqRel);
                if !answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                    bad.fetch_add(1, Ordering::AcqRel);
                }
            }
        }));
    }
    let asked = async |more: usize| {
        let before = all.load(Ordering::Acquire);
        eventually("the load goes on", async || {
            all.load(Ordering::Acquire) >= before + more
        })
        .await;
    };
    asked(50).await;
    what_happens().await;
    asked(50).await;
    stop.store(true, Ordering::Release);
    for asker in askers {
        asker.await.unwrap();
    }
    (bad.load(Ordering::Acquire), all.load(Ordering::Acquire))
}

#[actix_rt::test]
async fn redis_killed_under_load_fails_no_request_and_is_taken_up_again() {
    let mut redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    import_receipt(&app, 1_00).await;
    let (bad, all) = under_load(&app, async || {
        for _ in 0..3 {
            redis.signal("KILL");
            eventually("the loss is noticed", async || {
                app.running.state.cache.redis_is_up() == Some(false)
            })
            .await;
            redis.restart();
            eventually("Redis is taken up", async || {
                app.running.state.cache.redis_is_up() == Some(true)
            })
            .await;
        }
    })
    .await;
    assert_eq!(bad, 0, "of {all}");
    app.stop().await;
}

#[actix_rt::test]
async fn a_redis_that_hangs_fails_no_request() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    let (bad, all) = under_load(&app, async || {
        redis.signal("STOP");
        eventually("the loss is noticed", async || {
            app.running.state.cache.redis_is_up() == Some(false)
        })
        .await;
        redis.signal("CONT");
        eventually("Redis is taken up", async || {
            app.running.state.cache.redis_is_up() == Some(true)
        })
        .await;
    })
    .await;
    assert_eq!(bad, 0, "of {all}");
    app.stop().await;
}

#[actix_rt::test]
async fn what_was_invalidated_while_redis_was_away_stays_invalidated() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    import_receipt(&app, 1_00).await;
    assert_eq!(total(&app).await, json!(1.0));
    let single = CacheKey::new("kept").part(1);
    redis.cli(&["SET", &single.in_redis("another"), "1"]);
    redis.signal("STOP");
    import_receipt(&app, 2_00).await;
    app.running.state.cache.invalidate("another", &single).await;
    assert_eq!(total(&app).await, json!(2.0));
    redis.signal("CONT");
    eventually("Redis is taken up", async || {
        app.running.state.cache.redis_is_up() == Some(true)
    })
    .await;
    assert_eq!(total(&app).await, json!(2.0));
    assert_eq!(redis.cli(&["EXISTS", &single.in_redis("another")]), "0");
    app.stop().await;
}

#[actix_rt::test]
async fn an_old_entry_that_survives_in_redis_is_not_served() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    import_receipt(&app, 1_00).await;
    assert_eq!(total(&app).await, json!(1.0));
    let old = redis.cli(&["GET", SUMMARY_KEY]);
    import_receipt(&app, 2_00).await;
    redis.cli(&["SET", SUMMARY_KEY, &old]);
    assert_eq!(
        total(&app).await,
        json!(2.0),
        "it is of an earlier generation"
    );
    // The same after a restart, when nothing is remembered but the database.
    redis.cli(&["SET", SUMMARY_KEY, &old]);
    let port = redis.port.to_string();
    let app = app
        .restarted(&[("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", &port)])
        .await;
    assert_eq!(total(&app).await, json!(2.0));
    app.stop().await;
}

#[actix_rt::test]
async fn a_redis_with_a_password_and_another_database_number_is_used() {
    let redis = Redis::start_with_password("only for tests");
    let port = redis.port.to_string();
    let settings = [
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", &port),
        ("REDIS_PASSWORD", "only for tests"),
        ("REDIS_DB", "3"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    assert_eq!(total(&app).await, json!(0.0));
    assert_eq!(redis.cli(&["-n", "3", "EXISTS", SUMMARY_KEY]), "1");
    app.stop().await;
}

#[actix_rt::test]
async fn a_value_that_is_no_entry_is_overwritten() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    redis.cli(&["SET", SUMMARY_KEY, "{broken"]);
    assert_eq!(total(&app).await, json!(0.0));
    assert!(
        redis
            .cli(&["GET", SUMMARY_KEY])
            .starts_with(r#"{"generations":{"8":"#)
    );
    app.stop().await;
}

#[actix_rt::test]
async fn an_import_by_another_process_is_noticed() {
    let app = TestApp::start(Backend::Postgres).await;
    assert_eq!(total(&app).await, json!(0.0));
    let other = credit_portfolio::cache::Cache::open(&app.settings.cache)
        .await
        .unwrap();
    let context =
        credit_portfolio::app::import_context(&app.settings, app.running.state.db.clone(), other);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("postuplenie.xlsx"),
        receipts(&[a_receipt(1)]),
    )
    .unwrap();
    let source = Source::folder(
        folder.path().to_owned(),
        DEPARTMENT,
        app.settings.import.policy.clone(),
    );
    let order = ImportRequest::now(vec![source], "another process");
    run_once(&context, &order, &Default::default(), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(
        total(&app).await,
        json!(100.0),
        "the run has reported its end"
    );
    app.stop().await;
}
