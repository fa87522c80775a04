//! Merges that are refused: of a row with itself, of unknown rows, of two organizations' contracts,
//! of other departments, and of two INNs.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT};
use crate::support::merges::{BANK, BANK_TOO, OURS, OURS_TOO, exports, id_of, post, rows, started};
use crate::support::on_both_databases;
use crate::support::tables::stored_rows;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(
    what_can_not_be_one_is_refused,
    two_inns_are_never_merged_and_an_inn_is_taken_over_and_given_back,
);

async fn what_can_not_be_one_is_refused(backend: Backend) {
    let app = started(backend, &exports()).await;
    let before = stored_rows(&app);
    let organization = id_of(&app, "organizations", "name", OURS).await;
    let refused = async |path: String, body: Value, status: StatusCode, words: &str| {
        let answer = post(&app, &path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains(words), "{path}: {}", answer.text);
    };
    let itself = json!({ "into": organization });
    let path = format!("organizations/{organization}/merge");
    refused(path.clone(), itself, StatusCode::CONFLICT, "into itself").await;
    refused(
        path.clone(),
        json!({ "into": 777 }),
        StatusCode::NOT_FOUND,
        "no organization 777",
    )
    .await;
    refused(
        path.clone(),
        json!({ "into": "x" }),
        StatusCode::UNPROCESSABLE_ENTITY,
        "a JSON number",
    )
    .await;
    refused(
        "lenders/777/merge".to_owned(),
        json!({ "into": 1 }),
        StatusCode::NOT_FOUND,
        "no lender 777",
    )
    .await;
    refused(
        "merges/777/undo".to_owned(),
        json!({}),
        StatusCode::NOT_FOUND,
        "no merge 777",
    )
    .await;
    let contracts = rows(&app, "contracts").await;
    let of = |mine: bool| {
        let is_ours =
            |contract: &&Value| (contract["organization_id"] == json!(organization)) == mine;
        contracts.iter().find(is_ours).unwrap()["id"].clone()
    };
    let path = format!("contracts/{}/merge", of(true));
    refused(
        path,
        json!({ "into": of(false) }),
        StatusCode::CONFLICT,
        "two organizations",
    )
    .await;
    // A row of another department does not exist for a manager, and is no target for an
    // administrator.
    app.import(
        OTHER_DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let stranger = rows(
        &app,
        &format!("organizations?department_id={OTHER_DEPARTMENT}"),
    )
    .await[0]["id"]
        .clone();
    let path = format!("organizations/{organization}/merge");
    refused(
        path.clone(),
        json!({ "into": stranger }),
        StatusCode::NOT_FOUND,
        "no organization",
    )
    .await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let path = format!("credit-portfolio/{path}");
    let answer = app
        .request(
            Method::POST,
            &path,
            Some(&admin),
            Some(json!({ "into": stranger })),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert!(
        answer.text.contains("another department"),
        "{}",
        answer.text
    );
    let user = app.token(Role::User, DEPARTMENT).await;
    let answer = app
        .request(
            Method::POST,
            &path,
            Some(&user),
            Some(json!({ "into": stranger })),
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    app.execute(&format!(
        "DELETE FROM file_organizations WHERE department_id = {OTHER_DEPARTMENT}"
    ))
    .await;
    let after = stored_rows(&app);
    assert_eq!(before["file_organizations"], after["file_organizations"]);
    assert_eq!(app.get("merges").await.header("X-Total-Count"), "0");
    app.stop().await;
}

async fn two_inns_are_never_merged_and_an_inn_is_taken_over_and_given_back(backend: Backend) {
    let app = started(backend, &exports()).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let put = async |path: &str, id: i64, inn: Value| {
        let path = format!("credit-portfolio/{path}/{id}");
        app.request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "inn": inn })),
        )
        .await
        .ok()
    };
    for (path, names) in [
        ("organizations", [OURS_TOO, OURS]),
        ("lenders", [BANK_TOO, BANK]),
    ] {
        let (from, into) = (
            id_of(&app, path, "name", names[0]).await,
            id_of(&app, path, "name", names[1]).await,
        );
        put(path, from, json!("7701234567")).await;
        put(path, into, json!("7809876543")).await;
        let merge = format!("{path}/{from}/merge");
        let refused = post(&app, &merge, json!({ "into": into })).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text
        );
        assert!(
            refused.text.contains("two INNs are never one"),
            "{}",
            refused.text
        );
        put(path, into, Value::Null).await;
        let before = stored_rows(&app);
        let merged = post(&app, &merge, json!({ "into": into })).await.ok();
        assert_eq!(
            app.get(&format!("{path}/{into}")).await.ok()["inn"],
            "7701234567"
        );
        post(&app, &format!("merges/{}/undo", merged["id"]), json!({}))
            .await
            .ok();
        assert_eq!(stored_rows(&app), before);
    }
    app.stop().await;
}
