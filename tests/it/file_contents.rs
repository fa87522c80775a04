//! What files hold: headings without rows, two decimals, lists in one cell, and Russian words in
//! Russian files.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use credit_portfolio::api::{has_word, openapi};
use credit_portfolio::db::AliasKind;
use credit_portfolio::domain::{
    AdjustmentKind, ContractStatus, ContractType, Direction, IntraGroup, Role,
};
use credit_portfolio::import::{FileStatus, RunState};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

on_both_databases!(
    a_file_without_rows_has_the_headings_of_one_with_rows,
    russian_files_have_russian_words,
    amounts_have_two_decimals,
);

/// The headings of columns that hold values of closed sets.
const CLOSED_COLUMNS: [&str; 10] = [
    "Вид",
    "Вид договора",
    "Вид операции",
    "Вид платежа",
    "Действие",
    "Направление",
    "Раздел",
    "Состояние",
    "Статус",
    "Таблица",
];

/// The paths of everything that comes as a file, and whether it is a list. What belongs to one row
/// is left out.
fn files() -> Vec<(String, bool)> {
    let paths = openapi()["paths"].as_object().unwrap().iter();
    let files = paths.filter_map(|(path, methods)| {
        let path = path
            .strip_prefix("/api/v1/credit-portfolio/")
            .filter(|path| !path.contains('{'))?;
        let parameters = methods["get"]["parameters"].as_array()?;
        let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        has("format").then(|| (path.to_owned(), has("skip")))
    });
    files.collect()
}

async fn file(app: &TestApp, path: &str) -> Vec<u8> {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.bytes(&format!("credit-portfolio/{path}"), &token).await
}

/// The records of a CSV file, the headings first.
async fn records(app: &TestApp, path: &str, delimiter: u8) -> Vec<Vec<String>> {
    let file = file(app, path).await;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(&file[3..]);
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// The value of a column in the first row.
fn value<'r>(records: &'r [Vec<String>], heading: &str) -> &'r str {
    let at = records[0]
        .iter()
        .position(|known| known == heading)
        .unwrap_or_else(|| panic!("{heading}: {records:?}"));
    &records[1][at]
}

/// Rows in every list: operations in several currencies, a rejected file, an adjustment, a merge.
async fn fill(app: &TestApp) {
    let received = [
        a_receipt(1).amounting_to(63_028_000_00),
        a_receipt(2).in_currency("USD"),
        a_receipt(3).in_currency("EUR"),
        a_receipt(4).of("ООО «Василек»"),
    ];
    let files: [(&str, &[u8]); 4] = [
        ("postuplenie.xlsx", &receipts(&received)),
        ("spisanie.xlsx", &expenses(&[an_expense(1), an_expense(2)])),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 1), interest(1, 2)]),
        ),
        ("spisanie bad.xlsx", b"no workbook"),
    ];
    app.import(DEPARTMENT, &files).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let contract = app.get("contracts").await.json()[0]["id"].clone();
    let opening = json!({ "contract_id": contract, "date": "2023-12-31", "kind": "opening_balance", "amount": 10 });
    let made = app
        .request(
            Method::POST,
            "credit-portfolio/adjustments",
            Some(&token),
            Some(opening),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let organizations = app.get("organizations").await.json();
    let (source, target) = (&organizations[1]["id"], &organizations[0]["id"]);
    let merge = format!("credit-portfolio/organizations/{source}/merge");
    let merged = app
        .request(
            Method::POST,
            &merge,
            Some(&token),
            Some(json!({ "into": target })),
        )
        .await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text);
}

async fn a_file_without_rows_has_the_headings_of_one_with_rows(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files = files();
    assert!(files.len() > 20, "{files:?}");
    let mut empty = Vec::new();
    for (path, _) in &files {
        let headings = records(&app, &format!("{path}?format=csv"), b',').await;
        assert!(
            !headings.is_empty() && headings[0].len() > 2,
            "{path}: {headings:?}"
        );
        empty.push(headings[0].clone());
        let workbook = file(&app, &format!("{path}?format=xlsx")).await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(workbook.clone())).unwrap();
        let sheet = book.worksheet_range("data").unwrap();
        let first: Vec<String> = sheet
            .rows()
            .next()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(first, headings[0], "{path}");
        let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
        let mut xml = String::new();
        std::io::Read::read_to_string(
            &mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(),
            &mut xml,
        )
        .unwrap();
        assert!(
            xml.contains("state=\"frozen\"") && xml.contains("<autoFilter"),
            "{path}: {xml}"
        );
    }
    fill(&app).await;
    for ((path, is_list), empty) in files.iter().zip(empty) {
        let filled = records(&app, &format!("{path}?format=csv"), b',').await;
        assert!(filled.len() > 1, "{path} has no rows");
        // Figures leave out what does not apply to any of their rows.
        let shown: Vec<String> = empty
            .iter()
            .filter(|name| *is_list || filled[0].contains(name))
            .cloned()
            .collect();
        assert_eq!(shown, filled[0], "{path}");
    }
    app.stop().await;
}

async fn russian_files_have_russian_words(backend: Backend) {
    let app = TestApp::start(backend).await;
    fill(&app).await;
    let contract = app.get("contracts").await.json()[0]["id"].clone();
    let mut paths: Vec<String> = files().into_iter().map(|(path, _)| path).collect();
    paths.push(format!("contracts/{contract}/ledger"));
    let mut checked = 0;
    for path in paths {
        let records = records(&app, &format!("{path}?format=csv&lang=ru"), b';').await;
        let closed = |at: &usize| CLOSED_COLUMNS.contains(&records[0][*at].as_str());
        for at in (0..records[0].len()).filter(closed) {
            for row in &records[1..] {
                assert!(
                    !row[at].contains(|c: char| c.is_ascii_lowercase()),
                    "{path}, {}: {row:?}",
                    records[0][at]
                );
                checked += usize::from(!row[at].is_empty());
            }
        }
    }
    assert!(checked > 30, "{checked} values");
    let contracts = records(&app, "contracts?format=csv&lang=ru", b';').await;
    assert_eq!(
        (
            value(&contracts, "Направление"),
            value(&contracts, "Действует")
        ),
        ("Получен", "да")
    );
    let adjustments = records(&app, "adjustments?format=csv&lang=ru", b';').await;
    assert_eq!(value(&adjustments, "Вид"), "Начальный остаток");
    let workbook = file(
        &app,
        "contracts?format=xlsx&lang=ru&direction=borrowed&is_active=true&search=open",
    )
    .await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(workbook)).unwrap();
    let about: Vec<String> = book
        .worksheet_range("Отбор")
        .unwrap()
        .rows()
        .map(|row| format!("{}={}", row[0], row[1]))
        .collect();
    for line in ["Направление=Получен", "Действует=да", "Поиск=open"]
    {
        assert!(
            about.contains(&line.to_owned()),
            "{line} is not in {about:?}"
        );
    }
    let english = records(&app, "contracts?format=csv", b',').await;
    assert_eq!(
        (value(&english, "Direction"), value(&english, "Active")),
        ("borrowed", "true")
    );
    app.stop().await;
}

#[test]
fn every_value_of_a_closed_set_has_a_russian_word() {
    use ContractStatus::{Open, Overpaid, Repaid, Undrawn};
    let mut values: Vec<&str> = AdjustmentKind::ALL.map(AdjustmentKind::as_str).to_vec();
    values.extend([ContractType::Credit, ContractType::Loan].map(ContractType::as_str));
    values.extend([Direction::Borrowed, Direction::Lent].map(Direction::as_str));
    values.extend(
        [IntraGroup::Include, IntraGroup::Exclude, IntraGroup::Only].map(IntraGroup::as_str),
    );
    values.extend([Undrawn, Open, Repaid, Overpaid].map(ContractStatus::as_str));
    let files = [
        FileStatus::Success,
        FileStatus::Partial,
        FileStatus::Failed,
        FileStatus::Skipped,
    ];
    values.extend(files.map(FileStatus::as_str));
    let ends = [
        RunState::Completed,
        RunState::Partial,
        RunState::Failed,
        RunState::Interrupted,
        RunState::Cancelled,
    ];
    values.extend(ends.map(RunState::as_str));
    let kinds = [
        AliasKind::Organization,
        AliasKind::BankAccount,
        AliasKind::Lender,
        AliasKind::Contract,
    ];
    values.extend(kinds.map(AliasKind::as_str));
    values.extend([
        "running",
        "merge",
        "split",
        "receipts",
        "expenses",
        "expense_details",
        "adjustments",
    ]);
    values.extend([
        "receipt",
        "detail",
        "rest",
        "adjustment",
        "opening",
        "closing",
        "by_contract",
        "by_counterparty",
    ]);
    values.extend([
        "principal",
        "interest",
        "given",
        "other",
        "contract",
        "organization",
        "lender",
        "month",
    ]);
    let unnamed: Vec<_> = values
        .into_iter()
        .filter(|value| !has_word(value))
        .collect();
    assert!(
        unnamed.is_empty(),
        "src/api/export/words.rs has no word of {unnamed:?}"
    );
}

async fn amounts_have_two_decimals(backend: Backend) {
    let app = TestApp::start(backend).await;
    fill(&app).await;
    let russian = records(&app, "receipts?format=csv&lang=ru&sort=-amount", b';').await;
    assert_eq!(value(&russian, "Сумма"), "63028000,00");
    let english = records(&app, "receipts?format=csv&sort=-amount", b',').await;
    assert_eq!(value(&english, "Amount"), "63028000.00");
    let summary = records(&app, "summary?format=csv&lang=ru", b';').await;
    assert_eq!(
        (value(&summary, "Выдано"), value(&summary, "Другие валюты")),
        ("0,00", "EUR, USD")
    );
    app.stop().await;
}
