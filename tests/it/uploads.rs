//! Bodies of requests, over raw sockets: first who may, then the body, and that within limits.

use std::time::{Duration, Instant};

use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::eventually;

const FILES: &str = "/api/v1/credit-portfolio/import/files";
/// By then a connection that is to be closed is closed.
const DEADLINE: Duration = Duration::from_secs(60);

/// The head of a form whose body is that long, or comes in chunks.
fn form_head(token: Option<&str>, length: Option<usize>) -> String {
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let length = length.map_or("Transfer-Encoding: chunked\r\n".to_owned(), |length| {
        format!("Content-Length: {length}\r\n")
    });
    format!(
        "POST {FILES} HTTP/1.1\r\nHost: x\r\n{token}{length}\
         Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
    )
}

async fn sent(app: &TestApp, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(app.running.address).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

/// What comes until the server closes the connection.
async fn until_closed(mut socket: TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(DEADLINE, socket.read_to_end(&mut answer))
        .await
        .expect("the connection is closed")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[actix_rt::test]
async fn a_form_without_rights_is_refused_before_it_is_sent() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = app.token(Role::User, DEPARTMENT).await;
    app.execute(
        "INSERT INTO departments (id, name, code, created_at, updated_at)
         VALUES (77, 'Sales', 'SAL', '2024-01-01 00:00:00', '2024-01-01 00:00:00')",
    )
    .await;
    let outsider = app.token(Role::Manager, 77).await;
    for (token, expected) in [
        (None, "401"),
        (Some(user.as_str()), "403"),
        (Some(outsider.as_str()), "403"),
    ] {
        for length in [Some(100_000_000), None] {
            // No byte of the body is ever sent.
            let answer = until_closed(sent(&app, &form_head(token, length)).await).await;
            assert_eq!(status_of(&answer), expected, "{answer}");
        }
    }
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let too_long = form_head(Some(&admin), Some(1 << 30));
    let answer = until_closed(sent(&app, &too_long).await).await;
    assert_eq!(status_of(&answer), "413", "{answer}");
    app.stop().await;
}

#[actix_rt::test]
async fn a_slow_body_ends() {
    let limit = [("USE_REDIS", "false"), ("UPLOAD_TIMEOUT_SECONDS", "1")];
    let app = TestApp::start_with(Backend::Sqlite, &limit).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let part =
        "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.xlsx\"\r\n\r\nPK";
    let form = form_head(Some(&admin), Some(1000)) + part;
    let chunked = format!(
        "{}{:x}\r\n{part}\r\n",
        form_head(Some(&admin), None),
        part.len()
    );
    let json = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\
                Content-Type: application/json\r\n\r\n{\"username\":";
    for text in [form.as_str(), &chunked, json] {
        let answer = until_closed(sent(&app, text).await).await;
        assert_eq!(status_of(&answer), "408", "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn a_form_has_a_bounded_number_of_files() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let form = (0..=200).fold(Form::new(), |form, number| {
        let file = Part::bytes(Vec::new()).file_name(format!("{number}.xlsx"));
        form.part("files", file)
    });
    let answer = app
        .send_form("credit-portfolio/import/files", &admin, form)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "{}",
        answer.text
    );
    app.stop().await;
}

#[actix_rt::test]
async fn few_forms_are_received_at_once() {
    let app = TestApp::start(Backend::Sqlite).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let other = app.token(Role::Manager, DEPARTMENT).await;
        for _ in 0..2 {
            open.push(sent(&app, &form_head(Some(&other), Some(1000))).await);
        }
    }
    let empty = || Form::new().text("other", "");
    let began = Instant::now();
    let refused = loop {
        let path = "credit-portfolio/import/files";
        let answer = app.send_form(path, &admin, empty()).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            break answer;
        }
        assert!(began.elapsed() < DEADLINE, "{}", answer.text);
    };
    assert!(!refused.header("retry-after").is_empty());
    // Whoever leaves makes room.
    drop(open);
    let began = Instant::now();
    loop {
        let path = "credit-portfolio/import/files";
        let answer = app.send_form(path, &admin, empty()).await;
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
            break;
        }
        assert!(began.elapsed() < DEADLINE, "{}", answer.text);
    }
    app.stop().await;
}

#[actix_rt::test]
async fn one_user_does_not_keep_the_others_from_handing_files_in() {
    let app = TestApp::start(Backend::Sqlite).await;
    let greedy = app.token(Role::Manager, DEPARTMENT).await;
    let other = app.token(Role::Manager, DEPARTMENT).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(sent(&app, &form_head(Some(&greedy), Some(1000))).await);
    }
    let status = async |token: &str| {
        let empty = Form::new().text("other", "");
        let path = "credit-portfolio/import/files";
        app.send_form(path, token, empty).await.status
    };
    eventually("the turns of one user are taken", async || {
        status(&greedy).await == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    assert_eq!(status(&other).await, StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}
