//! Splits by alias and their undoing over REST; the next import repeats them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, TestApp};
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
    what_can_not_be_split_is_refused,
);

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
