//! The parts of the contracts that a search finds, against what `contracts/stats/summary` says of
//! each of them.

use std::collections::BTreeSet;

use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{import, portfolio};
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, kopecks, principal, receipts,
};

on_both_databases!(
    parts_of_found_contracts_add_up_to_their_figures,
    a_bank_account_does_not_change_which_contracts_are_found,
);

const SEARCHES: [&str; 9] = [
    "status=open",
    "status=repaid",
    "status=overpaid",
    "status=undrawn",
    "has_debt=true",
    "has_debt=false",
    "search=1",
    "search=nothing+like+it",
    "search=1&has_debt=true",
];
const RANGES: [&str; 3] = ["", "&date_to=2026-03-31", "&date_from=2026-02-01"];

async fn with_portfolio(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let drawn = portfolio(120).new_tree(&mut runner(43)).unwrap().current();
    import(&app, &drawn).await;
    app
}

async fn found(app: &TestApp, search: &str) -> Vec<Value> {
    let path = format!("contracts/stats/summary?limit=100&{search}");
    let answer = app.get(&path).await.ok();
    assert_eq!(answer["pagination"]["pages"].as_i64().unwrap().max(1), 1);
    answer["data"].as_array().unwrap().clone()
}

async fn parts(app: &TestApp, query: &str) -> Value {
    let path = format!("operations/parts?limit=5000&{query}");
    app.get(&path).await.ok()
}

async fn parts_of_found_contracts_add_up_to_their_figures(backend: Backend) {
    let app = with_portfolio(backend).await;
    let mut totals = BTreeSet::new();
    for search in SEARCHES {
        for range in RANGES {
            let rows = found(&app, &format!("{search}{range}")).await;
            let sum = |field: &str| -> i64 { rows.iter().map(|row| kopecks(&row[field])).sum() };
            for (measure, figure) in [
                ("receipts", sum("received")),
                ("principal", sum("principal")),
                ("interest", sum("interest")),
                ("balance", sum("outstanding")),
            ] {
                // A balance is never cut by a first day.
                let query = format!("{search}{range}&measure={measure}");
                let parts = parts(&app, &query).await;
                assert_eq!(kopecks(&parts["total"]), figure, "{query}");
                let listed = parts["data"].as_array().unwrap();
                let listed: i64 = listed.iter().map(|part| kopecks(&part["amount"])).sum();
                assert_eq!(listed, figure, "{query}");
                totals.insert(figure);
            }
        }
    }
    assert!(totals.len() > 15, "{totals:?}");
    let csv = app
        .get("operations/parts?status=open&measure=receipts&format=csv")
        .await;
    let listed = parts(&app, "status=open&measure=receipts").await;
    let lines = csv.text.lines().filter(|line| !line.is_empty()).count();
    // The heading; a file without rows of a total.
    assert_eq!(lines as i64 - 1, listed["count"].as_i64().unwrap());
    app.stop().await;
}

/// A contract that is drawn into one account and repaid from another: of each account alone it would
/// be open, or overpaid.
async fn a_bank_account_does_not_change_which_contracts_are_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut repaid = an_expense(1).on("05.04.2026").amounting_to(100_00);
    repaid.bank_account = "40702810900000000002, ПАО «Банк»".to_owned();
    let open = a_receipt(2).under("Договор займа № 2 от 01.02.2024");
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[
                a_receipt(1).on("05.03.2026").amounting_to(100_00),
                open.on("06.03.2026").amounting_to(7_00),
            ]),
        ),
        ("spisanie.xlsx", &expenses(&[repaid])),
        ("rasshifrovka.xlsx", &details(&[principal(1, 100_00)])),
    ];
    app.import(DEPARTMENT, &files).await;
    let accounts = app.get("bank-accounts").await.ok();
    let number = |account: &Value| account["account_number"].as_str().unwrap().to_owned();
    let id_of = |wanted: &str| {
        let accounts = accounts.as_array().unwrap();
        let found = accounts
            .iter()
            .find(|account| number(account).contains(wanted));
        found.unwrap_or_else(|| panic!("{accounts:?}"))["id"].clone()
    };
    let [drawn, paid] = ["40702810900000000001", "40702810900000000002"].map(id_of);
    for (query, expected) in [
        (
            format!("bank_account_id={drawn}&measure=receipts&status=open"),
            7_00,
        ),
        (
            format!("bank_account_id={drawn}&measure=receipts&status=repaid"),
            100_00,
        ),
        (
            format!("bank_account_id={drawn}&measure=receipts&has_debt=true"),
            7_00,
        ),
        (
            format!("bank_account_id={paid}&measure=principal&status=repaid"),
            100_00,
        ),
        (
            format!("bank_account_id={paid}&measure=principal&status=overpaid"),
            0,
        ),
    ] {
        assert_eq!(
            kopecks(&parts(&app, &query).await["total"]),
            expected,
            "{query}"
        );
    }
    app.stop().await;
}
