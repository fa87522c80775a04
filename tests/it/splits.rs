//! Splits and their undoing over REST: by alias, and of a contract by lender; the next import
//! repeats them.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::merges::{
    ACCOUNT, ACCOUNT_TOO, BANK, BANK_TOO, OURS, OURS_TOO, alias_of, exports, figures, id_of,
    import, post, rows, started,
};
use crate::support::on_both_databases;
use crate::support::tables::{has_true_rollups, stored_rows};
use crate::support::workbooks::{a_receipt, an_expense, kopecks, principal};

on_both_databases!(
    a_split_of_an_organization_is_repeated_by_the_next_import_and_undone,
    a_split_of_a_lender_is_repeated_by_the_next_import_and_undone,
    a_split_of_a_bank_account_is_repeated_by_the_next_import_and_undone,
    a_split_of_a_contract_by_alias_is_repeated_by_the_next_import_and_undone,
    a_split_of_a_contract_by_lender_holds_under_every_name_and_is_undone,
    a_contract_that_was_split_by_lender_is_apart_for_all_who_become_that_lender,
    a_contract_that_was_merged_goes_along_with_a_split,
    a_split_is_undone_although_a_contract_of_it_got_the_number_of_another_by_hand,
    what_can_not_be_split_is_refused,
);

const FIRST: &str = "Договор займа № 1 от 01.02.2024";
const SECOND: &str = "Договор займа № 2 от 01.02.2024";
const THIRD: &str = "Договор займа № 3 от 01.02.2024";

/// Merges a row, splits its aliases off again, and checks that imports repeat it and that undoing
/// the split merges the rows again.
async fn check_split(backend: Backend, path: &str, field: &str, [source, target]: [&str; 2]) {
    let app = started(backend, &exports()).await;
    let apart = figures(&app).await;
    let (from, into) = (
        id_of(&app, path, field, source).await,
        id_of(&app, path, field, target).await,
    );
    post(
        &app,
        &format!("{path}/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let (merged, together) = (stored_rows(&app), figures(&app).await);
    let alias = alias_of(&app, path, into, source).await;
    let split = post(
        &app,
        &format!("{path}/{into}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok();
    assert_eq!(
        (&split["action"], &split["target_id"]),
        (&json!("split"), &json!(into))
    );
    // The name is taken by the row that was merged, unless names need not be unique.
    let made = split["source"].as_str().unwrap().to_owned();
    let renamed = |found: Vec<Value>| {
        serde_json::to_string(&found)
            .unwrap()
            .replace(&made, source)
    };
    assert_eq!(
        renamed(figures(&app).await),
        renamed(apart.clone()),
        "as if they had never been one"
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    let mut more = exports();
    more.0.push(
        a_receipt(20)
            .of(OURS_TOO)
            .with(BANK_TOO)
            .under("Договор № 9 от 01.09.2024"),
    );
    more.0.push(
        a_receipt(21)
            .of(OURS)
            .with(BANK)
            .under("Договор № 9 от 01.09.2024"),
    );
    let control = started(backend, &more).await;
    import(&app, &more).await;
    assert_eq!(
        renamed(figures(&app).await),
        renamed(figures(&control).await),
        "the next import repeats it"
    );
    import(&app, &exports()).await;
    post(&app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    assert!(has_true_rollups(&app.running.state.db).await);
    let all = rows(&app, path).await;
    assert!(
        all.iter().all(|row| row["id"] != split["source_id"]),
        "what the split made is gone: {all:?}"
    );
    app.stop().await;
    control.stop().await;
    // Without an import between, everything is as before.
    let app = started(backend, &exports()).await;
    post(
        &app,
        &format!("{path}/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let alias = alias_of(&app, path, into, source).await;
    let split = post(
        &app,
        &format!("{path}/{into}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok();
    post(&app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    assert_eq!(figures(&app).await, together);
    let after = stored_rows(&app);
    for table in merged
        .keys()
        .filter(|table| **table != "file_organizations")
    {
        assert_eq!(merged[table], after[table], "{table}");
    }
    app.stop().await;
}

async fn a_split_of_an_organization_is_repeated_by_the_next_import_and_undone(backend: Backend) {
    check_split(backend, "organizations", "name", [OURS_TOO, OURS]).await;
}

async fn a_split_of_a_lender_is_repeated_by_the_next_import_and_undone(backend: Backend) {
    check_split(backend, "lenders", "name", [BANK_TOO, BANK]).await;
}

async fn a_split_of_a_bank_account_is_repeated_by_the_next_import_and_undone(backend: Backend) {
    let names = [ACCOUNT_TOO, ACCOUNT].map(|account| &account[..20]);
    check_split(backend, "bank-accounts", "account_number", names).await;
}

async fn a_split_of_a_contract_by_alias_is_repeated_by_the_next_import_and_undone(
    backend: Backend,
) {
    let (first, second) = (
        "Договор займа № 1 от 01.02.2024",
        "Договор займа № 2 от 01.02.2024",
    );
    let app = TestApp::start(backend).await;
    let exports = (
        vec![a_receipt(1), a_receipt(2).under(second)],
        vec![an_expense(1)],
        vec![principal(1, 30_00)],
    );
    import(&app, &exports).await;
    let one = id_of(&app, "contracts", "contract_number", first).await;
    let other = id_of(&app, "contracts", "contract_number", second).await;
    post(
        &app,
        &format!("contracts/{other}/merge"),
        json!({ "into": one }),
    )
    .await
    .ok();
    let before = stored_rows(&app);
    let alias = alias_of(&app, "contracts", one, second).await;
    let split = post(
        &app,
        &format!("contracts/{one}/split"),
        json!({ "alias_ids": [alias] }),
    )
    .await
    .ok();
    let owed = async || {
        let contracts = rows(&app, "contracts").await;
        let mut owed: Vec<_> = contracts
            .iter()
            .map(|contract| {
                (
                    contract["contract_number"].clone(),
                    kopecks(&contract["outstanding"]),
                )
            })
            .collect();
        owed.sort_by_key(|(number, _)| number.to_string());
        owed
    };
    assert_eq!(
        owed().await,
        [(json!(first), 70_00), (json!(second), 100_00)]
    );
    let more = (
        vec![
            a_receipt(1),
            a_receipt(2).under(second),
            a_receipt(3).under(second),
        ],
        exports.1,
        exports.2,
    );
    import(&app, &more).await;
    assert_eq!(
        owed().await,
        [(json!(first), 70_00), (json!(second), 200_00)],
        "the next import repeats it"
    );
    app.execute("DELETE FROM receipts WHERE operation_id LIKE '%000003%'")
        .await;
    post(&app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    assert_eq!(owed().await, [(json!(first), 170_00)]);
    let after = stored_rows(&app);
    for table in [
        "aliases",
        "contracts",
        "receipts",
        "expense_details",
        "daily_flows",
        "monthly_flows",
    ] {
        assert_eq!(before[table], after[table], "{table}");
    }
    app.stop().await;
}

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

async fn undo(app: &TestApp, split: &Value) {
    post(app, &format!("merges/{}/undo", split["id"]), json!({}))
        .await
        .ok();
    assert!(has_true_rollups(&app.running.state.db).await, "{split}");
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

async fn what_can_not_be_split_is_refused(backend: Backend) {
    let app = started(backend, &exports()).await;
    let (ours, too) = (
        id_of(&app, "organizations", "name", OURS).await,
        id_of(&app, "organizations", "name", OURS_TOO).await,
    );
    let own = alias_of(&app, "organizations", ours, OURS).await;
    let other = alias_of(&app, "organizations", too, OURS_TOO).await;
    let path = format!("organizations/{ours}/split");
    for (body, status, words) in [
        (
            json!({ "alias_ids": [own] }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "at least one must stay",
        ),
        (
            json!({ "alias_ids": [other] }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "is not one of organization",
        ),
        (
            json!({ "alias_ids": [] }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "names no alias",
        ),
        (
            json!({ "alias_ids": [777_777] }),
            StatusCode::NOT_FOUND,
            "no alias 777777",
        ),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY, "alias_ids"),
    ] {
        let answer = post(&app, &path, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(answer.text.contains(words), "{body}: {}", answer.text);
    }
    let contract = id_of(
        &app,
        "contracts",
        "contract_number",
        "Договор № 7 от 01.03.2024",
    )
    .await;
    let lender = id_of(&app, "lenders", "name", BANK).await;
    for (body, status) in [
        (
            json!({ "lender_id": lender, "alias_ids": [1] }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "lender_id": lender }), StatusCode::CONFLICT),
        (json!({ "lender_id": 777 }), StatusCode::NOT_FOUND),
    ] {
        let answer = post(&app, &format!("contracts/{contract}/split"), body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    app.stop().await;
}
