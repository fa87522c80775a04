//! Figures under filters of contracts: shares of split expenses, loans given, other currencies, and
//! whose data a file may name.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use calamine::{Reader, Xlsx};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, kopecks, principal, receipts,
};

on_both_databases!(
    the_share_of_another_contracts_expense_counts_under_every_filter,
    contracts_with_debt_are_those_that_show_one,
    parts_of_a_balance_are_in_the_currency_of_the_balance,
    a_file_of_parts_has_a_heading_for_every_column,
    a_balance_names_currencies_from_before_the_range,
    growth_is_computed_again_when_its_base_changes,
    a_search_for_none_is_not_the_same_as_no_search,
    a_file_names_nothing_of_another_department,
    a_moved_contract_is_no_longer_recognized_for_its_old_organization,
    a_ledger_as_a_file_names_its_contract_and_its_parties,
);

const SPLIT: &str = "Договор займа № 2 от 01.02.2024";

fn trust() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/figures/trust")
}

async fn with_trust_set(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    assert_eq!(app.import_folder(&trust(), DEPARTMENT).await.processed(), 3);
    app
}

/// An expense of one lender's contract with a share of another lender's.
async fn with_split_expense(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let loans = [
        a_receipt(1),
        a_receipt(2)
            .under(SPLIT)
            .with("АО «Фонд»")
            .amounting_to(500_00),
    ];
    let paid = [an_expense(1).amounting_to(150_00).on("05.04.2024")];
    let shares = [principal(1, 50_00), principal(1, 100_00).under(SPLIT)];
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&loans)),
        ("spisanie.xlsx", &expenses(&paid)),
        ("rasshifrovka.xlsx", &details(&shares)),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

async fn lender(app: &TestApp, name: &str) -> Value {
    let lenders = app.get("lenders?department_id=8").await.ok();
    lenders
        .as_array()
        .unwrap()
        .iter()
        .find(|lender| lender["name"] == name)
        .unwrap()["id"]
        .clone()
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().unwrap()
}

async fn sheet(app: &TestApp, role: Role, path: &str, name: &str) -> Vec<Vec<String>> {
    let token = app.token(role, DEPARTMENT).await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(app.bytes(path, &token).await)).unwrap();
    let sheet = book.worksheet_range(name).unwrap();
    sheet
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect()
}

async fn the_share_of_another_contracts_expense_counts_under_every_filter(backend: Backend) {
    let app = with_split_expense(backend).await;
    let filter = format!(
        "department_id=8&lender_id={}",
        lender(&app, "АО «Фонд»").await
    );
    assert_eq!(
        app.get(&format!("summary?{filter}")).await.ok()["total_principal"],
        json!(100.0)
    );
    for path in [
        "analytics/monthly-efficiency",
        "analytics/yearly-comparison",
        "analytics/quarterly-comparison",
        "analytics/org-efficiency",
    ] {
        // Only what was paid: the receipt lies in another month.
        let answer = app
            .get(&format!(
                "{path}?{filter}&date_from=2024-04-01&date_to=2024-04-30"
            ))
            .await
            .ok();
        let sum: i64 = rows(&answer)
            .iter()
            .map(|row| kopecks(&row["principal"]))
            .sum();
        assert_eq!(sum, 100_00, "{path}: {answer}");
    }
    let path = format!("organization-stats?{filter}&date_from=2024-04-01&date_to=2024-04-30");
    let answer = app.get(&path).await.ok();
    assert_eq!(
        (&rows(&answer)[0]["paid"], &rows(&answer)[0]["operations"]),
        (&json!(100.0), &json!(1)),
        "{answer}"
    );
    assert_eq!(
        (&answer["currency"], &answer["as_of"]),
        (&json!("RUB"), &json!("2024-04-30"))
    );
    app.stop().await;
}

async fn contracts_with_debt_are_those_that_show_one(backend: Backend) {
    let app = with_trust_set(backend).await;
    let answer = app
        .get("contracts/stats/summary?has_debt=true&sort=-outstanding&limit=100")
        .await
        .ok();
    let owed: Vec<i64> = rows(&answer)
        .iter()
        .map(|row| kopecks(&row["outstanding"]))
        .collect();
    assert!(
        owed.iter().all(|owed| *owed > 0) && owed.is_sorted_by(|one, next| one >= next),
        "{owed:?}"
    );
    assert_eq!(owed.iter().sum::<i64>(), 3_883_333_00);
    let all = app.get("contracts/stats/summary?limit=100").await.ok();
    for row in rows(&all) {
        let [opening, drawn, repaid, adjustments, outstanding] =
            ["opening", "drawn", "repaid", "adjustments", "outstanding"]
                .map(|field| kopecks(&row[field]));
        assert_eq!(opening + drawn - repaid + adjustments, outstanding, "{row}");
    }
    let listed = app.get("contracts?has_debt=true").await.ok();
    let lent = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["direction"] == "lent");
    assert_eq!(lent.count(), 0, "a loan given is no debt");
    let given = app.get("contracts?has_debt=true&direction=lent").await;
    assert_eq!(given.header("X-Total-Count"), "1");
    app.stop().await;
}

async fn parts_of_a_balance_are_in_the_currency_of_the_balance(backend: Backend) {
    let app = with_trust_set(backend).await;
    let answer = app
        .get("operations/parts?measure=balance&currency=USD")
        .await
        .ok();
    assert!(rows(&answer).len() > 1, "{answer}");
    assert!(
        rows(&answer).iter().all(|row| row["currency"] == "USD"),
        "{answer}"
    );
    let sum: i64 = rows(&answer)
        .iter()
        .map(|row| kopecks(&row["amount"]))
        .sum();
    assert_eq!(sum, kopecks(&answer["total"]));
    app.stop().await;
}

async fn a_file_of_parts_has_a_heading_for_every_column(backend: Backend) {
    let app = with_split_expense(backend).await;
    let file = sheet(
        &app,
        Role::Admin,
        "credit-portfolio/operations/parts?measure=debt&format=xlsx",
        "data",
    )
    .await;
    let at = |heading: &str| file[0].iter().position(|name| name == heading).unwrap();
    let (amount, currency) = (at("Amount"), at("Currency"));
    for row in file
        .iter()
        .skip(1)
        .filter(|row| !row[0].starts_with("Total"))
    {
        assert!(
            row[amount].parse::<f64>().is_ok() && row[currency] == "RUB",
            "{:?} {row:?}",
            file[0]
        );
    }
    let total = file.last().unwrap();
    assert_eq!(total[amount].parse::<f64>().unwrap(), 450.0, "{total:?}");
    app.stop().await;
}

async fn a_balance_names_currencies_from_before_the_range(backend: Backend) {
    let app = with_trust_set(backend).await;
    for path in [
        "summary",
        "analytics/concentration",
        "analytics/debt-balance",
        "organization-stats",
    ] {
        let answer = app.get(&format!("{path}?date_from=2026-11-01")).await;
        assert_eq!(answer.header("X-Other-Currencies"), "USD", "{path}");
        assert_eq!(answer.json()["other_currencies"], json!(["USD"]), "{path}");
    }
    app.stop().await;
}

async fn growth_is_computed_again_when_its_base_changes(backend: Backend) {
    let app = TestApp::start(backend).await;
    let of_2025 = || a_receipt(1).on("05.03.2025").amounting_to(300_00);
    let import = async |base: i64| {
        let rows = [of_2025(), a_receipt(2).on("05.03.2024").amounting_to(base)];
        app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
            .await;
    };
    // The second year of the range is compared with the whole year before, also with days before
    // the range.
    let growth = async || {
        let answer = app
            .get("analytics/yearly-comparison?date_from=2024-07-01&date_to=2025-12-31")
            .await
            .ok();
        rows(&answer)
            .iter()
            .find(|row| row["year"] == "2025")
            .unwrap()["receivedGrowth"]
            .clone()
    };
    import(100_00).await;
    assert_eq!(growth().await, json!(200.0));
    import(200_00).await;
    assert_eq!(growth().await, json!(50.0));
    app.stop().await;
}

async fn a_search_for_none_is_not_the_same_as_no_search(backend: Backend) {
    let app = with_split_expense(backend).await;
    let found = async |query: &str| {
        let answer = app
            .get(&format!("contracts/stats/summary?limit=10{query}"))
            .await
            .ok();
        rows(&answer).len()
    };
    assert_eq!(
        (
            found("&search=None").await,
            found("").await,
            found("&search=None").await
        ),
        (0, 2, 0)
    );
    app.stop().await;
}

async fn a_file_names_nothing_of_another_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        OTHER_DEPARTMENT,
        &[(
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).of("ООО «Тайна»")]),
        )],
    )
    .await;
    let path = format!("organizations?department_id={OTHER_DEPARTMENT}");
    let id = app.get(&path).await.ok()[0]["id"].clone();
    let filtered = format!("credit-portfolio/receipts?organization_id={id}&format=xlsx");
    let about = sheet(&app, Role::Manager, &filtered, "filters").await;
    assert!(!about.concat().concat().contains("Тайна"), "{about:?}");
    let about = sheet(&app, Role::User, "departments?format=xlsx", "filters").await;
    assert!(!about.concat().concat().contains("Тайна"), "{about:?}");
    app.stop().await;
}

async fn a_moved_contract_is_no_longer_recognized_for_its_old_organization(backend: Backend) {
    let app = TestApp::start(backend).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let send = async |method: Method, path: &str, body: Value| {
        app.request(
            method,
            &format!("credit-portfolio/{path}"),
            Some(&token),
            Some(body),
        )
        .await
    };
    app.import(
        DEPARTMENT,
        &[(
            "p.postuplenie.xlsx",
            &receipts(&[a_receipt(1), a_receipt(2).of("АО «Юг»")]),
        )],
    )
    .await;
    let organizations = app.get("organizations").await.ok();
    let id = |at: usize| organizations[at]["id"].clone();
    let body = json!({ "contract_number": "7 от 01.02.2024", "organization_id": id(0) });
    let made = send(Method::POST, "contracts", body).await.json();
    let moved = send(
        Method::PUT,
        &format!("contracts/{}", made["id"]),
        json!({ "organization_id": id(1) }),
    )
    .await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    let third = a_receipt(3).under("Договор № 7 от 01.02.2024");
    app.import(DEPARTMENT, &[("q.postuplenie.xlsx", &receipts(&[third]))])
        .await;
    let contracts = app.get("contracts").await.ok();
    let sevens = contracts
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["contract_date"] == "2024-02-01");
    let of: Vec<(Value, Value)> = sevens
        .filter(|row| row["contract_number"].as_str().unwrap().contains('7'))
        .map(|row| (row["organization_id"].clone(), row["outstanding"].clone()))
        .collect();
    assert_eq!(of.len(), 2, "{contracts}");
    assert!(
        of.contains(&(id(0), json!(100.0))) && of.contains(&(id(1), json!(0.0))),
        "{of:?}"
    );
    app.stop().await;
}

async fn a_ledger_as_a_file_names_its_contract_and_its_parties(backend: Backend) {
    let app = with_split_expense(backend).await;
    let contracts = app.get("contracts").await.ok();
    let path = format!(
        "credit-portfolio/contracts/{}/ledger?format=xlsx&lang=ru",
        contracts[1]["id"]
    );
    let about = sheet(&app, Role::Manager, &path, "Отбор").await;
    let line = |name: &str| {
        about
            .iter()
            .find(|row| row[0] == name)
            .map(|row| row[1].clone())
            .unwrap_or_default()
    };
    assert_eq!(
        (line("Договор").as_str(), line("Контрагент").as_str()),
        (SPLIT, "АО «Фонд»")
    );
    assert_eq!(
        (line("Организация").as_str(), line("Валюта").as_str()),
        ("ООО «Ромашка»", "RUB")
    );
    assert_eq!(line("Остаток на конец"), "400.00");
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let file = app.bytes(&path, &token).await;
    let mut parts = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut page = String::new();
    parts
        .by_name("xl/worksheets/sheet1.xml")
        .unwrap()
        .read_to_string(&mut page)
        .unwrap();
    assert!(
        page.contains(&format!(
            "&amp;LДоговор: {SPLIT}; Организация: ООО «Ромашка»"
        )),
        "what stands on paper"
    );
    assert!(page.contains("&amp;P / &amp;N") && page.contains(r#"orientation="landscape""#));
    app.stop().await;
}
