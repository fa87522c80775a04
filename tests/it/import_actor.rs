//! The actor: triggered, scheduled, one run at a time, and alive after every fault.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    a_trigger_imports_and_answers_when_the_run_has_ended,
    a_second_caller_gets_409_with_the_id_of_the_run,
    the_schedule_starts_runs_by_itself,
    a_run_that_was_broken_off_is_marked_at_the_next_start,
    of_two_processes_with_one_schedule_one_runs,
    the_program_stops_while_a_server_keeps_it_waiting,
    whoever_waits_for_a_run_is_answered_when_the_program_stops,
);

async fn a_trigger_imports_and_answers_when_the_run_has_ended(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put("A - postuplenie.xlsx", receipts(&[a_receipt(1)]));
    app.put("empty - postuplenie.xlsx", b"");
    app.put("readme.txt", b"hello");
    let answer = app.trigger().await.ok();
    let run_id = answer["run_id"].as_i64().unwrap();
    assert_eq!(
        answer,
        json!({
            "success": false, "message": "1 of 3 files imported, 1 failed, 1 skipped", "files_processed": 1,
            "files_failed": 1, "files_skipped": 1, "total_files": 3, "files_failing": 1, "department_id": DEPARTMENT,
            "run_id": run_id,
        })
    );
    let run = app.get(&format!("import/runs/{run_id}")).await.ok();
    assert_eq!(run["state"], "partial", "another file came in");
    app.put("empty - postuplenie.xlsx", receipts(&[a_receipt(2)]));
    assert_eq!(app.trigger().await.ok()["success"], json!(true));
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(200.0)
    );
    app.stop().await;
}

async fn a_second_caller_gets_409_with_the_id_of_the_run(backend: Backend) {
    // A server that accepts and never speaks keeps the run going for as long as it may wait.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("FTP_PORT", port.as_str()),
        ("FTP_TIMEOUT_MS", "3000"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = "credit-portfolio/import/trigger?wait=false";
    let first = app.request(Method::POST, path, Some(&token), None).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let run_id = first.json()["run_id"].clone();
    assert_eq!(
        first.header("Location"),
        format!("/api/v1/credit-portfolio/import/runs/{run_id}")
    );
    let second = app.request(Method::POST, path, Some(&token), None).await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert_eq!(second.json()["run_id"], run_id);
    let twin = app.twin().await;
    let elsewhere = twin.request(Method::POST, path, Some(&token), None).await;
    assert_eq!(
        (elsewhere.status, &elsewhere.json()["run_id"]),
        (StatusCode::CONFLICT, &run_id),
        "of another process"
    );
    twin.stop().await;
    let run = format!("import/runs/{run_id}");
    eventually("the run gives up", async || {
        app.get(&run).await.ok()["state"] == "failed"
    })
    .await;
    let journal = app.get("import-logs").await.ok();
    assert!(
        journal[0]["error_message"]
            .as_str()
            .unwrap()
            .contains("no answer within 3 s"),
        "{journal}"
    );
    let third = app.request(Method::POST, path, Some(&token), None).await;
    assert_eq!(
        third.status,
        StatusCode::ACCEPTED,
        "the actor is free again"
    );
    app.stop().await;
}

async fn the_schedule_starts_runs_by_itself(backend: Backend) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_ENABLED", "true"),
        ("IMPORT_SCHEDULE", "* * * * * *"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    app.put("A - postuplenie.xlsx", receipts(&[a_receipt(1)]));
    eventually("the scheduled import has run", async || {
        app.get("summary").await.ok()["total_receipts"] == json!(100.0)
    })
    .await;
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["processed_by"], "schedule");
    app.stop().await;
}

async fn of_two_processes_with_one_schedule_one_runs(backend: Backend) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_ENABLED", "true"),
        ("IMPORT_SCHEDULE", "* * * * * *"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let twin = app.twin().await;
    let runs = async || {
        app.get("import/runs?limit=1000")
            .await
            .ok()
            .as_array()
            .unwrap()
            .clone()
    };
    eventually("some scheduled imports have run", async || {
        runs().await.len() >= 5
    })
    .await;
    twin.stop().await;
    let runs = runs().await;
    let mut times: Vec<&str> = runs
        .iter()
        .map(|run| run["scheduled_for"].as_str().unwrap())
        .collect();
    times.sort_unstable();
    let all = times.len();
    times.dedup();
    assert_eq!(times.len(), all, "{times:?}");
    app.stop().await;
}

async fn a_run_that_was_broken_off_is_marked_at_the_next_start(backend: Backend) {
    use credit_portfolio::db::{self, NewRun, utc_now};
    let app = TestApp::start(backend).await;
    let run = NewRun {
        department_id: OTHER_DEPARTMENT,
        state: "running".to_owned(),
        started_by: "schedule".to_owned(),
        started_at: utc_now(),
        scheduled_for: None,
        covers_after: None,
        sources: "ftp".to_owned(),
        holder: "a process that is gone".to_owned(),
    };
    let id = app
        .running
        .state
        .db
        .write(async |conn| db::insert_run(conn, run).await)
        .await
        .unwrap();
    app.execute("UPDATE import_runs SET seen_at = '2020-01-01 00:00:00'")
        .await;
    let app = app.restarted(&[("USE_REDIS", "false")]).await;
    let state = async || app.get(&format!("import/runs/{id}")).await.ok()["state"].clone();
    for _ in 0..100 {
        if state().await != "running" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(state().await, "interrupted");
    app.stop().await;
}

async fn the_program_stops_while_a_server_keeps_it_waiting(backend: Backend) {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("FTP_PORT", port.as_str()),
        ("FTP_TIMEOUT_MS", "600000"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = "credit-portfolio/import/trigger?wait=false";
    let run_id = app
        .request(Method::POST, path, Some(&token), None)
        .await
        .json()["run_id"]
        .clone();
    let app = app.restarted(&[("USE_REDIS", "false")]).await;
    let run = app.get(&format!("import/runs/{run_id}")).await.ok();
    assert_eq!(run["state"], "interrupted", "{run}");
    app.stop().await;
}

async fn whoever_waits_for_a_run_is_answered_when_the_program_stops(backend: Backend) {
    let settings = [("USE_REDIS", "false"), ("IMPORT_SETTLE_SECONDS", "3600")];
    let app = TestApp::start_with(backend, &settings).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let process = app.twin_with(app.settings.clone()).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let address = process.running.address;
    let trigger = format!("http://{address}/api/v1/credit-portfolio/import/trigger");
    let waiting = reqwest::Client::new()
        .post(trigger)
        .bearer_auth(token)
        .send();
    let stopping = async {
        eventually("the run has begun", async || {
            app.get("import/runs").await.ok()[0]["state"] == "running"
        })
        .await;
        process.stop().await;
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    let answer: Value = answer.unwrap().json().await.unwrap();
    assert_eq!(answer["success"], json!(false), "{answer}");
    assert_eq!(app.get("import/runs").await.ok()[0]["state"], "interrupted");
    app.stop().await;
}
