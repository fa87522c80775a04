//! What a user may do: every change counts within one lease, in every process, and stands in the
//! audit log.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::db::UserRow;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    a_change_of_an_account_ends_its_tokens_in_every_process,
    every_change_stands_in_the_audit_log_which_is_only_added_to,
    tokens_of_the_time_after_a_backup_stay_refused_when_it_is_restored,
);

const PASSWORD: &str = "correct horse";

async fn member(app: &TestApp, role: Role) -> UserRow {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    app.user(role, DEPARTMENT, &hash).await
}

async fn log_in(app: &TestApp, user: &UserRow, password: &str) -> Answer {
    let body = json!({ "username": user.username, "password": password });
    app.request(Method::POST, "auth/login", None, Some(body))
        .await
}

async fn token_of(app: &TestApp, user: &UserRow) -> String {
    let answer = log_in(app, user, PASSWORD).await.ok();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn a_change_of_an_account_ends_its_tokens_in_every_process(backend: Backend) {
    let app = TestApp::start(backend).await;
    let twin = app.twin().await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let change = async |path: String, method: Method, body: Option<Value>| {
        let answer = app.request(method, &path, Some(&admin), body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    };
    for what in [
        json!({ "role": "ACCOUNTANT" }),
        json!({ "department_id": OTHER_DEPARTMENT }),
        json!({ "is_active": false }),
        json!("logout"),
        json!("password"),
    ] {
        let user = member(&app, Role::Manager).await;
        let token = token_of(&app, &user).await;
        for process in [&app, &twin] {
            // The second time from memory, ahead of authorization.
            for _ in 0..2 {
                process.get_as(&token, "summary").await.ok();
            }
        }
        let path = format!("users/{}", user.id);
        match what.as_str() {
            Some("logout") => change(format!("{path}/logout"), Method::POST, None).await,
            Some(_) => {
                let body = json!({ "password": "battery staple" });
                change(format!("{path}/password"), Method::POST, Some(body)).await;
            }
            None => change(path, Method::PUT, Some(what.clone())).await,
        }
        let refused = app.get_as(&token, "summary").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
        assert!(refused.text.contains("revoked"), "{}", refused.text);
        eventually("the other process knows", async || {
            twin.get_as(&token, "summary").await.status == StatusCode::UNAUTHORIZED
        })
        .await;
    }
    twin.stop().await;
    app.stop().await;
}

async fn tokens_of_the_time_after_a_backup_stay_refused_when_it_is_restored(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let user = member(&app, Role::Manager).await;
    let log_out = async || {
        let path = format!("users/{}/logout", user.id);
        let done = app.request(Method::POST, &path, Some(&admin), None).await;
        assert!(done.status.is_success(), "{}", done.text);
    };
    log_out().await;
    let lost = token_of(&app, &user).await;
    app.get_as(&lost, "summary").await.ok();
    // As the backup has it.
    let restore = format!(
        "UPDATE users SET version = {} WHERE id = {}",
        user.version, user.id
    );
    app.execute(&restore).await;
    log_out().await;
    let refused = app.get_as(&lost, "summary").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    // A user made after the backup may get the id of one who was made in the time that is lost.
    let other = member(&app, Role::Manager).await;
    assert_ne!(other.version, member(&app, Role::Manager).await.version);
    app.stop().await;
}

async fn every_change_stands_in_the_audit_log_which_is_only_added_to(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let registered = json!({
        "username": "petrov", "email": "petrov@example.org", "password": PASSWORD,
        "full_name": "Пётр Петров", "role": "MANAGER", "department_id": DEPARTMENT
    });
    let made = app
        .request(
            Method::POST,
            "auth/register",
            Some(&admin),
            Some(registered),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_i64().unwrap();
    let path = format!("users/{id}");
    for body in [
        json!({ "role": "VIEWER", "department_id": OTHER_DEPARTMENT }),
        // Nothing changes: no line.
        json!({ "role": "VIEWER" }),
        json!({ "is_active": false }),
    ] {
        let answer = app
            .request(Method::PUT, &path, Some(&admin), Some(body))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let log = app
        .request(
            Method::GET,
            &format!("audit?user_id={id}"),
            Some(&admin),
            None,
        )
        .await;
    assert_eq!(log.header("x-total-count"), "3");
    let lines: Vec<(String, String)> = log
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!(line["address"], "127.0.0.1");
            assert!(line["actor"].as_str().unwrap().starts_with("user"));
            (
                line["action"].as_str().unwrap().to_owned(),
                line["details"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let line = |action: &str, details: &str| (action.to_owned(), details.to_owned());
    assert_eq!(
        lines,
        [
            line("user.changed", "deactivated"),
            line("user.changed", "role MANAGER to VIEWER, department 8 to 9"),
            line("user.created", "role MANAGER, department 8"),
        ]
    );
    for sql in [
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
    ] {
        let refused = app.try_execute(sql).await.unwrap_err();
        assert!(refused.contains("only added"), "{refused}");
    }
    let manager = app.token(Role::Manager, DEPARTMENT).await;
    for path in ["audit", "users", &path] {
        let refused = app.request(Method::GET, path, Some(&manager), None).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn another_email_address_is_nobody_elses_and_stands_in_the_audit_log() {
    let app = TestApp::start(Backend::Postgres).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let (user, other) = (
        member(&app, Role::Viewer).await,
        member(&app, Role::User).await,
    );
    let change = async |user: &UserRow, body: Value| {
        let token = app.running.state.tokens.issue(user).unwrap();
        let answer = app.request(Method::PUT, "auth/me", Some(&token), Some(body));
        answer.await.status
    };
    // At the same time, in another letter case.
    let (one, another) = tokio::join!(
        change(&user, json!({ "email": "anna@example.org" })),
        change(&other, json!({ "email": "Anna@example.org" })),
    );
    let mut statuses = [one, another];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
    assert_eq!(
        change(&user, json!({ "email": "boris@example.org" })).await,
        StatusCode::OK
    );
    // The same again, and what is no login name: no line.
    assert_eq!(
        change(&user, json!({ "email": "boris@example.org" })).await,
        StatusCode::OK
    );
    assert_eq!(change(&user, json!({ "phone": "1" })).await, StatusCode::OK);
    let path = format!("audit?user_id={}", user.id);
    let log = app.request(Method::GET, &path, Some(&admin), None).await;
    let lines = log.ok();
    let details = lines[0]["details"].as_str().unwrap();
    assert!(details.ends_with(" to boris@example.org"), "{details}");
    assert_eq!(lines[0]["action"], "user.changed");
    assert_eq!(lines[0]["actor"], user.username);
    let before = usize::from(one == StatusCode::OK);
    assert_eq!(lines.as_array().unwrap().len(), 1 + before);
    app.stop().await;
}

#[actix_rt::test]
async fn the_last_active_admin_stays_one() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = member(&app, Role::Admin).await;
    let token = token_of(&app, &admin).await;
    let path = format!("users/{}", admin.id);
    for body in [json!({ "is_active": false }), json!({ "role": "USER" })] {
        let refused = app
            .request(Method::PUT, &path, Some(&token), Some(body.clone()))
            .await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{body}");
        assert!(
            refused.text.contains("last active ADMIN"),
            "{}",
            refused.text
        );
    }
    let other = member(&app, Role::Admin).await;
    let body = json!({ "role": "USER" });
    let changed = app
        .request(Method::PUT, &path, Some(&token), Some(body))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let token = token_of(&app, &other).await;
    let listed = app
        .request(Method::GET, "users?is_active=true", Some(&token), None)
        .await;
    let roles: Vec<Value> = listed
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["role"].clone())
        .collect();
    assert_eq!(roles.len(), 2, "{roles:?}");
    app.stop().await;
}

#[actix_rt::test]
async fn a_change_of_the_own_password_ends_other_tokens_and_gives_a_new_one() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = member(&app, Role::Manager).await;
    let (here, elsewhere) = (token_of(&app, &user).await, token_of(&app, &user).await);
    let body = json!({ "old_password": PASSWORD, "new_password": "battery staple" });
    let changed = app
        .request(
            Method::POST,
            "auth/me/change-password",
            Some(&here),
            Some(body),
        )
        .await
        .ok();
    for token in [&here, &elsewhere] {
        assert_eq!(
            app.get_as(token, "summary").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let new = changed["access_token"].as_str().unwrap();
    app.get_as(new, "summary").await.ok();
    assert_eq!(
        log_in(&app, &user, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    let everywhere = app
        .request(Method::POST, "auth/logout", Some(new), None)
        .await;
    assert_eq!(everywhere.status, StatusCode::NO_CONTENT);
    assert_eq!(
        app.get_as(new, "summary").await.status,
        StatusCode::UNAUTHORIZED
    );
    log_in(&app, &user, "battery staple").await.ok();
    app.stop().await;
}

#[actix_rt::test]
async fn a_viewer_reads_its_department_and_changes_nothing_but_the_own_account() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = member(&app, Role::Viewer).await;
    let token = token_of(&app, &user).await;
    for path in ["summary", "contracts", "receipts?format=csv", "import-logs"] {
        let answer = app.get_as(&token, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let other = app.get_as(&token, "summary?department_id=9").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    for (method, path) in changes(&app).await {
        let refused = app
            .request(method.clone(), &path, Some(&token), Some(json!({})))
            .await;
        assert_eq!(
            refused.status,
            StatusCode::FORBIDDEN,
            "{method} {path}: {}",
            refused.text
        );
    }
    let body = json!({ "position": "auditor" });
    let profile = app
        .request(Method::PUT, "auth/me", Some(&token), Some(body))
        .await;
    assert_eq!(profile.ok()["position"], "auditor");
    app.stop().await;
}

/// Every operation of the document that changes something, but for those of the own account.
async fn changes(app: &TestApp) -> Vec<(Method, String)> {
    let is_own = |path: &str| {
        path.starts_with("auth/me")
            || path.starts_with("api-keys")
            || ["auth/login", "auth/logout"].contains(&path)
    };
    let mut changes = app.operations().await;
    changes.retain(|(method, path)| *method != Method::GET && !is_own(path));
    assert!(changes.len() > 20, "{changes:?}");
    changes
}

#[actix_rt::test]
async fn an_old_key_is_accepted_beside_the_new_one() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = member(&app, Role::Manager).await;
    let old = token_of(&app, &user).await;
    let previous = crate::support::app::SECRET_KEY;
    let new = "another secret key that only tests know of";
    let settings = [("USE_REDIS", "false"), ("SECRET_KEY", new)];
    let rotated = app
        .restarted(&[settings.as_slice(), &[("SECRET_KEY_PREVIOUS", previous)]].concat())
        .await;
    rotated.get_as(&old, "summary").await.ok();
    let fresh = token_of(&rotated, &user).await;
    let forgotten = rotated.restarted(&settings).await;
    assert_eq!(
        forgotten.get_as(&old, "summary").await.status,
        StatusCode::UNAUTHORIZED
    );
    forgotten.get_as(&fresh, "summary").await.ok();
    forgotten.stop().await;
}

#[actix_rt::test]
async fn a_name_that_can_be_taken_for_another_one_is_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let register = async |username: &str, email: &str| {
        let body = json!({
            "username": username, "email": email, "password": PASSWORD, "full_name": "A",
            "role": "USER", "department_id": DEPARTMENT
        });
        app.request(Method::POST, "auth/register", Some(&admin), Some(body))
            .await
    };
    let made = register("admin8", "a@example.org").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    for name in ["ADMIN8", "аdmin8", "Аdmin8", "admin8"] {
        let refused = register(name, "b@example.org").await;
        assert_eq!(
            refused.status,
            StatusCode::CONFLICT,
            "{name}: {}",
            refused.text
        );
    }
    for name in ["ad\0min", "ad\u{200b}min", "\u{202e}nimda", "a/b"] {
        let refused = register(name, "b@example.org").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
        assert!(refused.text.contains("username"), "{}", refused.text);
    }
    for email in ["b", "b@", "@b", "b b@example.org", "b@example..org"] {
        let refused = register("b", email).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(refused.text.contains("email"), "{}", refused.text);
    }
    app.stop().await;
}
