//! Guessing passwords: counted before a password is compared, without locking anybody out.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::db::UserRow;
use credit_portfolio::domain::Role;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::proxy::proxied;

const PASSWORD: &str = "correct horse";
const PROXIES: [(&str, &str); 2] = [("USE_REDIS", "false"), ("TRUSTED_PROXIES", "127.0.0.0/8")];

async fn owner(app: &TestApp) -> UserRow {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    app.user(Role::Manager, DEPARTMENT, &hash).await
}

/// A login from an address, as a proxy reports it.
async fn try_from(app: &TestApp, address: &str, cookie: &str, name: &str, word: &str) -> Answer {
    let headers = [("X-Forwarded-For", address), ("Cookie", cookie)];
    let body = json!({ "username": name, "password": word });
    app.post_with("auth/login", &headers, &body).await
}

#[actix_rt::test]
async fn simultaneous_guesses_do_not_slip_through() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = owner(&app).await;
    let tries = (0..30).map(|_| try_from(&app, "192.0.2.1", "", &user.username, "a guess"));
    let answers = join_all(tries).await;
    let of = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!(
        (
            of(StatusCode::UNAUTHORIZED),
            of(StatusCode::TOO_MANY_REQUESTS)
        ),
        (5, 25)
    );
    app.stop().await;
}

#[actix_rt::test]
async fn an_attacker_behind_the_same_proxy_does_not_lock_the_owner_out() {
    let app = TestApp::start_with(Backend::Sqlite, &PROXIES).await;
    let user = owner(&app).await;
    let first = try_from(&app, "192.0.2.7", "", &user.username, PASSWORD).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let cookie = first
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert!(first.header("set-cookie").contains("HttpOnly"));
    // From everywhere, and from the owner's own address.
    for last in 0..30 {
        let address = format!("198.51.100.{last}");
        try_from(&app, &address, "", &user.username, "a guess").await;
    }
    for _ in 0..12 {
        try_from(&app, "192.0.2.7", "", &user.username, "a guess").await;
    }
    let stranger = try_from(&app, "203.0.113.1", "", &user.username, PASSWORD).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(stranger.header("retry-after").parse::<u64>().unwrap() <= 300);
    let by_device = try_from(&app, "192.0.2.7", &cookie, &user.username, PASSWORD).await;
    assert_eq!(by_device.status, StatusCode::OK, "{}", by_device.text);
    let forged = cookie.replace('=', "=x");
    let by_forged = try_from(&app, "203.0.113.1", &forged, &user.username, PASSWORD).await;
    assert_eq!(by_forged.status, StatusCode::TOO_MANY_REQUESTS);
    app.stop().await;
}

#[actix_rt::test]
async fn a_known_address_gets_through_a_flood_and_a_spoofed_one_counts_for_its_sender() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = owner(&app).await;
    let known = try_from(&app, "", "", &user.username, PASSWORD).await;
    assert_eq!(known.status, StatusCode::OK, "{}", known.text);
    // Nobody is trusted here: whatever the header says, all come from one address.
    let mut statuses = Vec::new();
    for number in 0..130 {
        let (name, address) = (format!("nobody{number}"), format!("192.0.2.{number}"));
        let answer = try_from(&app, &address, "", &name, "a guess").await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..100], [StatusCode::UNAUTHORIZED; 100]);
    assert_eq!(statuses[100..], [StatusCode::TOO_MANY_REQUESTS; 30]);
    let again = try_from(&app, "", "", &user.username, PASSWORD).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    app.stop().await;
}

#[actix_rt::test]
async fn tries_do_not_say_which_address_belongs_to_which_name() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (user, other) = (owner(&app).await, owner(&app).await);
    let guess = async |name: &str, word: &str| try_from(&app, "", "", name, word).await.status;
    for _ in 0..5 {
        assert_eq!(
            guess(&user.username, "a guess").await,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            guess(&other.email, "a guess").await,
            StatusCode::UNAUTHORIZED
        );
    }
    for name in [&user.email, &other.username, "nobody@example.org", "nobody"] {
        assert_eq!(
            guess(name, "a guess").await,
            StatusCode::UNAUTHORIZED,
            "{name}"
        );
    }
    // They count together all the same.
    assert_eq!(guess(&user.email, PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        guess(&user.username, PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    app.stop().await;
}

#[actix_rt::test]
async fn tries_beyond_a_limit_do_not_reach_the_database() {
    let settings = [
        ("DATABASE_TIMEOUT_MS", "500"),
        ("DATABASE_STATEMENT_TIMEOUT_MS", "500"),
    ];
    let (app, proxy) = proxied(&settings).await;
    for _ in 0..5 {
        let refused = try_from(&app, "", "", "nobody@example.org", "a guess").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    }
    proxy.be_silent(true);
    let beyond = try_from(&app, "", "", "nobody@example.org", "a guess").await;
    assert_eq!(
        beyond.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        beyond.text
    );
    let within = try_from(&app, "", "", "somebody@example.org", "a guess").await;
    assert_eq!(
        within.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        within.text
    );
    proxy.be_silent(false);
    app.stop().await;
}

#[actix_rt::test]
async fn who_logs_in_again_and_again_has_to_wait() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (user, other) = (owner(&app).await, owner(&app).await);
    for number in 0..30 {
        let again = try_from(&app, "", "", &user.username, PASSWORD).await;
        assert_eq!(again.status, StatusCode::OK, "{number}: {}", again.text);
    }
    let beyond = try_from(&app, "", "", &user.username, PASSWORD).await;
    assert_eq!(beyond.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(beyond.header("retry-after").parse::<u64>().unwrap() <= 300);
    let of_other = try_from(&app, "", "", &other.username, PASSWORD).await;
    assert_eq!(of_other.status, StatusCode::OK, "{}", of_other.text);
    app.stop().await;
}

#[actix_rt::test]
async fn guessing_the_own_password_is_limited_too() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = owner(&app).await;
    let token = app.running.state.tokens.issue(&user).unwrap();
    let guess = json!({ "old_password": "a guess", "new_password": "battery staple" });
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answer = app
            .request(
                reqwest::Method::POST,
                "auth/me/change-password",
                Some(&token),
                Some(guess.clone()),
            )
            .await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429]);
    app.stop().await;
}

#[actix_rt::test]
async fn a_name_that_no_database_stores_is_counted_as_a_wrong_one() {
    let app = TestApp::start_with(Backend::Postgres, &PROXIES).await;
    for name in ["an\u{0}na", "an\u{0}na@example.org"] {
        let mut statuses = Vec::new();
        for _ in 0..25 {
            let answer = try_from(&app, "192.0.2.7", "", name, "a guess").await;
            statuses.push(answer.status);
        }
        assert!(
            statuses.contains(&StatusCode::TOO_MANY_REQUESTS),
            "{name:?}: {statuses:?}"
        );
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
        assert!(
            statuses.iter().all(|status| refused.contains(status)),
            "{name:?}: {statuses:?}"
        );
    }
    app.stop().await;
}
