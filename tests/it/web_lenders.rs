//! The pages of lenders, and how one is merged into another.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::browser::{links_to, location, value_of};
use crate::support::dashboard::{
    amount, browser_of, download_files, follow_figures, kopecks, with_portfolio,
};
use crate::support::on_both_databases;

on_both_databases!(
    every_figure_of_the_lenders_is_the_sum_of_the_operations_behind_it,
    a_lender_is_merged_by_a_form_of_those_who_may,
);

async fn lenders(app: &TestApp, query: &str) -> Vec<Value> {
    let served = app.get(&format!("lender-stats?{query}")).await.ok();
    served["data"].as_array().unwrap().clone()
}

async fn every_figure_of_the_lenders_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for query in [
        "",
        "date_from=2025-09-10&date_to=2026-05-20",
        "currency=USD",
        "direction=lent&date_from=2026-01-01",
    ] {
        let path = format!("/lenders?{query}");
        let page = browser.page(&path).await;
        let served = lenders(&app, query).await;
        let shares: i64 = served.iter().map(|row| kopecks(&row["share"])).sum();
        let owed: i64 = served.iter().map(|row| kopecks(&row["outstanding"])).sum();
        assert_eq!(shares, if owed == 0 { 0 } else { 10_000 }, "{query}");
        for row in &served {
            assert!(page.contains(row["name"].as_str().unwrap()), "{path}");
            for name in ["outstanding", "interest", "share", "realized_rate"] {
                let Some(value) = row.get(name).filter(|value| !value.is_null()) else {
                    continue;
                };
                let text = amount(kopecks(value));
                assert!(page.contains(&text), "{path}: {name} {text}");
            }
            let Some(id) = row["lender_id"].as_i64() else {
                continue;
            };
            let own = format!("/lenders/{id}?{query}");
            let (figures, operations) = follow_figures(&mut browser, &own).await;
            assert!(figures >= 8, "{own}: {figures}");
            compared += figures;
            rows += operations;
        }
        let (figures, operations) = follow_figures(&mut browser, &path).await;
        compared += figures;
        rows += operations;
    }
    assert!(
        compared > 200 && rows > 500,
        "{compared} figures, {rows} rows"
    );
    assert_eq!(
        download_files(&mut browser, "/lenders?date_to=2026-03-31").await,
        2
    );
    assert_eq!(download_files(&mut browser, "/lenders/1").await, 4);
    app.stop().await;
}

async fn a_lender_is_merged_by_a_form_of_those_who_may(backend: Backend) {
    let (app, _) = with_portfolio(backend).await;
    let known = lenders(&app, "direction=borrowed").await;
    let ids: Vec<i64> = known
        .iter()
        .filter_map(|row| row["lender_id"].as_i64())
        .collect();
    let (id, into) = (ids[0], ids[1]);
    let confirm = format!("/lenders/{id}/merge?into={into}");
    let (path, target) = (format!("/lenders/{id}/merge"), into.to_string());
    let target = [("into", target.as_str())];

    let mut viewer = browser_of(&app, Role::Viewer).await;
    let page = viewer.page(&format!("/lenders/{id}")).await;
    assert!(!page.contains("/merge"), "{page}");
    assert_eq!(viewer.get(&confirm).await.status, StatusCode::FORBIDDEN);
    let answer = viewer.post_signed(&path, &target).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);

    let mut manager = browser_of(&app, Role::Manager).await;
    let page = manager.page(&format!("/lenders/{id}")).await;
    assert!(page.contains(&format!("action=\"{path}\"")), "{page}");
    let page = manager.page(&confirm).await;
    assert_eq!(value_of(&page, "into"), into.to_string());
    let without_token = manager.post(&path, &target).await;
    assert_eq!(without_token.status, StatusCode::FORBIDDEN);
    assert_eq!(
        lenders(&app, "direction=borrowed").await,
        known,
        "nothing has changed"
    );
    let itself = manager
        .post_signed(&path, &[("into", &id.to_string())])
        .await;
    assert_eq!(itself.status, StatusCode::CONFLICT);
    assert!(itself.text.contains("class=\"problem\""), "{}", itself.text);

    let done = manager.post_signed(&path, &target).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(location(&done), format!("/lenders/{into}"));
    let left = lenders(&app, "direction=borrowed").await;
    assert!(left.iter().all(|row| row["lender_id"] != id), "{left:?}");
    let moved = manager.get(&format!("/lenders/{id}")).await;
    assert_eq!(location(&moved), format!("/lenders/{into}"));
    let page = manager.page("/lenders").await;
    let names = links_to(&page, "/lenders/");
    assert!(
        names
            .iter()
            .all(|(address, _)| *address != format!("/lenders/{id}"))
    );

    // It is undone where it went.
    let undo = {
        let page = viewer.page(&format!("/lenders/{into}")).await;
        assert!(!page.contains("/undo"), "{page}");
        let page = manager.page(&format!("/lenders/{into}")).await;
        let (_, form) = page.split_once("/merges/").unwrap();
        let (merge_id, _) = form.split_once("/undo").unwrap();
        format!("/lenders/{into}/merges/{merge_id}/undo")
    };
    let answer = viewer.post_signed(&undo, &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let done = manager.post_signed(&undo, &[]).await;
    assert_eq!(location(&done), format!("/lenders/{id}"));
    assert_eq!(lenders(&app, "direction=borrowed").await, known);
    let twice = manager.post_signed(&undo, &[]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text.contains("class=\"problem\""), "{}", twice.text);
    let merge_id = undo.split('/').nth(4).unwrap();
    for other in [
        format!("/lenders/{into}/merges/999/undo"),
        // Of another lender than the one it went into.
        format!("/lenders/{id}/merges/{merge_id}/undo"),
    ] {
        let answer = manager.post_signed(&other, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}");
    }

    // Two INNs are never one lender.
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let [one, other] = [("7707083893", into), ("7728168971", ids[2])];
    for (inn, id) in [one, other] {
        let path = format!("credit-portfolio/lenders/{id}");
        let body = Some(json!({ "inn": inn }));
        app.request(Method::PUT, &path, Some(&token), body)
            .await
            .ok();
    }
    let path = format!("/lenders/{into}/merge");
    let refused = manager
        .post_signed(&path, &[("into", &ids[2].to_string())])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("7728168971"), "{}", refused.text);
    app.stop().await;
}
