//! The pages while the database does not answer: what is cached is shown, and said to be unverified.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::DEPARTMENT;
use crate::support::browser::text_of;
use crate::support::dashboard::browser_of;
use crate::support::eventually;
use crate::support::proxy::proxied;
use crate::support::workbooks::{a_receipt, receipts};

const SHORT_LIMITS: [(&str, &str); 2] = [
    ("DATABASE_TIMEOUT_MS", "500"),
    ("DATABASE_STATEMENT_TIMEOUT_MS", "500"),
];
const PAGES: [&str; 9] = [
    "/",
    "/cash-flow",
    "/payments",
    "/compare",
    "/contracts",
    "/lenders",
    "/roll-forward",
    "/operations?measure=receipts",
    "/operations?measure=debt",
];
/// As English pages say it.
const SAID: &str = "class=\"stale\"";

#[actix_rt::test]
async fn pages_that_were_shown_are_shown_and_say_that_nobody_can_verify_them() {
    let (app, proxy) = proxied(&SHORT_LIMITS).await;
    let rows = [a_receipt(1).amounting_to(100_00)];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let mut browser = browser_of(&app, Role::Manager).await;
    for path in PAGES {
        let page = browser.page(path).await;
        assert!(!page.contains(SAID), "{path}");
    }
    proxy.be_silent(true);
    for path in PAGES {
        let mut page = String::new();
        eventually("the page says so", async || {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            page = answer.text;
            page.contains(SAID)
        })
        .await;
        if path.starts_with("/operations") {
            assert_eq!(text_of(&page, "sum"), "₽100.00", "{path}");
            assert_eq!(text_of(&page, "figure"), "₽100.00", "{path}");
        }
    }
    // What was not shown before is no empty page.
    let new = browser.get("/operations?measure=expenses").await;
    assert_eq!(new.status, StatusCode::SERVICE_UNAVAILABLE);

    proxy.be_silent(false);
    eventually("pages are verified again", async || {
        let answer = browser.get("/operations?measure=receipts").await;
        answer.status == StatusCode::OK && !answer.text.contains(SAID)
    })
    .await;
    app.stop().await;
}
