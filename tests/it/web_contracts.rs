//! The page of all contracts.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::app::{Backend, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to};
use crate::support::dashboard::{
    amount, browser_of, download_files, follow_figures, kopecks, with_portfolio,
};
use crate::support::on_both_databases;

on_both_databases!(
    every_figure_of_the_contracts_is_the_sum_of_the_operations_behind_it,
    the_page_shows_the_contracts_of_the_rest_answer,
);

async fn every_figure_of_the_contracts_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for path in [
        "/contracts",
        "/contracts?date_from=2025-09-10&date_to=2026-05-20",
        "/contracts?currency=USD",
        "/contracts?direction=lent&sort=-received",
        "/contracts?organization_id=1&confirmed=true",
        "/contracts?status=open",
    ] {
        let (figures, operations) = follow_figures(&mut browser, path).await;
        assert!(figures >= 8, "{path}: {figures}");
        compared += figures;
        rows += operations;
    }
    assert!(
        compared > 100 && rows > 300,
        "{compared} figures, {rows} rows"
    );
    app.stop().await;
}

/// The numbers of the contracts in the order of the page.
fn numbers(page: &str) -> Vec<String> {
    let links = links_to(page, "/contracts/");
    links.into_iter().map(|(_, text)| text).collect()
}

fn field<'a>(rows: &'a Value, name: &str) -> Vec<&'a Value> {
    let rows = rows["data"].as_array().unwrap();
    rows.iter().map(|row| &row[name]).collect()
}

async fn compare(app: &TestApp, browser: &mut Browser, query: &str) -> usize {
    let page = browser.page(&format!("/contracts?{query}")).await;
    let mut path = "contracts/stats/summary?limit=20".to_owned();
    if !query.is_empty() {
        path = format!("{path}&{query}");
    }
    if !query.contains("sort=") {
        path.push_str("&sort=-outstanding");
    }
    let served = app.get(&path).await.ok();
    let expected: Vec<&str> = field(&served, "contractNumber")
        .into_iter()
        .map(|number| number.as_str().unwrap())
        .collect();
    assert_eq!(numbers(&page), expected, "{query}");
    let count = expected.len();
    if count == 0 {
        assert!(page.contains("No such contracts"), "{query}: {page}");
        return 0;
    }
    let foot = page.split_once("<tfoot>").unwrap().1;
    for name in ["received", "principal", "interest", "outstanding"] {
        let sum = field(&served, name).into_iter().map(kopecks).sum();
        assert!(foot.contains(&amount(sum)), "{query}: {name} {foot}");
        for row in field(&served, name) {
            assert!(page.contains(&amount(kopecks(row))), "{query}: {name}");
        }
    }
    count
}

async fn the_page_shows_the_contracts_of_the_rest_answer(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let mut counts = Vec::new();
    for query in [
        "",
        "status=open",
        "status=overpaid&sort=outstanding",
        "search=%D0%B0%D0%BB%D1%8C%D1%84%D0%B0&sort=contractNumber",
        "search=%D0%B1%D0%B0%D0%BD%D0%BA&date_from=2026-01-01&sort=-lastPayment",
        "search=nothing+like+it",
    ] {
        counts.push(compare(&app, &mut browser, query).await);
    }
    assert_eq!(counts.pop(), Some(0));
    assert!(counts[0] > 5 && counts[1] < counts[0], "{counts:?}");
    for path in [
        "/contracts?date_to=2026-03-31",
        "/contracts?status=open&search=%D0%B1",
    ] {
        assert_eq!(download_files(&mut browser, path).await, 2, "{path}");
    }
    // A heading sorts the other way round when it is followed once more.
    let page = browser.page("/contracts?sort=-received").await;
    assert!(page.contains("aria-sort=\"descending\""), "{page}");
    let heads = links_to(&page, "/contracts?");
    let (again, _) = heads.iter().find(|(_, text)| text == "Received").unwrap();
    assert_eq!(again, "/contracts?sort=received");
    app.stop().await;
}

#[actix_rt::test]
async fn what_is_no_address_or_not_allowed_is_refused() {
    let (app, _) = with_portfolio(Backend::Sqlite).await;
    let mut viewer = browser_of(&app, Role::Viewer).await;
    viewer.page("/contracts").await;
    for (query, status) in [
        ("status=colour", StatusCode::BAD_REQUEST),
        ("page=0", StatusCode::BAD_REQUEST),
        ("page=9223372036854775807", StatusCode::OK),
        ("bank_account_id=1", StatusCode::BAD_REQUEST),
        (
            &*format!("search={}", "x".repeat(501)),
            StatusCode::BAD_REQUEST,
        ),
        (
            &*format!("department_id={OTHER_DEPARTMENT}"),
            StatusCode::FORBIDDEN,
        ),
    ] {
        let answer = viewer.get(&format!("/contracts?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
    }
    app.stop().await;
}
