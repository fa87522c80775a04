//! How the program leaves: not ready at once, answering until the delay is over, a last word for
//! everybody who waits, and the end within ten seconds.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use credit_portfolio::domain::Role;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::eventually;
use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, log_in, make_user, program, wait_until_ready};

const PASSWORD: &str = "correct horse";

/// The port of a server that takes connections and says nothing.
fn silent_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let held: Vec<_> = listener.incoming().collect();
        drop(held);
    });
    port
}

fn serve(folder: &Path, address: &str, settings: &[(&str, &str)]) -> Running {
    let mut serve = program(folder, &["serve"]);
    serve
        .env("SECRET_KEY", SECRET_KEY)
        .env("BIND", address)
        .env("IMPORT_ENABLED", "false")
        .envs(settings.iter().copied());
    let running = Running::start(&mut serve);
    wait_until_ready(address);
    running
}

async fn readiness(client: &Client, address: &str) -> Option<(Response, Value)> {
    let url = format!("http://{address}/readyz");
    let response = client.get(&url).send().await.ok()?;
    let body = client.get(&url).send().await.ok()?.json().await.ok()?;
    Some((response, body))
}

#[actix_rt::test]
async fn who_waits_gets_a_last_word_and_the_run_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    make_user(folder.path(), &[], "anna", PASSWORD);
    let (address, ftp_port) = (
        format!("127.0.0.1:{}", free_port()),
        silent_server().to_string(),
    );
    let settings = [
        ("FTP_HOST", "127.0.0.1"),
        ("FTP_PORT", ftp_port.as_str()),
        ("FTP_TIMEOUT_MS", "600000"),
        ("SHUTDOWN_DELAY_SECONDS", "3"),
    ];
    let running = serve(folder.path(), &address, &settings);
    let token = log_in(&address, "anna", PASSWORD).await;
    let client = Client::new();
    let base = format!("http://{address}/api/v1/credit-portfolio");
    let trigger = client
        .post(format!("{base}/import/trigger"))
        .bearer_auth(&token);
    let trigger = actix_rt::spawn(trigger.send());
    eventually("the run has begun", async || {
        let runs = client
            .get(format!("{base}/import/runs"))
            .bearer_auth(&token);
        let runs: Value = runs.send().await.unwrap().json().await.unwrap();
        runs[0]["state"] == "running"
    })
    .await;
    let events = client
        .get(format!("{base}/import/runs/1/events"))
        .bearer_auth(&token);
    let mut events = events.send().await.unwrap();
    assert!(events.chunk().await.unwrap().is_some());
    let events = actix_rt::spawn(events.text());

    running.signal("-TERM");
    eventually("it is no longer ready", async || {
        readiness(&client, &address)
            .await
            .is_some_and(|(response, body)| {
                response.status() == StatusCode::SERVICE_UNAVAILABLE
                    && response.headers().contains_key("retry-after")
                    && body["status"] == "stopping"
            })
    })
    .await;
    let summary = client.get(format!("{base}/summary")).bearer_auth(&token);
    let summary = summary.send().await.unwrap();
    assert_eq!(summary.status(), StatusCode::OK, "it still answers");
    assert_eq!(summary.headers()["connection"], "close");

    let (code, log) = running.ended_within(Duration::from_secs(3 + 10));
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("Stopped"), "{log}");
    let events = events.await.unwrap().unwrap();
    assert!(
        events.contains("event: ended") && events.contains("interrupted"),
        "{events}"
    );
    let trigger = trigger.await.unwrap().unwrap();
    assert_eq!(trigger.status(), StatusCode::OK);
    let trigger: Value = trigger.json().await.unwrap();
    assert!(
        trigger["message"]
            .as_str()
            .unwrap()
            .contains("the program was stopped"),
        "{trigger}"
    );

    let running = serve(folder.path(), &address, &settings);
    let again = client
        .post(format!("{base}/import/trigger?wait=false"))
        .bearer_auth(&token);
    let again = again.send().await.unwrap();
    assert_eq!(
        again.status(),
        StatusCode::ACCEPTED,
        "{}",
        again.text().await.unwrap()
    );
    running.signal("-TERM");
    running.signal("-TERM");
    running.ended_within(Duration::from_secs(3 + 10));
}

#[actix_rt::test]
async fn a_second_signal_ends_the_delay() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let settings = [("SHUTDOWN_DELAY_SECONDS", "3600")];
    let running = serve(folder.path(), &address, &settings);
    running.signal("-HUP");
    let client = Client::new();
    eventually("it is no longer ready", async || {
        readiness(&client, &address)
            .await
            .is_some_and(|(_, body)| body["status"] == "stopping")
    })
    .await;
    running.signal("-INT");
    let (code, log) = running.ended_within(Duration::from_secs(10));
    assert_eq!(code, Some(0), "{log}");
}

#[actix_rt::test]
async fn who_watches_another_process_is_sent_there() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.execute(
        "INSERT INTO import_runs (department_id, state, started_by, started_at, sources, holder, seen_at) \
         VALUES (8, 'running', 'somebody', '2026-11-25 12:00:00', 'ftp', 'another process', \
         strftime('%Y-%m-%d %H:%M:%f', 'now'))",
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let events = Client::new()
        .get(format!(
            "http://{}/api/v1/credit-portfolio/import/runs/1/events",
            app.running.address
        ))
        .bearer_auth(&token);
    let mut events = events.send().await.unwrap();
    assert!(events.chunk().await.unwrap().is_some());
    let events = actix_rt::spawn(events.text());
    app.stop().await;
    let events = events.await.unwrap().unwrap();
    assert!(
        events.ends_with("event: stopping\ndata: {\"run_id\":1}\n\n"),
        "{events}"
    );
}
