//! Undoing of merges and splits after imports and further merges: in any order that is accepted,
//! the figures are those of imports without them.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{
    BANK, BANK_TOO, Exports, OURS, OURS_TOO, alias_of, exports, figures, id_of, import, post, rows,
    started,
};
use crate::support::on_both_databases;
use crate::support::tables::{has_true_rollups, stored_rows};
use crate::support::workbooks::{a_receipt, an_expense, principal};

on_both_databases!(
    a_later_merge_of_the_same_rows_has_to_be_undone_first,
    a_lender_merge_is_undone_only_after_a_later_merge_of_organizations_that_share_its_newer_contracts,
    a_lender_merge_is_undone_only_after_a_later_merge_of_a_contract_that_an_import_made,
    a_lender_merge_is_undone_before_later_ones_that_share_nothing_with_it,
    a_split_and_the_lender_merge_before_it_are_undone_after_an_import,
    a_split_and_the_organization_merge_before_it_are_undone_after_an_import,
    an_organization_merge_upon_a_contract_merge_is_undone_after_an_import,
    undoing_a_split_keeps_the_older_contract_and_what_was_set_by_hand,
    a_contract_that_was_changed_by_hand_since_a_merge_is_itself_when_it_is_undone,
    a_contract_that_was_entered_before_a_merge_keeps_its_operations_when_it_is_undone,
);

const DEFAULT: &str = "Основной договор";
const FIRST: &str = "Договор займа № 1 от 01.02.2024";
const SECOND: &str = "Договор займа № 2 от 01.02.2024";

async fn merge(app: &TestApp, path: &str, field: &str, [from, into]: [&str; 2]) -> Value {
    let (from, into) = (
        id_of(app, path, field, from).await,
        id_of(app, path, field, into).await,
    );
    post(
        app,
        &format!("{path}/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok()
}

async fn undo(app: &TestApp, merge: &Value) {
    post(app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    assert!(has_true_rollups(&app.running.state.db).await, "{merge}");
}

async fn is_refused_because_of(app: &TestApp, merge: &Value, later: &Value) {
    let refused = post(app, &format!("merges/{}/undo", merge["id"]), json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(
        refused.text.contains(&format!("merge {}", later["id"])),
        "{}",
        refused.text
    );
}

/// Compares the figures with those of imports without any merge, now and after one more import.
async fn is_as_never_merged(app: TestApp, backend: Backend, imports: &[&Exports]) {
    let control = TestApp::start(backend).await;
    for exports in imports {
        import(&control, exports).await;
    }
    assert_eq!(figures(&app).await, figures(&control).await);
    let last = imports[imports.len() - 1];
    import(&app, last).await;
    assert_eq!(
        figures(&app).await,
        figures(&control).await,
        "imported once more"
    );
    app.stop().await;
    control.stop().await;
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

async fn change(app: &TestApp, contract_id: i64, body: Value) {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{contract_id}");
    app.request(Method::PUT, &path, Some(&token), Some(body))
        .await
        .ok();
}

async fn count(app: &TestApp, path: &str) -> String {
    app.get(path).await.header("X-Total-Count").to_owned()
}

/// Importing the same once more changes no row.
async fn is_settled(app: &TestApp, exports: &Exports) {
    let before = stored_rows(app);
    import(app, exports).await;
    let after = stored_rows(app);
    for table in before
        .keys()
        .filter(|table| **table != "file_organizations")
    {
        assert_eq!(before[table], after[table], "{table}");
    }
}

/// `path` and names say what is merged; the contract that an import brings then is named under the
/// one that is merged or, with `is_of_both`, under both.
async fn check_changed_by_hand(backend: Backend, path: &str, names: [&str; 2], is_of_both: bool) {
    let is_lender = path == "lenders";
    let reference = if is_lender {
        DEFAULT
    } else {
        "Договор № 5"
    };
    let old: Exports = (
        vec![
            a_receipt(1),
            a_receipt(2).of(OURS_TOO).with(BANK_TOO).under(SECOND),
        ],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    let app = started(backend, &old).await;
    let merged = merge(&app, path, "name", names).await;
    let mut new = old.clone();
    new.0
        .push(a_receipt(3).under(reference).amounting_to(400_00));
    if is_of_both {
        let other = a_receipt(4).under(reference).amounting_to(50_00);
        new.0.push(if is_lender {
            other.with(BANK_TOO)
        } else {
            other.of(OURS_TOO)
        });
    }
    import(&app, &new).await;
    let id = id_of(&app, "contracts", "contract_number", reference).await;
    change(
        &app,
        id,
        json!({ "contract_number": "Договор № 55 от 01.03.2024", "direction": "lent" }),
    )
    .await;
    let opening = json!({ "contract_id": id, "date": "2024-01-31", "kind": "opening_balance", "amount": 1000 });
    assert_eq!(
        post(&app, "adjustments", opening).await.status,
        StatusCode::CREATED
    );
    undo(&app, &merged).await;
    let what = format!("{path}, of both: {is_of_both}");
    let contract = app.get(&format!("contracts/{id}")).await.ok();
    let shown = ["contract_number", "contract_date", "direction"]
        .map(|name| contract[name].as_str().unwrap());
    assert_eq!(
        shown,
        ["Договор № 55 от 01.03.2024", "2024-03-01", "lent"],
        "{what}: {contract}"
    );
    let owner = names[usize::from(is_of_both)];
    match is_lender {
        true => assert_eq!(contract["counterparty"], owner, "{what}: {contract}"),
        false => assert_eq!(
            contract["organization_id"],
            id_of(&app, path, "name", owner).await,
            "{what}: {contract}"
        ),
    }
    assert_eq!(
        count(&app, &format!("receipts?contract_id={id}")).await,
        "1",
        "{what}"
    );
    assert_eq!(
        count(&app, &format!("adjustments?contract_id={id}")).await,
        "1",
        "{what}"
    );
    let contracts = rows(&app, "contracts").await;
    assert_eq!(
        contracts.len(),
        if is_of_both { 4 } else { 3 },
        "{what}: {contracts:?}"
    );
    is_settled(&app, &new).await;
    app.stop().await;
}

async fn a_contract_that_was_changed_by_hand_since_a_merge_is_itself_when_it_is_undone(
    backend: Backend,
) {
    for (path, names) in [
        ("organizations", [OURS, OURS_TOO]),
        ("lenders", [BANK, BANK_TOO]),
    ] {
        for is_of_both in [false, true] {
            check_changed_by_hand(backend, path, names, is_of_both).await;
        }
    }
}

async fn a_contract_that_was_entered_before_a_merge_keeps_its_operations_when_it_is_undone(
    backend: Backend,
) {
    let old: Exports = (
        vec![a_receipt(1), a_receipt(2).of(OURS_TOO).under(SECOND)],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    for owner in [OURS, OURS_TOO] {
        let app = started(backend, &old).await;
        let entered = json!({
            "contract_number": "Договор № 5",
            "organization_id": id_of(&app, "organizations", "name", owner).await,
        });
        let id = post(&app, "contracts", entered).await.json()["id"]
            .as_i64()
            .unwrap();
        let merged = merge(&app, "organizations", "name", [OURS, OURS_TOO]).await;
        let mut new = old.clone();
        new.0.push(a_receipt(3).of(owner).under("Договор № 5"));
        import(&app, &new).await;
        change(
            &app,
            id,
            json!({ "contract_number": "Договор № 55 от 01.03.2024" }),
        )
        .await;
        undo(&app, &merged).await;
        assert_eq!(
            count(&app, &format!("receipts?contract_id={id}")).await,
            "1",
            "{owner}"
        );
        assert_eq!(rows(&app, "contracts").await.len(), 3, "{owner}");
        is_settled(&app, &new).await;
        app.stop().await;
    }
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
