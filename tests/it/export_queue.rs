//! Exports take turns: those in the queue finish, one beyond it has to come back later, and none
//! takes what other requests need.

use std::time::Duration;

use credit_portfolio::db::Reads;
use credit_portfolio::domain::Role;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::{Method, StatusCode};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::exported::{bytes, filled};
use crate::support::on_both_databases;

on_both_databases!(
    exports_in_the_queue_finish_and_one_beyond_comes_back_later,
    a_file_of_parts_holds_all_of_them,
    a_file_can_be_asked_for_by_head,
);

/// So many wait beside those that are written.
const WAITING: usize = 32;
const ROWS: u32 = 40;

/// Takes a turn and its connection until `released`.
async fn occupy(app: &TestApp, released: &watch::Sender<bool>) {
    let (taken, is_taken) = tokio::sync::oneshot::channel();
    let (exports, mut released) = (app.running.state.exports.clone(), released.subscribe());
    actix_rt::spawn(async move {
        exports
            .run(async move |reads: &Reads| {
                let conn = reads.primary().conn().await.unwrap();
                taken.send(()).unwrap();
                let _ = released.wait_for(|released| *released).await;
                drop(conn);
            })
            .await
            .unwrap();
    });
    timeout(Duration::from_secs(60), is_taken)
        .await
        .expect("a turn within a minute")
        .unwrap();
}

async fn exports_in_the_queue_finish_and_one_beyond_comes_back_later(backend: Backend) {
    let app = filled(backend, ROWS).await;
    let (release, _) = watch::channel(false);
    for _ in 0..app.running.state.exports.at_once() {
        occupy(&app, &release).await;
    }
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let mut exports: FuturesUnordered<_> = (0..=WAITING)
        .map(|_| app.get_as(&token, "expenses?format=csv"))
        .collect();
    let beyond: Answer = exports.next().await.unwrap();
    assert_eq!(beyond.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(beyond.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(beyond.header("content-type"), "application/problem+json");
    assert_eq!(
        app.get_as(&token, "expenses?limit=5").await.status,
        StatusCode::OK,
        "other requests have connections of their own"
    );
    release.send(true).unwrap();
    let mut finished = 0;
    while let Some(answer) = exports.next().await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.text.lines().count(), 1 + ROWS as usize);
        finished += 1;
    }
    assert_eq!(finished, WAITING);
    drop(exports);
    app.stop().await;
}

async fn a_file_of_parts_holds_all_of_them(backend: Backend) {
    let app = filled(backend, ROWS).await;
    for measure in ["amount", "debt", "planned"] {
        let query = format!("operations/parts?measure={measure}");
        let page = app.get(&format!("{query}&limit=1000")).await.ok();
        let expected: Vec<String> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| format!("{}/{}", part["operation_id"], part["detail_id"]))
            .collect();
        let (_, csv) = bytes(&app, &query, "text/csv").await;
        let mut reader = csv::Reader::from_reader(csv.strip_prefix(b"\xef\xbb\xbf").unwrap());
        let headings = reader.headers().unwrap().clone();
        let at = |name: &str| headings.iter().position(|heading| heading == name).unwrap();
        let (operation, detail) = (at("Operation"), at("Detail ID"));
        let rows: Vec<String> = reader
            .records()
            .map(|row| {
                let row = row.unwrap();
                let detail = if row[detail].is_empty() {
                    "null"
                } else {
                    &row[detail]
                };
                format!("{:?}/{detail}", &row[operation])
            })
            .collect();
        assert_eq!(rows, expected, "{measure}");
    }
    app.stop().await;
}

async fn a_file_can_be_asked_for_by_head(backend: Backend) {
    let app = filled(backend, 3).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for format in ["csv", "xlsx"] {
        let path = format!("credit-portfolio/expenses?format={format}");
        let head = app.request(Method::HEAD, &path, Some(&token), None).await;
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(head.text, "");
        assert!(
            head.header("content-disposition")
                .contains(&format!("expenses.{format}"))
        );
        let whole = app.bytes(&path, &token).await.len();
        assert!(whole > 0);
        if format == "csv" {
            assert_eq!(head.header("content-length"), whole.to_string());
        }
    }
    app.stop().await;
}
