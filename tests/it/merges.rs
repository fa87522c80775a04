//! Organizations, lenders, bank accounts and contracts are merged over REST: figures are those of
//! an import in which they were one, and rows are as before when the merge is undone.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, TestApp};
use crate::support::merges::{
    ACCOUNT, ACCOUNT_TOO, BANK, BANK_TOO, Exports, OURS, OURS_TOO, exports, figures, id_of, import,
    post, rows, started,
};
use crate::support::on_both_databases;
use crate::support::tables::{has_true_rollups, stored_rows};
use crate::support::workbooks::{Operation, a_receipt, an_expense, kopecks, principal};

on_both_databases!(
    merged_organizations_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_lenders_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_bank_accounts_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_contracts_take_their_adjustments_along_and_back,
);

/// Merges two rows, compares the figures with those of an import in which they were one, and undoes
/// it.
async fn check_merge(
    backend: Backend,
    path: &str,
    field: &str,
    [source, target]: [&str; 2],
    as_one: &Exports,
) {
    let (app, one) = (
        started(backend, &exports()).await,
        started(backend, as_one).await,
    );
    let (before, figures_before) = (stored_rows(&app), figures(&app).await);
    let (from, into) = (
        id_of(&app, path, field, source).await,
        id_of(&app, path, field, target).await,
    );
    let merge = post(
        &app,
        &format!("{path}/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let names = ["action", "source", "target"].map(|name| merge[name].as_str().unwrap());
    assert_eq!(names, ["merge", source, target]);
    assert_eq!(
        figures(&app).await,
        figures(&one).await,
        "the figures of one import"
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    import(&app, &exports()).await;
    assert_eq!(
        figures(&app).await,
        figures(&one).await,
        "the next import repeats it"
    );
    let undone = post(&app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    assert!(!undone["undone_at"].is_null(), "{undone}");
    let after = stored_rows(&app);
    for (table, rows) in &before {
        // The second import looked at the files again.
        if *table != "file_organizations" {
            assert_eq!(rows, &after[table], "{table}");
        }
    }
    assert_eq!(figures(&app).await, figures_before);
    assert!(has_true_rollups(&app.running.state.db).await);
    app.stop().await;
    one.stop().await;
}

fn with_all(exports: Exports, change: impl Fn(&mut Operation)) -> Exports {
    let (mut received, mut spent, paid) = exports;
    received.iter_mut().chain(&mut spent).for_each(change);
    (received, spent, paid)
}

async fn merged_organizations_have_the_figures_of_one_and_are_two_again_when_it_is_undone(
    backend: Backend,
) {
    let as_one = with_all(exports(), |row| row.organization = OURS.to_owned());
    check_merge(backend, "organizations", "name", [OURS_TOO, OURS], &as_one).await;
    let as_one = with_all(exports(), |row| row.organization = OURS_TOO.to_owned());
    check_merge(backend, "organizations", "name", [OURS, OURS_TOO], &as_one).await;
}

async fn merged_lenders_have_the_figures_of_one_and_are_two_again_when_it_is_undone(
    backend: Backend,
) {
    let as_one = with_all(exports(), |row| row.counterparty = BANK.to_owned());
    check_merge(backend, "lenders", "name", [BANK_TOO, BANK], &as_one).await;
    let as_one = with_all(exports(), |row| row.counterparty = BANK_TOO.to_owned());
    check_merge(backend, "lenders", "name", [BANK, BANK_TOO], &as_one).await;
}

async fn merged_bank_accounts_have_the_figures_of_one_and_are_two_again_when_it_is_undone(
    backend: Backend,
) {
    let as_one = with_all(exports(), |row| row.bank_account = ACCOUNT.to_owned());
    let names = [ACCOUNT_TOO, ACCOUNT].map(|account| &account[..20]);
    check_merge(backend, "bank-accounts", "account_number", names, &as_one).await;
}

async fn merged_contracts_take_their_adjustments_along_and_back(backend: Backend) {
    let (first, second) = (
        "Договор займа № 1 от 01.02.2024",
        "Договор займа № 2 от 01.02.2024",
    );
    let app = TestApp::start(backend).await;
    let exports = (
        vec![a_receipt(1), a_receipt(2).under(second)],
        vec![an_expense(1)],
        vec![principal(1, 100_00)],
    );
    import(&app, &exports).await;
    let one = id_of(&app, "contracts", "contract_number", first).await;
    let other = id_of(&app, "contracts", "contract_number", second).await;
    let opening = json!({ "contract_id": other, "date": "2024-01-31", "kind": "opening_balance", "amount": 40 });
    assert_eq!(
        post(&app, "adjustments", opening).await.status,
        StatusCode::CREATED
    );
    let before = stored_rows(&app);
    let merge = post(
        &app,
        &format!("contracts/{other}/merge"),
        json!({ "into": one }),
    )
    .await
    .ok();
    let contracts = rows(&app, "contracts").await;
    assert_eq!(
        (contracts.len(), kopecks(&contracts[0]["outstanding"])),
        (1, 140_00),
        "{contracts:?}"
    );
    let ledger = app.get(&format!("contracts/{one}/ledger")).await.ok();
    assert_eq!(
        ledger["data"].as_array().unwrap().len(),
        6,
        "opening, two receipts, expense, adjustment, closing"
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    post(&app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    assert_eq!(stored_rows(&app), before);
    app.stop().await;
}
