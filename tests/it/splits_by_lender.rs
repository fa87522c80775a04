//! Contracts that are split by lender: the split holds under every name of the lender and of the
//! organization, for rows merged later too, and is undone.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{BANK, BANK_TOO, OURS, OURS_TOO, id_of, import, post, rows};
use crate::support::on_both_databases;
use crate::support::tables::{has_true_rollups, stored_rows};
use crate::support::workbooks::{a_receipt, an_expense, kopecks, principal};

on_both_databases!(
    a_split_of_a_contract_by_lender_holds_under_every_name_and_is_undone,
    a_contract_that_was_split_by_lender_is_apart_for_all_who_become_that_lender,
);

async fn a_split_of_a_contract_by_lender_holds_under_every_name_and_is_undone(backend: Backend) {
    let number = "Договор займа № 1 от 01.02.2024";
    let app = TestApp::start(backend).await;
    let exports = (
        vec![
            a_receipt(1),
            a_receipt(2).with(BANK_TOO).amounting_to(80_00),
        ],
        vec![an_expense(1).with(BANK_TOO)],
        vec![principal(1, 30_00)],
    );
    import(&app, &exports).await;
    let (id, lender) = (
        id_of(&app, "contracts", "contract_number", number).await,
        id_of(&app, "lenders", "name", BANK_TOO).await,
    );
    let before = stored_rows(&app);
    let split = post(
        &app,
        &format!("contracts/{id}/split"),
        json!({ "lender_id": lender }),
    )
    .await
    .ok();
    let owed = async || {
        let contracts = rows(&app, "contracts").await;
        let mut owed: Vec<_> = contracts
            .iter()
            .map(|contract| {
                (
                    contract["counterparty"].clone(),
                    kopecks(&contract["outstanding"]),
                )
            })
            .collect();
        owed.sort_by_key(|(lender, _)| lender.to_string());
        owed
    };
    assert_eq!(
        owed().await,
        [(json!(BANK), 100_00), (json!(BANK_TOO), 50_00)]
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    let again = post(
        &app,
        &format!("contracts/{id}/split"),
        json!({ "lender_id": lender }),
    )
    .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert!(
        again.text.contains("no operation of this lender"),
        "{}",
        again.text
    );
    // Another name of the lender, and another one of the organization.
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let put = async |path: String, name: &str| {
        app.request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "name": name })),
        )
        .await
        .ok()
    };
    put(
        format!("credit-portfolio/lenders/{lender}"),
        "АО «Сбер два»",
    )
    .await;
    let organization = id_of(&app, "organizations", "name", OURS).await;
    put(
        format!("credit-portfolio/organizations/{organization}"),
        OURS_TOO,
    )
    .await;
    let mut more = exports.clone();
    more.0
        .push(a_receipt(3).with("Сбер два, АО").amounting_to(1_00));
    more.0.push(a_receipt(4).amounting_to(2_00).of(OURS_TOO));
    more.0
        .push(a_receipt(5).with(BANK_TOO).amounting_to(4_00).of(OURS_TOO));
    more.2.push(principal(1, 10_00));
    import(&app, &more).await;
    assert_eq!(
        owed().await,
        [(json!("АО «Сбер два»"), 45_00), (json!(BANK), 102_00)]
    );
    let undone = post(&app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    assert_eq!(undone["source"], number);
    assert_eq!(owed().await, [(json!(BANK), 147_00)]);
    assert!(has_true_rollups(&app.running.state.db).await);
    app.stop().await;

    let app = TestApp::start(backend).await;
    import(&app, &exports).await;
    let split = post(
        &app,
        &format!("contracts/{id}/split"),
        json!({ "lender_id": lender }),
    )
    .await
    .ok();
    post(&app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    let after = stored_rows(&app);
    for table in before
        .keys()
        .filter(|table| **table != "file_organizations")
    {
        assert_eq!(before[table], after[table], "{table}");
    }
    app.stop().await;
}

async fn a_contract_that_was_split_by_lender_is_apart_for_all_who_become_that_lender(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let third = "АО «Третий банк»";
    let exports = (
        vec![
            a_receipt(1),
            a_receipt(2).with(BANK_TOO).amounting_to(80_00),
            a_receipt(3).with(third).amounting_to(7_00),
            a_receipt(4).with(BANK_TOO).of(OURS_TOO).amounting_to(3_00),
        ],
        vec![an_expense(1).with(third)],
        vec![principal(1, 2_00)],
    );
    import(&app, &exports).await;
    let contracts = rows(&app, "contracts").await;
    let id = contracts
        .iter()
        .find(|row| row["counterparty"] == BANK)
        .unwrap()["id"]
        .clone();
    let [one, other] = [
        id_of(&app, "lenders", "name", BANK_TOO).await,
        id_of(&app, "lenders", "name", third).await,
    ];
    post(
        &app,
        &format!("contracts/{id}/split"),
        json!({ "lender_id": one }),
    )
    .await
    .ok();
    let before = stored_rows(&app);
    let owed = async || {
        let contracts = rows(&app, "contracts").await;
        let mut owed: Vec<_> = contracts
            .iter()
            .map(|contract| kopecks(&contract["outstanding"]))
            .collect();
        owed.sort_unstable();
        owed
    };
    assert_eq!(owed().await, [3_00, 80_00, 105_00]);
    let merge = post(
        &app,
        &format!("lenders/{other}/merge"),
        json!({ "into": one }),
    )
    .await
    .ok();
    assert_eq!(owed().await, [3_00, 85_00, 100_00]);
    let mut more = exports.clone();
    more.0.push(a_receipt(5).with(third).amounting_to(10_00));
    import(&app, &more).await;
    assert_eq!(
        owed().await,
        [3_00, 95_00, 100_00],
        "the next import repeats it"
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    app.execute("DELETE FROM receipts WHERE operation_id LIKE '%000005%'")
        .await;
    post(&app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    let unchanged = |after: std::collections::BTreeMap<&'static str, Vec<String>>| {
        for table in before
            .keys()
            .filter(|table| **table != "file_organizations")
        {
            assert_eq!(before[table], after[table], "{table}");
        }
    };
    unchanged(stored_rows(&app));
    // Organizations that become one: the lender is apart under both of their names.
    let organizations = rows(&app, "organizations").await;
    let [ours, too] = [&organizations[0]["id"], &organizations[1]["id"]];
    let merge = post(
        &app,
        &format!("organizations/{too}/merge"),
        json!({ "into": ours }),
    )
    .await
    .ok();
    assert_eq!(owed().await, [83_00, 105_00]);
    post(&app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    unchanged(stored_rows(&app));
    app.stop().await;
}
