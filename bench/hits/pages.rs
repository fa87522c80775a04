//! Warm pages of the dashboard beside the same client's hit of the REST interface.

use std::time::{Duration, Instant};

use credit_portfolio::app::RunningApp;

use crate::client::Target;
use crate::{a_user, on_own_runtime};

const ASKED: usize = 500;
const PAGES: [&str; 8] = [
    "/",
    "/cash-flow",
    "/payments",
    "/compare",
    "/contracts",
    "/lenders",
    "/roll-forward",
    "/operations",
];

/// One client, one connection: how long each page takes, plain and compressed.
pub(crate) async fn warm(app: &RunningApp, hit: &Target) {
    let user = a_user(app).await;
    let session = app.state.sessions.begin(&user).await.unwrap();
    let page = |path: &str, more: &str| {
        let headers = format!("Cookie: credit_portfolio_session={session}\r\n{more}");
        Target::with_headers(app.address, path, &headers)
    };
    println!("\n| warm, medians of one client | plain | gzip | bytes over the wire |");
    println!("| --- | --- | --- | --- |");
    let (time, size) = asked(hit.clone()).await;
    println!("| hit of the REST interface | {} | | {size} |", text(time));
    for path in PAGES {
        let (plain, _) = asked(page(path, "")).await;
        let (gzip, size) = asked(page(path, "Accept-Encoding: gzip\r\n")).await;
        println!("| `{path}` | {} | {} | {size} |", text(plain), text(gzip));
    }
    let mut whole = 0;
    for asset in assets(&page("/", "")).await {
        whole += size_of(page(&asset, "Accept-Encoding: br\r\n")).await;
    }
    whole += size_of(page("/", "Accept-Encoding: br\r\n")).await;
    println!("\nThe overview with all its files, cold, over the wire: {whole} bytes.");
}

fn text(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The median over many answers, and the size of one with its head.
async fn asked(target: Target) -> (Duration, usize) {
    on_own_runtime(async move {
        let mut client = target.connect().await;
        let (head, body) = client.ask().await;
        let mut times = Vec::new();
        for _ in 0..ASKED {
            let started = Instant::now();
            client.ask().await;
            times.push(started.elapsed());
        }
        times.sort();
        (times[ASKED / 2], head.len() + body.len())
    })
    .await
}

async fn size_of(target: Target) -> usize {
    let (head, body) = target.connect().await.ask().await;
    head.len() + body.len()
}

/// The files that a page names.
async fn assets(page: &Target) -> Vec<String> {
    let (_, body) = page.connect().await.ask().await;
    let html = String::from_utf8(body).unwrap();
    let mut found: Vec<String> = html
        .split('"')
        .filter(|part| part.starts_with("/static/"))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}
