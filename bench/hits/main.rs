//! Measures what comes out of the cache, through the whole of the program, beside a bare handler
//! that returns the same bytes; in one run, in turns.
//!
//! `bench/run` says where: `DATABASE_URL` and `REDIS_PORT`; `IMPORT_DIR` holds a workbook of many
//! rows to be imported meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use credit_portfolio::app::{RunningApp, import_context};
use credit_portfolio::config::Settings;
use credit_portfolio::db::{self, NewUser, UserRow, utc_now};
use credit_portfolio::import::{ImportRequest, Source, run_once};

mod client;
mod pages;

use client::{CONNECTIONS, Target};

const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;
const PATH: &str = "/api/v1/credit-portfolio/monthly-stats?department_id=8";

/// `redis`: the port of one, if it is to be used.
async fn started(memory_mb: &str, redis: Option<&str>) -> (RunningApp, Settings) {
    let database_url = std::env::var("DATABASE_URL").unwrap();
    let values = HashMap::from([
        ("DATABASE_URL", database_url.as_str()),
        ("DATABASE_TIMEOUT_MS", "60000"),
        ("USE_REDIS", if redis.is_some() { "true" } else { "false" }),
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", redis.unwrap_or("6379")),
        ("CACHE_MEMORY_MB", memory_mb),
        ("CACHE_TTL_SECONDS", "3600"),
        ("IMPORT_ENABLED", "false"),
        ("SECRET_KEY", "only for measurements on loopback, 32"),
        ("COOKIE_SECURE", "false"),
        ("BIND", "127.0.0.1:0"),
    ]);
    let settings = Settings::from_sources(None, |name| {
        values.get(name).map(|value| (*value).to_owned())
    })
    .unwrap();
    (RunningApp::start(&settings, true).await.unwrap(), settings)
}

/// A user of the department that is measured.
async fn a_user(app: &RunningApp) -> UserRow {
    let name = format!("bench{}", rand::random::<u64>());
    let now = utc_now();
    let user = NewUser {
        department_id: 8,
        email: name.clone(),
        username: name,
        password_hash: String::new(),
        full_name: "Bench".to_owned(),
        role: "ADMIN".to_owned(),
        created_at: now,
        updated_at: now,
    };
    let id = app
        .state
        .db
        .write(async |conn| db::insert_user(conn, user).await)
        .await
        .unwrap();
    db::find_user_by_id(&mut app.state.db.conn().await.unwrap(), id)
        .await
        .unwrap()
        .unwrap()
}

async fn a_token(app: &RunningApp) -> String {
    app.state.tokens.issue(&a_user(app).await).unwrap()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Requests a second of each target, taken in turns.
async fn rates<const N: usize>(targets: [&Target; N]) -> [f64; N] {
    let mut all: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (target, rates) in targets.iter().zip(&mut all) {
            let clients = (*target).clone();
            let times = on_own_runtime(async move { clients.load(ROUND).await }).await;
            rates.push(times.len() as f64 / ROUND.as_secs_f64());
        }
    }
    all.map(median)
}

/// The clients get threads of their own, away from the servers' workers.
async fn on_own_runtime<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work)
    })
    .await
    .unwrap()
}

fn p99(times: &[Duration]) -> Duration {
    times[times.len() * 99 / 100]
}

async fn while_importing(app: &RunningApp, settings: &Settings, hits: &Target) {
    let folder = PathBuf::from(std::env::var("IMPORT_DIR").unwrap());
    let clients = hits.clone();
    let idle = on_own_runtime(async move { clients.load(ROUND * 3).await }).await;
    let context = import_context(settings, app.state.db.clone(), app.state.cache.clone());
    let source = Source::folder(folder, 8, settings.import.policy.clone());
    let order = ImportRequest::now(vec![source], "bench");
    let ended = Arc::new(AtomicBool::new(false));
    let (clients, has_ended) = (hits.clone(), ended.clone());
    let load = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut times = Vec::new();
            while !has_ended.load(Ordering::Acquire) {
                times.extend(clients.load(Duration::from_secs(1)).await);
            }
            times.sort();
            times
        })
    });
    // As in production: the import runs on a thread of its own.
    let importing = std::thread::spawn(move || {
        actix_rt::System::new().block_on(async {
            run_once(&context, &order, &Default::default(), &mut |_| {})
                .await
                .unwrap()
        })
    });
    let report = tokio::task::spawn_blocking(move || importing.join().unwrap())
        .await
        .unwrap();
    ended.store(true, Ordering::Release);
    let busy = load.await.unwrap();
    let rows: usize = report.files.iter().map(|file| file.counts.inserted).sum();
    let [idle, busy] = [p99(&idle), p99(&busy)].map(|time| time.as_secs_f64() * 1000.0);
    println!("\n| hits, 99th percentile | time |\n| --- | --- |");
    println!(
        "| idle | {idle:.2} ms |\n| while {rows} rows are imported | {busy:.2} ms |\n| ratio | {:.2} |",
        busy / idle
    );
}

async fn cold_key(app: &RunningApp, address: std::net::SocketAddr, token: &str) {
    app.state
        .cache
        .invalidate_namespace(credit_portfolio::cache::NAMESPACE)
        .await;
    let target = Target::new(address, PATH, token);
    let heads = on_own_runtime(async move {
        let mut clients = Vec::new();
        for _ in 0..1000 {
            clients.push(target.connect().await);
        }
        let asking = clients
            .into_iter()
            .map(|mut client| tokio::spawn(async move { client.ask().await.0 }));
        let mut heads = Vec::new();
        for asked in asking.collect::<Vec<_>>() {
            heads.push(asked.await.unwrap());
        }
        heads
    })
    .await;
    let computed = heads
        .iter()
        .filter(|head| head.contains("; stored"))
        .count();
    println!(
        "\n| 1,000 concurrent requests for one cold key | |\n| --- | --- |\n| computations | {computed} |"
    );
}

/// How long answers take that are in no cache: one client, each question another.
async fn misses(app: &RunningApp, token: &str) -> Vec<Duration> {
    let (address, token) = (app.address, token.to_owned());
    on_own_runtime(async move {
        let mut times = Vec::new();
        for number in 0..1500 {
            let day =
                chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(number);
            let path =
                format!("/api/v1/credit-portfolio/contract-stats?department_id=8&date_from={day}");
            let mut client = Target::new(address, &path, &token).connect().await;
            let started = Instant::now();
            client.ask().await;
            times.push(started.elapsed());
        }
        times.sort();
        times
    })
    .await
}

/// A question that nobody asked before.
fn new_question(number: u64) -> String {
    let day =
        |number| chrono::NaiveDate::from_ymd_opt(2015, 1, 1).unwrap() + chrono::Days::new(number);
    let (from, to) = (day(number % 3000), day(3000 + number / 3000));
    format!("/api/v1/credit-portfolio/monthly-stats?department_id=8&date_from={from}&date_to={to}")
}

/// 512 clients for a minute, who ask one new question in ten.
async fn many_clients(address: std::net::SocketAddr, token: &str, first: u64) {
    const CLIENTS: u64 = 512;
    let token = token.to_owned();
    let (mut hits, mut misses) = on_own_runtime(async move {
        let end = Instant::now() + Duration::from_secs(60);
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let token = token.clone();
            clients.push(tokio::spawn(async move {
                let known = Target::new(address, PATH, &token);
                let mut client = known.connect().await;
                let (mut hits, mut misses) = (Vec::new(), Vec::new());
                for round in 0_u64.. {
                    if Instant::now() >= end {
                        break;
                    }
                    let is_new = (round + number) % 10 == 0;
                    client.request = if is_new {
                        let path = new_question(first + round * CLIENTS + number);
                        Target::new(address, &path, &token).request
                    } else {
                        known.request.clone()
                    };
                    let started = Instant::now();
                    // Every answer but 200 ends the measurement.
                    client.ask().await;
                    if is_new { &mut misses } else { &mut hits }.push(started.elapsed());
                }
                (hits, misses)
            }));
        }
        let (mut hits, mut misses) = (Vec::new(), Vec::new());
        for client in clients {
            let (more_hits, more_misses) = client.await.unwrap();
            hits.extend(more_hits);
            misses.extend(more_misses);
        }
        (hits, misses)
    })
    .await;
    println!(
        "\n| {CLIENTS} clients, 60 s, 10 % new questions, no error | answers | median | 99th percentile | ratio |\n| --- | --- | --- | --- | --- |"
    );
    for (what, times) in [("known", &mut hits), ("new", &mut misses)] {
        times.sort();
        let (median, high) = (times[times.len() / 2], p99(times));
        println!(
            "| {what} | {} | {:.2} ms | {:.2} ms | {:.1} |",
            times.len(),
            median.as_secs_f64() * 1000.0,
            high.as_secs_f64() * 1000.0,
            high.as_secs_f64() / median.as_secs_f64()
        );
    }
}

/// Hits alone, and while 200 new questions a second are asked beside them.
async fn beside_misses(hits: &Target, token: &str, first: u64) {
    let clients = hits.clone();
    let alone = on_own_runtime(async move { clients.load(ROUND * 3).await.len() }).await;
    let (clients, address, token) = (hits.clone(), hits.address, token.to_owned());
    let (beside, asked) = on_own_runtime(async move {
        let is_over = Arc::new(AtomicBool::new(false));
        let asking = {
            let is_over = is_over.clone();
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval(Duration::from_millis(5));
                let mut asked = Vec::new();
                while !is_over.load(Ordering::Acquire) {
                    ticks.tick().await;
                    let path = new_question(first + asked.len() as u64);
                    let question = Target::new(address, &path, &token);
                    asked.push(tokio::spawn(async move {
                        question.connect().await.ask().await;
                    }));
                }
                let count = asked.len();
                for question in asked {
                    question.await.unwrap();
                }
                count
            })
        };
        let answered = clients.load(ROUND * 3).await.len();
        is_over.store(true, Ordering::Release);
        (answered, asking.await.unwrap())
    })
    .await;
    let rate = |count: usize| count as f64 / (ROUND * 3).as_secs_f64();
    println!("\n| hits | requests/s | ratio |\n| --- | --- | --- |");
    println!("| alone | {:.0} | 1 |", rate(alone));
    println!(
        "| beside {:.0} new questions a second | {:.0} | {:.2} |",
        rate(asked),
        rate(beside),
        rate(beside) / rate(alone)
    );
}

/// What a Redis that does not answer costs once that is known.
async fn with_redis_away(without_redis: &RunningApp, token: &str) {
    let (away, _) = started("64", Some("1")).await;
    assert_eq!(away.state.cache.redis_is_up(), Some(false));
    let (off, down) = (
        misses(without_redis, token).await,
        misses(&away, token).await,
    );
    let [off, down] = [p99(&off), p99(&down)].map(|time| time.as_secs_f64() * 1000.0);
    println!("\n| misses, 99th percentile | time |\n| --- | --- |");
    println!("| Redis switched off | {off:.2} ms |\n| Redis does not answer | {down:.2} ms |");
    println!("| difference | {:.2} ms |", down - off);
    away.stop().await.unwrap();
}

fn main() {
    actix_rt::System::new().block_on(async {
        let (app, settings) = started("64", None).await;
        let redis_port = std::env::var("REDIS_PORT").unwrap();
        let (with_redis, _) = started("0", Some(&redis_port)).await;
        let token = a_token(&app).await;
        let hits = Target::new(app.address, PATH, &token);
        let (_, body) = hits.connect().await.ask().await;
        let (head, _) = hits.connect().await.ask().await;
        assert!(
            head.contains("; hit;") && head.contains("detail=memory"),
            "{head}"
        );
        let bytes = web::Bytes::from(body.clone());
        let bare_server = HttpServer::new(move || {
            let bytes = bytes.clone();
            App::new().route(
                "/bare",
                web::get().to(move || {
                    let bytes = bytes.clone();
                    async move {
                        HttpResponse::Ok()
                            .content_type("application/json")
                            .body(bytes)
                    }
                }),
            )
        })
        .bind(("127.0.0.1", 0))
        .unwrap();
        let bare = Target::new(bare_server.addrs()[0], "/bare", &token);
        let bare_server = bare_server.run();
        let bare_handle = bare_server.handle();
        actix_rt::spawn(bare_server);
        let redis_only = Target::new(with_redis.address, PATH, &token);
        redis_only.connect().await.ask().await;
        let (head, _) = redis_only.connect().await.ask().await;
        assert!(
            head.contains("; hit;") && head.contains("detail=redis"),
            "{head}"
        );

        let [bare_rate, hit_rate, redis_rate] = rates([&bare, &hits, &redis_only]).await;
        println!(
            "| {CONNECTIONS} connections, {} bytes | requests/s | of the bare handler |",
            body.len()
        );
        println!("| --- | --- | --- |\n| bare handler | {bare_rate:.0} | 1 |");
        println!(
            "| hit in memory | {hit_rate:.0} | {:.2} |",
            hit_rate / bare_rate
        );
        println!(
            "| hit in Redis | {redis_rate:.0} | {:.2} |",
            redis_rate / bare_rate
        );
        cold_key(&app, app.address, &token).await;
        with_redis_away(&app, &token).await;
        pages::warm(&app, &hits).await;
        beside_misses(&hits, &token, 0).await;
        many_clients(app.address, &token, 100_000).await;
        while_importing(&app, &settings, &hits).await;
        bare_handle.stop(false).await;
        with_redis.stop().await.unwrap();
        app.stop().await.unwrap();
    });
}
