//! PgBouncer in transaction mode before PostgreSQL, with two connections to the server: migrations,
//! imports and questions all the same.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::eventually;
use crate::support::processes::{Server, free_port, program as installed, wait_for_port};
use crate::support::servers::{Postgres, keep, psql, text, unprivileged};
use crate::support::workbooks::{a_receipt, an_expense, expenses, receipts};

/// How many clients ask at once.
const CLIENTS: u32 = 20;

/// PgBouncer before a server on that port.
fn pgbouncer(server_port: u16) -> (Server, u16) {
    let folder = keep(tempfile::Builder::new().prefix("cp-pgbouncer-"));
    let port = free_port();
    let file = folder.join("pgbouncer.ini");
    let settings = format!(
        "[databases]
* = host=127.0.0.1 port={server_port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
"
    );
    std::fs::write(&file, settings).unwrap();
    let command: Vec<String> = unprivileged(&folder)
        .into_iter()
        .chain([installed("pgbouncer"), text(&file)])
        .collect();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let server = Server::start(&folder, &command);
    wait_for_port(port, "PgBouncer");
    (server, port)
}

/// What PostgreSQL says. The program goes on meanwhile, and ends the transactions that hold both of
/// the pooler's connections.
async fn answer_of(url: &str, sql: &'static str) -> String {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || psql(&url, sql).unwrap())
        .await
        .unwrap()
}

#[actix_rt::test]
async fn everything_works_through_two_connections_of_a_pooler() {
    let direct = tokio::task::spawn_blocking(Postgres::empty_database)
        .await
        .unwrap();
    let (host, name) = direct.rsplit_once('/').unwrap();
    let server_port: u16 = host.rsplit_once(':').unwrap().1.parse().unwrap();
    let (_pooler, port) = pgbouncer(server_port);
    let url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
    let settings = [
        ("USE_REDIS", "false"),
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_POOLER", "transaction"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let twin = app.twin().await;
    eventually("both are ready", async || {
        let ready = [&app, &twin].map(|app| app.raw_get("/readyz", &[]));
        futures_util::future::join_all(ready)
            .await
            .iter()
            .all(|answer| answer.status == StatusCode::OK)
    })
    .await;
    let receipt = |serial: u32| a_receipt(serial).on("2024-03-05");
    let first: Vec<_> = (1..=50).map(receipt).collect();
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&first))])
        .await;
    let tokens = [
        app.token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
            .await,
        twin.token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
            .await,
    ];
    let questions_of = |client: u32| {
        let at = (client % 2) as usize;
        let (app, token) = ([&app, &twin][at], &tokens[at]);
        async move {
            for day in 1..=10 {
                let paths = [
                    format!(
                        "summary?department_id=8&date_from=2023-01-{day:02}&date_to=2024-12-{:02}",
                        client + 1
                    ),
                    format!("receipts?department_id=8&limit=10&skip={day}"),
                    "contracts?department_id=8".to_owned(),
                    "receipts?department_id=8&format=csv".to_owned(),
                ];
                for path in paths {
                    let answer = app.get_as(token, &path).await;
                    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
                    if path.starts_with("summary") {
                        assert_eq!(answer.json()["total_receipts"], json!(5000.0));
                    }
                }
            }
        }
    };
    let spending: Vec<_> = (1..=50)
        .map(|serial| an_expense(serial).on("2024-04-05"))
        .collect();
    let spending = expenses(&spending);
    let importing = async {
        let report = app
            .import(DEPARTMENT, &[("spisanie.xlsx", &spending)])
            .await;
        assert_eq!(report.files.len(), 1, "{}", report.message);
    };
    let asking = futures_util::future::join_all((0..CLIENTS).map(questions_of));
    futures_util::future::join(importing, asking).await;
    assert_eq!(
        answer_of(&direct, "SELECT COUNT(*) FROM expenses").await,
        "50"
    );
    // What a transaction set for itself is gone with it.
    let settings = "SHOW statement_timeout; SHOW jit";
    assert_eq!(
        answer_of(&url, settings).await,
        answer_of(&direct, settings).await
    );
    assert_eq!(
        answer_of(&url, "SELECT COUNT(*) FROM pg_prepared_statements").await,
        "0"
    );
    twin.running.stop().await.unwrap();
    app.stop().await;
}
