//! Imports after a merge: names of the merged row find its target, freshness is that of the target,
//! and each export removes only its own operations.

use credit_portfolio::domain::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{
    BANK, BANK_TOO, OURS, OURS_TOO, exports, id_of, import, post, rows, started,
};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, kopecks, receipts};

on_both_databases!(
    imports_after_a_merge_find_the_target_by_every_name,
    the_freshness_of_a_merged_organization_is_that_of_the_target,
    an_export_of_a_merged_organization_wipes_no_operations_of_the_other,
);

async fn imports_after_a_merge_find_the_target_by_every_name(backend: Backend) {
    let app = started(backend, &exports()).await;
    let from = id_of(&app, "lenders", "name", BANK_TOO).await;
    let into = id_of(&app, "lenders", "name", BANK).await;
    post(
        &app,
        &format!("lenders/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let contract = rows(&app, "contracts").await[0]["id"].clone();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{contract}");
    let changed = app
        .request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "counterparty": BANK_TOO })),
        )
        .await
        .ok();
    assert_eq!(
        (&changed["lender_id"], &changed["counterparty"]),
        (&json!(into), &json!(BANK))
    );
    let mut more = exports();
    more.0.push(
        a_receipt(30)
            .with(BANK_TOO)
            .under("Договор № 30 от 01.09.2024"),
    );
    import(&app, &more).await;
    let made = id_of(
        &app,
        "contracts",
        "contract_number",
        "Договор № 30 от 01.09.2024",
    )
    .await;
    assert_eq!(
        app.get(&format!("contracts/{made}")).await.ok()["lender_id"],
        json!(into)
    );
    assert_eq!(rows(&app, "lenders").await.len(), 1);
    app.stop().await;
}

async fn the_freshness_of_a_merged_organization_is_that_of_the_target(backend: Backend) {
    let app = started(backend, &exports()).await;
    let (from, into) = (
        id_of(&app, "organizations", "name", OURS_TOO).await,
        id_of(&app, "organizations", "name", OURS).await,
    );
    post(
        &app,
        &format!("organizations/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let check = async || {
        let freshness = app.get("freshness").await.ok();
        let exports = freshness["data"].as_array().unwrap().clone();
        let found: Vec<_> = exports
            .iter()
            .map(|export| (export["organization"].clone(), &export["kind"]))
            .collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|(name, _)| name == OURS), "{found:?}");
        exports
            .iter()
            .find(|export| export["kind"] == "receipts")
            .unwrap()["newest_document"]
            .clone()
    };
    assert_eq!(check().await, "2024-07-09", "the newest of both");
    import(&app, &exports()).await;
    check().await;
    app.stop().await;
}

async fn an_export_of_a_merged_organization_wipes_no_operations_of_the_other(backend: Backend) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_MISSING_ROWS", "deactivate"),
        ("IMPORT_MISSING_ROWS_MAX_PERCENT", "100"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let (ours, too) = ("A - postuplenie.xlsx", "B - postuplenie.xlsx");
    let of_too = [a_receipt(3).of(OURS_TOO), a_receipt(4).of(OURS_TOO)];
    app.import(
        DEPARTMENT,
        &[
            (ours, &receipts(&[a_receipt(1), a_receipt(2)])),
            (too, &receipts(&of_too)),
        ],
    )
    .await;
    let (from, into) = (
        id_of(&app, "organizations", "name", OURS_TOO).await,
        id_of(&app, "organizations", "name", OURS).await,
    );
    post(
        &app,
        &format!("organizations/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let received = async || kopecks(&app.get("summary").await.ok()["total_receipts"]);
    app.import(
        DEPARTMENT,
        &[(ours, &receipts(&[a_receipt(1), a_receipt(2), a_receipt(5)]))],
    )
    .await;
    assert_eq!(received().await, 500_00);
    app.import(DEPARTMENT, &[(too, &receipts(&of_too[..1]))])
        .await;
    assert_eq!(
        received().await,
        400_00,
        "what the export of that name no longer holds is gone"
    );
    app.stop().await;
}
