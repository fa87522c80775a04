//! Two processes under constant questions, while imports come and Redis fails: each answer is
//! checked against the history of what was announced.
//!
//! `CACHE_ROUNDS` (imports) and `CACHE_FAULTS` (of each kind) make the long forms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use credit_portfolio::domain::Role;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, from_environment};

/// What went on while two processes were asked.
#[derive(Default)]
struct History {
    stop: AtomicBool,
    /// The amount that the last run that reported its end had brought.
    announced: AtomicI64,
    /// The amount that is under way.
    begun: AtomicI64,
    asked: AtomicUsize,
    wrong: std::sync::Mutex<Vec<String>>,
}

/// Asks both processes without a pause and checks every answer against the history.
fn readers(
    apps: [&TestApp; 2],
    token: &str,
    history: &Arc<History>,
) -> Vec<actix_rt::task::JoinHandle<()>> {
    let urls = apps.map(|app| format!("http://{}/api/v1/credit-portfolio", app.running.address));
    let reader = |number: u64| {
        let (urls, token, history) = (urls.clone(), token.to_owned(), history.clone());
        actix_rt::spawn(async move {
            let (client, mut random) = (reqwest::Client::new(), SmallRng::seed_from_u64(number));
            while !history.stop.load(Ordering::Acquire) {
                let floor = history.announced.load(Ordering::Acquire);
                let day = random.random_range(1..=4);
                let url = format!(
                    "{}/summary?department_id=8&date_from=2024-01-0{day}",
                    urls[random.random_range(0..2)]
                );
                let answer = client.get(&url).bearer_auth(&token).send().await;
                history.asked.fetch_add(1, Ordering::AcqRel);
                let answer = match answer {
                    Ok(answer) if answer.status() == StatusCode::OK => {
                        let how = format!("{:?}", answer.headers().get("cache-status"));
                        answer
                            .json::<serde_json::Value>()
                            .await
                            .map(|json| (json["total_receipts"].as_f64(), how))
                    }
                    Ok(answer) => {
                        let wrong = format!("{} {}", answer.status(), answer.text().await.unwrap());
                        history.wrong.lock().unwrap().push(wrong);
                        continue;
                    }
                    Err(err) => Err(err),
                };
                let begun = history.begun.load(Ordering::Acquire);
                match answer {
                    Ok((Some(total), how)) => {
                        let total = (total * 100.0).round() as i64;
                        if !(floor..=begun).contains(&total) {
                            let wrong =
                                format!("{url}: {total} is not from {floor} to {begun} ({how})");
                            history.wrong.lock().unwrap().push(wrong);
                        }
                    }
                    other => history.wrong.lock().unwrap().push(format!("{other:?}")),
                }
            }
        })
    };
    (0..6).map(reader).collect()
}

/// Imports ever larger amounts of the same receipt, by turns in either process.
async fn imports(apps: [&TestApp; 2], history: &History, rounds: usize) {
    for round in 0..rounds {
        let amount = history.begun.load(Ordering::Acquire) + 1_00;
        history.begun.store(amount, Ordering::Release);
        let file = receipts(&[a_receipt(1).amounting_to(amount)]);
        apps[round % 2]
            .import(DEPARTMENT, &[("postuplenie.xlsx", &file)])
            .await;
        history.announced.store(amount, Ordering::Release);
    }
}

pub async fn two_processes(redis: &Redis) -> (TestApp, TestApp) {
    let port = redis.port.to_string();
    let settings = [
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", port.as_str()),
        ("CACHE_LEASE_MS", "200"),
    ];
    let app = TestApp::start_with(Backend::Postgres, &settings).await;
    let twin = app.twin().await;
    (app, twin)
}

async fn finished(history: &History, readers: Vec<actix_rt::task::JoinHandle<()>>) {
    history.stop.store(true, Ordering::Release);
    for reader in readers {
        reader.await.unwrap();
    }
    let wrong = history.wrong.lock().unwrap();
    let asked = history.asked.load(Ordering::Acquire);
    assert!(
        wrong.is_empty(),
        "{} of {asked} answers are wrong: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    assert!(asked > 500, "{asked}");
}

#[actix_rt::test]
async fn no_answer_of_two_processes_is_older_than_the_last_run_that_reported_its_end() {
    let redis = Redis::start();
    let (app, twin) = two_processes(&redis).await;
    let history = Arc::new(History::default());
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let readers = readers([&app, &twin], &token, &history);
    imports(
        [&app, &twin],
        &history,
        from_environment("CACHE_ROUNDS", 12),
    )
    .await;
    finished(&history, readers).await;
    twin.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn no_fault_of_redis_gives_a_wrong_answer_or_none() {
    let mut redis = Redis::start();
    let (app, twin) = two_processes(&redis).await;
    let history = Arc::new(History::default());
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let readers = readers([&app, &twin], &token, &history);
    let mut random = SmallRng::seed_from_u64(6);
    for fault in (0..7 * from_environment("CACHE_FAULTS", 1)).map(|number| number % 7) {
        let pause = Duration::from_millis(random.random_range(50..400));
        match fault {
            0 => redis.signal("KILL"),
            1 => redis.signal("STOP"),
            2 => drop(redis.cli(&["FLUSHALL"])),
            3 => drop(redis.cli(&["CONFIG", "SET", "maxmemory", "1"])),
            4 => drop(redis.cli(&["REPLICAOF", "127.0.0.1", "1"])),
            5 => drop(redis.cli(&["CONFIG", "SET", "requirepass", "another"])),
            _ => drop(redis.cli(&["SCRIPT", "FLUSH"])),
        }
        imports([&app, &twin], &history, 1).await;
        tokio::time::sleep(pause).await;
        match fault {
            0 | 5 => redis.restart(),
            1 => redis.signal("CONT"),
            3 => drop(redis.cli(&["CONFIG", "SET", "maxmemory", "0"])),
            4 => drop(redis.cli(&["REPLICAOF", "NO", "ONE"])),
            _ => {}
        }
        imports([&app, &twin], &history, 1).await;
    }
    for app in [&app, &twin] {
        eventually("Redis is taken up", async || {
            app.running.state.cache.redis_is_up() == Some(true)
        })
        .await;
    }
    finished(&history, readers).await;
    twin.stop().await;
    app.stop().await;
}
