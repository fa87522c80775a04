//! The pages of accounts: users and the audit log for administrators, keys for everybody.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::db::UserRow;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, location, text_of, value_of};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    an_administrator_creates_changes_and_deactivates_a_user,
    a_key_is_shown_once_reads_and_is_revoked,
);

const PASSWORD: &str = "correct horse";

async fn signed_in(app: &TestApp, role: Role) -> (UserRow, Browser) {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(role, DEPARTMENT, &hash).await;
    let browser = Browser::signed_in(app, &user.username, PASSWORD).await;
    (user, browser)
}

async fn an_administrator_creates_changes_and_deactivates_a_user(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, mut browser) = signed_in(&app, Role::Admin).await;
    let department = DEPARTMENT.to_string();
    let mut fields = vec![
        ("username", "olga"),
        ("email", "olga@example.org"),
        ("full_name", "Ольга Петрова"),
        ("password", "battery staple"),
        ("role", "VIEWER"),
        ("department_id", department.as_str()),
    ];
    let made = browser.post_signed("/users", &fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let path = location(&made).split('?').next().unwrap().to_owned();
    assert!(
        browser
            .page(location(&made))
            .await
            .contains("The user is created.")
    );
    assert!(browser.page("/users").await.contains("Ольга Петрова"));
    let mut olga = Browser::signed_in(&app, "olga", "battery staple").await;
    olga.page("/").await;

    // The same once more, and what can't be a name: said, with what was entered kept.
    for (name, text) in [
        ("olga", "exists already"),
        ("ol\u{7}ga", "can&#39;t be a login name"),
    ] {
        fields[0].1 = name;
        let refused = browser.post_signed("/users", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(text), "{}", refused.text);
        assert_eq!(value_of(&refused.text, "email"), "olga@example.org");
        assert!(!refused.text.contains("battery staple"));
    }

    let other = OTHER_DEPARTMENT.to_string();
    let rights = [
        ("role", "MANAGER"),
        ("department_id", other.as_str()),
        ("is_active", "true"),
    ];
    let changed = browser.post_signed(&path, &rights).await;
    assert_eq!(location(&changed), format!("{path}?done=changed"));
    eventually("the old session has ended", async || {
        olga.get("/").await.status == StatusCode::SEE_OTHER
    })
    .await;
    let password = [("password", "another staple")];
    let set = browser
        .post_signed(&format!("{path}/password"), &password)
        .await;
    assert_eq!(location(&set), format!("{path}?done=password"));
    let short = browser
        .post_signed(&format!("{path}/password"), &[("password", "short")])
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut olga = Browser::signed_in(&app, "olga", "another staple").await;
    let out = browser.post_signed(&format!("{path}/log-out"), &[]).await;
    assert_eq!(location(&out), format!("{path}?done=logged-out"));
    eventually("the session has ended", async || {
        olga.get("/account").await.status == StatusCode::SEE_OTHER
    })
    .await;
    let off = [("role", "MANAGER"), ("department_id", other.as_str())];
    browser.post_signed(&path, &off).await;
    let refused = Browser::of(&app).sign_in("olga", "another staple").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let own = format!("/users/{}", admin.id);
    let lost = [
        ("role", "USER"),
        ("department_id", department.as_str()),
        ("is_active", "true"),
    ];
    let last = browser.post_signed(&own, &lost).await;
    assert_eq!(
        last.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        last.text
    );
    assert!(
        last.text.contains("last active administrator"),
        "{}",
        last.text
    );

    let id = path.rsplit('/').next().unwrap();
    let log = browser.page(&format!("/audit?user_id={id}")).await;
    for action in [
        "User created",
        "Rights changed",
        "Password set",
        "Signed out everywhere",
    ] {
        assert!(log.contains(action), "{action}: {log}");
    }
    assert!(log.contains("role VIEWER to MANAGER"), "{log}");
    app.stop().await;
}

async fn a_key_is_shown_once_reads_and_is_revoked(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (user, mut browser) = signed_in(&app, Role::Viewer).await;
    let (stranger, mut other) = signed_in(&app, Role::Manager).await;
    let owner = user.id.to_string();
    let mut fields = [
        ("name", "a spreadsheet"),
        ("ends_on", ""),
        ("user_id", owner.as_str()),
    ];
    let made = browser.post_signed("/keys", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.header("cache-control").contains("no-store"));
    let key = text_of(&made.text, "key");
    assert!(
        !browser.page("/keys").await.contains(&key),
        "it is shown once"
    );
    let me = async || app.request(Method::GET, "auth/me", Some(&key), None).await;
    let own = me().await;
    assert_eq!(own.ok()["username"], user.username.as_str());

    fields[1].1 = "2020-01-01";
    let past = browser.post_signed("/keys", &fields).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(value_of(&past.text, "name"), "a spreadsheet");
    fields[1].1 = "2999-12-31";
    let ends = browser.post_signed("/keys", &fields).await;
    assert!(ends.text.contains("1 Jan 3000, 00:00"), "{}", ends.text);

    // Others' keys are neither seen nor made nor revoked.
    let foreign = other.get(&format!("/keys?user_id={owner}")).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(other.get("/keys?all=1").await.status, StatusCode::FORBIDDEN);
    let for_others = other.post_signed("/keys", &fields).await;
    assert_eq!(for_others.status, StatusCode::FORBIDDEN);
    let page = browser.page("/keys").await;
    let revoke = page.rsplit_once("action=\"/keys/").unwrap().1;
    let revoke = format!("/keys/{}", revoke.split_once('"').unwrap().0);
    let stolen = other.post_signed(&revoke, &[]).await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
    assert_eq!(me().await.status, StatusCode::OK);

    let (_, mut admin) = signed_in(&app, Role::Admin).await;
    let all = admin.page("/keys?all=1").await;
    assert!(
        all.contains(&user.username) && !all.contains(&stranger.username),
        "{all}"
    );
    let revoked = admin.post_signed(&revoke, &[("back", "/keys?all=1")]).await;
    assert_eq!(location(&revoked), "/keys?all=1");
    assert_eq!(me().await.status, StatusCode::UNAUTHORIZED);
    assert!(browser.page("/keys").await.contains("Revoked"));
    app.stop().await;
}

#[actix_rt::test]
async fn users_and_the_audit_log_are_for_administrators_only() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, mut of_admin) = signed_in(&app, Role::Admin).await;
    let one = format!("/users/{}", admin.id);
    for role in [Role::Manager, Role::Accountant, Role::Viewer, Role::User] {
        let (_, mut browser) = signed_in(&app, role).await;
        for path in ["/users", one.as_str(), "/audit"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        for form in ["password", "log-out"] {
            let path = format!("{one}/{form}");
            let answer = browser
                .post_signed(&path, &[("password", "battery staple")])
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        let rights = [("role", "USER"), ("department_id", "8")];
        let answer = browser.post_signed(&one, &rights).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role}");
        let page = browser.page("/keys").await;
        assert!(!page.contains("href=\"/users\""), "{role}");
        assert!(
            page.contains("Make a key"),
            "everybody may have one: {role}"
        );
    }
    // Forms need the token.
    let answer = of_admin
        .post(&one, &[("role", "USER"), ("department_id", "8")])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    of_admin
        .post_signed("/preferences", &[("lang", "ru")])
        .await;
    for (path, text) in [
        ("/users", "Все пользователи"),
        (one.as_str(), "Завершить все сеансы"),
        ("/audit", "Журнал аудита"),
        ("/keys", "Ключи API"),
    ] {
        assert!(of_admin.page(path).await.contains(text), "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn the_audit_log_is_read_page_by_page() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (_, mut browser) = signed_in(&app, Role::Admin).await;
    let (user, _) = signed_in(&app, Role::Viewer).await;
    for _ in 0..60 {
        browser
            .post_signed(&format!("/users/{}/log-out", user.id), &[])
            .await;
    }
    let lines = |page: &str| page.matches("<tr><th scope=\"row\">").count();
    assert_eq!(lines(&browser.page("/audit").await), 50);
    assert_eq!(lines(&browser.page("/audit?page=2").await), 10);
    let wrong = browser.get("/audit?page=0").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    app.stop().await;
}
