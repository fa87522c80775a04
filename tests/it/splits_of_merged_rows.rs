//! Splits of merged organizations and lenders take the contracts along that were merged or renamed
//! meanwhile, and bring them back when they are undone.

use credit_portfolio::domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{
    BANK, BANK_TOO, FIRST, OURS, OURS_TOO, SECOND, alias_of, id_of, import, post, rows, started,
    undo,
};
use crate::support::on_both_databases;
use crate::support::tables::stored_rows;
use crate::support::workbooks::{a_receipt, an_expense, kopecks, principal};

on_both_databases!(
    a_contract_that_was_merged_goes_along_with_a_split,
    a_split_is_undone_although_a_contract_of_it_got_the_number_of_another_by_hand,
);

const THIRD: &str = "Договор займа № 3 от 01.02.2024";

async fn merge(app: &TestApp, path: &str, field: &str, [from, into]: [&str; 2]) -> i64 {
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
    .ok();
    into
}

/// Splits the row's alias of that spelling off.
async fn split_off(app: &TestApp, path: &str, id: i64, spelling: &str) -> Value {
    let alias = alias_of(app, path, id, spelling).await;
    post(
        app,
        &format!("{path}/{id}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok()
}

/// What is owed of each contract, with its organization or lender.
async fn owed_by(app: &TestApp, owner: &str) -> Vec<(Value, Value, i64)> {
    let contracts = rows(app, "contracts").await;
    let mut owed: Vec<_> = contracts
        .iter()
        .map(|row| {
            (
                row[owner].clone(),
                row["contract_number"].clone(),
                kopecks(&row["outstanding"]),
            )
        })
        .collect();
    owed.sort_by_key(|(owner, number, _)| format!("{owner} {number}"));
    owed
}

async fn a_contract_that_was_merged_goes_along_with_a_split(backend: Backend) {
    // Another organization's contracts, and another lender's.
    for (path, owner, [other, numbers]) in [
        (
            "organizations",
            "organization_id",
            [[OURS_TOO, OURS], [SECOND, FIRST]],
        ),
        (
            "lenders",
            "lender_id",
            [[BANK_TOO, BANK], ["Рамочный договор", "Основной договор"]],
        ),
    ] {
        let of_other = |serial: u32, number: &str| {
            let receipt = a_receipt(serial).under(number);
            if path == "lenders" {
                receipt.with(BANK_TOO)
            } else {
                receipt.of(OURS_TOO)
            }
        };
        let received = vec![
            a_receipt(1).under(THIRD),
            of_other(2, numbers[0]),
            of_other(3, numbers[1]),
        ];
        let mut exports = (
            received,
            vec![an_expense(1).under(THIRD)],
            vec![principal(1, 30_00).under(THIRD)],
        );
        let app = started(backend, &exports).await;
        let id = merge(&app, path, "name", other).await;
        merge(&app, "contracts", "contract_number", numbers).await;
        let before = stored_rows(&app);
        let split = split_off(&app, path, id, other[0]).await;
        undo(&app, &split).await;
        let after = stored_rows(&app);
        assert!(
            before.keys().all(|table| before[table] == after[table]),
            "{path}: nothing came in between"
        );
        let split = split_off(&app, path, id, other[0]).await;
        exports
            .0
            .push(a_receipt(4).under(numbers[0]).amounting_to(7_00));
        import(&app, &exports).await;
        let (own, apart) = (json!(id), split["source_id"].clone());
        let mut expected = vec![
            (own.clone(), json!(numbers[0]), 7_00),
            (own.clone(), json!(THIRD), 70_00),
            (apart, json!(numbers[1]), 200_00),
        ];
        expected.sort_by_key(|(owner, number, _)| format!("{owner} {number}"));
        assert_eq!(owed_by(&app, owner).await, expected, "{path}");
        undo(&app, &split).await;
        let mut expected = vec![
            (own.clone(), json!(numbers[1]), 207_00),
            (own, json!(THIRD), 70_00),
        ];
        expected.sort_by_key(|(owner, number, _)| format!("{owner} {number}"));
        assert_eq!(owed_by(&app, owner).await, expected, "{path}");
        app.stop().await;
    }
}

async fn a_split_is_undone_although_a_contract_of_it_got_the_number_of_another_by_hand(
    backend: Backend,
) {
    for (path, other, [own, renamed]) in [
        ("organizations", [OURS_TOO, OURS], [FIRST, SECOND]),
        (
            "lenders",
            [BANK_TOO, BANK],
            ["Основной договор", "Рамочный договор"],
        ),
    ] {
        let of_other = a_receipt(2).under(renamed).amounting_to(40_00);
        let of_other = if path == "lenders" {
            of_other.with(BANK_TOO)
        } else {
            of_other.of(OURS_TOO)
        };
        let exports = (
            vec![a_receipt(1).under(own), of_other],
            vec![an_expense(1).under(own)],
            vec![principal(1, 30_00).under(own)],
        );
        let app = started(backend, &exports).await;
        let id = merge(&app, path, "name", other).await;
        let split = split_off(&app, path, id, other[0]).await;
        let contract = id_of(&app, "contracts", "contract_number", renamed).await;
        let token = app.token(Role::Manager, DEPARTMENT).await;
        let body = json!({ "contract_number": own });
        let contract_path = format!("credit-portfolio/contracts/{contract}");
        app.request(Method::PUT, &contract_path, Some(&token), Some(body))
            .await
            .ok();
        undo(&app, &split).await;
        import(&app, &exports).await;
        let owner = if path == "lenders" {
            "lender_id"
        } else {
            "organization_id"
        };
        let mut owed = owed_by(&app, owner).await;
        owed.sort_by_key(|(.., amount)| *amount);
        assert_eq!(
            owed,
            [
                (json!(id), json!(own), 40_00),
                (json!(id), json!(own), 70_00)
            ],
            "{path}"
        );
        let left = format!(
            "SELECT contract_key FROM contracts WHERE contract_key LIKE '%@{}'",
            split["source_id"]
        );
        assert_eq!(app.read(&left), [""; 0], "a key of the lender that is gone");
        app.stop().await;
    }
}
