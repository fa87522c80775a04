//! API keys: they read as their owner may, and end when they are revoked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::{eventually, on_both_databases};

on_both_databases!(a_key_reads_for_its_owner_until_it_is_revoked_in_every_process);

async fn make(app: &TestApp, token: &str, body: Value) -> Answer {
    app.request(Method::POST, "api-keys", Some(token), Some(body))
        .await
}

async fn a_key_reads_for_its_owner_until_it_is_revoked_in_every_process(backend: Backend) {
    let app = TestApp::start(backend).await;
    let twin = app.twin().await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let made = make(&app, &token, json!({ "name": "Excel" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let (id, key) = (
        made.json()["id"].as_i64().unwrap(),
        made.json()["key"].as_str().unwrap().to_owned(),
    );
    let stored = app.read("SELECT key_hash || hint FROM api_keys").concat();
    assert!(!stored.contains(&key), "only its hash is stored");
    let own = app.get_as(&token, "summary").await.ok();
    let basic = format!("Basic {}", STANDARD.encode(format!("anyone:{key}")));
    let summary = "/api/v1/credit-portfolio/summary";
    for process in [&app, &twin] {
        eventually("the process knows the key", async || {
            process.get_as(&key, "summary").await.status == StatusCode::OK
        })
        .await;
        for _ in 0..2 {
            assert_eq!(process.get_as(&key, "summary").await.ok(), own);
            let answer = process.raw_get(summary, &[("Authorization", &basic)]).await;
            assert_eq!(answer.ok(), own);
        }
    }
    eventually("the use is stored", async || {
        let listed = app
            .request(Method::GET, "api-keys", Some(&token), None)
            .await
            .ok();
        assert_eq!(listed[0]["name"], "Excel");
        !listed[0]["last_used_at"].is_null()
    })
    .await;
    let revoked = app
        .request(
            Method::DELETE,
            &format!("api-keys/{id}"),
            Some(&token),
            None,
        )
        .await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT, "{}", revoked.text);
    assert_eq!(
        app.get_as(&key, "summary").await.status,
        StatusCode::UNAUTHORIZED
    );
    eventually("the other process knows", async || {
        let answer = twin.raw_get(summary, &[("Authorization", &basic)]).await;
        answer.status == StatusCode::UNAUTHORIZED
    })
    .await;
    twin.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_key_changes_nothing_and_administers_nothing() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let made = make(&app, &admin, json!({ "name": "report" })).await.json();
    let key = made["key"].as_str().unwrap();
    app.get_as(key, "summary").await.ok();
    let viewer = app.token(Role::Viewer, DEPARTMENT).await;
    let mut refused_reads = Vec::new();
    for (method, path) in app.operations().await {
        if path == "auth/login" {
            continue;
        }
        if method == Method::GET {
            let seen = app
                .request(method.clone(), &path, Some(&viewer), None)
                .await;
            // For administrators only, or a matter of the account.
            if seen.status != StatusCode::FORBIDDEN && path != "api-keys" {
                continue;
            }
            refused_reads.push(path.clone());
        }
        let refused = app
            .request(method.clone(), &path, Some(key), Some(json!({})))
            .await;
        assert_eq!(
            refused.status,
            StatusCode::FORBIDDEN,
            "{method} {path}: {}",
            refused.text
        );
    }
    for path in ["api-keys", "users", "audit"] {
        assert!(
            refused_reads.iter().any(|read| read == path),
            "{refused_reads:?}"
        );
    }
    app.stop().await;
}

#[actix_rt::test]
async fn keys_made_and_revoked_again_and_again_have_to_wait() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = app.token(Role::User, DEPARTMENT).await;
    for number in 0..50 {
        let made = make(&app, &user, json!({ "name": "x" })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{number}: {}", made.text);
        let path = format!("api-keys/{}", made.json()["id"]);
        let revoked = app.request(Method::DELETE, &path, Some(&user), None).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT, "{}", revoked.text);
    }
    let refused = make(&app, &user, json!({ "name": "x" })).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("tomorrow"), "{}", refused.text);
    let listed = app.request(Method::GET, "api-keys?limit=2&skip=1", Some(&user), None);
    let listed = listed.await;
    assert_eq!(listed.header("x-total-count"), "50");
    let ids: Vec<Value> = listed
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["id"].clone())
        .collect();
    assert_eq!(ids, [json!(49), json!(48)]);
    app.stop().await;
}

#[actix_rt::test]
async fn a_key_ends_at_its_time_and_with_its_owner() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let past = make(
        &app,
        &admin,
        json!({ "name": "x", "expires_at": "2020-01-01T00:00:00" }),
    )
    .await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    let owner = app.user(Role::Manager, DEPARTMENT, "irrelevant").await;
    let soon = chrono::Utc::now().naive_utc() + chrono::TimeDelta::seconds(3);
    let body = json!({ "name": "x", "user_id": owner.id, "expires_at": soon });
    let short = make(&app, &admin, body).await;
    assert_eq!(short.status, StatusCode::CREATED, "{}", short.text);
    let short = short.json()["key"].as_str().unwrap().to_owned();
    let long = make(&app, &admin, json!({ "name": "y", "user_id": owner.id })).await;
    let long = long.json()["key"].as_str().unwrap().to_owned();
    app.get_as(&long, "summary").await.ok();
    eventually("its time is over", async || {
        app.get_as(&short, "summary").await.status == StatusCode::UNAUTHORIZED
    })
    .await;
    app.get_as(&long, "summary").await.ok();
    let off = app
        .request(
            Method::PUT,
            &format!("users/{}", owner.id),
            Some(&admin),
            Some(json!({ "is_active": false })),
        )
        .await;
    assert_eq!(off.status, StatusCode::OK, "{}", off.text);
    assert_eq!(
        app.get_as(&long, "summary").await.status,
        StatusCode::UNAUTHORIZED
    );
    app.stop().await;
}

#[actix_rt::test]
async fn others_keys_are_seen_and_revoked_by_admin_alone() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let (one, other) = (
        app.token(Role::Manager, DEPARTMENT).await,
        app.token(Role::Manager, DEPARTMENT).await,
    );
    let made = make(&app, &one, json!({ "name": "mine" })).await.json();
    let path = format!("api-keys/{}", made["id"]);
    let list = async |token: &str| {
        let answer = app
            .request(Method::GET, "api-keys", Some(token), None)
            .await;
        answer.ok().as_array().unwrap().len()
    };
    assert_eq!(
        (list(&one).await, list(&other).await, list(&admin).await),
        (1, 0, 1)
    );
    let foreign = app.request(Method::DELETE, &path, Some(&other), None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let owner = format!("api-keys?user_id={}", made["user_id"]);
    let refused = app.request(Method::GET, &owner, Some(&other), None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let revoked = app.request(Method::DELETE, &path, Some(&admin), None).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    let again = app.request(Method::DELETE, &path, Some(&admin), None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[actix_rt::test]
async fn programs_are_offered_basic_and_pages_are_not() {
    let app = TestApp::start(Backend::Sqlite).await;
    let summary = "/api/v1/credit-portfolio/summary";
    let offers = |answer: &Answer| -> Vec<String> {
        let all = answer.headers.get_all("www-authenticate");
        all.iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    };
    let program = app.raw_get(summary, &[]).await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        offers(&program),
        ["Bearer", "Basic realm=\"credit-portfolio\""]
    );
    let page = app.raw_get(summary, &[("Sec-Fetch-Mode", "cors")]).await;
    assert_eq!(offers(&page), ["Bearer"]);
    app.stop().await;
}
