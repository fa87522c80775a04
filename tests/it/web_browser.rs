//! The dashboard in a real browser: from the sign-in to the operations behind a bar and back, with
//! and without script; every page is held to the rules of accessibility, and pictures are taken.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::db::UserRow;
use credit_portfolio::domain::Role;
use proptest::strategy::{Strategy, ValueTree};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::browser::links_to;
use crate::support::chromium::Chromium;
use crate::support::eventually;
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{import, portfolio};

const PASSWORD: &str = "correct horse";

/// The program with a portfolio, and the name of an administrator.
async fn started() -> (TestApp, String) {
    let (app, user) = with_user().await;
    (app, user.username)
}

async fn with_user() -> (TestApp, UserRow) {
    let settings = [("USE_REDIS", "false"), ("COOKIE_SECURE", "false")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let drawn = portfolio(60).new_tree(&mut runner(7)).unwrap().current();
    import(&app, &drawn).await;
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(Role::Admin, DEPARTMENT, &hash).await;
    (app, user)
}

async fn sign_in(browser: &Chromium, app: &TestApp, username: &str) {
    browser.open(&app.url("/")).await;
    browser.type_into("input[name=username]", username).await;
    browser.type_into("input[name=password]", PASSWORD).await;
    browser.click("form button").await;
    browser.wait_for(".tiles").await;
}

/// Follows the first bar of a chart, which must lead to rows that add up to it, and comes back.
async fn drill(browser: &Chromium, bar: &str) {
    let before = browser.place().await;
    browser.click(bar).await;
    browser.wait_for("#sum").await;
    assert_eq!(browser.text("#figure").await, browser.text("#sum").await);
    browser.click(".crumbs a").await;
    browser.wait_for("figure.chart").await;
    assert_eq!(
        browser.place().await,
        before,
        "the way back keeps the filter"
    );
}

#[actix_rt::test]
async fn a_new_user_finds_the_operations_behind_a_bar_and_comes_back() {
    let (app, username) = started().await;
    let browser = Chromium::start("en").await;
    sign_in(&browser, &app, &username).await;
    assert_eq!(browser.text("h1").await, "Overview");
    drill(&browser, "#payments .area a:has(rect.principal)").await;
    // The filter is in the address, applies when it changes, and stays.
    browser.click(".presets a:nth-of-type(3)").await;
    browser
        .wait_for(".presets a:nth-of-type(3)[aria-current]")
        .await;
    assert!(browser.place().await.contains("date_from="));
    drill(&browser, "#payments .area a:has(rect.principal)").await;
    // By keyboard alone: one stop a chart, arrows inside, Enter drills.
    let script = "const bars = document.querySelectorAll('#payments .area a');
        return [...bars].filter(bar => bar.tabIndex >= 0).length";
    assert_eq!(browser.run(script).await, 1);
    browser
        .run("document.querySelector('#payments .area a[tabindex=\"0\"]').focus()")
        .await;
    browser.press("\u{e012}\u{e007}").await;
    browser.wait_for("#sum").await;
    assert_eq!(browser.text("#figure").await, browser.text("#sum").await);
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.close().await;
    app.stop().await;
}

#[actix_rt::test]
async fn everything_works_without_script() {
    let (app, username) = started().await;
    let browser = Chromium::start_with("ru", false).await;
    sign_in(&browser, &app, &username).await;
    assert_eq!(browser.text("h1").await, "Обзор");
    drill(&browser, "#payments .area a:has(rect.principal)").await;
    browser.click("form[data-auto] button").await;
    browser.wait_for(".tiles").await;
    browser.click(".top .menu summary").await;
    browser.click("button[name=lang][value=en]").await;
    browser.wait_for("html[lang=en]").await;
    browser.click(".top .menu summary").await;
    browser.click("form[action='/sign-out'] button").await;
    browser.wait_for("input[name=username]").await;
    browser.open(&app.url("/operations")).await;
    browser.wait_for("input[name=username]").await;
    browser.close().await;
    app.stop().await;
}

#[actix_rt::test]
async fn every_page_is_accessible_fits_its_window_and_says_nothing_on_the_console() {
    let (app, username) = started().await;
    let browser = Chromium::start("en").await;
    sign_in(&browser, &app, &username).await;
    let mut pages = vec!["/account".to_owned()];
    let source = browser.client.source().await.unwrap();
    let navigation = source.split_once("class=\"nav\"").unwrap().1;
    let navigation = navigation.split_once("</nav>").unwrap().0;
    pages.extend(links_to(navigation, "/").into_iter().map(|(path, _)| path));
    let of_rows = [
        "/contracts/1",
        "/lenders/1",
        "/lenders/1/merge?into=2",
        "/operations?measure=debt&back=%2F&contract_id=1",
        "/operations/expenses/1",
        "/operations/receipts/1",
        "/quality/failing_files",
        "/keys",
        "/users/1",
        "/audit",
        "/nothing-here",
        "/?date_from=2026-05-01&date_to=2026-01-01",
    ];
    pages.extend(of_rows.map(str::to_owned));
    assert!(pages.len() >= 9, "{pages:?}");
    let mut faults = Vec::new();
    for (language, theme) in [
        ("en", "light"),
        ("ru", "dark"),
        ("en", "dark"),
        ("ru", "light"),
    ] {
        for (name, value) in [("lang", language), ("theme", theme)] {
            browser.open(&app.url("/account")).await;
            browser.click(".top .menu summary").await;
            browser
                .click(&format!("button[name={name}][value={value}]"))
                .await;
            browser
                .wait_for(&format!(
                    "button[name={name}][value={value}][aria-pressed=true]"
                ))
                .await;
        }
        for path in &pages {
            browser.open(&app.url(path)).await;
            let name = path.trim_matches('/').replace(['/', '?', '='], "-");
            let name = if name.is_empty() { "overview" } else { &name };
            for width in [390, 1440, 2560] {
                browser.resize(width).await;
                let overflow = browser.overflow().await;
                if overflow > 0 {
                    faults.push(format!("{path} overflows {width} px by {overflow}"));
                }
                browser
                    .screenshot(&format!("{name}-{language}-{theme}-{width}"))
                    .await;
            }
            let found = browser.accessibility_faults().await;
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{path} {theme}: {fault}")),
            );
            // The browser itself remarks that a page is an error.
            let is_error = ["/nothing-here", "/?date_from=2026-05-01&date_to=2026-01-01"];
            let is_error = is_error.contains(&path.as_str());
            let said = browser.console().await.into_iter();
            let said = said.filter(|line| !(is_error && line.contains("Failed to load resource")));
            faults.extend(said.map(|line| format!("{path}: {line}")));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    browser.close().await;
    app.stop().await;
}

#[actix_rt::test]
async fn from_the_link_of_the_demo_to_one_payment_with_a_range_that_is_typed() {
    let (app, user) = with_user().await;
    let browser = Chromium::start("en").await;
    let token = app.running.state.sessions.link_for(user.id);
    browser
        .open(&app.url(&format!("/sign-in/once?token={token}")))
        .await;
    browser.wait_for(".tiles").await;
    // A date is typed digit by digit: nothing happens before Enter.
    let before = browser.place().await;
    browser
        .run("document.querySelector('input[name=date_from]').focus()")
        .await;
    browser.press("09102025").await;
    assert_eq!(browser.place().await, before);
    browser.press("\u{e007}").await;
    eventually("the range is applied", async || {
        browser.place().await.contains("date_from=2025-09-10")
    })
    .await;
    browser.click("a.tile.principal").await;
    browser.wait_for("#sum").await;
    // The operation itself, with the part that the figure counts, and the way back.
    browser.click("td[data-h=Operation] a[href*='part=']").await;
    browser.wait_for("#details-sum").await;
    assert!(browser.text("tr.counted").await.contains("counted here"));
    browser.click(".crumbs a").await;
    browser.wait_for("#sum").await;
    assert_eq!(browser.text("#figure").await, browser.text("#sum").await);
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.close().await;
    app.stop().await;
}
