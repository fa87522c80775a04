//! Laws of merges over random operations: undoing gives the same rows, and what imports stored
//! between is placed as if the rows had never been merged. Whole histories of merges, splits and
//! imports leave, when they are undone, what the imports alone make.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::figures;
use crate::support::random_operations::runner;
use crate::support::tables::{contents, has_true_rollups, stored_rows};
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, expenses, receipts,
};
use crate::support::{from_environment, on_both_databases};
use credit_portfolio::domain::Role;

on_both_databases!(
    any_merge_or_split_that_is_undone_leaves_the_same_rows,
    what_is_imported_between_a_merge_and_its_undoing_is_placed_as_without_it,
    any_history_that_is_undone_in_reverse_leaves_what_imports_alone_make,
    any_history_that_is_undone_in_any_order_leaves_what_imports_alone_make,
);

const ORGANIZATIONS: [&str; 3] = ["ООО «Ромашка»", "АО «Лютик»", "Юг"];
const LENDERS: [&str; 3] = ["ПАО «Банк»", "Сбер", ""];
const CONTRACTS: [&str; 5] = [
    "",
    "Основной договор",
    "Договор № 1 от 01.02.2024",
    "2 от 05.02.2024г.",
    "Договор № 3",
];
const ACCOUNTS: [&str; 2] = [
    "40702810900000000001, ПАО «Банк»",
    "40702810900000000002, Сбер",
];
const KINDS: [&str; 4] = ["organizations", "lenders", "bank-accounts", "contracts"];

/// Whether it is a receipt; organization, lender, contract, account, month; amount; details of it.
type Random = (bool, [usize; 5], i64, Vec<(usize, i64)>);

fn operations(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Random>> {
    let places = (0_usize..3, 0_usize..3, 0_usize..5, 0_usize..2, 0_usize..6);
    let places = places.prop_map(|(organization, lender, contract, account, month)| {
        [organization, lender, contract, account, month]
    });
    let shares = prop::collection::vec((0_usize..5, 1_i64..100_000), 0..3);
    prop::collection::vec((any::<bool>(), places, 1_i64..1_000_000, shares), count)
}

async fn import(app: &TestApp, operations: &[Random]) {
    let (mut received, mut spent, mut paid) = (Vec::new(), Vec::new(), Vec::new());
    for (serial, (is_receipt, [organization, lender, contract, account, month], amount, shares)) in
        (1..).zip(operations)
    {
        let operation: Operation = if *is_receipt {
            a_receipt(serial)
        } else {
            an_expense(serial)
        };
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
            let detail = |(to, amount): &(usize, i64)| {
                Detail::of(serial, "Погашение долга", *amount).under(CONTRACTS[*to])
            };
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
    app.request(
        Method::POST,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        Some(body),
    )
    .await
    .ok()
}

/// Merges two rows of a kind that chance chooses; returns the merge, unless there are no two.
async fn merge_any(app: &TestApp, [kind, one, other]: [usize; 3]) -> Option<Value> {
    let path = KINDS[kind];
    let rows = app.get(path).await.ok().as_array().unwrap().clone();
    let from = rows.get(one % rows.len().max(1))?;
    let may_be_one =
        |row: &&Value| row["id"] != from["id"] && row["organization_id"] == from["organization_id"];
    let others: Vec<&Value> = rows.iter().filter(may_be_one).collect();
    let into = others.get(other % others.len().max(1))?;
    Some(
        post(
            app,
            &format!("{path}/{}/merge", from["id"]),
            json!({ "into": into["id"] }),
        )
        .await,
    )
}

/// Splits a lender that chance chooses off a contract; returns the split, unless there is nothing
/// to split.
async fn split_any(app: &TestApp, [_, one, other]: [usize; 3]) -> Option<Value> {
    let contracts = app.get("contracts").await.ok().as_array().unwrap().clone();
    let lenders = app.get("lenders").await.ok().as_array().unwrap().clone();
    let contract = &contracts.get(one % contracts.len().max(1))?["id"];
    let lender = &lenders.get(other % lenders.len().max(1))?["id"];
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{contract}/split");
    let answer = app
        .request(
            Method::POST,
            &path,
            Some(&token),
            Some(json!({ "lender_id": lender })),
        )
        .await;
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
        let chance = [0_usize..4, 0..1000, 0..1000]
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let intact = stored_rows(&app);
        let lender = [0_usize..4, 0..1000, 0..1000]
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let apart = split_any(&app, lender).await;
        let before = stored_rows(&app);
        let Some(first) = merge_any(&app, chance).await else {
            continue;
        };
        let between = stored_rows(&app);
        // A second one upon the first, then a split of what was merged.
        let more = [0_usize..4, 0..1000, 0..1000]
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let second = merge_any(&app, more).await;
        if let Some(second) = &second {
            undo(&app, second).await;
            assert_eq!(
                between,
                stored_rows(&app),
                "case {case}: {chance:?}, {more:?}"
            );
        }
        let target = format!("{}/{}", KINDS[chance[0]], first["target_id"]);
        let row = app.get(&target).await.ok();
        let aliases = row["aliases"].as_array().unwrap();
        if let Some(last) = aliases.last().filter(|_| aliases.len() > 1) {
            let split = post(
                &app,
                &format!("{target}/split"),
                json!({ "alias_ids": [last["id"]] }),
            )
            .await;
            assert!(
                has_true_rollups(&app.running.state.db).await,
                "case {case}: {split}"
            );
            undo(&app, &split).await;
            assert_eq!(
                between,
                stored_rows(&app),
                "case {case}: {chance:?}, split of {last}"
            );
        }
        undo(&app, &first).await;
        assert_eq!(before, stored_rows(&app), "case {case}: {chance:?}");
        if let Some(apart) = apart {
            undo(&app, &apart).await;
            assert_eq!(
                intact,
                stored_rows(&app),
                "case {case}: split of a lender, {lender:?}"
            );
        }
    }
    app.stop().await;
}

async fn what_is_imported_between_a_merge_and_its_undoing_is_placed_as_without_it(
    backend: Backend,
) {
    let mut runner = runner(43);
    for case in 0..from_environment("MERGES", 5) {
        let all = operations(30..50).new_tree(&mut runner).unwrap().current();
        let chance = [0_usize..4, 0..1000, 0..1000]
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let half = all.len() / 3;
        let (app, control) = (TestApp::start(backend).await, TestApp::start(backend).await);
        let lender = [0_usize..4, 0..1000, 0..1000]
            .new_tree(&mut runner)
            .unwrap()
            .current();
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
        let [found, expected] = [
            contents(&app.running.state.db, DEPARTMENT).await,
            contents(&control.running.state.db, DEPARTMENT).await,
        ];
        for (table, rows) in &expected {
            assert_eq!(rows, &found[table], "case {case}, {table}: {chance:?}");
        }
        import(&app, &all).await;
        assert_eq!(
            contents(&app.running.state.db, DEPARTMENT).await,
            expected,
            "case {case}: imported once more"
        );
        app.stop().await;
        control.stop().await;
    }
}

/// Splits an alias that chance chooses off its row; returns the split, unless no row of the kind
/// has two.
async fn split_any_alias(app: &TestApp, [kind, one, other]: [usize; 3]) -> Option<Value> {
    let path = KINDS[kind];
    let mut splittable = Vec::new();
    for row in app.get(path).await.ok().as_array().unwrap() {
        let row = app.get(&format!("{path}/{}", row["id"])).await.ok();
        if row["aliases"].as_array().unwrap().len() > 1 {
            splittable.push(row);
        }
    }
    let row = splittable.get(one % splittable.len().max(1))?;
    let aliases = row["aliases"].as_array().unwrap();
    let alias = &aliases[other % aliases.len()]["id"];
    Some(
        post(
            app,
            &format!("{path}/{}/split", row["id"]),
            json!({ "alias_ids": [alias] }),
        )
        .await,
    )
}

/// Undoes merges and splits, the last one first or as chance has it. The last one can always be
/// undone.
async fn undo_all(
    app: &TestApp,
    mut held: Vec<Value>,
    mut order: Option<impl Iterator<Item = usize>>,
) {
    while let Some(last) = held.len().checked_sub(1) {
        let at = order
            .as_mut()
            .and_then(Iterator::next)
            .map_or(last, |chance| chance % held.len());
        let token = app.token(Role::Manager, DEPARTMENT).await;
        let path = format!("credit-portfolio/merges/{}/undo", held[at]["id"]);
        let answer = app
            .request(Method::POST, &path, Some(&token), Some(json!({})))
            .await;
        let undone = if answer.status == StatusCode::CONFLICT && at != last {
            undo(app, &held[last]).await;
            last
        } else {
            answer.ok();
            assert!(
                has_true_rollups(&app.running.state.db).await,
                "{}",
                held[at]
            );
            at
        };
        held.remove(undone);
    }
}

/// Merges, splits and imports by chance, undoes all, and compares with the imports alone.
async fn check_histories(backend: Backend, seed: u8, is_in_reverse: bool) {
    let mut runner = runner(seed);
    let steps = prop::collection::vec((0_usize..6, [0_usize..4, 0..1000, 0..1000]), 5..9);
    let order = prop::collection::vec(0_usize..1000, 8);
    for case in 0..from_environment("MERGES", 2) {
        let all = operations(30..50).new_tree(&mut runner).unwrap().current();
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let order = order.new_tree(&mut runner).unwrap().current();
        let app = TestApp::start(backend).await;
        let mut imported = vec![all.len() / 4];
        import(&app, &all[..imported[0]]).await;
        let mut held = Vec::new();
        for (step, chance) in &steps {
            match step {
                0 | 1 => {
                    let count = (imported[imported.len() - 1] + all.len() / 4).min(all.len());
                    import(&app, &all[..count]).await;
                    imported.push(count);
                }
                2 | 3 => held.extend(merge_any(&app, *chance).await),
                4 => held.extend(split_any(&app, *chance).await),
                _ => held.extend(split_any_alias(&app, *chance).await),
            }
        }
        import(&app, &all).await;
        imported.push(all.len());
        let done: Vec<String> = held.iter().map(Value::to_string).collect();
        undo_all(&app, held, (!is_in_reverse).then(|| order.into_iter())).await;
        let control = TestApp::start(backend).await;
        for count in imported {
            import(&control, &all[..count]).await;
        }
        let what = format!("case {case}: {steps:?}, {done:#?}");
        for again in ["", "imported once more, "] {
            let found = contents(&app.running.state.db, DEPARTMENT).await;
            for (table, rows) in contents(&control.running.state.db, DEPARTMENT).await {
                assert_eq!(rows, found[table], "{again}{table}, {what}");
            }
            assert_eq!(
                figures(&control).await,
                figures(&app).await,
                "{again}{what}"
            );
            import(&app, &all).await;
        }
        app.stop().await;
        control.stop().await;
    }
}

async fn any_history_that_is_undone_in_reverse_leaves_what_imports_alone_make(backend: Backend) {
    check_histories(backend, 47, true).await;
}

async fn any_history_that_is_undone_in_any_order_leaves_what_imports_alone_make(backend: Backend) {
    check_histories(backend, 53, false).await;
}
