//! Files instead of JSON, entity tags, and pages of other origins.

use calamine::{Data, Reader, Xlsx};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts};
use credit_portfolio::domain::Role;

on_both_databases!(a_list_becomes_a_workbook_with_every_row_typed, every_list_and_figure_can_be_had_as_a_file);

async fn filled(backend: Backend, count: u32) -> TestApp {
    let app = TestApp::start(backend).await;
    let mut rows: Vec<_> = (1..=count).map(|serial| an_expense(serial).amounting_to(i64::from(serial))).collect();
    rows[0].counterparty = "=HYPERLINK(\"http://example.org\")".to_owned();
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&[a_receipt(1)])),
        ("spisanie.xlsx", &expenses(&rows)),
        ("rasshifrovka.xlsx", &details(&[principal(1, 1), interest(2, 1)])),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

async fn bytes(app: &TestApp, path: &str, accept: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let url = format!("http://{}/api/v1/credit-portfolio/{path}", app.running.address);
    let answer = reqwest::Client::new().get(url).bearer_auth(token).header("Accept", accept).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    (answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

async fn a_list_becomes_a_workbook_with_every_row_typed(backend: Backend) {
    let app = filled(backend, 2500).await;
    let (headers, file) = bytes(&app, "expenses?format=xlsx&department_id=8&limit=1", "*/*").await;
    assert_eq!(headers["content-disposition"], "attachment; filename=\"expenses.xlsx\"");
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("data").unwrap();
    assert_eq!(sheet.height(), 2501, "every row, and the header");
    let column =
        |name: &str| sheet.rows().next().unwrap().iter().position(|cell| cell == &Data::String(name.into())).unwrap();
    let (amount, date, recipient) = (column("amount"), column("document_date"), column("recipient"));
    let total: f64 = sheet.rows().skip(1).map(|row| row[amount].to_string().parse::<f64>().unwrap()).sum();
    assert_eq!(total.round(), 31262.5_f64.round());
    let last = sheet.rows().next_back().unwrap();
    assert!(matches!(last[amount], Data::Float(_)) && matches!(last[date], Data::DateTime(_)), "{last:?}");
    assert_eq!(last[recipient], Data::String("=HYPERLINK(\"http://example.org\")".into()), "a text, not a formula");
    assert!(book.worksheet_formula("data").unwrap().is_empty());
    let about = book.worksheet_range("filters").unwrap();
    let lines: Vec<String> = about.rows().map(|row| format!("{}={}", row[0], row[1])).collect();
    assert!(lines[0].starts_with("data as of=20") && lines.contains(&"department_id=8".to_owned()), "{lines:?}");
    app.stop().await;
}

async fn every_list_and_figure_can_be_had_as_a_file(backend: Backend) {
    let app = filled(backend, 3).await;
    for path in [
        "receipts",
        "expenses",
        "expense-details",
        "organizations",
        "bank-accounts",
        "contracts",
        "import-logs",
        "summary",
        "monthly-stats",
        "analytics/monthly-efficiency",
        "analytics/org-efficiency",
        "analytics/cashflow-monthly",
        "analytics/yearly-comparison",
        "analytics/debt-balance",
        "analytics/concentration",
        "contract-stats",
        "contracts/stats/summary",
        "organization-stats",
    ] {
        let (headers, csv) = bytes(&app, path, "text/csv").await;
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8", "{path}");
        let text = String::from_utf8(csv).unwrap();
        assert!(text.starts_with('\u{feff}') && text.lines().count() >= 2, "{path}: {text}");
        let (_, file) = bytes(&app, &format!("{path}?format=xlsx"), "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file)).unwrap();
        assert_eq!(book.worksheet_range("data").unwrap().height(), text.lines().count(), "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn csv_is_read_by_russian_spreadsheets_and_runs_no_formula() {
    let app = filled(Backend::Sqlite, 3).await;
    let (_, csv) = bytes(&app, "expenses?format=csv&lang=ru", "*/*").await;
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&csv[3..]);
    let headings = reader.headers().unwrap().clone();
    let column = |name: &str| headings.iter().position(|heading| heading == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[2][column("amount")], "0,01");
    assert_eq!(&rows[2][column("document_date")], "05.03.2024");
    assert_eq!(&rows[2][column("recipient")], "'=HYPERLINK(\"http://example.org\")");
    let total: i64 =
        rows.iter().map(|row| kopecks(&json!(row[column("amount")].replace(',', ".").parse::<f64>().unwrap()))).sum();
    assert_eq!(total, 6);
    for (query, parameter) in [("format=pdf", "format"), ("format=csv&lang=de", "lang")] {
        let answer = app.get(&format!("expenses?{query}")).await;
        assert_eq!(answer.json()["parameter"], parameter, "{}", answer.text);
    }
    app.stop().await;
}

#[actix_rt::test]
async fn an_answer_that_is_known_is_304() {
    let app = filled(Backend::Sqlite, 3).await;
    let token = format!("Bearer {}", app.token(Role::Admin, DEPARTMENT).await);
    for path in ["summary", "expenses", "analytics/concentration"] {
        let path = format!("/api/v1/credit-portfolio/{path}");
        let first = app.raw_get(&path, &[("Authorization", &token)]).await;
        let tag = first.header("ETag").to_owned();
        assert!(tag.starts_with("W/\"") && first.header("Cache-Control") == "private, no-cache", "{tag}");
        for known in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = app.raw_get(&path, &[("Authorization", &token), ("If-None-Match", &known)]).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!((again.header("ETag"), again.text.as_str()), (tag.as_str(), ""));
        }
        let other = app.raw_get(&path, &[("Authorization", &token), ("If-None-Match", "W/\"x\"")]).await;
        assert_eq!(other.text, first.text);
        let anonymous = app.raw_get(&path, &[("If-None-Match", "*")]).await;
        assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "a tag opens no door");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn answers_are_compressed_as_asked() {
    let app = filled(Backend::Sqlite, 300).await;
    let token = format!("Bearer {}", app.token(Role::Admin, DEPARTMENT).await);
    for encoding in ["gzip", "br", "zstd"] {
        let headers = [("Authorization", token.as_str()), ("Accept-Encoding", encoding)];
        let url = format!("http://{}/api/v1/credit-portfolio/expenses", app.running.address);
        let mut request = reqwest::Client::new().get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
    }
    app.stop().await;
}

#[actix_rt::test]
async fn only_pages_of_allowed_origins_are_answered_for() {
    let origin = "https://finance.example.org";
    let settings = [("USE_REDIS", "false"), ("CORS_ALLOWED_ORIGINS", origin)];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let allowed = app.raw_get("/livez", &[("Origin", origin)]).await;
    assert_eq!(allowed.header("Access-Control-Allow-Origin"), origin);
    let other = app.raw_get("/livez", &[("Origin", "https://evil.example.org")]).await;
    assert_eq!((other.status, other.header("Access-Control-Allow-Origin")), (StatusCode::OK, ""));
    app.stop().await;
}

#[actix_rt::test]
async fn every_answer_tells_how_new_its_data_is() {
    let app = filled(Backend::Sqlite, 3).await;
    let first = app.get("summary?department_id=8").await.header("X-Data-As-Of").to_owned();
    assert!(first.starts_with("20") && first.ends_with('Z'), "{first}");
    crate::support::eventually("a second has passed", async || {
        app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))]).await;
        app.get("summary?department_id=8").await.header("X-Data-As-Of") > first.as_str()
    })
    .await;
    let answer = app.get("summary?department_id=8").await;
    assert!(answer.header("Cache-Status").contains("hit"), "an import that changes nothing drops nothing");
    app.stop().await;
}
