//! Merges are undone after imports and further merges: in any order that is accepted, the figures
//! are those of imports without them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, TestApp};
use crate::support::merges::{
    BANK, BANK_TOO, DEFAULT, Exports, FIRST, OURS, OURS_TOO, SECOND, exports, id_of, import,
    is_as_never_merged, merge, post, started, undo,
};
use crate::support::on_both_databases;
use crate::support::tables::stored_rows;
use crate::support::workbooks::{a_receipt, an_expense, principal};

on_both_databases!(
    a_later_merge_of_the_same_rows_has_to_be_undone_first,
    a_lender_merge_is_undone_only_after_a_later_merge_of_organizations_that_share_its_newer_contracts,
    a_lender_merge_is_undone_only_after_a_later_merge_of_a_contract_that_an_import_made,
    a_lender_merge_is_undone_before_later_ones_that_share_nothing_with_it,
    an_organization_merge_upon_a_contract_merge_is_undone_after_an_import,
);

async fn is_refused_because_of(app: &TestApp, merge: &Value, later: &Value) {
    let refused = post(app, &format!("merges/{}/undo", merge["id"]), json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(
        refused.text.contains(&format!("merge {}", later["id"])),
        "{}",
        refused.text
    );
}

async fn a_lender_merge_is_undone_only_after_a_later_merge_of_organizations_that_share_its_newer_contracts(
    backend: Backend,
) {
    let old: Exports = (
        vec![
            a_receipt(1),
            a_receipt(2).of(OURS_TOO).with(BANK_TOO).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &old).await;
    let lenders = merge(&app, "lenders", "name", [BANK_TOO, BANK]).await;
    let mut new = old.clone();
    new.0
        .push(a_receipt(3).with(BANK_TOO).under("").amounting_to(700_00));
    new.0
        .push(a_receipt(4).of(OURS_TOO).under("").amounting_to(40_00));
    new.1.push(an_expense(5).under("").amounting_to(300_00));
    new.2.push(principal(5, 300_00).under(""));
    import(&app, &new).await;
    let organizations = merge(&app, "organizations", "name", [OURS, OURS_TOO]).await;
    is_refused_because_of(&app, &lenders, &organizations).await;
    undo(&app, &organizations).await;
    undo(&app, &lenders).await;
    is_as_never_merged(app, backend, &[&old, &new]).await;
}

async fn a_lender_merge_is_undone_only_after_a_later_merge_of_a_contract_that_an_import_made(
    backend: Backend,
) {
    let old: Exports = (
        vec![a_receipt(1).with(BANK_TOO), a_receipt(2).under(SECOND)],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &old).await;
    let lenders = merge(&app, "lenders", "name", [BANK, BANK_TOO]).await;
    let mut new = old.clone();
    new.0.push(a_receipt(3).under(DEFAULT).amounting_to(500_00));
    new.1
        .push(an_expense(4).with(BANK_TOO).amounting_to(600_00));
    new.2.push(principal(4, 600_00));
    import(&app, &new).await;
    let contracts = merge(&app, "contracts", "contract_number", [DEFAULT, FIRST]).await;
    is_refused_because_of(&app, &lenders, &contracts).await;
    undo(&app, &contracts).await;
    undo(&app, &lenders).await;
    is_as_never_merged(app, backend, &[&old, &new]).await;
}

async fn a_lender_merge_is_undone_before_later_ones_that_share_nothing_with_it(backend: Backend) {
    let others = ["АО «Север»", "АО «Юг»"];
    let exports: Exports = (
        vec![
            a_receipt(1).under(DEFAULT),
            a_receipt(2).with(BANK_TOO).under(DEFAULT),
            a_receipt(3).with(others[0]).under(DEFAULT),
            a_receipt(4).with(others[1]).under(DEFAULT),
            a_receipt(5).under(FIRST),
            a_receipt(6).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &exports).await;
    let first = merge(&app, "lenders", "name", [BANK_TOO, BANK]).await;
    let second = merge(&app, "lenders", "name", others).await;
    let contracts = merge(&app, "contracts", "contract_number", [SECOND, FIRST]).await;
    for merge in [first, second, contracts] {
        undo(&app, &merge).await;
    }
    is_as_never_merged(app, backend, &[&exports]).await;
}

async fn an_organization_merge_upon_a_contract_merge_is_undone_after_an_import(backend: Backend) {
    let old: Exports = (
        vec![
            a_receipt(1),
            a_receipt(2).with(BANK_TOO).under(DEFAULT),
            a_receipt(3).of(OURS_TOO),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &old).await;
    let contracts = merge(&app, "contracts", "contract_number", [DEFAULT, FIRST]).await;
    let organizations = merge(&app, "organizations", "name", [OURS, OURS_TOO]).await;
    // Under the merges it means the first contract; alone it is one of its own.
    let mut new = old.clone();
    new.0.push(
        a_receipt(4)
            .of(OURS_TOO)
            .with(BANK_TOO)
            .under(DEFAULT)
            .amounting_to(40_00),
    );
    import(&app, &new).await;
    undo(&app, &organizations).await;
    undo(&app, &contracts).await;
    is_as_never_merged(app, backend, &[&old, &new]).await;
}

async fn a_later_merge_of_the_same_rows_has_to_be_undone_first(backend: Backend) {
    let third = a_receipt(40).of("ООО «Лютик»").on("01.10.2024");
    let mut exports = exports();
    exports.0.push(third);
    let app = started(backend, &exports).await;
    let before = stored_rows(&app);
    let (ours, too, third) = (
        id_of(&app, "organizations", "name", OURS).await,
        id_of(&app, "organizations", "name", OURS_TOO).await,
        id_of(&app, "organizations", "name", "ООО «Лютик»").await,
    );
    let merge = async |from: i64, into: i64| {
        post(
            &app,
            &format!("organizations/{from}/merge"),
            json!({ "into": into }),
        )
        .await
        .ok()["id"]
            .clone()
    };
    let undo = async |id: &Value| post(&app, &format!("merges/{id}/undo"), json!({})).await;
    let (first, second) = (merge(too, third).await, merge(third, ours).await);
    let again = post(
        &app,
        &format!("organizations/{too}/merge"),
        json!({ "into": ours }),
    )
    .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert_eq!(
        app.get(&format!("organizations/{too}")).await.ok()["merged_into"],
        json!(ours),
        "the one that is shown"
    );
    let refused = undo(&first).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text.contains(&format!("merge {second}")),
        "{}",
        refused.text
    );
    undo(&second).await.ok();
    assert_eq!(
        app.get(&format!("organizations/{too}")).await.ok()["merged_into"],
        json!(third)
    );
    assert_eq!(
        undo(&second).await.status,
        StatusCode::CONFLICT,
        "undone already"
    );
    undo(&first).await.ok();
    assert_eq!(stored_rows(&app), before);
    app.stop().await;
}
