//! Merged rows in lists: they are hidden and can't be changed; the merges themselves are listed.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT};
use crate::support::merges::{
    ACCOUNT, ACCOUNT_TOO, BANK, BANK_TOO, OURS, OURS_TOO, exports, id_of, post, rows, started,
};
use crate::support::on_both_databases;

on_both_databases!(
    a_merged_row_is_in_no_list_and_can_not_be_changed,
    merges_are_listed_newest_first,
);

async fn a_merged_row_is_in_no_list_and_can_not_be_changed(backend: Backend) {
    let app = started(backend, &exports()).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    for (path, field, names) in [
        ("organizations", "name", [OURS_TOO, OURS]),
        ("lenders", "name", [BANK_TOO, BANK]),
        (
            "bank-accounts",
            "account_number",
            [&ACCOUNT_TOO[..20], &ACCOUNT[..20]],
        ),
    ] {
        let (from, into) = (
            id_of(&app, path, field, names[0]).await,
            id_of(&app, path, field, names[1]).await,
        );
        post(
            &app,
            &format!("{path}/{from}/merge"),
            json!({ "into": into }),
        )
        .await
        .ok();
        assert_eq!(rows(&app, path).await.len(), 1, "{path}");
        let merged = app.get(&format!("{path}/{from}")).await.ok();
        assert_eq!(
            (&merged["merged_into"], &merged["is_active"]),
            (&json!(into), &json!(false))
        );
        let shown = app.get(&format!("{path}/{into}")).await.ok();
        assert_eq!(shown.get("merged_into"), None);
        assert_eq!(shown["aliases"].as_array().unwrap().len(), 2, "{shown}");
        let body = json!({ "is_active": true });
        let own_path = format!("credit-portfolio/{path}/{from}");
        let changed = app
            .request(Method::PUT, &own_path, Some(&token), Some(body))
            .await;
        assert_eq!(changed.status, StatusCode::CONFLICT, "{}", changed.text);
        assert!(
            changed.text.contains(&format!("was merged into {into}")),
            "{}",
            changed.text
        );
        if path == "organizations" {
            let body = json!({ "contract_number": "№ 88 от 01.02.2024", "organization_id": from });
            assert_eq!(
                post(&app, "contracts", body).await.status,
                StatusCode::CONFLICT
            );
        }
    }
    app.stop().await;
}

async fn merges_are_listed_newest_first(backend: Backend) {
    let app = started(backend, &exports()).await;
    for (path, field, names) in [
        ("organizations", "name", [OURS_TOO, OURS]),
        (
            "bank-accounts",
            "account_number",
            [&ACCOUNT_TOO[..20], &ACCOUNT[..20]],
        ),
    ] {
        let (from, into) = (
            id_of(&app, path, field, names[0]).await,
            id_of(&app, path, field, names[1]).await,
        );
        post(
            &app,
            &format!("{path}/{from}/merge"),
            json!({ "into": into }),
        )
        .await
        .ok();
    }
    let listed = app.get("merges?limit=1").await;
    assert_eq!(listed.header("X-Total-Count"), "2");
    let newest = listed.ok()[0].clone();
    let fields = ["kind", "action", "source", "target"]
        .map(|name| newest[name].as_str().unwrap().to_owned());
    assert_eq!(
        fields,
        ["bank_account", "merge", &ACCOUNT_TOO[..20], &ACCOUNT[..20]]
    );
    assert!(newest["undone_at"].is_null() && !newest["created_by"].as_str().unwrap().is_empty());
    let stranger = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    assert_eq!(
        app.get_as(&stranger, "merges")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let path = format!("credit-portfolio/merges/{}/undo", newest["id"]);
    assert_eq!(
        app.request(Method::POST, &path, Some(&stranger), None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert!(
        app.get("merges?format=csv&lang=ru")
            .await
            .text
            .contains("40702810900000000002")
    );
    app.stop().await;
}
