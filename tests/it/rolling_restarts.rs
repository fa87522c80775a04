//! Two instances behind a plain HAProxy, restarted by turns under load.
//!
//! `ROLLING_RESTARTS` makes the long form (`bench/rolling-restarts`).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::from_environment;
use crate::support::haproxy::HaProxy;
use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, log_in, make_user, program, wait_until_ready};
use crate::support::servers::Postgres;

const CLIENTS: u64 = 8;

fn serve(folder: &Path, port: u16, database_url: &str) -> Running {
    let address = format!("127.0.0.1:{port}");
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join(format!("log-{port}")))
        .unwrap();
    let mut serve = program(folder, &["serve"]);
    serve
        .env("SECRET_KEY", SECRET_KEY)
        .env("BIND", &address)
        .env("DATABASE_URL", database_url)
        .env("SHUTDOWN_DELAY_SECONDS", "3")
        .stderr(log);
    let running = Running(serve.spawn().unwrap());
    wait_until_ready(&address);
    running
}

#[actix_rt::test]
async fn rolling_restarts_fail_no_request() {
    let restarts = from_environment("ROLLING_RESTARTS", 4);
    let folder = tempfile::tempdir().unwrap();
    let database_url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    make_user(
        folder.path(),
        &[("DATABASE_URL", &database_url)],
        "anna",
        "correct horse",
    );
    let ports = [free_port(), free_port()];
    let mut instances = ports.map(|port| Some(serve(folder.path(), port, &database_url)));
    let proxy = HaProxy::start(ports);
    proxy.both_up().await;
    let address = format!("127.0.0.1:{}", proxy.port);
    let token = log_in(&address, "anna", "correct horse").await;

    let (stop, answered, failed) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(std::sync::Mutex::new(Vec::new())),
    );
    let client = |number: u64| {
        let (stop, answered, failed) = (stop.clone(), answered.clone(), failed.clone());
        let (address, token) = (address.clone(), token.clone());
        actix_rt::spawn(async move {
            let client = reqwest::Client::new();
            let mut round = number;
            while !stop.load(Ordering::Acquire) {
                round += CLIENTS;
                let (year, day) = (2000 + round / 28 % 20, round % 28 + 1);
                let url = format!(
                    "http://{address}/api/v1/credit-portfolio/summary?date_from={year}-01-{day:02}"
                );
                match client.get(&url).bearer_auth(&token).send().await {
                    Ok(answer) if answer.status().is_success() => {
                        answered.fetch_add(1, Ordering::AcqRel);
                    }
                    Ok(answer) => {
                        let text = format!("{} {:?}", answer.status(), answer.text().await);
                        failed.lock().unwrap().push(text);
                    }
                    Err(err) => failed.lock().unwrap().push(format!("{err:?}")),
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    for restart in 0..restarts {
        let at = restart % 2;
        let instance = instances[at].take().unwrap();
        let next = tokio::task::spawn_blocking({
            let (folder, database_url) = (folder.path().to_owned(), database_url.clone());
            move || {
                instance.signal("-TERM");
                let (code, _) = instance.ended_within(Duration::from_secs(3 + 10));
                assert_eq!(code, Some(0));
                serve(&folder, ports[at], &database_url)
            }
        });
        instances[at] = Some(next.await.unwrap());
        proxy.both_up().await;
    }
    stop.store(true, Ordering::Release);
    for client in clients {
        client.await.unwrap();
    }
    let (answered, failed) = (answered.load(Ordering::Acquire), failed.lock().unwrap());
    println!(
        "{restarts} restarts, {answered} answers, {} failed",
        failed.len()
    );
    assert!(failed.is_empty(), "{:?}", &failed[..failed.len().min(10)]);
    assert!(answered > 10 * restarts, "{answered}");
}
