//! Redis as it stands in other people's houses: with TLS and a user of its own, and behind
//! sentinels that name another master when one dies.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::app::{Backend, TestApp};
use crate::support::eventually;
use crate::support::processes::free_port;
use crate::support::program::{SECRET_KEY, output_text, program};
use crate::support::servers::{Redis, a_certificate, sentinel};

#[actix_rt::test]
async fn redis_with_tls_and_a_user_of_its_own_is_used() {
    let folder = tempfile::tempdir().unwrap();
    a_certificate(folder.path());
    let [key, certificate] =
        ["key.pem", "cert.pem"].map(|name| folder.path().join(name).display().to_string());
    let (port, address) = (free_port(), format!("127.0.0.1:{}", free_port()));
    let port_text = port.to_string();
    let tls = [
        "--port",
        "0",
        "--tls-port",
        &port_text,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
    ];
    let user = [
        "--tls-auth-clients",
        "no",
        "--user",
        "portfolio",
        "on",
        ">secret",
        "~itbudget:*",
        "&itbudget:*",
        "+@all",
    ];
    let _redis = Redis::start_on(port, "", &[tls.as_slice(), &user].concat());
    let serve = |user: &str| {
        Command::new(env!("CARGO_BIN_EXE_credit-portfolio"))
            .arg("serve")
            .env_clear()
            .current_dir(&folder)
            .env("SECRET_KEY", "a secret key that only tests know of")
            .env("BIND", &address)
            .env("REDIS_URL", format!("rediss://{user}@localhost:{port}/0"))
            .env("SSL_CERT_FILE", &certificate)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    for (user, state) in [("portfolio:secret", "up"), ("portfolio:wrong", "down")] {
        let mut serve = serve(user);
        let client = reqwest::Client::new();
        eventually("it reports the state of Redis", async || {
            let Ok(answer) = client.get(format!("http://{address}/readyz")).send().await else {
                return false;
            };
            answer
                .json::<Value>()
                .await
                .is_ok_and(|ready| ready["redis"] == state)
        })
        .await;
        serve.kill().unwrap();
        serve.wait().unwrap();
    }
}

#[actix_rt::test]
async fn behind_sentinels_the_next_master_is_taken_up() {
    let master = Redis::start();
    let master_port = master.port.to_string();
    let replica = Redis::start_on(free_port(), "", &["--replicaof", "127.0.0.1", &master_port]);
    let (_sentinel, sentinel_port) = sentinel("loans", master.port);
    let url = format!("redis+sentinel://127.0.0.1:{sentinel_port}/loans");
    eventually("the replica follows", async || {
        replica
            .cli(&["INFO", "replication"])
            .contains("link_status:up")
    })
    .await;
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("REDIS_URL", &url), ("REDIS_TIMEOUT_MS", "250")],
    )
    .await;
    eventually("the master is in use", async || {
        app.running.state.cache.redis_is_up() == Some(true)
    })
    .await;
    app.get("summary?department_id=8").await.ok();
    let key = "itbudget:cache:credit_portfolio:summary|8|None|None";
    assert_eq!(master.cli(&["EXISTS", key]), "1");
    master.signal("KILL");
    eventually("the loss is noticed", async || {
        app.running.state.cache.redis_is_up() == Some(false)
    })
    .await;
    app.get("summary?department_id=8&date_from=2024-01-01")
        .await
        .ok();
    eventually("the next master is in use", async || {
        app.running.state.cache.redis_is_up() == Some(true)
    })
    .await;
    app.get("summary?department_id=8&date_from=2024-01-02")
        .await
        .ok();
    let key = "itbudget:cache:credit_portfolio:summary|8|2024-01-02|None";
    assert_eq!(replica.cli(&["EXISTS", key]), "1");
    app.stop().await;
}

#[test]
fn a_cluster_is_refused_at_the_start_with_words() {
    let redis = Redis::start_on(free_port(), "", &["--cluster-enabled", "yes"]);
    assert_eq!(redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !redis.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        assert!(std::time::Instant::now() < deadline, "no cluster");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = program(folder.path(), &["serve"])
        .env("SECRET_KEY", SECRET_KEY)
        .env("USE_REDIS", "true")
        .env("REDIS_URL", format!("redis://127.0.0.1:{}/0", redis.port))
        .env("BIND", "127.0.0.1:0")
        .output()
        .unwrap();
    let said = output_text(&refused);
    assert!(
        !refused.status.success() && said.contains("Redis is a cluster"),
        "{said}"
    );
}
