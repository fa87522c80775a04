//! Pages: what every one of them keeps, the way from a figure to its operations, and what is shown
//! when there is nothing to show.

use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to};
use crate::support::dashboard::{browser_of, follow_figures, with_portfolio};
use crate::support::on_both_databases;
use crate::support::workbooks::{an_expense, details, expenses, principal};

on_both_databases!(
    every_figure_of_a_page_is_the_sum_of_the_operations_behind_it,
    an_empty_database_says_how_to_import,
);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The pages that exist, with one of each error.
const PAGES: &[(&str, u16)] = &[
    ("/", 200),
    (
        "/?date_from=2026-01-01&date_to=2026-03-31&currency=USD",
        200,
    ),
    ("/operations", 200),
    ("/operations?measure=debt&date_to=2026-03-31&back=%2F", 200),
    ("/account", 200),
    ("/cash-flow", 200),
    ("/cash-flow?by=quarter", 200),
    ("/cash-flow?by=week", 400),
    ("/payments", 200),
    ("/compare?currency=USD", 200),
    ("/contracts", 200),
    (
        "/contracts?search=%D0%B1%D0%B0%D0%BD%D0%BA&status=open&sort=contractNumber",
        200,
    ),
    ("/contracts?page=7", 200),
    ("/contracts/1?date_from=2026-01-01", 200),
    ("/lenders", 200),
    ("/lenders/1?date_from=2026-01-01", 200),
    ("/lenders/1/merge?into=2", 200),
    ("/roll-forward?group_by=lender", 200),
    ("/imports", 200),
    ("/imports/1", 200),
    ("/imports/entries/1", 200),
    ("/quality", 200),
    ("/quality/failing_files", 200),
    ("/users", 200),
    ("/users/1", 200),
    ("/keys", 200),
    ("/audit", 200),
    ("/imports/999999", 404),
    ("/imports/entries/999999", 404),
    ("/quality/colour", 404),
    ("/users/999999", 404),
    ("/imports?page=0", 400),
    ("/contracts?sort=colour", 400),
    ("/roll-forward?group_by=month", 400),
    ("/contracts/999999", 404),
    ("/lenders/999999", 404),
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
        for (path, status) in PAGES.iter().copied() {
            let answer = browser.get(path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
            assert!(answer.text.contains(&format!("<html lang=\"{language}\"")));
            answers.push((path, answer));
        }
    }
    for (path, answer) in answers {
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
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

async fn every_figure_of_a_page_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for path in [
        "/",
        "/?date_from=2025-09-10&date_to=2026-05-20",
        "/?currency=USD",
        "/?organization_id=1&direction=lent",
        "/?intra_group=exclude&date_from=2026-01-01",
        "/cash-flow",
        "/cash-flow?by=quarter&date_from=2025-09-10&date_to=2026-05-20",
        "/payments?date_from=2025-09-10&date_to=2026-05-20",
        "/compare?organization_id=1",
    ] {
        let (figures, operations) = follow_figures(&mut browser, path).await;
        assert!(figures > 10, "{path}: {figures}");
        compared += figures;
        rows += operations;
    }
    assert!(
        compared > 100 && rows > 500,
        "{compared} figures, {rows} rows"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn every_table_is_offered_as_files_that_can_be_had() {
    let (app, mut browser) = with_portfolio(Backend::Sqlite).await;
    let mut tables = 0;
    for (path, status) in PAGES {
        if *status != 200 {
            continue;
        }
        let page = browser.page(path).await;
        // A panel is a section; a page of one table has none.
        let panels = page
            .split("<section")
            .filter(|part| part.contains("<table"));
        for panel in panels {
            tables += 1;
            let files = links_to(panel, "/api/v1/");
            for ending in ["XLSX", "CSV"] {
                let file = files.iter().find(|(_, name)| name == ending);
                let (file, _) = file.unwrap_or_else(|| panic!("{path}: no {ending} in {panel}"));
                let (headers, bytes) = browser.file(file).await;
                let kind = headers["content-type"].to_str().unwrap();
                let expected = if ending == "CSV" {
                    "csv"
                } else {
                    "spreadsheetml"
                };
                assert!(
                    kind.contains(expected) && !bytes.is_empty(),
                    "{path}: {file}"
                );
            }
        }
    }
    assert!(tables > 20, "{tables} tables");
    app.stop().await;
}

#[actix_rt::test]
async fn a_filter_of_nothing_is_an_error_and_no_zero() {
    let (app, mut browser) = with_portfolio(Backend::Sqlite).await;
    for name in ["organization_id", "lender_id", "bank_account_id"] {
        for page in ["/cash-flow", "/payments"] {
            let answer = browser.get(&format!("{page}?{name}=999999")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{page} {name}");
            assert!(answer.text.contains(name), "{}", answer.text);
        }
    }
    app.stop().await;
}

#[actix_rt::test]
async fn an_expense_with_more_details_than_a_page_shows_has_no_sum_of_a_part_of_them() {
    let app = TestApp::start(Backend::Sqlite).await;
    let detailed = |count: u32| {
        details(
            &(1..=count)
                .map(|n| principal(1, n.into()))
                .collect::<Vec<_>>(),
        )
    };
    for (count, has_sum) in [(3, true), (1001, false)] {
        let files: [(&str, &[u8]); 2] = [
            ("spisanie.xlsx", &expenses(&[an_expense(1)])),
            ("rasshifrovka.xlsx", &detailed(count)),
        ];
        app.import(DEPARTMENT, &files).await;
        let mut browser = browser_of(&app, Role::Accountant).await;
        let page = browser.page("/operations/expenses/1").await;
        assert_eq!(page.contains("id=\"details-sum\""), has_sum, "{count}");
        assert_eq!(page.contains("all are in the files"), !has_sum, "{count}");
    }
    app.stop().await;
}
