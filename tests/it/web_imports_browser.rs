//! Imports in a real browser: files chosen, tried, taken, and the run followed to its end by script;
//! the same without it.

use std::path::Path;

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use fantoccini::Locator;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::chromium::Chromium;
use crate::support::eventually;
use crate::support::known_files::{EXPENSES, RECEIPTS, a_bad_seventh};
use crate::support::workbooks::{a_receipt, receipts};

const PASSWORD: &str = "correct horse";

/// The program, and a browser on the page of imports.
async fn at_imports(runs_script: bool) -> (TestApp, Chromium) {
    let settings = [("USE_REDIS", "false"), ("COOKIE_SECURE", "false")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(Role::Manager, DEPARTMENT, &hash).await;
    let browser = Chromium::start_with("en", runs_script).await;
    browser.open(&app.url("/imports")).await;
    browser
        .type_into("input[name=username]", &user.username)
        .await;
    browser.type_into("input[name=password]", PASSWORD).await;
    browser.click("form button").await;
    browser.wait_for("#up").await;
    (app, browser)
}

/// Chooses files and has them tried.
async fn hand_in(browser: &Chromium, files: &[&Path]) {
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let field = browser.client.find(Locator::Css("input[type=file]")).await;
    field.unwrap().send_keys(&names.join("\n")).await.unwrap();
    browser.click("#up ~ form button").await;
    browser.wait_for("#decide").await;
}

async fn assert_fits(browser: &Chromium, name: &str) {
    for width in [390, 1440] {
        browser.resize(width).await;
        assert_eq!(browser.overflow().await, 0, "{name} at {width} px");
        browser.screenshot(&format!("{name}-{width}")).await;
    }
    assert_eq!(browser.accessibility_faults().await, Vec::<String>::new());
    assert_eq!(browser.console().await, Vec::<String>::new(), "{name}");
}

#[actix_rt::test]
async fn files_are_tried_taken_and_followed_to_the_end() {
    let (app, browser) = at_imports(true).await;
    let folder = tempfile::tempdir().unwrap();
    let (bad, large) = (folder.path().join(EXPENSES), folder.path().join(RECEIPTS));
    std::fs::write(&bad, a_bad_seventh()).unwrap();
    let rows: Vec<_> = (1..20_000).map(a_receipt).collect();
    std::fs::write(&large, receipts(&rows)).unwrap();
    hand_in(&browser, &[&bad, &large]).await;
    assert_fits(&browser, "import-upload").await;
    browser.click("form[action$='/confirm'] button").await;
    // The page follows by itself, and loads again at the end.
    browser.wait_for("[data-run]").await;
    browser
        .wait_for("main:not(:has([data-run])) #journal")
        .await;
    assert_fits(&browser, "import-run").await;
    let rejected = "a[href^='/imports/entries/']:has(b)";
    browser.click(rejected).await;
    browser.wait_for("#rejects").await;
    assert_fits(&browser, "import-entry").await;
    browser.close().await;
    app.stop().await;
}

#[actix_rt::test]
async fn files_are_tried_and_taken_without_script() {
    let (app, browser) = at_imports(false).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(RECEIPTS);
    std::fs::write(&file, receipts(&[a_receipt(1)])).unwrap();
    hand_in(&browser, &[&file]).await;
    browser.click("form[action$='/confirm'] button").await;
    eventually("the run has ended", async || {
        browser.wait_for("#journal").await;
        // What the page offers while it can't follow by itself.
        match browser.client.find(Locator::Css(".live a")).await {
            Ok(again) => again.click().await.is_err(),
            Err(_) => true,
        }
    })
    .await;
    let run = browser.text(".known .state").await;
    assert!(run.contains("Done"), "{run}");
    browser.click(".crumbs a").await;
    browser.wait_for("#up").await;
    browser.close().await;
    app.stop().await;
}
