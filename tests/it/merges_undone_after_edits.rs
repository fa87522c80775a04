//! Contracts that were entered or changed by hand keep that, and their operations, when a merge is
//! undone.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{
    BANK, BANK_TOO, DEFAULT, Exports, OURS, OURS_TOO, SECOND, id_of, import, merge, post, rows,
    started, undo,
};
use crate::support::on_both_databases;
use crate::support::tables::stored_rows;
use crate::support::workbooks::{a_receipt, an_expense, principal};

on_both_databases!(
    a_contract_that_was_changed_by_hand_since_a_merge_is_itself_when_it_is_undone,
    a_contract_that_was_entered_before_a_merge_keeps_its_operations_when_it_is_undone,
);

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
