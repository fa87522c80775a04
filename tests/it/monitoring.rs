//! What monitoring reads of programs that run by themselves, each with metrics of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use credit_portfolio::config::Secret;
use credit_portfolio::demo::DemoFtpServer;
use reqwest::{Client, Method, StatusCode};

use crate::support::eventually;
use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, log_in, make_user, program, wait_until_ready};
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, receipts};

/// `serve` on an SQLite file in the folder.
fn serve(folder: &Path, address: &str, settings: &[(&str, &str)]) -> Running {
    let mut serve = program(folder, &["serve"]);
    serve
        .env("SECRET_KEY", SECRET_KEY)
        .env("BIND", address)
        .envs(settings.iter().copied());
    let running = Running::start(&mut serve);
    wait_until_ready(address);
    running
}

fn an_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// Each series with its value.
async fn scrape(address: &str) -> BTreeMap<String, f64> {
    let answer = reqwest::get(format!("http://{address}/metrics")).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
        .collect()
}

/// The metrics that a text names, without the endings of a histogram's series.
fn names<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let words = texts
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let metrics =
        words.filter(|word| word.starts_with("credit_portfolio_") || word.starts_with("process_"));
    metrics
        .map(|name| {
            name.trim_end_matches("_bucket")
                .trim_end_matches("_count")
                .trim_end_matches("_sum")
                .to_owned()
        })
        .collect()
}

#[actix_rt::test]
async fn every_metric_of_alerts_and_dashboard_is_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (redis, address) = (Redis::start(), an_address());
    let (redis_port, ftp_port) = (redis.port.to_string(), free_port().to_string());
    let settings = [
        ("USE_REDIS", "true"),
        ("REDIS_PORT", redis_port.as_str()),
        ("FTP_HOST", "127.0.0.1"),
        ("FTP_PORT", ftp_port.as_str()),
    ];
    let _running = serve(folder.path(), &address, &settings);
    let series = scrape(&address).await;
    let served = names(series.keys().map(String::as_str));

    let docker = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker");
    let read = |file: &str| std::fs::read_to_string(docker.join(file)).unwrap();
    let alerts = names([read("prometheus/alerts.yml").as_str()]);
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("grafana/credit-portfolio.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let queries = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap());
    let shown = names(queries);
    for (place, used) in [("alerts", alerts), ("dashboard", shown)] {
        assert!(used.len() > 10, "{place}: {used:?}");
        let missing: Vec<_> = used.difference(&served).collect();
        assert!(missing.is_empty(), "{place}: {missing:?} of {served:?}");
    }

    assert_eq!(series["credit_portfolio_database_up"], 1.0);
    for folder in ["database", "temporary"] {
        assert!(series[&format!("credit_portfolio_disk_free_bytes{{folder=\"{folder}\"}}")] > 0.0);
    }
    let never = "credit_portfolio_import_checked_timestamp_seconds{department=\"8\"}";
    assert_eq!(series[never], 0.0, "an import that never was has a series");
    let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(
        series
            .keys()
            .any(|name| name.contains("build_info{commit=") && name.contains(version))
    );
    for pool in [
        "requests", "figures", "imports", "changes", "leases", "exports", "checks",
    ] {
        let limit = format!("credit_portfolio_database_pool_connections_limit{{pool=\"{pool}\"}}");
        assert!(series[&limit] >= 1.0, "{pool}");
    }
}

#[actix_rt::test]
async fn requests_are_counted_by_route_never_by_path_and_on_the_fast_path_too() {
    let folder = tempfile::tempdir().unwrap();
    make_user(folder.path(), &[], "anna", "correct horse");
    let address = an_address();
    let _running = serve(folder.path(), &address, &[("IMPORT_ENABLED", "false")]);
    let token = log_in(&address, "anna", "correct horse").await;
    let client = Client::new();
    let ask = async |method: Method, path: &str| {
        let request = client.request(method, format!("http://{address}{path}"));
        request.bearer_auth(&token).send().await.unwrap().status()
    };
    const SUMMARY: &str = "/api/v1/credit-portfolio/summary";
    for _ in 0..10 {
        assert_eq!(ask(Method::GET, SUMMARY).await, StatusCode::OK);
    }
    assert_eq!(ask(Method::HEAD, SUMMARY).await, StatusCode::OK);
    for id in 1..=5 {
        ask(
            Method::GET,
            &format!("/api/v1/credit-portfolio/contracts/{id}"),
        )
        .await;
        ask(Method::GET, &format!("/no-such-page-{id}")).await;
        let method = Method::from_bytes(format!("INVENTED{id}").as_bytes()).unwrap();
        ask(method, "/livez").await;
    }
    let series = scrape(&address).await;
    let count = |method: &str, route: &str, status: u16| {
        let name = format!(
            "credit_portfolio_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
        );
        series.get(&name).copied().unwrap_or_default()
    };
    assert_eq!(count("GET", SUMMARY, 200), 11.0);
    assert_eq!(
        count("GET", "/api/v1/credit-portfolio/contracts/{id}", 404),
        5.0
    );
    assert_eq!(count("POST", "/api/v1/auth/login", 200), 1.0);
    let durations = format!(
        "credit_portfolio_http_request_duration_seconds_count{{method=\"GET\",route=\"{SUMMARY}\"}}"
    );
    assert_eq!(series[&durations], 11.0);
    let of_requests: Vec<_> = series
        .keys()
        .filter(|name| name.starts_with("credit_portfolio_http_requests_total"))
        .collect();
    let text = format!("{of_requests:?}");
    assert!(
        !text.contains("no-such-page")
            && !text.contains("INVENTED")
            && !text.contains("contracts/1"),
        "{text}"
    );
    let unmatched = of_requests
        .iter()
        .filter(|name| name.contains("unmatched"))
        .count();
    assert_eq!(unmatched, 1, "{text}");
}

#[actix_rt::test]
async fn metrics_with_an_address_of_their_own_are_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (address, of_metrics) = (an_address(), an_address());
    let settings = [
        ("IMPORT_ENABLED", "false"),
        ("METRICS_BIND", of_metrics.as_str()),
    ];
    let running = serve(folder.path(), &address, &settings);
    assert!(
        scrape(&of_metrics)
            .await
            .contains_key("credit_portfolio_database_up")
    );
    let status = async |address: &str, path: &str| {
        reqwest::get(format!("http://{address}{path}"))
            .await
            .unwrap()
            .status()
    };
    assert_eq!(status(&address, "/metrics").await, StatusCode::NOT_FOUND);
    assert_eq!(
        status(&of_metrics, "/api/v1/openapi.json").await,
        StatusCode::NOT_FOUND
    );
    let (code, log) = running.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        std::net::TcpStream::connect(&of_metrics).is_err(),
        "it ends with the program"
    );
}

#[actix_rt::test]
async fn every_process_reports_the_import_that_another_one_ran() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("ftp");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("postuplenie.xlsx"), receipts(&[a_receipt(1)])).unwrap();
    let ftp = DemoFtpServer::start(files, "1c", &Secret::new("only for tests"))
        .await
        .unwrap();
    let ftp_port = ftp.address.port().to_string();
    let settings = [
        ("FTP_HOST", "127.0.0.1"),
        ("FTP_PORT", ftp_port.as_str()),
        ("FTP_USER", "1c"),
        ("FTP_PASSWORD", "only for tests"),
        ("IMPORT_SETTLE_SECONDS", "0"),
    ];
    let addresses = [an_address(), an_address()];
    let _running = addresses
        .each_ref()
        .map(|address| serve(folder.path(), address, &settings));
    let times = async |address: &str| {
        let series = scrape(address).await;
        [
            "credit_portfolio_import_checked_timestamp_seconds{department=\"8\"}",
            "credit_portfolio_import_completed_timestamp_seconds",
        ]
        .map(|name| series[name])
    };
    for address in &addresses {
        assert_eq!(times(address).await, [0.0, 0.0]);
    }
    let mut import = program(folder.path(), &["import"]);
    import.envs(settings);
    let imported = tokio::task::spawn_blocking(move || import.output().unwrap());
    let imported = imported.await.unwrap();
    assert!(imported.status.success(), "{imported:?}");
    eventually("both report the same times", async || {
        let [one, two] = [times(&addresses[0]).await, times(&addresses[1]).await];
        one == two && one.iter().all(|time| *time > 0.0)
    })
    .await;
}
