//! The page of one contract, and the reconciliation statement that it prints.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, location};
use crate::support::dashboard::{
    PASSWORD, amount, browser_of, download_files, follow_figures, kopecks, with_portfolio,
};
use crate::support::known_files::RECEIPTS;
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(
    every_figure_of_a_contract_is_the_sum_of_the_operations_behind_it,
    the_page_holds_the_ledger_of_the_rest_answer,
    a_merged_contract_leads_to_the_one_that_took_it_over,
    an_adjustment_is_entered_and_removed_on_the_page,
    an_opening_balance_after_operations_is_warned_of_on_the_page,
    a_loan_that_was_given_is_called_so,
);

/// Id and number of all contracts.
async fn contracts(app: &TestApp) -> Vec<(i64, String)> {
    let rows = app.get("contracts?limit=1000").await.ok();
    let of = |row: &Value| {
        let number = row["contract_number"].as_str().unwrap();
        (row["id"].as_i64().unwrap(), number.to_owned())
    };
    rows.as_array().unwrap().iter().map(of).collect()
}

async fn every_figure_of_a_contract_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for (id, _) in contracts(&app).await {
        for dates in [
            "",
            "?date_from=2025-09-10&date_to=2026-05-20&organization_id=1",
        ] {
            let path = format!("/contracts/{id}{dates}");
            let (figures, operations) = follow_figures(&mut browser, &path).await;
            assert!(figures > 10, "{path}: {figures}");
            compared += figures;
            rows += operations;
        }
    }
    assert!(
        compared > 200 && rows > 500,
        "{compared} figures, {rows} rows"
    );
    app.stop().await;
}

async fn the_page_holds_the_ledger_of_the_rest_answer(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let mut lines = 0;
    for (id, number) in contracts(&app).await {
        for dates in ["", "date_from=2025-09-10&date_to=2026-05-20"] {
            let page = browser.page(&format!("/contracts/{id}?{dates}")).await;
            let ledger = app
                .get(&format!("contracts/{id}/ledger?{dates}"))
                .await
                .ok();
            assert!(page.contains(&format!("<h1>{number}</h1>")), "{page}");
            let (_, table) = page
                .split_once("aria-labelledby=\"ledger\"><table")
                .unwrap();
            let (table, statement) = table.split_once("</table>").unwrap();
            let balances: Vec<&Value> = ledger["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|line| &line["balance"])
                .collect();
            let rows = table.matches("<tr").count();
            // A heading and the sums are beside the lines.
            assert_eq!(rows, balances.len() + 2, "{id} {dates}");
            let mut rest = table;
            for balance in &balances {
                let text = amount(kopecks(balance));
                let (_, after) = rest
                    .split_once(&format!("{text}<"))
                    .unwrap_or_else(|| panic!("{id} {dates}: no {text}"));
                rest = after;
            }
            let owed = kopecks(&ledger["closing"]);
            let said = if owed == 0 { "neither party" } else { " owes " };
            assert!(statement.contains(said), "{id}: {statement}");
            assert!(owed == 0 || statement.contains(&amount(owed.abs())), "{id}");
            assert_eq!(statement.matches("Signature").count(), 2);
            lines += balances.len();
        }
    }
    assert!(lines > 100, "{lines}");
    assert!(download_files(&mut browser, "/contracts/1").await >= 4);
    browser.post_signed("/preferences", &[("lang", "ru")]).await;
    let page = browser.page("/contracts/1").await;
    assert!(page.contains("Акт сверки взаимных расчётов"), "{page}");
    app.stop().await;
}

async fn a_merged_contract_leads_to_the_one_that_took_it_over(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let rows = app.get("contracts?limit=1000").await.ok();
    let rows = rows.as_array().unwrap();
    let first = &rows[0];
    let second = rows[1..]
        .iter()
        .find(|row| row["organization_id"] == first["organization_id"])
        .unwrap();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{}/merge", first["id"]);
    let body = json!({ "into": second["id"] });
    let merged = app
        .request(reqwest::Method::POST, &path, Some(&token), Some(body))
        .await;
    merged.ok();
    let answer = browser
        .get(&format!("/contracts/{}?lender_id=1", first["id"]))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let there = format!("/contracts/{}?lender_id=1", second["id"]);
    assert_eq!(location(&answer), there);
    browser.page(&there).await;
    app.stop().await;
}

#[actix_rt::test]
async fn a_contract_of_another_department_is_not_there() {
    let (app, _) = with_portfolio(Backend::Sqlite).await;
    browser_of(&app, Role::Viewer)
        .await
        .page("/contracts/1")
        .await;
    let hash = credit_portfolio::accounts::hash_password(PASSWORD.to_owned()).await;
    let other = app
        .user(Role::Manager, OTHER_DEPARTMENT, &hash.unwrap())
        .await;
    let mut other = Browser::signed_in(&app, &other.username, PASSWORD).await;
    for path in ["/contracts/1", "/lenders/1"] {
        assert_eq!(
            other.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let mut user = browser_of(&app, Role::User).await;
    for path in [
        "/contracts",
        "/contracts/1",
        "/lenders",
        "/lenders/1",
        "/roll-forward",
    ] {
        assert_eq!(user.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    app.stop().await;
}

async fn an_adjustment_is_entered_and_removed_on_the_page(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let debt = async || {
        let rows = app
            .get("analytics/roll-forward?group_by=contract&contract_id=1")
            .await;
        kopecks(&rows.ok()["total"]["closing"])
    };
    let before = debt().await;
    let entered = [
        ("date", "2026-02-01"),
        ("kind", "correction"),
        ("amount", "1 234,56"),
        ("comment", "a set-off of 2025"),
    ];
    let path = "/contracts/1/adjustments";
    let answer = browser.post_signed(path, &entered).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(location(&answer), "/contracts/1#adjustments");
    assert_eq!(debt().await, before + 123_456);
    let page = browser.page("/contracts/1").await;
    assert!(page.contains("1,234.56") && page.contains("a set-off of 2025"));
    // A form that is sent twice is entered once.
    let twice = browser.post_signed(path, &entered).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("An equal adjustment"), "{}", twice.text);
    assert_eq!(debt().await, before + 123_456);
    for (name, value) in [
        ("amount", "1,200"),
        ("amount", "0"),
        ("date", "1889-01-01"),
        ("date", "yesterday"),
        ("kind", "gift"),
    ] {
        let fields = entered.map(|(field, kept)| (field, if field == name { value } else { kept }));
        let refused = browser.post_signed(path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{value}");
        assert!(refused.text.contains("role=\"alert\""), "{value}");
        assert!(
            refused.text.contains("a set-off of 2025"),
            "nothing is lost"
        );
    }
    assert_eq!(debt().await, before + 123_456);
    let remove = page.split("action=\"").skip(1);
    let remove = remove.map(|rest| rest.split('"').next().unwrap());
    let remove: Vec<&str> = remove
        .filter(|action| action.ends_with("/remove"))
        .collect();
    let newest = remove
        .iter()
        .max_by_key(|action| action.split('/').nth(4).unwrap().parse::<i64>().unwrap());
    let newest = *newest.unwrap();
    let mut viewer = browser_of(&app, Role::Viewer).await;
    assert!(!viewer.page("/contracts/1").await.contains("/adjustments\""));
    for (path, fields) in [(path, entered.as_slice()), (newest, &[])] {
        let forbidden = viewer.post_signed(path, fields).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    }
    let removed = browser.post_signed(newest, &[]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert_eq!(debt().await, before);
    app.stop().await;
}

async fn an_opening_balance_after_operations_is_warned_of_on_the_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    let drawn = receipts(&[a_receipt(1).amounting_to(100_00)]);
    app.import(DEPARTMENT, &[(RECEIPTS, &drawn)]).await;
    let (id, _) = contracts(&app).await.remove(0);
    let first = app.get("receipts").await.ok()[0]["document_date"].clone();
    let first: chrono::NaiveDate = first.as_str().unwrap()[..10].parse().unwrap();
    let mut browser = browser_of(&app, Role::Admin).await;
    let path = format!("/contracts/{id}/adjustments");
    for (days, is_warned_of) in [(-1, false), (1, true)] {
        let date = (first + chrono::TimeDelta::days(days)).to_string();
        let entered = [
            ("date", date.as_str()),
            ("kind", "opening_balance"),
            ("amount", "500"),
        ];
        let answer = browser.post_signed(&path, &entered).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let page = browser.page(&format!("/contracts/{id}")).await;
        let warning = "the contract has operations before this balance";
        assert_eq!(page.contains(warning), is_warned_of, "{date}: {page}");
    }
    app.stop().await;
}

async fn a_loan_that_was_given_is_called_so(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let of = async |direction: &str| {
        let rows = app.get(&format!("contracts?direction={direction}")).await;
        rows.ok()[0]["id"].as_i64().unwrap()
    };
    let lent = browser
        .page(&format!("/contracts/{}", of("lent").await))
        .await;
    let borrowed = of("borrowed").await;
    let borrowed = browser.page(&format!("/contracts/{borrowed}")).await;
    for (words, is_of_lent) in [
        ("Lent</", true),
        ("Returned to us", true),
        ("Drawn", false),
        ("Repaid on contracts", false),
        ("Share of the debt", false),
    ] {
        assert_eq!(lent.contains(words), is_of_lent, "{words}: {lent}");
        assert_eq!(borrowed.contains(words), !is_of_lent, "{words}: {borrowed}");
    }
    let overview = browser.page("/?direction=lent").await;
    assert!(overview.contains("Owed to us by"), "{overview}");
    app.stop().await;
}
