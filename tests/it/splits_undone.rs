//! Splits are undone after imports, and the merges before them: the figures are those of imports
//! without them.

use serde_json::json;

use crate::support::app::Backend;
use crate::support::merges::{
    BANK, BANK_TOO, DEFAULT, Exports, OURS, OURS_TOO, SECOND, alias_of, id_of, import,
    is_as_never_merged, merge, post, rows, started, undo,
};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, an_expense, principal};

on_both_databases!(
    a_split_and_the_lender_merge_before_it_are_undone_after_an_import,
    a_split_and_the_organization_merge_before_it_are_undone_after_an_import,
    undoing_a_split_keeps_the_older_contract_and_what_was_set_by_hand,
);

/// Merges two rows, splits them again, imports, and undoes the split and the merge.
async fn check_undone_in_turn(
    backend: Backend,
    path: &str,
    [old, new]: [&Exports; 2],
    [from, into]: [&str; 2],
) {
    let app = started(backend, old).await;
    let merged = merge(&app, path, "name", [from, into]).await;
    let id = id_of(&app, path, "name", into).await;
    let alias = alias_of(&app, path, id, from).await;
    let split = post(
        &app,
        &format!("{path}/{id}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok();
    import(&app, new).await;
    undo(&app, &split).await;
    undo(&app, &merged).await;
    is_as_never_merged(app, backend, &[old, new]).await;
}

async fn a_split_and_the_lender_merge_before_it_are_undone_after_an_import(backend: Backend) {
    let old: Exports = (
        vec![
            a_receipt(1).under(DEFAULT).amounting_to(700_00),
            a_receipt(2).with(BANK_TOO).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let mut new = old.clone();
    new.0.push(
        a_receipt(4)
            .with(BANK_TOO)
            .under(DEFAULT)
            .amounting_to(40_00),
    );
    new.1.push(
        an_expense(5)
            .with(BANK_TOO)
            .under(DEFAULT)
            .amounting_to(300_00),
    );
    new.2.push(principal(5, 300_00).under(DEFAULT));
    check_undone_in_turn(backend, "lenders", [&old, &new], [BANK, BANK_TOO]).await;
}

async fn a_split_and_the_organization_merge_before_it_are_undone_after_an_import(backend: Backend) {
    let old: Exports = (
        vec![
            a_receipt(1).amounting_to(700_00),
            a_receipt(2).of(OURS_TOO).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let mut new = old.clone();
    new.0.push(a_receipt(4).of(OURS_TOO).amounting_to(40_00));
    new.1.push(an_expense(5).of(OURS_TOO).amounting_to(300_00));
    new.2.push(principal(5, 300_00));
    check_undone_in_turn(backend, "organizations", [&old, &new], [OURS, OURS_TOO]).await;
}

async fn undoing_a_split_keeps_the_older_contract_and_what_was_set_by_hand(backend: Backend) {
    let old: Exports = (
        vec![
            a_receipt(1).under(DEFAULT),
            a_receipt(2).with(BANK_TOO).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &old).await;
    let id = id_of(&app, "contracts", "contract_number", DEFAULT).await;
    let set = format!(
        "UPDATE contracts SET direction = 'lent', is_direction_manual = TRUE WHERE id = {id}"
    );
    app.execute(&set).await;
    merge(&app, "lenders", "name", [BANK, BANK_TOO]).await;
    let lender = id_of(&app, "lenders", "name", BANK_TOO).await;
    let alias = alias_of(&app, "lenders", lender, BANK).await;
    let split = post(
        &app,
        &format!("lenders/{lender}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok();
    let mut new = old.clone();
    new.0.push(a_receipt(4).with(BANK_TOO).under(DEFAULT));
    import(&app, &new).await;
    undo(&app, &split).await;
    let contracts = rows(&app, "contracts").await;
    let of_reference: Vec<_> = contracts
        .iter()
        .filter(|row| row["contract_number"] == DEFAULT)
        .collect();
    assert_eq!(of_reference.len(), 1, "{contracts:?}");
    assert_eq!(
        (&of_reference[0]["id"], &of_reference[0]["direction"]),
        (&json!(id), &json!("lent"))
    );
    app.stop().await;
}
