//! Sessions of the dashboard: how they begin and end, and what they open.

use credit_portfolio::accounts::{AccountChange, Actor, change_account, hash_password};
use credit_portfolio::db::UserRow;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, location, text_of, value_of};
use crate::support::known_files::RECEIPTS;
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    a_user_signs_in_is_led_back_and_signs_out,
    a_wrong_password_is_said_and_begins_no_session,
    a_deactivated_user_is_signed_out,
    another_password_ends_all_other_sessions_and_tokens,
    a_link_signs_in_once,
    a_sign_in_leads_back_to_this_site_only_and_a_sign_out_clears_what_was_seen,
    language_and_theme_are_kept_with_the_user,
    sessions_that_have_ended_are_deleted_though_nobody_uses_another,
);

const PASSWORD: &str = "correct horse";

async fn user(app: &TestApp, role: Role, department: i64) -> UserRow {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    app.user(role, department, &hash).await
}

async fn signed_in(app: &TestApp, role: Role, department: i64) -> (UserRow, Browser) {
    let user = user(app, role, department).await;
    let browser = Browser::signed_in(app, &user.username, PASSWORD).await;
    (user, browser)
}

async fn a_user_signs_in_is_led_back_and_signs_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = user(&app, Role::Accountant, DEPARTMENT).await;
    let mut browser = Browser::of(&app);
    let refused = browser.get("/operations?measure=debt").await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    assert_eq!(
        location(&refused),
        "/sign-in?back=%2Foperations%3Fmeasure%3Ddebt"
    );
    let form = browser.page(location(&refused)).await;
    let back = value_of(&form, "back");
    let fields = [
        ("username", user.email.as_str()),
        ("password", PASSWORD),
        ("back", &back),
    ];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(location(&answer), "/operations?measure=debt");
    let cookie = browser.session_cookie();
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    let page = browser.page("/operations?measure=debt").await;
    assert!(page.contains("A Test User"));
    // A link of another site stays signed in: Lax sends the cookie, and GET changes nothing.
    browser
        .headers
        .push(("sec-fetch-site", "cross-site".to_owned()));
    browser.page("/").await;
    browser.headers.pop();
    let answer = browser.post_signed("/sign-out", &[]).await;
    assert_eq!(location(&answer), "/sign-in");
    assert!(!browser.has_session());
    let stolen = app.raw_get("/account", &[("cookie", &cookie)]).await;
    assert!(!stolen.text.contains("A Test User"), "{}", stolen.text);
    let api = [("cookie", cookie.as_str())];
    let me = app.raw_get("/api/v1/auth/me", &api).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    app.stop().await;
}

async fn a_wrong_password_is_said_and_begins_no_session(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = user(&app, Role::Admin, DEPARTMENT).await;
    let mut browser = Browser::of(&app);
    for _ in 0..5 {
        let answer = browser.sign_in(&user.username, "a guess").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("password is wrong"), "{}", answer.text);
        assert_eq!(value_of(&answer.text, "username"), user.username);
    }
    // The same brake as that of the REST interface.
    let answer = browser.sign_in(&user.username, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 300);
    assert!(!browser.has_session());
    app.stop().await;
}

async fn a_sign_in_leads_back_to_this_site_only_and_a_sign_out_clears_what_was_seen(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let user = user(&app, Role::Admin, DEPARTMENT).await;
    for (back, leads_to) in [
        ("/lenders?currency=USD", "/lenders?currency=USD"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\u{1}", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
    ] {
        let fields = [
            ("username", user.username.as_str()),
            ("password", PASSWORD),
            ("back", back),
        ];
        let mut browser = Browser::of(&app);
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{back:?}");
        assert_eq!(location(&answer), leads_to, "{back:?}");
        let out = browser.post_signed("/sign-out", &[]).await;
        assert_eq!(out.header("clear-site-data"), "\"cache\"");
    }
    app.stop().await;
}

async fn sessions_that_have_ended_are_deleted_though_nobody_uses_another(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, _) = signed_in(&app, Role::Viewer, DEPARTMENT).await;
    app.execute("UPDATE sessions SET ends_at = '2024-03-05 12:00:00'")
        .await;
    let app = app.restarted(&[("USE_REDIS", "false")]).await;
    let _going_on = Browser::signed_in(&app, &user.username, PASSWORD).await;
    let sessions = "SELECT CAST(COUNT(*) AS TEXT) FROM sessions";
    eventually("it is deleted", async || app.read(sessions) == ["1"]).await;
    app.stop().await;
}

async fn a_deactivated_user_is_signed_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, mut browser) = signed_in(&app, Role::Manager, DEPARTMENT).await;
    browser.page("/").await;
    let change = AccountChange {
        is_active: Some(false),
        ..AccountChange::default()
    };
    let db = &app.running.state.db;
    change_account(db, &Actor::command_line(), user.id, change)
        .await
        .unwrap();
    eventually("the session has ended", async || {
        browser.get("/").await.status == StatusCode::SEE_OTHER
    })
    .await;
    app.stop().await;
}

async fn another_password_ends_all_other_sessions_and_tokens(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, mut browser) = signed_in(&app, Role::Viewer, DEPARTMENT).await;
    let mut other = Browser::signed_in(&app, &user.username, PASSWORD).await;
    let token = app.running.state.tokens.issue(&user).unwrap();
    let before = browser.session_cookie();
    let wrong = [
        ("old_password", "a guess"),
        ("new_password", "battery staple"),
    ];
    let answer = browser.post_signed("/account", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let short = [("old_password", PASSWORD), ("new_password", "short")];
    let answer = browser.post_signed("/account", &short).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    other.page("/account").await;
    let change = [
        ("old_password", PASSWORD),
        ("new_password", "battery staple"),
    ];
    let answer = browser.post_signed("/account", &change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_ne!(browser.session_cookie(), before, "the session is a new one");
    // The page that says so holds the new session's token.
    let token_of_page = value_of(&answer.text, "csrf");
    let prefer = [("csrf", token_of_page.as_str()), ("lang", "ru")];
    let preferred = browser.post("/preferences", &prefer).await;
    assert_eq!(preferred.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    let me = app
        .request(Method::GET, "auth/me", Some(&token), None)
        .await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    Browser::signed_in(&app, &user.username, "battery staple").await;
    app.stop().await;
}

async fn a_link_signs_in_once(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("COOKIE_SECURE", "false")],
    )
    .await;
    let user = user(&app, Role::Admin, DEPARTMENT).await;
    let link = app.running.state.sessions.link_for(user.id);
    let path = format!("/sign-in/once?token={link}");
    let mut browser = Browser::of(&app);
    let answer = browser.get(&path).await;
    assert_eq!(location(&answer), "/");
    // Over plain HTTP the cookie has neither prefix nor `Secure`.
    let cookie = browser.session_cookie();
    assert!(cookie.starts_with("credit_portfolio_session="), "{cookie}");
    assert!(!answer.header("set-cookie").contains("Secure"));
    browser.page("/").await;
    let again = Browser::of(&app).get(&path).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn language_and_theme_are_kept_with_the_user(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = user(&app, Role::Viewer, DEPARTMENT).await;
    let mut browser = Browser::of(&app);
    browser
        .headers
        .push(("accept-language", "ru-RU,ru;q=0.9".to_owned()));
    assert!(browser.page("/sign-in").await.contains("Вход"));
    browser.sign_in(&user.username, PASSWORD).await;
    assert!(
        browser
            .page("/account")
            .await
            .contains("<html lang=\"ru\">")
    );
    for (fields, expected) in [
        (("lang", "en"), "<html lang=\"en\">"),
        (("theme", "dark"), "<html lang=\"en\" data-theme=\"dark\">"),
        (("lang", "ru"), "<html lang=\"ru\" data-theme=\"dark\">"),
        (("theme", "system"), "<html lang=\"ru\">"),
    ] {
        let answer = browser
            .post_signed("/preferences", &[fields, ("back", "/account")])
            .await;
        assert_eq!(location(&answer), "/account");
        assert!(
            browser.page("/account").await.contains(expected),
            "{fields:?}"
        );
    }
    // Another browser of the same user, whatever its own language is.
    let mut other = Browser::signed_in(&app, &user.username, PASSWORD).await;
    assert!(other.page("/account").await.contains("<html lang=\"ru\">"));
    for wrong in [("lang", "de"), ("theme", "pink")] {
        let answer = browser.post_signed("/preferences", &[wrong]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn forms_of_other_sites_and_sessions_are_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (_, mut browser) = signed_in(&app, Role::Admin, DEPARTMENT).await;
    let (_, mut stranger) = signed_in(&app, Role::Admin, DEPARTMENT).await;
    let token = value_of(&browser.page("/account").await, "csrf");
    let foreign = value_of(&stranger.page("/account").await, "csrf");
    assert_ne!(token, foreign);
    for path in ["/preferences", "/sign-out", "/account"] {
        for (site, token) in [
            ("cross-site", token.as_str()),
            ("same-site", token.as_str()),
            ("same-origin", foreign.as_str()),
            ("same-origin", ""),
        ] {
            let fields = [("csrf", token), ("lang", "ru")];
            let answer = browser.post_from(site, path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site} {path}");
            assert!(answer.text.contains("<html"), "{}", answer.text);
        }
        let answer = browser.post(path, &[("lang", "ru")]).await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{path} without a token"
        );
    }
    let fields = [("username", "x"), ("password", "y")];
    let answer = Browser::of(&app)
        .post_from("cross-site", "/sign-in", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        browser
            .page("/account")
            .await
            .contains("<html lang=\"en\">")
    );
    app.stop().await;
}

#[actix_rt::test]
async fn the_rest_interface_takes_a_session_for_reading_only() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (user, browser) = signed_in(&app, Role::Admin, DEPARTMENT).await;
    let cookie = browser.session_cookie();
    let me = app.raw_get("/api/v1/auth/me", &[("cookie", &cookie)]).await;
    assert_eq!(me.ok()["username"], user.username.as_str());
    let headers = [("cookie", cookie.as_str())];
    for path in [
        "auth/logout",
        "credit-portfolio/cache/clear",
        "credit-portfolio/import/trigger",
    ] {
        let answer = app.post_with(path, &headers, &json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn two_users_by_cookie_get_their_own_figures_from_a_warm_cache() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (department, amount) in [(DEPARTMENT, 111_11), (OTHER_DEPARTMENT, 222_22)] {
        let file = receipts(&[a_receipt(1).amounting_to(amount)]);
        app.import(department, &[(RECEIPTS, &file)]).await;
    }
    let (_, mut first) = signed_in(&app, Role::Manager, DEPARTMENT).await;
    let (_, mut second) = signed_in(&app, Role::Manager, OTHER_DEPARTMENT).await;
    let path = "/operations?measure=receipts";
    // Once to compute, then out of the cache, on whichever worker.
    for _ in 0..8 {
        for (browser, own) in [(&mut first, "₽111.11"), (&mut second, "₽222.22")] {
            assert_eq!(text_of(&browser.page(path).await, "figure"), own);
            let api = "/api/v1/credit-portfolio/summary";
            let total = &browser.get(api).await.ok()["total_receipts"];
            assert_eq!(format!("₽{total}"), own);
        }
    }
    let foreign = format!("{path}&department_id={OTHER_DEPARTMENT}");
    assert_eq!(first.get(&foreign).await.status, StatusCode::FORBIDDEN);
    let nobody = app.raw_get("/api/v1/credit-portfolio/summary", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    app.stop().await;
}
