//! Heartbeats by the database's clock: processes whose own clocks are hours apart do not take each
//! other's runs.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::eventually;

/// Moves PostgreSQL's clock, for connections that open from now on: a function of the schema comes
/// before the built-in one.
async fn shift_database_clock(app: &TestApp, by: &str) {
    app.execute(&format!(
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE \
         AS $$ SELECT pg_catalog.clock_timestamp() + INTERVAL '{by}' $$; \
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); \
         END $$"
    ))
    .await;
}

/// A run of another process, whose last heartbeat is so old by the database's clock.
async fn insert_run(app: &TestApp, age: &str) {
    app.execute(&format!(
        "INSERT INTO import_runs (department_id, state, started_by, started_at, sources, holder, seen_at) VALUES \
         ({DEPARTMENT}, 'running', 'somebody', TIMESTAMP '2026-11-25 12:00:00', 'ftp', 'another process', \
         (clock_timestamp() AT TIME ZONE 'UTC') - INTERVAL '{age}')"
    ))
    .await;
}

async fn started_with_clock(by: &str) -> TestApp {
    let app = TestApp::start(Backend::Postgres).await;
    shift_database_clock(&app, by).await;
    app.restarted(&[("USE_REDIS", "false")]).await
}

#[actix_rt::test]
async fn a_run_of_a_process_whose_clock_is_hours_behind_is_not_taken_over() {
    let app = started_with_clock("-3 hours").await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    insert_run(&app, "0 seconds").await;
    let refused = app
        .request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&token),
            None,
        )
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(
        app.read("SELECT state || ' ' || holder FROM import_runs"),
        ["running another process"]
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_dead_run_of_a_process_whose_clock_is_hours_ahead_is_closed() {
    let app = started_with_clock("3 hours").await;
    insert_run(&app, "1 minute").await;
    let states = "SELECT state FROM import_runs";
    eventually("it is closed", async || app.read(states) == ["interrupted"]).await;
    let replicas = "SELECT COUNT(*)::text FROM replicas WHERE seen_at > now() AT TIME ZONE 'UTC' + INTERVAL '2 hours'";
    assert_eq!(
        app.read(replicas),
        ["1"],
        "that a process answers goes by the same clock"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_run_that_died_while_the_clock_was_ahead_does_not_stand_in_the_way_for_long() {
    let app = TestApp::start(Backend::Postgres).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    // An hour ahead.
    insert_run(&app, "-1 hour").await;
    eventually("another run may begin", async || {
        let begun = app
            .request(
                Method::POST,
                "credit-portfolio/import/trigger",
                Some(&token),
                None,
            )
            .await;
        assert!(
            [StatusCode::OK, StatusCode::CONFLICT].contains(&begun.status),
            "{}",
            begun.text
        );
        begun.status == StatusCode::OK
    })
    .await;
    app.stop().await;
}

#[actix_rt::test]
async fn heartbeats_go_on_while_all_other_connections_are_in_use() {
    let silent_ftp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ftp_port = silent_ftp.local_addr().unwrap().port().to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("DATABASE_TIMEOUT_MS", "500"),
        ("DATABASE_POOL_SIZE", "2"),
        ("FTP_PORT", &ftp_port),
        ("FTP_TIMEOUT_MS", "600000"),
    ];
    let app = TestApp::start_with(Backend::Postgres, &settings).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = "credit-portfolio/import/trigger?wait=false";
    let begun = app.request(Method::POST, path, Some(&token), None).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
    // From now on the run needs nothing of the database.
    let _listing = silent_ftp.accept().await.unwrap();
    let state = &app.running.state;
    let mut held = Vec::new();
    for db in [&state.db, &state.changes, &state.import_context.db] {
        while let Ok(conn) = db.conn().await {
            held.push(conn);
        }
    }
    let seen_at = || app.read("SELECT seen_at::text FROM import_runs");
    for _ in 0..2 {
        let before = seen_at();
        eventually("there is another heartbeat", async || seen_at() > before).await;
    }
    drop(held);
    app.stop().await;
}

#[actix_rt::test]
async fn a_run_without_a_process_is_cancelled_at_once() {
    let app = TestApp::start(Backend::Postgres).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for (number, age) in ["-1 hour", "10 seconds"].iter().enumerate() {
        insert_run(&app, age).await;
        let path = format!("credit-portfolio/import/runs/{}/cancel", number + 1);
        let cancelled = app.request(Method::POST, &path, Some(&token), None).await;
        assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
        let state = format!("SELECT state FROM import_runs WHERE id = {}", number + 1);
        assert_eq!(app.read(&state), ["cancelled"], "{age}");
    }
    app.stop().await;
}
