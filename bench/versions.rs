//! Measures the same questions of two versions of the program, each over a database that it filled
//! itself; in one run, in turns.
//!
//! `bench/run` starts both when `OLD_PROGRAM` names an older one: `OLD_BASE` and `NEW_BASE` say
//! where they listen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};

const REPEATS: usize = 51;

/// The questions that both versions answer.
const PATHS: [&str; 12] = [
    "summary",
    "monthly-stats",
    "analytics/monthly-efficiency",
    "analytics/org-efficiency",
    "analytics/cashflow-monthly",
    "analytics/yearly-comparison",
    "contract-stats",
    "contracts/stats/summary",
    "organization-stats",
    "analytics/debt-balance",
    "analytics/debt-balance?group_by=contract",
    "analytics/concentration",
];

struct Version {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Version {
    async fn of(variable: &str) -> Version {
        let (http, base) = (
            reqwest::Client::new(),
            std::env::var(variable).expect(variable),
        );
        let login = json!({ "username": "bench", "password": "a password to measure with" });
        let answer = http
            .post(format!("{base}/auth/login"))
            .json(&login)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
        Version {
            http,
            base,
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// The time of one miss, through the whole of the program.
    async fn miss(&self, path: &str) -> Duration {
        let url = |path: &str| format!("{}/credit-portfolio/{path}", self.base);
        let clear = self
            .http
            .post(url("cache/clear"))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        clear.error_for_status().unwrap();
        let join = if path.contains('?') { '&' } else { '?' };
        let request = self
            .http
            .get(url(&format!("{path}{join}department_id=8")))
            .bearer_auth(&self.token);
        let started = Instant::now();
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        answer.bytes().await.unwrap();
        started.elapsed()
    }
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    actix_rt::System::new().block_on(async {
        let (old, new) = (Version::of("OLD_BASE").await, Version::of("NEW_BASE").await);
        println!("| miss over HTTP | the older version | this version | ratio |\n| --- | --- | --- | --- |");
        for path in PATHS {
            let (mut old_times, mut new_times) = (Vec::new(), Vec::new());
            for _ in 0..REPEATS {
                old_times.push(old.miss(path).await);
                new_times.push(new.miss(path).await);
            }
            let [old, new] = [median_ms(old_times), median_ms(new_times)];
            println!("| {path} | {old:.2} ms | {new:.2} ms | {:.2} |", new / old);
        }
    });
}
