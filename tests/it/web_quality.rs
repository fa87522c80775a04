//! The pages of the data's quality: what the interface finds, with advice and links to the rows.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use reqwest::StatusCode;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to};
use crate::support::known_files::{EXPENSES, RECEIPTS, a_bad_seventh};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(every_finding_is_shown_with_its_rows_and_leads_to_them);

async fn browser_of(app: &TestApp, role: Role, department: i64) -> Browser {
    let password = "correct horse";
    let hash = hash_password(password.to_owned()).await.unwrap();
    let user = app.user(role, department, &hash).await;
    Browser::signed_in(app, &user.username, password).await
}

async fn with_findings(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let files: [(&str, Vec<u8>); 2] = [
        (EXPENSES, a_bad_seventh()),
        (
            RECEIPTS,
            receipts(&[a_receipt(100).under(""), a_receipt(101).on("01.01.2028")]),
        ),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, content)| (*name, content.as_slice()))
        .collect();
    app.import(DEPARTMENT, &files).await;
    app
}

async fn every_finding_is_shown_with_its_rows_and_leads_to_them(backend: Backend) {
    let app = with_findings(backend).await;
    let mut browser = browser_of(&app, Role::Viewer, DEPARTMENT).await;
    for (language, rest) in [("en", "lang=en"), ("ru", "lang=ru")] {
        browser
            .post_signed("/preferences", &[("lang", language)])
            .await;
        let path = format!("data-quality?department_id={DEPARTMENT}&limit=1000&{rest}");
        let found = app.get(&path).await.ok();
        let checks = found["checks"].as_array().unwrap();
        let list = browser.page("/quality").await;
        let (mut shown, mut rows) = (0, 0);
        for check in checks {
            let name = check["name"].as_str().unwrap();
            assert!(list.contains(&format!("id=\"{name}\"")), "{name}");
            let page = browser.page(&format!("/quality/{name}")).await;
            if check["count"] == 0 {
                continue;
            }
            assert!(!links_to(&list, &format!("/quality/{name}")).is_empty());
            shown += 1;
            let table = page.split_once("<tbody>").unwrap().1;
            let links = links_to(table, "/");
            for (row, (address, text)) in check["rows"].as_array().unwrap().iter().zip(&links) {
                assert_eq!(text, row["name"].as_str().unwrap(), "{name}");
                let behind = browser.get(address).await;
                assert_eq!(behind.status, StatusCode::OK, "{name}: {address}");
                rows += 1;
            }
            assert_eq!(
                links.len(),
                check["rows"].as_array().unwrap().len(),
                "{name}"
            );
        }
        assert!(shown >= 3 && rows >= 3, "{shown} findings, {rows} rows");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn findings_of_another_department_stay_there() {
    let app = with_findings(Backend::Sqlite).await;
    let mut other = browser_of(&app, Role::Manager, OTHER_DEPARTMENT).await;
    assert!(other.page("/quality").await.contains("found nothing"));
    let foreign = format!("/quality?department_id={DEPARTMENT}");
    assert_eq!(other.get(&foreign).await.status, StatusCode::FORBIDDEN);
    let unknown = other.get("/quality/no_such_check").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let mut user = browser_of(&app, Role::User, DEPARTMENT).await;
    assert_eq!(user.get("/quality").await.status, StatusCode::FORBIDDEN);
    app.stop().await;
}
