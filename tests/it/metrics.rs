//! What is measured, and the alerts and the dashboard over it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::processes::program;
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, receipts};

/// The names that a text uses, without the endings of a histogram's series.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("credit_portfolio_"));
    ours.map(|name| {
        name.trim_end_matches("_bucket")
            .trim_end_matches("_count")
            .trim_end_matches("_sum")
            .to_owned()
    })
    .collect()
}

#[actix_rt::test]
async fn alerts_and_dashboard_use_metrics_that_the_program_serves() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Sqlite, &redis).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    for _ in 0..3 {
        app.get("summary").await.ok();
        app.trigger().await.ok();
    }
    app.running.state.analytics.warm(|| false).await;
    app.running.state.analytics.audit().await.unwrap();
    app.running
        .state
        .cache
        .invalidate_namespace("credit_portfolio")
        .await;
    let answer = app.raw_get("/metrics", &[]).await;
    assert!(answer.header("Content-Type").starts_with("text/plain"));
    let served = names(&answer.text);
    let docker = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker");
    for file in ["prometheus/alerts.yml", "grafana/credit-portfolio.json"] {
        let used = names(&std::fs::read_to_string(docker.join(file)).unwrap());
        assert!(used.len() > 3, "{file}: {used:?}");
        // Nothing need have been computed ahead yet.
        let unknown: Vec<_> = used
            .difference(&served)
            .filter(|name| !name.contains("warmed"))
            .collect();
        assert!(
            unknown.is_empty(),
            "{file} uses {unknown:?}, which /metrics does not tell:\n{}",
            answer.text
        );
    }
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
