//! Headers of answers: entity tags, compression, allowed origins, and how new the data is.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::exported::filled;
use crate::support::workbooks::{a_receipt, receipts};

#[actix_rt::test]
async fn an_answer_that_is_known_is_304() {
    let app = filled(Backend::Sqlite, 3).await;
    let token = format!("Bearer {}", app.token(Role::Admin, DEPARTMENT).await);
    for path in ["summary", "expenses", "analytics/concentration"] {
        let path = format!("/api/v1/credit-portfolio/{path}");
        let first = app.raw_get(&path, &[("Authorization", &token)]).await;
        let tag = first.header("ETag").to_owned();
        assert!(
            tag.starts_with("W/\"") && first.header("Cache-Control") == "private, no-cache",
            "{tag}"
        );
        for known in [
            tag.clone(),
            tag.trim_start_matches("W/").to_owned(),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = app
                .raw_get(
                    &path,
                    &[("Authorization", &token), ("If-None-Match", &known)],
                )
                .await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(
                (again.header("ETag"), again.text.as_str()),
                (tag.as_str(), "")
            );
        }
        let other = app
            .raw_get(
                &path,
                &[("Authorization", &token), ("If-None-Match", "W/\"x\"")],
            )
            .await;
        assert_eq!(other.text, first.text);
        let anonymous = app.raw_get(&path, &[("If-None-Match", "*")]).await;
        assert_eq!(
            anonymous.status,
            StatusCode::UNAUTHORIZED,
            "a tag opens no door"
        );
    }
    app.stop().await;
}

#[actix_rt::test]
async fn answers_are_compressed_as_asked() {
    let app = filled(Backend::Sqlite, 300).await;
    let token = format!("Bearer {}", app.token(Role::Admin, DEPARTMENT).await);
    for encoding in ["gzip", "br"] {
        let headers = [
            ("Authorization", token.as_str()),
            ("Accept-Encoding", encoding),
        ];
        let url = format!(
            "http://{}/api/v1/credit-portfolio/expenses",
            app.running.address
        );
        let mut request = reqwest::Client::new().get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
    }
    app.stop().await;
}

#[actix_rt::test]
async fn only_pages_of_allowed_origins_are_answered_for() {
    let origin = "https://finance.example.org";
    let settings = [("USE_REDIS", "false"), ("CORS_ALLOWED_ORIGINS", origin)];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let allowed = app.raw_get("/livez", &[("Origin", origin)]).await;
    assert_eq!(allowed.header("Access-Control-Allow-Origin"), origin);
    let other = app
        .raw_get("/livez", &[("Origin", "https://evil.example.org")])
        .await;
    assert_eq!(
        (other.status, other.header("Access-Control-Allow-Origin")),
        (StatusCode::OK, "")
    );
    app.stop().await;
}

#[actix_rt::test]
async fn every_answer_states_how_new_its_data_is() {
    let app = filled(Backend::Sqlite, 3).await;
    let first = app
        .get("summary?department_id=8")
        .await
        .header("X-Data-As-Of")
        .to_owned();
    assert!(first.starts_with("20") && first.ends_with('Z'), "{first}");
    crate::support::eventually("a second has passed", async || {
        app.import(
            DEPARTMENT,
            &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
        )
        .await;
        app.get("summary?department_id=8")
            .await
            .header("X-Data-As-Of")
            > first.as_str()
    })
    .await;
    let answer = app.get("summary?department_id=8").await;
    assert!(
        answer.header("Cache-Status").contains("hit"),
        "an import that changes nothing drops nothing"
    );
    app.stop().await;
}
