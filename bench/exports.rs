//! Measures the files of a running server: one alone, then thirty at once beside other requests.
//!
//! `bench/run` starts it: `BASE` and `TOKEN` say where and by whom it is asked, `SERVER` is its
//! process id. `ALONE` holds the questions that are measured alone, `CROWD` the one of the thirty.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use tokio::task::JoinSet;

const AT_ONCE: usize = 30;
/// Clients that ask other questions, with so much time between them.
const CLIENTS: usize = 8;
const PAUSE: Duration = Duration::from_millis(20);
const IDLE: Duration = Duration::from_secs(15);
/// Other questions: a cached figure, a page of a list, reference data.
const QUESTIONS: [&str; 3] = ["summary", "expenses?limit=50", "organizations"];

#[derive(Clone)]
struct Server {
    client: Client,
    base: String,
    token: String,
}

impl Server {
    /// Asks, and passes over what comes; returns the status and how many bytes that was.
    async fn ask(&self, question: &str) -> (StatusCode, usize) {
        let url = format!("{}/credit-portfolio/{question}", self.base);
        let request = self.client.get(url).bearer_auth(&self.token);
        let mut answer = request.send().await.unwrap();
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await.unwrap() {
            bytes += piece.len();
        }
        (answer.status(), bytes)
    }
}

/// The times of other questions until `ended`, by question.
async fn others(server: &Server, ended: Arc<AtomicBool>) -> [Vec<Duration>; QUESTIONS.len()] {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (server, ended) = (server.clone(), ended.clone());
        clients.spawn(async move {
            let mut times: [Vec<Duration>; QUESTIONS.len()] = Default::default();
            while !ended.load(Ordering::Relaxed) {
                for (times, question) in times.iter_mut().zip(QUESTIONS) {
                    let began = Instant::now();
                    assert_eq!(server.ask(question).await.0, StatusCode::OK);
                    times.push(began.elapsed());
                    tokio::time::sleep(PAUSE).await;
                }
            }
            times
        });
    }
    let mut all: [Vec<Duration>; QUESTIONS.len()] = Default::default();
    while let Some(times) = clients.join_next().await {
        for (all, times) in all.iter_mut().zip(times.unwrap()) {
            all.extend(times);
        }
    }
    all
}

fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    let at = ((times.len() as f64 * share) as usize).min(times.len() - 1);
    times[at].as_secs_f64() * 1000.0
}

/// The peak of the server's memory in MiB, since it was cleared.
fn peak(server: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{server}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}

fn clear_peak(server: &str) {
    std::fs::write(format!("/proc/{server}/clear_refs"), "5").unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let setting = |name: &str| std::env::var(name).expect(name);
    let (process, server) = (
        setting("SERVER"),
        Server {
            client: Client::new(),
            base: setting("BASE"),
            token: setting("TOKEN"),
        },
    );
    println!("| file, alone | time | extra memory at its peak | size |\n| --- | --- | --- | --- |");
    for question in setting("ALONE").split_whitespace() {
        clear_peak(&process);
        let (before, began) = (peak(&process), Instant::now());
        let (status, bytes) = server.ask(question).await;
        assert_eq!(status, StatusCode::OK);
        println!(
            "| {question} | {:.2} s | {:.1} MiB | {:.1} MB |",
            began.elapsed().as_secs_f64(),
            peak(&process) - before,
            bytes as f64 / 1e6
        );
    }
    let Ok(crowd) = std::env::var("CROWD") else {
        return;
    };
    let ended = Arc::new(AtomicBool::new(false));
    let at_end = ended.clone();
    let (mut idle, ()) = tokio::join!(others(&server, ended), async {
        tokio::time::sleep(IDLE).await;
        at_end.store(true, Ordering::Relaxed);
    });
    let ended = Arc::new(AtomicBool::new(false));
    let at_end = ended.clone();
    clear_peak(&process);
    let (before, began) = (peak(&process), Instant::now());
    let (mut beside, finished) = tokio::join!(others(&server, ended), async {
        let mut exports = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (server, crowd) = (server.clone(), crowd.clone());
            exports.spawn(async move { server.ask(&crowd).await.0 });
        }
        let statuses = exports.join_all().await;
        at_end.store(true, Ordering::Relaxed);
        statuses
            .iter()
            .filter(|one| **one == StatusCode::OK)
            .count()
    });
    println!(
        "\n{finished} of {AT_ONCE} exports at once ({crowd}) finished within {:.1} s, {:.1} MiB beyond before.\n",
        began.elapsed().as_secs_f64(),
        peak(&process) - before
    );
    println!("| other requests, 99th percentile | idle | beside {AT_ONCE} exports | ratio |");
    println!("| --- | --- | --- | --- |");
    for ((question, idle), beside) in QUESTIONS.iter().zip(&mut idle).zip(&mut beside) {
        let (idle, beside) = (percentile(idle, 0.99), percentile(beside, 0.99));
        println!(
            "| {question} | {idle:.2} ms | {beside:.2} ms | {:.2} |",
            beside / idle
        );
    }
}
