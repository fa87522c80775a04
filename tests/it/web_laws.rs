//! Laws of the dashboard over random filters: every link of every chart and table leads to rows that
//! add up to the figure, and so does the file of these rows. `WEB_FILTERS` makes the long form.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use credit_portfolio::domain::Role;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to, text_of};
use crate::support::dashboard::{amount, follow_figures, with_portfolio};
use crate::support::exported::column;
use crate::support::random_operations::runner;
use crate::support::{from_environment, on_both_databases};

on_both_databases!(
    over_random_filters_every_link_leads_to_rows_that_add_up_to_its_figure,
    the_workbook_behind_a_figure_adds_up_to_it,
    no_link_of_a_page_leads_to_a_refusal,
    pages_of_parts_make_the_whole,
);

const PAGES: [&str; 12] = [
    "/?",
    "/cash-flow?",
    "/cash-flow?by=quarter&",
    "/payments?",
    "/compare?",
    "/contracts?",
    "/contracts?status=open&",
    "/contracts?search=%D0%B1&",
    "/lenders?",
    "/roll-forward?group_by=contract&",
    "/roll-forward?group_by=organization&",
    "/roll-forward?group_by=lender&",
];

/// A filter as addresses have it, with ids by their place in the lists.
fn filter(organizations: Vec<i64>, lenders: Vec<i64>) -> impl Strategy<Value = String> {
    let day = || {
        let first = NaiveDate::from_ymd_opt(2025, 6, 1).unwrap();
        prop::option::of((0_u64..700).prop_map(move |day| first + chrono::Days::new(day)))
    };
    let of = |values: &'static [&'static str]| prop_oneof![2 => Just(None), 1 => prop::sample::select(values).prop_map(Some)];
    (
        (day(), day()),
        prop::option::weighted(0.3, prop::sample::select(organizations)),
        prop::option::weighted(0.4, prop::sample::select(lenders)),
        of(&["RUB", "USD"]),
        of(&["borrowed", "lent"]),
        of(&["exclude", "only"]),
        of(&["true", "false"]),
    )
        .prop_map(
            |((one, other), organization, lender, currency, direction, intra_group, confirmed)| {
                let (from, to) = match (one, other) {
                    (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other))),
                    one_at_most => one_at_most,
                };
                let pairs = [
                    ("date_from", from.map(|day| day.to_string())),
                    ("date_to", to.map(|day| day.to_string())),
                    ("organization_id", organization.map(|id| id.to_string())),
                    ("lender_id", lender.map(|id| id.to_string())),
                    ("currency", currency.map(str::to_owned)),
                    ("direction", direction.map(str::to_owned)),
                    ("intra_group", intra_group.map(str::to_owned)),
                    ("confirmed", confirmed.map(str::to_owned)),
                ];
                let set = pairs
                    .iter()
                    .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
                set.collect::<Vec<_>>().join("&")
            },
        )
}

async fn ids(app: &TestApp, list: &str) -> Vec<i64> {
    let rows = app.get(list).await.ok();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn over_random_filters_every_link_leads_to_rows_that_add_up_to_its_figure(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let mut lenders = ids(&app, "lenders").await;
    // Contracts without a lender.
    lenders.push(0);
    let filters = filter(ids(&app, "organizations").await, lenders);
    let mut random = runner(11);
    let (mut compared, mut rows) = (0, 0);
    for _ in 0..from_environment("WEB_FILTERS", 4) {
        let filter = filters.new_tree(&mut random).unwrap().current();
        for page in PAGES {
            let path = format!("{page}{filter}");
            let (figures, operations) = follow_figures(&mut browser, &path).await;
            compared += figures;
            rows += operations;
        }
    }
    assert!(
        compared > 100 && rows > 200,
        "{compared} figures, {rows} rows"
    );
    app.stop().await;
}

/// The figure that a page of operations shows, and what its workbook adds up to, in kopecks.
async fn figure_and_file(browser: &mut Browser, address: &str) -> (String, i64) {
    let page = browser.page(address).await;
    let files = links_to(&page, "/api/v1/credit-portfolio/operations/parts");
    let (file, _) = files.iter().find(|(_, name)| name == "XLSX").unwrap();
    let (_, bytes) = browser.file(file).await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range("data").unwrap();
    let headings: Vec<String> = sheet
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(Data::to_string)
        .collect();
    let at = column(&headings, "Amount");
    // The last row is the total, a formula.
    let rows = sheet.rows().skip(1).take(sheet.height().saturating_sub(2));
    let sum = rows.map(|row| (row[at].to_string().parse::<f64>().unwrap() * 100.0).round() as i64);
    (text_of(&page, "figure"), sum.sum())
}

async fn the_workbook_behind_a_figure_adds_up_to_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let mut lenders = ids(&app, "lenders").await;
    // Contracts without a lender.
    lenders.push(0);
    let filters = filter(ids(&app, "organizations").await, lenders);
    let mut random = runner(12);
    let mut compared = 0;
    for _ in 0..from_environment("WEB_FILTERS", 4) {
        let filter = filters.new_tree(&mut random).unwrap().current();
        let page = browser.page(&format!("/?{filter}")).await;
        let links = links_to(&page, "/operations?");
        for (address, _) in links.iter().step_by(7) {
            let (figure, sum) = figure_and_file(&mut browser, address).await;
            let figure = figure.replace(['₽', '$'], "");
            assert_eq!(figure, amount(sum), "{address}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared} files");
    app.stop().await;
}

/// Pages, each with a filter that others refuse or do not show.
const FILTERED: [&str; 9] = [
    "/?direction=lent&confirmed=true&date_from=2026-01-01",
    "/cash-flow?bank_account_id=1&organization_id=1",
    "/payments?bank_account_id=1&contract_type=credit",
    "/operations?contract_id=1&measure=debt&back=%2F",
    "/operations?bank_account_id=1&contract_id=1&measure=receipts",
    "/contracts?status=open&intra_group=exclude",
    "/contracts/1?contract_id=1&date_from=2026-01-01",
    "/lenders?lender_id=1&department_id=8",
    "/compare?contract_id=2&currency=USD",
];

async fn no_link_of_a_page_leads_to_a_refusal(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let account = json!({ "account_number": "40702810000000000001" });
    let made = app
        .request(
            Method::POST,
            "credit-portfolio/bank-accounts",
            Some(&token),
            Some(account),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let mut seen = BTreeSet::new();
    for path in FILTERED {
        let page = browser.page(path).await;
        for (address, _) in links_to(&page, "/") {
            let is_file = address.starts_with("/api/") || address.contains("picture=");
            let is_file = is_file || address == "/docs";
            if is_file || !seen.insert(address.clone()) {
                continue;
            }
            let answer = browser.get(&address).await;
            assert_eq!(answer.status.as_u16(), 200, "{path} leads to {address}");
        }
        // What is set and has no choice in the bar is named.
        let named = |name: &str, label: &str| {
            let is_chip = page.contains("class=\"chips\"") && page.contains(&format!(">{label}"));
            assert!(
                !path.contains(name) || is_chip,
                "{path} does not name {name}"
            );
        };
        if !path.starts_with("/operations") && !path.starts_with("/contracts/") {
            named("contract_id=", "Contract: one only");
            named("direction=", "Direction: Lent");
            named("contract_type=", "Type: Bank loan");
        }
    }
    assert!(seen.len() > 100, "{} links", seen.len());
    app.stop().await;
}

/// Pages of the parts behind a figure, put together, are all of them in the same order.
async fn pages_of_parts_make_the_whole(backend: Backend) {
    let (app, _) = with_portfolio(backend).await;
    let mut lenders = ids(&app, "lenders").await;
    // Contracts without a lender.
    lenders.push(0);
    let filters = filter(ids(&app, "organizations").await, lenders);
    let mut random = runner(13);
    let (mut pages, mut parts) = (0, 0);
    for measure in ["amount", "principal", "debt", "planned", "net"] {
        for _ in 0..from_environment("WEB_FILTERS", 4) {
            let filter = filters.new_tree(&mut random).unwrap().current();
            let path = format!("operations/parts?measure={measure}&{filter}");
            let path = path.trim_end_matches('&');
            let rows = async |page: &str| {
                let answer = app.get(&format!("{path}&{page}")).await.ok();
                answer["data"].as_array().unwrap().clone()
            };
            let whole = rows("limit=1000").await;
            let mut read = Vec::new();
            loop {
                let next = rows(&format!("limit=7&skip={}", read.len())).await;
                pages += 1;
                if next.is_empty() {
                    break;
                }
                read.extend(next);
            }
            assert_eq!(read, whole, "{path}");
            parts += whole.len();
        }
    }
    assert!(pages > 30 && parts > 100, "{pages} pages, {parts} parts");
    app.stop().await;
}
