//! Starts: several at once on a new database, before the database is there, and such that can't
//! succeed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::app::Backend;
use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, output_text, program};
use crate::support::proxy::Proxy;
use crate::support::servers::{Postgres, psql};
use crate::support::{eventually, on_both_databases};

on_both_databases!(several_starts_at_once_on_a_new_database_succeed);

const STARTS: usize = 5;

/// `serve` on that database, with its log in a file.
fn serve(folder: &Path, name: &str, address: &str, settings: &[(&str, &str)]) -> Running {
    let log = std::fs::File::create(folder.join(name)).unwrap();
    let mut serve = program(folder, &["serve"]);
    serve
        .env("SECRET_KEY", SECRET_KEY)
        .env("BIND", address)
        .env("IMPORT_ENABLED", "false")
        .envs(settings.iter().copied())
        .stderr(log);
    Running(serve.spawn().unwrap())
}

fn log(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

async fn is_ready(address: &str) -> bool {
    let answer = reqwest::get(format!("http://{address}/readyz")).await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

fn lines(path: &str, sql: &str) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let mut conn = SqliteConnection::establish(path).unwrap();
    let rows: Vec<Line> = diesel::sql_query(sql).load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

async fn several_starts_at_once_on_a_new_database_succeed(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.db").display().to_string();
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{file}"),
        Backend::Postgres => tokio::task::spawn_blocking(Postgres::empty_database)
            .await
            .unwrap(),
    };
    let addresses: Vec<String> = (0..STARTS)
        .map(|_| format!("127.0.0.1:{}", free_port()))
        .collect();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("FINANCE_DEPARTMENT_ID", "8,9"),
    ];
    let running: Vec<Running> = addresses
        .iter()
        .map(|address| serve(folder.path(), address, address, &settings))
        .collect();
    for address in &addresses {
        eventually(&format!("{address} is ready"), async || {
            is_ready(address).await
        })
        .await;
    }
    let logs: String = addresses
        .iter()
        .map(|address| log(folder.path(), address))
        .collect();
    let count = |words: &str| logs.lines().filter(|line| line.contains(words)).count();
    let sql = "SELECT CAST(COUNT(*) AS TEXT) AS line FROM __diesel_schema_migrations \
               UNION ALL SELECT CAST(id AS TEXT) FROM departments";
    let mut stored = match backend {
        Backend::Sqlite => lines(&file, sql),
        Backend::Postgres => psql(&url, sql).unwrap().lines().map(String::from).collect(),
    };
    let migrations = count("Applied migration");
    assert_eq!(stored.remove(0), migrations.to_string(), "{logs}");
    stored.sort();
    assert_eq!(stored, ["8", "9"]);
    assert_eq!(count("Made department"), 2, "{logs}");
    for process in running {
        let (code, _) = process.terminate();
        assert_eq!(code, Some(0), "{logs}");
    }
}

#[test]
fn migrations_at_once_of_a_new_file_succeed_each_time() {
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let started: Vec<_> = (0..STARTS)
            .map(|_| {
                let mut migrate = program(folder.path(), &["migrate"]);
                migrate.stdout(Stdio::piped()).stderr(Stdio::piped());
                migrate.spawn().unwrap()
            })
            .collect();
        for process in started {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", output_text(&output));
        }
    }
}

#[actix_rt::test]
async fn serve_waits_for_its_database_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    let (host, name) = url.rsplit_once('/').unwrap();
    let port: u16 = host.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut proxy = Proxy::start(port).await;
    proxy.cut().await;
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", proxy.port);
    let address = format!("127.0.0.1:{}", free_port());
    let running = serve(folder.path(), "log", &address, &[("DATABASE_URL", &url)]);
    eventually("it waits", async || {
        let waiting = format!("s more: 127.0.0.1:{}: ", proxy.port);
        log(folder.path(), "log").contains(&waiting)
    })
    .await;
    assert!(!is_ready(&address).await, "nothing listens yet");
    proxy.restore().await;
    eventually("it is ready", async || is_ready(&address).await).await;
    let stopped = tokio::task::spawn_blocking(|| running.terminate());
    assert_eq!(stopped.await.unwrap().0, Some(0));
}

/// A server that answers everybody that it is starting up; and its port.
fn starting_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        let mut message = vec![b'E'];
        message.extend(u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
        message.extend(fields);
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(&message);
        }
    });
    port
}

#[actix_rt::test]
async fn a_signal_ends_the_wait_for_a_database_that_starts_up() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "postgres://postgres@127.0.0.1:{}/any?sslmode=disable",
        starting_server()
    );
    let address = format!("127.0.0.1:{}", free_port());
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_START_TIMEOUT_SECONDS", "3600"),
    ];
    let running = serve(folder.path(), "log", &address, &settings);
    eventually("it waits", async || {
        let log = log(folder.path(), "log");
        log.contains("Waiting for the database") && log.contains("starting up")
    })
    .await;
    running.signal("-TERM");
    let (code, _) = running.ended_within(Duration::from_secs(10));
    let log = log(folder.path(), "log");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("Stopped before"), "{log}");
}

#[test]
fn a_database_that_does_not_come_is_an_error_with_host_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("postgres://user:very-secret@127.0.0.1:{port}/name");
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_START_TIMEOUT_SECONDS", "1"),
    ];
    let address = format!("127.0.0.1:{}", free_port());
    let running = serve(folder.path(), "log", &address, &settings);
    let (code, _) = running.ended_within(Duration::from_secs(60));
    let log = log(folder.path(), "log");
    assert_eq!(code, Some(1), "{log}");
    let error =
        format!("did not come within 1 s (DATABASE_START_TIMEOUT_SECONDS): 127.0.0.1:{port}: ");
    assert!(
        log.contains(&error) && log.contains("refused") && !log.contains("very-secret"),
        "{log}"
    );
    let list = program(folder.path(), &["user", "list"])
        .env("DATABASE_URL", &url)
        .output()
        .unwrap();
    let text = output_text(&list);
    assert!(
        !list.status.success() && !text.contains("Waiting"),
        "{text}"
    );
}

#[test]
fn what_waiting_can_not_help_ends_serve_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_postgres, url) = Postgres::start_with_password("right-one");
    let wrong = url.replace("right-one", "very-secret");
    let (server, _) = url.rsplit_once('/').unwrap();
    let missing = format!("{server}/no_such_name");
    let without_tls = format!("{url}?sslmode=require");
    for (url, cause) in [
        (wrong, "password authentication failed"),
        (missing, "no_such_name"),
        (without_tls, "speaks no TLS"),
    ] {
        let address = format!("127.0.0.1:{}", free_port());
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("DATABASE_START_TIMEOUT_SECONDS", "3600"),
        ];
        let running = serve(folder.path(), "log", &address, &settings);
        let (code, _) = running.ended_within(Duration::from_secs(60));
        let log = log(folder.path(), "log");
        assert_eq!(code, Some(1), "{log}");
        assert!(
            log.contains("the database can't be used: 127.0.0.1:")
                && log.contains(cause)
                && !log.contains("Waiting")
                && !log.contains("very-secret"),
            "{log}"
        );
    }
}
