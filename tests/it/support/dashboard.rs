//! The dashboard over a random portfolio, and the way from its figures to their operations.

use std::collections::BTreeSet;

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use super::app::{Backend, DEPARTMENT, TestApp};
use super::browser::{Browser, links_to, text_of};
use super::random_operations::runner;
use super::random_portfolio::{import, portfolio};

pub const PASSWORD: &str = "correct horse";

pub async fn browser_of(app: &TestApp, role: Role) -> Browser {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(role, DEPARTMENT, &hash).await;
    Browser::signed_in(app, &user.username, PASSWORD).await
}

/// A random portfolio, and an administrator who looks at it.
pub async fn with_portfolio(backend: Backend) -> (TestApp, Browser) {
    let app = TestApp::start(backend).await;
    let drawn = portfolio(60).new_tree(&mut runner(7)).unwrap().current();
    import(&app, &drawn).await;
    let browser = browser_of(&app, Role::Admin).await;
    (app, browser)
}

/// The text of the figure that a link shows; of a tile, its exact amount.
fn shown_figure(link: &str) -> Option<String> {
    if let Some((_, rest)) = link.split_once("class=\"exact\">") {
        let exact = rest.split_once('<')?.0;
        return exact.starts_with(['₽', '−', '$']).then(|| exact.to_owned());
    }
    let is_amount = link.contains('.') && link.chars().all(|c| "−0123456789,.".contains(c));
    is_amount.then(|| link.to_owned())
}

/// Without the currency's sign: cells of tables have none.
fn bare(figure: &str) -> String {
    figure.replace(['₽', '$'], "")
}

/// Follows every link of a page to operations: their sum is the figure that the link shows. Returns
/// how many figures were compared, and how many operations are behind them.
pub async fn follow_figures(browser: &mut Browser, path: &str) -> (usize, usize) {
    let page = browser.page(path).await;
    let (mut compared, mut rows) = (0, 0);
    let mut seen = BTreeSet::new();
    for (address, text) in links_to(&page, "/operations?") {
        let shown = shown_figure(&text);
        if shown.is_none() && !seen.insert(address.clone()) {
            continue;
        }
        let behind = browser.page(&address).await;
        let (figure, sum) = (text_of(&behind, "figure"), text_of(&behind, "sum"));
        assert_eq!(figure, sum, "{path} leads to {address}");
        if let Some(shown) = shown {
            assert_eq!(bare(&sum), bare(&shown), "{path} leads to {address}");
            compared += 1;
        }
        let count = text_of(&behind, "count").replace(',', "");
        rows += count.parse::<usize>().unwrap();
        // The navigation keeps the filter, too, but leads back to nothing.
        let leads_back = behind.contains("class=\"crumbs\"");
        assert_eq!(leads_back, address.contains("back="), "{address}");
    }
    (compared, rows)
}

/// Downloads every file that a page offers; returns how many there are.
pub async fn download_files(browser: &mut Browser, path: &str) -> usize {
    let page = browser.page(path).await;
    let links = links_to(&page, "/api/v1/credit-portfolio/");
    for (address, name) in &links {
        let answer = browser.get(address).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {address}");
        let kind = match name.as_str() {
            "CSV" => "text/csv; charset=utf-8",
            _ => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        };
        assert_eq!(answer.header("content-type"), kind, "{address}");
    }
    links.len()
}

pub fn kopecks(amount: &Value) -> i64 {
    (amount.as_f64().unwrap() * 100.0).round() as i64
}

/// An amount of the REST interface as pages in English show it.
pub fn amount(kopecks: i64) -> String {
    let sign = if kopecks < 0 { "−" } else { "" };
    let whole = (kopecks.abs() / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{:02}", kopecks.abs() % 100)
}
