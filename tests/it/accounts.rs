//! Logging in.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;

on_both_databases!(a_login_gives_a_token_that_works);

async fn login(app: &TestApp, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    app.request(Method::POST, "auth/login", None, Some(body))
        .await
}

async fn a_login_gives_a_token_that_works(backend: Backend) {
    let app = TestApp::start(backend).await;
    let hash = hash_password("correct horse".to_owned()).await.unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let user = app.user(Role::Manager, DEPARTMENT, &hash).await;
    let answer = login(&app, &user.username, "correct horse").await.ok();
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["expires_in"], 480 * 60);
    assert!(
        !answer.to_string().contains("argon2"),
        "the hash stays inside"
    );
    let token = answer["access_token"].as_str().unwrap();
    let me = app
        .request(Method::GET, "auth/me", Some(token), None)
        .await
        .ok();
    assert_eq!(me, answer["user"]);
    assert_eq!(
        (&me["role"], &me["department_id"]),
        (&json!("MANAGER"), &json!(DEPARTMENT))
    );
    assert_eq!(app.get_as(token, "summary").await.status, StatusCode::OK);
    app.stop().await;
}

#[actix_rt::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = app
        .user(
            Role::Manager,
            DEPARTMENT,
            &hash_password("correct horse".to_owned()).await.unwrap(),
        )
        .await;
    let wrong = login(&app, &user.username, "battery staple").await;
    let unknown = login(&app, "nobody", "battery staple").await;
    assert_eq!(
        (wrong.status, unknown.status),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(wrong.json()["detail"], unknown.json()["detail"]);
    app.stop().await;
}

#[actix_rt::test]
async fn too_many_tries_have_to_wait_and_others_do_not() {
    let app = TestApp::start(Backend::Sqlite).await;
    let hash = hash_password("correct horse".to_owned()).await.unwrap();
    let [guessed, other] = [
        app.user(Role::Manager, DEPARTMENT, &hash).await,
        app.user(Role::Manager, DEPARTMENT, &hash).await,
    ];
    for _ in 0..5 {
        assert_eq!(
            login(&app, &guessed.username, "guess").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let refused = login(&app, &guessed.username, "correct horse").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.header("Retry-After").parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    assert_eq!(
        login(&app, &other.username, "correct horse").await.status,
        StatusCode::OK
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_login_that_is_no_json_is_refused_with_a_reason() {
    let app = TestApp::start(Backend::Sqlite).await;
    let answer = app
        .request(
            Method::POST,
            "auth/login",
            None,
            Some(json!({ "username": "x" })),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("password"), "{}", answer.text);
    let huge = json!({ "username": "x", "password": "y".repeat(200_000) });
    assert_eq!(
        app.request(Method::POST, "auth/login", None, Some(huge))
            .await
            .status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_short_password_is_refused() {
    assert!(hash_password("short".to_owned()).await.is_err());
}
