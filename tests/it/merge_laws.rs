//! Laws of merges over random operations: undoing gives the same rows, and what imports stored between is placed as
//! if the rows had never been merged.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::laws::runner;
use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::tables::{contents, has_true_rollups, stored_rows};
use crate::support::workbooks::{Detail, Operation, a_receipt, an_expense, details, expenses, receipts};
use crate::support::{from_environment, on_both_databases};
use credit_portfolio::domain::Role;

on_both_databases!(
    any_merge_or_split_that_is_undone_leaves_the_same_rows,
    what_is_imported_between_a_merge_and_its_undoing_is_placed_as_without_it,
);

const ORGANIZATIONS: [&str; 3] = ["ООО «Ромашка»", "АО «Лютик»", "Юг"];
const LENDERS: [&str; 3] = ["ПАО «Банк»", "Сбер", ""];
const CONTRACTS: [&str; 5] = ["", "Основной договор", "Договор № 1 от 01.02.2024", "2 от 05.02.2024г.", "Договор № 3"];
const ACCOUNTS: [&str; 2] = ["40702810900000000001, ПАО «Банк»", "40702810900000000002, Сбер"];
const KINDS: [&str; 4] = ["organizations", "lenders", "bank-accounts", "contracts"];

/// Whether it is a receipt; organization, lender, contract, account, month; amount; details of it.
type Random = (bool, [usize; 5], i64, Vec<(usize, i64)>);

fn operations(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Random>> {
    let places = (0_usize..3, 0_usize..3, 0_usize..5, 0_usize..2, 0_usize..6);
    let places = places
        .prop_map(|(organization, lender, contract, account, month)| [organization, lender, contract, account, month]);
    let shares = prop::collection::vec((0_usize..5, 1_i64..100_000), 0..3);
    prop::collection::vec((any::<bool>(), places, 1_i64..1_000_000, shares), count)
}

async fn import(app: &TestApp, operations: &[Random]) {
    let (mut received, mut spent, mut paid) = (Vec::new(), Vec::new(), Vec::new());
    for (serial, (is_receipt, [organization, lender, contract, account, month], amount, shares)) in
        (1..).zip(operations)
    {
        let operation: Operation = if *is_receipt { a_receipt(serial) } else { an_expense(serial) };
        let mut operation = operation
            .of(ORGANIZATIONS[*organization])
            .with(LENDERS[*lender])
            .under(CONTRACTS[*contract])
            .on(&format!("05.0{}.2024", month + 1))
            .amounting_to(*amount);
        operation.bank_account = ACCOUNTS[*account].to_owned();
        if *is_receipt {
            received.push(operation);
        } else {
            spent.push(operation);
            let detail =
                |(to, amount): &(usize, i64)| Detail::of(serial, "Погашение долга", *amount).under(CONTRACTS[*to]);
            paid.extend(shares.iter().map(detail));
        }
    }
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&received)),
        ("spisanie.xlsx", &expenses(&spent)),
        ("rasshifrovka.xlsx", &details(&paid)),
    ];
    let report = app.import(DEPARTMENT, &files).await;
    assert_eq!(report.processed(), 3, "{}", report.message);
}

async fn post(app: &TestApp, path: &str, body: Value) -> Value {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    app.request(Method::POST, &format!("credit-portfolio/{path}"), Some(&token), Some(body)).await.ok()
}

/// Merges two rows of a kind that chance chooses; returns the merge, unless there are no two.
async fn merge_any(app: &TestApp, [kind, one, other]: [usize; 3]) -> Option<Value> {
    let path = KINDS[kind];
    let rows = app.get(path).await.ok().as_array().unwrap().clone();
    let from = rows.get(one % rows.len().max(1))?;
    let may_be_one = |row: &&Value| row["id"] != from["id"] && row["organization_id"] == from["organization_id"];
    let others: Vec<&Value> = rows.iter().filter(may_be_one).collect();
    let into = others.get(other % others.len().max(1))?;
    Some(post(app, &format!("{path}/{}/merge", from["id"]), json!({ "into": into["id"] })).await)
}

/// Splits a lender that chance chooses off a contract; returns the split, unless there is nothing to split.
async fn split_any(app: &TestApp, [_, one, other]: [usize; 3]) -> Option<Value> {
    let contracts = app.get("contracts").await.ok().as_array().unwrap().clone();
    let lenders = app.get("lenders").await.ok().as_array().unwrap().clone();
    let contract = &contracts.get(one % contracts.len().max(1))?["id"];
    let lender = &lenders.get(other % lenders.len().max(1))?["id"];
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{contract}/split");
    let answer = app.request(Method::POST, &path, Some(&token), Some(json!({ "lender_id": lender }))).await;
    (answer.status != StatusCode::CONFLICT).then(|| answer.ok())
}

async fn undo(app: &TestApp, done: &Value) {
    post(app, &format!("merges/{}/undo", done["id"]), json!({})).await;
    assert!(has_true_rollups(&app.running.state.db).await, "{done}");
}

async fn any_merge_or_split_that_is_undone_leaves_the_same_rows(backend: Backend) {
    let mut runner = runner(41);
    let app = TestApp::start(backend).await;
    let all = operations(40..60).new_tree(&mut runner).unwrap().current();
    import(&app, &all).await;
    for case in 0..from_environment("MERGES", 8) {
        let chance = [0_usize..4, 0..1000, 0..1000].new_tree(&mut runner).unwrap().current();
        let intact = stored_rows(&app);
        let lender = [0_usize..4, 0..1000, 0..1000].new_tree(&mut runner).unwrap().current();
        let apart = split_any(&app, lender).await;
        let before = stored_rows(&app);
        let Some(first) = merge_any(&app, chance).await else { continue };
        let between = stored_rows(&app);
        // A second one upon the first, then a split of what was merged.
        let more = [0_usize..4, 0..1000, 0..1000].new_tree(&mut runner).unwrap().current();
        let second = merge_any(&app, more).await;
        if let Some(second) = &second {
            undo(&app, second).await;
            assert_eq!(between, stored_rows(&app), "case {case}: {chance:?}, {more:?}");
        }
        let target = format!("{}/{}", KINDS[chance[0]], first["target_id"]);
        let row = app.get(&target).await.ok();
        let aliases = row["aliases"].as_array().unwrap();
        if let Some(last) = aliases.last().filter(|_| aliases.len() > 1) {
            let split = post(&app, &format!("{target}/split"), json!({ "alias_ids": [last["id"]] })).await;
            assert!(has_true_rollups(&app.running.state.db).await, "case {case}: {split}");
            undo(&app, &split).await;
            assert_eq!(between, stored_rows(&app), "case {case}: {chance:?}, split of {last}");
        }
        undo(&app, &first).await;
        assert_eq!(before, stored_rows(&app), "case {case}: {chance:?}");
        if let Some(apart) = apart {
            undo(&app, &apart).await;
            assert_eq!(intact, stored_rows(&app), "case {case}: split of a lender, {lender:?}");
        }
    }
    app.stop().await;
}

async fn what_is_imported_between_a_merge_and_its_undoing_is_placed_as_without_it(backend: Backend) {
    let mut runner = runner(43);
    for case in 0..from_environment("MERGES", 5) {
        let all = operations(30..50).new_tree(&mut runner).unwrap().current();
        let chance = [0_usize..4, 0..1000, 0..1000].new_tree(&mut runner).unwrap().current();
        let half = all.len() / 3;
        let (app, control) = (TestApp::start(backend).await, TestApp::start(backend).await);
        let lender = [0_usize..4, 0..1000, 0..1000].new_tree(&mut runner).unwrap().current();
        for app in [&app, &control] {
            import(app, &all[..half]).await;
            split_any(app, lender).await;
        }
        let merged = merge_any(&app, chance).await;
        for app in [&app, &control] {
            import(app, &all).await;
        }
        if let Some(merged) = merged {
            undo(&app, &merged).await;
        }
        let [found, expected] =
            [contents(&app.running.state.db, DEPARTMENT).await, contents(&control.running.state.db, DEPARTMENT).await];
        for (table, rows) in &expected {
            assert_eq!(rows, &found[table], "case {case}, {table}: {chance:?}");
        }
        import(&app, &all).await;
        assert_eq!(contents(&app.running.state.db, DEPARTMENT).await, expected, "case {case}: imported once more");
        app.stop().await;
        control.stop().await;
    }
}
