//! What the cache counts, the alerts' own tests, and what administrators see of the cache.

use std::path::Path;
use std::process::Command;

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::processes::program;

#[actix_rt::test]
async fn questions_are_counted_by_endpoint_tier_and_result() {
    let app = TestApp::start(Backend::Sqlite).await;
    for _ in 0..3 {
        app.get("summary").await.ok();
    }
    let answer = app.raw_get("/metrics", &[]).await;
    assert!(answer.header("Content-Type").starts_with("text/plain"));
    let hits = "credit_portfolio_cache_requests_total{endpoint=\"summary\",result=\"hit\",tier=\"memory\"}";
    assert!(answer.text.contains(hits), "{}", answer.text);
    app.stop().await;
}

#[test]
fn alerts_pass_their_own_tests() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/prometheus/alerts_test.yml");
    let done = Command::new(program("promtool"))
        .args(["test", "rules"])
        .arg(rules)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[actix_rt::test]
async fn administrators_see_what_the_cache_holds_and_empty_it() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.get("summary?department_id=8").await.ok();
    let stats = app.get("cache/stats").await.ok();
    assert_eq!(stats["redis"], "off");
    assert_eq!(stats["invalidation"], "scoped");
    assert!(
        stats["most_asked"]
            .as_array()
            .unwrap()
            .contains(&"summary|8|None|None".into()),
        "{stats}"
    );
    let [manager, admin] = [
        app.token(Role::Manager, DEPARTMENT).await,
        app.token(Role::Admin, DEPARTMENT).await,
    ];
    let clear = async |token: &str| {
        app.request(
            Method::POST,
            "credit-portfolio/cache/clear",
            Some(token),
            None,
        )
        .await
        .status
    };
    assert_eq!(
        app.get_as(&manager, "cache/stats").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(clear(&manager).await, StatusCode::FORBIDDEN);
    assert!(
        app.get("summary?department_id=8")
            .await
            .header("Cache-Status")
            .contains("; hit")
    );
    assert_eq!(clear(&admin).await, StatusCode::OK);
    assert!(
        app.get("summary?department_id=8")
            .await
            .header("Cache-Status")
            .contains("fwd=")
    );
    app.stop().await;
}
