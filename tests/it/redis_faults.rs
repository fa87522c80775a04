//! Why Redis is not used, in the log's words; and the rights that its user needs.

use std::path::Path;

use crate::support::app::{Backend, TestApp};
use crate::support::eventually;
use crate::support::processes::free_port;
use crate::support::program::program;
use crate::support::servers::{Redis, sentinel};

/// The log of a command that uses the cache once.
fn log_with(settings: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("exports")).unwrap();
    let output = program(folder.path(), &["import", "--dir", "exports"])
        .env("USE_REDIS", "true")
        .env("REDIS_HOST", "127.0.0.1")
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_log_names_the_cause() {
    let redis = Redis::start_with_password("only the server knows");
    let (port, nowhere) = (redis.port.to_string(), free_port().to_string());
    let tls = format!("rediss://127.0.0.1:{port}/0");
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("REDIS_PORT", &nowhere)], "refused"),
        (
            &[("REDIS_PORT", &port), ("REDIS_PASSWORD", "a guess")],
            "authentication failed",
        ),
        (&[("REDIS_PORT", &port)], "NOAUTH"),
        (
            &[
                ("REDIS_PORT", &port),
                ("REDIS_PASSWORD", "only the server knows"),
                ("REDIS_DB", "4711"),
            ],
            "out of range",
        ),
        (&[("REDIS_URL", &tls)], "does the server speak TLS?"),
    ];
    for (settings, cause) in cases {
        let log = log_with(settings);
        let line = log.lines().find(|line| line.contains("Falling back"));
        let line = line.unwrap_or_else(|| panic!("{settings:?}: {log}"));
        assert!(line.contains(cause), "{settings:?}: {line}");
        assert!(!log.contains("a guess") && !log.contains("only the server knows"));
    }
    let log = log_with(&[("REDIS_URL", "redis://user:hidden@host:port/x")]);
    assert!(
        log.contains("REDIS_URL") && !log.contains("hidden"),
        "{log}"
    );
}

/// The rights that the README asks for.
fn rights() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let line = readme
        .lines()
        .find_map(|line| line.strip_prefix("ACL SETUSER portfolio "));
    line.unwrap().split(' ').map(str::to_owned).collect()
}

#[actix_rt::test]
async fn the_rights_of_the_readme_are_enough_and_a_missing_one_is_named() {
    let redis = Redis::start();
    let allowed = |rights: &[String]| {
        let command = ["ACL", "SETUSER", "portfolio", "reset"].map(str::to_owned);
        let command: Vec<String> = command.iter().chain(rights).cloned().collect();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        assert_eq!(redis.cli(&command), "OK");
    };
    allowed(&rights());
    let url = format!("redis://portfolio:password@127.0.0.1:{}/0", redis.port);
    let settings = [("REDIS_URL", url.as_str()), ("CACHE_MEMORY_MB", "0")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    assert_eq!(app.running.state.cache.redis_is_up(), Some(true));
    app.get("summary?department_id=8").await.ok();
    let again = app.get("summary?department_id=8").await;
    let status = again.header("cache-status");
    assert!(
        status.contains("; hit;") && status.ends_with("detail=redis"),
        "{status}"
    );
    eventually("it listens for changes", async || {
        let listening = redis.cli(&["PUBSUB", "NUMSUB", "itbudget:changes:credit_portfolio"]);
        listening.ends_with('1')
    })
    .await;
    let token = app.token(credit_portfolio::domain::Role::Admin, 8).await;
    let clear = "credit-portfolio/cache/clear";
    let cleared = app
        .request(reqwest::Method::POST, clear, Some(&token), None)
        .await;
    assert!(cleared.status.is_success(), "{}", cleared.text);
    assert_eq!(app.running.state.cache.redis_is_up(), Some(true));
    app.stop().await;
    for missing in [
        "+eval",
        "+publish",
        "+hgetall",
        "+hset",
        "+unlink",
        "&itbudget:*",
    ] {
        let rest: Vec<String> = rights()
            .into_iter()
            .filter(|right| right != missing)
            .collect();
        allowed(&rest);
        let log = log_with(&[("REDIS_URL", &url)]);
        assert!(
            log.contains("Falling back") && log.to_lowercase().contains("permission"),
            "{missing}: {log}"
        );
    }
}

#[actix_rt::test]
async fn a_password_behind_sentinels_may_hold_anything() {
    let master = Redis::start_with_password("p@ss:w/o%+rd&");
    let (_sentinel, port) = sentinel("loans", master.port);
    let url = format!("redis+sentinel://:p%40ss%3Aw%2Fo%25+rd&@127.0.0.1:{port}/loans");
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("REDIS_URL", &url), ("REDIS_TIMEOUT_MS", "250")],
    )
    .await;
    eventually("the master is in use", async || {
        app.running.state.cache.redis_is_up() == Some(true)
    })
    .await;
    app.stop().await;
}
