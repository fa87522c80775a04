//! The roll-forward's page.

use serde_json::Value;

use crate::support::app::Backend;
use crate::support::dashboard::{amount, download_files, follow_figures, kopecks, with_portfolio};
use crate::support::on_both_databases;

on_both_databases!(every_cell_of_the_roll_forward_is_the_sum_of_the_operations_behind_it);

async fn every_cell_of_the_roll_forward_is_the_sum_of_the_operations_behind_it(backend: Backend) {
    let (app, mut browser) = with_portfolio(backend).await;
    let (mut compared, mut rows) = (0, 0);
    for filter in [
        "",
        "date_from=2025-09-10&date_to=2026-05-20",
        "currency=USD&date_from=2026-01-01",
        "direction=lent",
    ] {
        for group in ["contract", "organization", "lender"] {
            let query = format!("group_by={group}&{filter}");
            let query = query.trim_end_matches('&');
            let path = format!("/roll-forward?{query}");
            let (figures, operations) = follow_figures(&mut browser, &path).await;
            compared += figures;
            rows += operations;
            let page = browser.page(&path).await;
            let api = format!("analytics/roll-forward?{query}");
            let served = app.get(&api).await.ok();
            for row in served["data"].as_array().unwrap() {
                shows(&page, row, &path);
            }
            shows(
                page.split_once("<tfoot>").unwrap().1,
                &served["total"],
                &path,
            );
        }
    }
    assert!(
        compared > 200 && rows > 500,
        "{compared} figures, {rows} rows"
    );
    let path = "/roll-forward?group_by=lender&date_from=2026-01-01";
    assert_eq!(download_files(&mut browser, path).await, 2);
    app.stop().await;
}

fn shows(page: &str, row: &Value, path: &str) {
    for name in [
        "opening",
        "drawn",
        "repaid",
        "adjustments",
        "closing",
        "interest",
        "other",
    ] {
        let text = amount(kopecks(&row[name]));
        assert!(page.contains(&text), "{path}: {name} {text}");
    }
}
