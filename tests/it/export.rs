//! Files instead of JSON, entity tags, and pages of other origins.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use credit_portfolio::api::{has_filter_name, has_heading, openapi};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts,
};
use credit_portfolio::domain::Role;

on_both_databases!(
    a_list_becomes_a_workbook_with_every_row_typed,
    amounts_of_several_currencies_are_added_up_apart,
    every_list_and_figure_can_be_had_as_a_file,
);

async fn filled(backend: Backend, count: u32) -> TestApp {
    let app = TestApp::start(backend).await;
    let mut rows: Vec<_> = (1..=count)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial)))
        .collect();
    rows[0].counterparty = "=HYPERLINK(\"http://example.org\")".to_owned();
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&[a_receipt(1)])),
        ("spisanie.xlsx", &expenses(&rows)),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 1), interest(2, 1)]),
        ),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

async fn bytes(app: &TestApp, path: &str, accept: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let url = format!(
        "http://{}/api/v1/credit-portfolio/{path}",
        app.running.address
    );
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(token)
        .header("Accept", accept)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    (
        answer.headers().clone(),
        answer.bytes().await.unwrap().to_vec(),
    )
}

async fn a_list_becomes_a_workbook_with_every_row_typed(backend: Backend) {
    let app = filled(backend, 2500).await;
    let path = format!(
        "expenses?format=xlsx&department_id=8&organization_id={}&limit=1",
        organization(&app).await
    );
    let (headers, file) = bytes(&app, &path, "*/*").await;
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"expenses.xlsx\""
    );
    assert_eq!(headers["content-length"], file.len().to_string().as_str());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("data").unwrap();
    assert_eq!(
        sheet.height(),
        2502,
        "the headings, every row, and their totals"
    );
    let headings = headings_of(&sheet);
    let (amount, date, recipient) = (
        column(&headings, "Amount"),
        column(&headings, "Document date"),
        column(&headings, "Recipient"),
    );
    let rows: Vec<_> = sheet.rows().skip(1).take(2500).collect();
    let total: i64 = rows
        .iter()
        .map(|row| (row[amount].to_string().parse::<f64>().unwrap() * 100.0).round() as i64)
        .sum();
    assert_eq!(total, 2500 * 2501 / 2);
    let last = rows[2499];
    assert!(
        matches!(last[amount], Data::Float(_)) && matches!(last[date], Data::DateTime(_)),
        "{last:?}"
    );
    assert_eq!(
        last[recipient],
        Data::String("=HYPERLINK(\"http://example.org\")".into()),
        "a text, not a formula"
    );
    let totals = sheet.rows().next_back().unwrap();
    assert_eq!(
        (&totals[0], &totals[amount]),
        (&Data::String("Total".into()), &Data::Float(31262.5))
    );
    let formulas = book.worksheet_formula("data").unwrap();
    let letter = letter_of(amount);
    let formulas: Vec<&String> = formulas
        .rows()
        .flatten()
        .filter(|formula| !formula.is_empty())
        .collect();
    assert_eq!(
        formulas,
        [&format!("SUBTOTAL(109,{letter}2:{letter}2501)")],
        "no cell of a row is one"
    );
    let about = lines_of(&mut book, "filters");
    assert!(about[0].starts_with("Data as of (UTC)=20"), "{about:?}");
    assert!(
        about.contains(&"Department=Finance (8)".to_owned()),
        "{about:?}"
    );
    assert!(
        about
            .iter()
            .any(|line| line.starts_with("Organization=ООО «Ромашка» (")),
        "{about:?}"
    );
    assert!(
        !about.iter().any(|line| line.starts_with("limit")),
        "it does not cut a file: {about:?}"
    );
    app.stop().await;
}

async fn amounts_of_several_currencies_are_added_up_apart(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).amounting_to(1_00),
        a_receipt(2).amounting_to(2_00).in_currency("USD"),
        a_receipt(3).amounting_to(4_00),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let (_, file) = bytes(&app, "receipts?format=xlsx&lang=ru", "*/*").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("Данные").unwrap();
    let headings = headings_of(&sheet);
    let (amount, currency) = (column(&headings, "Сумма"), column(&headings, "Валюта"));
    let totals: Vec<(String, f64)> = sheet
        .rows()
        .skip(4)
        .map(|row| (row[0].to_string(), row[amount].to_string().parse().unwrap()))
        .collect();
    assert_eq!(
        totals,
        [("Итого RUB".to_owned(), 5.0), ("Итого USD".to_owned(), 2.0)]
    );
    let formulas = book.worksheet_formula("Данные").unwrap();
    let (amount, currency) = (letter_of(amount), letter_of(currency));
    let of =
        |code: &str| format!("SUMIFS({amount}2:{amount}4,{currency}2:{currency}4,\"={code}\")");
    let formulas: Vec<&String> = formulas
        .rows()
        .flatten()
        .filter(|formula| formula.starts_with(&format!("SUMIFS({amount}2")))
        .collect();
    assert_eq!(formulas, [&of("RUB"), &of("USD")]);
    let (_, file) = bytes(&app, "summary?format=xlsx&lang=ru", "*/*").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    assert_eq!(
        book.worksheet_range("Данные").unwrap().height(),
        2,
        "figures are not added up again"
    );
    let about = lines_of(&mut book, "Отбор");
    assert!(
        about.contains(&"Валюта=RUB".to_owned())
            && about.contains(&"Не включено: суммы в=USD".to_owned()),
        "{about:?}"
    );
    app.stop().await;
}

/// What a spreadsheet shows beside the cells: looked up in the parts of the workbook.
#[actix_rt::test]
async fn a_workbook_has_formats_a_filter_and_a_frozen_row_of_headings() {
    let app = filled(Backend::Sqlite, 3).await;
    let (_, file) = bytes(&app, "expenses?format=xlsx&lang=ru", "*/*").await;
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let sheet = part("xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains("<pane ySplit=\"1\"") && sheet.contains("state=\"frozen\""),
        "{sheet}"
    );
    let end = sheet
        .split("<autoFilter ref=\"A1:")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(
        end.ends_with('4') && !end.ends_with("14"),
        "the filter ends above the totals: {end}"
    );
    assert!(sheet.contains("<cols>"), "columns as wide as their cells");
    let styles = part("xl/styles.xml");
    // Russian Excel displays and names this one `# ##0,00`.
    assert!(styles.contains("formatCode=\"#,##0.00\""), "{styles}");
    assert!(styles.contains("formatCode=\"dd.mm.yyyy\""), "{styles}");
    app.stop().await;
}

/// Every field of every answer that can be had as a file, and every filter of it, by the document.
#[test]
fn every_column_and_filter_of_a_file_has_a_name_in_both_languages() {
    let document = openapi();
    let resolved = |schema: &Value| -> Value {
        let reference = schema["$ref"]
            .as_str()
            .map(|reference| reference.trim_start_matches('#').to_owned());
        reference.map_or_else(
            || schema.clone(),
            |pointer| document.pointer(&pointer).unwrap().clone(),
        )
    };
    fn fields(schema: &Value, resolved: &dyn Fn(&Value) -> Value, found: &mut BTreeSet<String>) {
        let schema = resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            fields(part, resolved, found);
        }
        if schema["type"] == "array" {
            return fields(&schema["items"], resolved, found);
        }
        let properties = schema["properties"].as_object();
        let data = properties.and_then(|properties| properties.get("data"));
        if let Some(data) = data {
            return fields(data, resolved, found);
        }
        // Of an answer in parts the file holds the rows of the parts.
        let parts: Vec<Value> = properties
            .into_iter()
            .flatten()
            .map(|(_, property)| resolved(property))
            .collect();
        let parts: Vec<_> = parts
            .iter()
            .filter_map(|part| part["properties"].get("data"))
            .collect();
        for part in &parts {
            fields(part, resolved, found);
        }
        if parts.is_empty() {
            found.extend(
                properties
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    let (mut columns, mut filters) = (BTreeSet::new(), BTreeSet::new());
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|methods| &methods["get"])
    {
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        if names.contains(&"format") {
            filters.extend(names.iter().map(|name| (*name).to_owned()));
            fields(
                &operation["responses"]["200"]["content"]["application/json"]["schema"],
                &resolved,
                &mut columns,
            );
        }
    }
    assert!(columns.len() > 100, "{columns:?}");
    let unnamed: Vec<_> = columns.iter().filter(|name| !has_heading(name)).collect();
    assert!(
        unnamed.is_empty(),
        "src/api/export/columns.rs has no heading of {unnamed:?}"
    );
    let unnamed: Vec<_> = filters
        .iter()
        .filter(|name| !has_filter_name(name))
        .collect();
    assert!(
        unnamed.is_empty(),
        "src/api/export/about.rs has no name of {unnamed:?}"
    );
}

fn headings_of(sheet: &calamine::Range<Data>) -> Vec<String> {
    sheet
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(|cell| cell.to_string())
        .collect()
}

fn column(headings: &[String], name: &str) -> usize {
    headings
        .iter()
        .position(|heading| heading == name)
        .unwrap_or_else(|| panic!("{name} of {headings:?}"))
}

fn letter_of(column: usize) -> char {
    char::from(b'A' + u8::try_from(column).unwrap())
}

fn lines_of(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    book.worksheet_range(sheet)
        .unwrap()
        .rows()
        .map(|row| format!("{}={}", row[0], row[1]))
        .collect()
}

async fn organization(app: &TestApp) -> Value {
    app.get("organizations").await.json()[0]["id"].clone()
}

/// A balance of January and one of February make no balance, and what is beside them goes up to the
/// month's end.
#[actix_rt::test]
async fn balances_of_several_months_are_not_added_up() {
    let app = filled(Backend::Sqlite, 3).await;
    let totals = async |path: &str| -> Vec<(String, String)> {
        let (_, file) = bytes(&app, path, "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("data").unwrap();
        let headings = headings_of(&sheet);
        let total = sheet
            .rows()
            .find(|row| row[0] == Data::String("Total".into()));
        let cells = total.into_iter().flat_map(|row| {
            headings
                .iter()
                .cloned()
                .zip(row.iter().map(|cell| cell.to_string()))
        });
        cells.skip(1).filter(|(_, cell)| !cell.is_empty()).collect()
    };
    assert_eq!(totals("analytics/debt-balance?format=xlsx").await, []);
    assert_eq!(totals("analytics/concentration?format=xlsx").await, []);
    let names = async |path: &str| {
        totals(path)
            .await
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let months = names("analytics/roll-forward?format=xlsx&group_by=month").await;
    assert!(
        months.contains(&"Drawn".to_owned()) && !months.contains(&"Closing balance".to_owned()),
        "{months:?}"
    );
    let contracts = names("analytics/roll-forward?format=xlsx").await;
    assert!(
        contracts.contains(&"Closing balance".to_owned()),
        "{contracts:?}"
    );
    let cash = names("analytics/cashflow-monthly?format=xlsx").await;
    assert_eq!(cash, ["Inflow", "Outflow", "Net"]);
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
        assert!(
            text.starts_with('\u{feff}') && text.lines().count() >= 2,
            "{path}: {text}"
        );
        let (_, file) = bytes(&app, &format!("{path}?format=xlsx"), "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("data").unwrap();
        let totals = sheet
            .rows()
            .filter(|row| row[0] == Data::String("Total".into()))
            .count();
        assert_eq!(sheet.height() - totals, text.lines().count(), "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn csv_is_read_by_russian_spreadsheets_and_runs_no_formula() {
    let app = filled(Backend::Sqlite, 3).await;
    let (_, csv) = bytes(&app, "expenses?format=csv&lang=ru", "*/*").await;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(&csv[3..]);
    let headings = reader.headers().unwrap().clone();
    let headings: Vec<String> = headings.iter().map(str::to_owned).collect();
    let column = |name: &str| column(&headings, name);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[2][column("Сумма")], "0,01");
    assert_eq!(&rows[2][column("Дата документа")], "05.03.2024");
    assert_eq!(
        &rows[2][column("Получатель")],
        "'=HYPERLINK(\"http://example.org\")"
    );
    let total: i64 = rows
        .iter()
        .map(|row| {
            kopecks(&json!(
                row[column("Сумма")]
                    .replace(',', ".")
                    .parse::<f64>()
                    .unwrap()
            ))
        })
        .sum();
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
        assert!(
            tag.starts_with("W/\"") && first.header("Cache-Control") == "private, no-cache",
            "{tag}"
        );
        for known in [
            tag.clone(),
            tag.trim_start_matches("W/").to_owned(),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = app
                .raw_get(
                    &path,
                    &[("Authorization", &token), ("If-None-Match", &known)],
                )
                .await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(
                (again.header("ETag"), again.text.as_str()),
                (tag.as_str(), "")
            );
        }
        let other = app
            .raw_get(
                &path,
                &[("Authorization", &token), ("If-None-Match", "W/\"x\"")],
            )
            .await;
        assert_eq!(other.text, first.text);
        let anonymous = app.raw_get(&path, &[("If-None-Match", "*")]).await;
        assert_eq!(
            anonymous.status,
            StatusCode::UNAUTHORIZED,
            "a tag opens no door"
        );
    }
    app.stop().await;
}

#[actix_rt::test]
async fn answers_are_compressed_as_asked() {
    let app = filled(Backend::Sqlite, 300).await;
    let token = format!("Bearer {}", app.token(Role::Admin, DEPARTMENT).await);
    for encoding in ["gzip", "br"] {
        let headers = [
            ("Authorization", token.as_str()),
            ("Accept-Encoding", encoding),
        ];
        let url = format!(
            "http://{}/api/v1/credit-portfolio/expenses",
            app.running.address
        );
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
    let other = app
        .raw_get("/livez", &[("Origin", "https://evil.example.org")])
        .await;
    assert_eq!(
        (other.status, other.header("Access-Control-Allow-Origin")),
        (StatusCode::OK, "")
    );
    app.stop().await;
}

#[actix_rt::test]
async fn every_answer_states_how_new_its_data_is() {
    let app = filled(Backend::Sqlite, 3).await;
    let first = app
        .get("summary?department_id=8")
        .await
        .header("X-Data-As-Of")
        .to_owned();
    assert!(first.starts_with("20") && first.ends_with('Z'), "{first}");
    crate::support::eventually("a second has passed", async || {
        app.import(
            DEPARTMENT,
            &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
        )
        .await;
        app.get("summary?department_id=8")
            .await
            .header("X-Data-As-Of")
            > first.as_str()
    })
    .await;
    let answer = app.get("summary?department_id=8").await;
    assert!(
        answer.header("Cache-Status").contains("hit"),
        "an import that changes nothing drops nothing"
    );
    app.stop().await;
}
