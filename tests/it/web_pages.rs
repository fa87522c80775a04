//! Pages: what every one of them keeps, the way from a figure to its operations, and what is shown
//! when there is nothing to show.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use proptest::strategy::{Strategy, ValueTree};
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to, text_of};
use crate::support::on_both_databases;
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{import, portfolio};

on_both_databases!(
    every_figure_of_the_overview_is_the_sum_of_the_operations_behind_it,
    an_empty_database_says_how_to_import,
);

const PASSWORD: &str = "correct horse";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

async fn browser_of(app: &TestApp, role: Role) -> Browser {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(role, DEPARTMENT, &hash).await;
    Browser::signed_in(app, &user.username, PASSWORD).await
}

async fn with_portfolio(backend: Backend) -> (TestApp, Browser) {
    let app = TestApp::start(backend).await;
    let drawn = portfolio(60).new_tree(&mut runner(7)).unwrap().current();
    import(&app, &drawn).await;
    let browser = browser_of(&app, Role::Admin).await;
    (app, browser)
}

/// The pages that exist, with one of each error.
const PAGES: [(&str, u16); 8] = [
    ("/", 200),
    (
        "/?date_from=2026-01-01&date_to=2026-03-31&currency=USD",
        200,
    ),
    ("/operations", 200),
    ("/operations?measure=debt&date_to=2026-03-31&back=%2F", 200),
    ("/account", 200),
    ("/no-such-page", 404),
    ("/?colour=blue", 400),
    ("/operations?bank_account_id=1&measure=debt", 400),
];

#[actix_rt::test]
async fn every_page_has_the_policy_and_nothing_that_breaks_it() {
    let (app, mut browser) = with_portfolio(Backend::Sqlite).await;
    let mut signed_out = Browser::of(&app);
    let mut answers = vec![("/sign-in", signed_out.get("/sign-in").await)];
    for language in ["en", "ru"] {
        browser
            .post_signed("/preferences", &[("lang", language)])
            .await;
        for (path, status) in PAGES {
            let answer = browser.get(path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
            assert!(answer.text.contains(&format!("<html lang=\"{language}\"")));
            answers.push((path, answer));
        }
    }
    for (path, answer) in answers {
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-type").starts_with("text/html"));
        let page = answer.text.to_lowercase();
        for forbidden in [
            " style=",
            "<style",
            "javascript:",
            "<script>",
            "http://",
            "https://",
        ] {
            assert!(!page.contains(forbidden), "{path} holds {forbidden}");
        }
        for tag in page.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let handler = tag
                .split_ascii_whitespace()
                .find(|word| word.starts_with("on") && word.contains('='));
            assert_eq!(handler, None, "{path}");
        }
        assert!(page.starts_with("<!doctype html>"), "{path}");
        assert!(
            !page.contains("{{") && !page.contains("unknown localization"),
            "{path}"
        );
    }
    app.stop().await;
}

#[actix_rt::test]
async fn errors_are_pages_for_people_and_problems_for_programs() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut user = browser_of(&app, Role::User).await;
    let forbidden = user.get("/").await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert!(forbidden.text.contains("No rights"));
    user.headers
        .push(("x-request-id", "an-id-of-the-client".to_owned()));
    let missing = user.get("/nothing/here").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text.contains("an-id-of-the-client"));
    let method = user.post("/account/nothing", &[]).await;
    assert_eq!(method.status, StatusCode::NOT_FOUND);
    for path in ["/nothing/here", "/api/v1/nothing"] {
        let program = app.raw_get(path, &[]).await;
        assert_eq!(program.status, StatusCode::NOT_FOUND);
        assert_eq!(program.header("content-type"), "application/problem+json");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn static_files_are_compressed_and_kept_for_good() {
    let app = TestApp::start(Backend::Sqlite).await;
    let page = Browser::of(&app).page("/sign-in").await;
    let address = page.split_once("rel=\"stylesheet\" href=\"").unwrap().1;
    let address = address.split_once('"').unwrap().0;
    let plain = app
        .raw_get(address, &[("accept-encoding", "identity")])
        .await;
    assert_eq!(plain.status, StatusCode::OK);
    assert!(plain.text.contains("light-dark("));
    assert_eq!(plain.header("content-type"), "text/css; charset=utf-8");
    for coding in ["br", "gzip"] {
        let answer = app.raw_get(address, &[("accept-encoding", coding)]).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    let tag = plain.header("etag").to_owned();
    let again = app.raw_get(address, &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let other = app.raw_get("/static/app.000000000000.css", &[]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn an_empty_database_says_how_to_import(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut browser = browser_of(&app, Role::Accountant).await;
    let page = browser.page("/").await;
    assert!(page.contains("No data yet"), "{page}");
    assert!(page.contains("credit-portfolio import --dir"), "{page}");
    assert!(links_to(&page, "/operations?").is_empty());
    app.stop().await;
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

async fn every_figure_of_the_overview_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for path in [
        "/",
        "/?date_from=2025-09-10&date_to=2026-05-20",
        "/?currency=USD",
        "/?organization_id=1&direction=lent",
        "/?intra_group=exclude&date_from=2026-01-01",
    ] {
        let page = browser.page(path).await;
        let links = links_to(&page, "/operations?");
        assert!(links.len() > 20, "{path}: {}", links.len());
        let mut seen = std::collections::BTreeSet::new();
        for (address, text) in links {
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
            rows += text_of(&behind, "count")
                .replace(',', "")
                .parse::<usize>()
                .unwrap();
            assert!(behind.contains("class=\"crumbs\""), "{address}");
        }
    }
    assert!(
        compared > 100 && rows > 500,
        "{compared} figures, {rows} rows"
    );
    app.stop().await;
}
