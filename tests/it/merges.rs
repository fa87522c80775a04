//! Merges and their undoing over REST: figures as of one import, imports that repeat them, and rows
//! that are as before when they are undone.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::tables::{has_true_rollups, stored_rows};
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, expenses, interest, kopecks, principal,
    receipts,
};

on_both_databases!(
    merged_organizations_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_lenders_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_bank_accounts_have_the_figures_of_one_and_are_two_again_when_it_is_undone,
    merged_contracts_take_their_adjustments_along_and_back,
    imports_after_a_merge_find_the_target_by_every_name,
    a_merged_row_is_in_no_list_and_can_not_be_changed,
    what_can_not_be_one_is_refused,
    two_inns_are_never_merged_and_an_inn_is_taken_over_and_given_back,
    the_freshness_of_a_merged_organization_is_that_of_the_target,
    an_export_of_a_merged_organization_wipes_no_operations_of_the_other,
    merges_are_listed_newest_first,
);

pub const OURS: &str = "ООО «Ромашка»";
pub const OURS_TOO: &str = "ООО «Ромашка плюс»";
pub const BANK: &str = "ПАО «Банк»";
pub const BANK_TOO: &str = "Сбер";
pub const ACCOUNT: &str = "40702810900000000001, ПАО «Банк»";
pub const ACCOUNT_TOO: &str = "40702810900000000002, ПАО «Банк»";
const DEFAULT: &str = "Основной договор";

/// The rows of three exports.
pub type Exports = (Vec<Operation>, Vec<Operation>, Vec<Detail>);

/// Operations of two organizations, lenders and bank accounts: dated contracts and default ones of
/// both.
pub fn exports() -> Exports {
    let at = |operation: Operation, account: &str| {
        let mut operation = operation;
        operation.bank_account = account.to_owned();
        operation
    };
    let received = vec![
        a_receipt(1).on("05.03.2024").amounting_to(900_00),
        a_receipt(2)
            .on("06.04.2024")
            .amounting_to(500_00)
            .of(OURS_TOO),
        a_receipt(3)
            .on("07.05.2024")
            .amounting_to(300_00)
            .of(OURS_TOO)
            .under("Договор № 7 от 01.03.2024"),
        a_receipt(4)
            .on("08.05.2024")
            .amounting_to(110_00)
            .under(DEFAULT),
        at(
            a_receipt(5)
                .on("08.06.2024")
                .amounting_to(70_00)
                .under(DEFAULT)
                .with(BANK_TOO),
            ACCOUNT_TOO,
        ),
        a_receipt(6)
            .on("09.06.2024")
            .amounting_to(60_00)
            .with(BANK_TOO),
        a_receipt(7)
            .on("09.07.2024")
            .amounting_to(50_00)
            .of(OURS_TOO)
            .under(DEFAULT)
            .with(BANK_TOO),
    ];
    let spent = vec![
        an_expense(1).on("05.08.2024").amounting_to(200_00),
        at(
            an_expense(2)
                .on("06.08.2024")
                .amounting_to(90_00)
                .of(OURS_TOO),
            ACCOUNT_TOO,
        ),
        an_expense(3)
            .on("07.08.2024")
            .amounting_to(40_00)
            .under(DEFAULT)
            .with(BANK_TOO),
    ];
    let paid = vec![
        principal(1, 150_00),
        interest(1, 50_00),
        principal(2, 90_00).under("7 от 01.03.2024г."),
    ];
    (received, spent, paid)
}

pub async fn import(app: &TestApp, (received, spent, paid): &Exports) {
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(received)),
        ("spisanie.xlsx", &expenses(spent)),
        ("rasshifrovka.xlsx", &details(paid)),
    ];
    let report = app.import(DEPARTMENT, &files).await;
    assert_eq!(report.processed(), 3, "{}", report.message);
}

pub async fn started(backend: Backend, exports: &Exports) -> TestApp {
    let app = TestApp::start(backend).await;
    import(&app, exports).await;
    app
}

pub async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    app.request(
        Method::POST,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        Some(body),
    )
    .await
}

pub async fn rows(app: &TestApp, path: &str) -> Vec<Value> {
    app.get(path).await.ok().as_array().unwrap().clone()
}

/// The id of the row whose field has that value.
pub async fn id_of(app: &TestApp, path: &str, field: &str, value: &str) -> i64 {
    let all = rows(app, path).await;
    let row = all.iter().find(|row| row[field] == value);
    row.unwrap_or_else(|| panic!("no {value} in {all:?}"))["id"]
        .as_i64()
        .unwrap()
}

pub async fn alias_of(app: &TestApp, path: &str, id: i64, spelling: &str) -> i64 {
    let row = app.get(&format!("{path}/{id}")).await.ok();
    let aliases = row["aliases"].as_array().unwrap();
    let alias = aliases.iter().find(|alias| alias["spelling"] == spelling);
    alias.unwrap_or_else(|| panic!("no {spelling} in {row}"))["id"]
        .as_i64()
        .unwrap()
}

/// The figures of a department, without ids and names that were chosen by chance.
pub async fn figures(app: &TestApp) -> Vec<Value> {
    let mut found = vec![
        app.get("summary").await.ok(),
        app.get("monthly-stats").await.ok(),
    ];
    for path in [
        "analytics/debt-balance?group_by=lender",
        "analytics/debt-balance?group_by=contract",
        "contract-stats",
    ] {
        found.push(app.get(path).await.ok());
    }
    found.push(app.get("organization-stats").await.ok());
    found.iter_mut().for_each(without_ids);
    found
}

fn without_ids(value: &mut Value) {
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(without_ids);
            values.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => {
            let is_chance = |name: &str| name == "id" || name.ends_with("_id") || name == "cache";
            fields.retain(|name, _| !is_chance(name));
            fields.values_mut().for_each(without_ids);
        }
        _ => {}
    }
}

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

async fn imports_after_a_merge_find_the_target_by_every_name(backend: Backend) {
    let app = started(backend, &exports()).await;
    let from = id_of(&app, "lenders", "name", BANK_TOO).await;
    let into = id_of(&app, "lenders", "name", BANK).await;
    post(
        &app,
        &format!("lenders/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let contract = rows(&app, "contracts").await[0]["id"].clone();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{contract}");
    let changed = app
        .request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "counterparty": BANK_TOO })),
        )
        .await
        .ok();
    assert_eq!(
        (&changed["lender_id"], &changed["counterparty"]),
        (&json!(into), &json!(BANK))
    );
    let mut more = exports();
    more.0.push(
        a_receipt(30)
            .with(BANK_TOO)
            .under("Договор № 30 от 01.09.2024"),
    );
    import(&app, &more).await;
    let made = id_of(
        &app,
        "contracts",
        "contract_number",
        "Договор № 30 от 01.09.2024",
    )
    .await;
    assert_eq!(
        app.get(&format!("contracts/{made}")).await.ok()["lender_id"],
        json!(into)
    );
    assert_eq!(rows(&app, "lenders").await.len(), 1);
    app.stop().await;
}

async fn a_merged_row_is_in_no_list_and_can_not_be_changed(backend: Backend) {
    let app = started(backend, &exports()).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    for (path, field, names) in [
        ("organizations", "name", [OURS_TOO, OURS]),
        ("lenders", "name", [BANK_TOO, BANK]),
        (
            "bank-accounts",
            "account_number",
            [&ACCOUNT_TOO[..20], &ACCOUNT[..20]],
        ),
    ] {
        let (from, into) = (
            id_of(&app, path, field, names[0]).await,
            id_of(&app, path, field, names[1]).await,
        );
        post(
            &app,
            &format!("{path}/{from}/merge"),
            json!({ "into": into }),
        )
        .await
        .ok();
        assert_eq!(rows(&app, path).await.len(), 1, "{path}");
        let merged = app.get(&format!("{path}/{from}")).await.ok();
        assert_eq!(
            (&merged["merged_into"], &merged["is_active"]),
            (&json!(into), &json!(false))
        );
        let shown = app.get(&format!("{path}/{into}")).await.ok();
        assert_eq!(shown.get("merged_into"), None);
        assert_eq!(shown["aliases"].as_array().unwrap().len(), 2, "{shown}");
        let body = json!({ "is_active": true });
        let own_path = format!("credit-portfolio/{path}/{from}");
        let changed = app
            .request(Method::PUT, &own_path, Some(&token), Some(body))
            .await;
        assert_eq!(changed.status, StatusCode::CONFLICT, "{}", changed.text);
        assert!(
            changed.text.contains(&format!("was merged into {into}")),
            "{}",
            changed.text
        );
        if path == "organizations" {
            let body = json!({ "contract_number": "№ 88 от 01.02.2024", "organization_id": from });
            assert_eq!(
                post(&app, "contracts", body).await.status,
                StatusCode::CONFLICT
            );
        }
    }
    app.stop().await;
}

async fn what_can_not_be_one_is_refused(backend: Backend) {
    let app = started(backend, &exports()).await;
    let before = stored_rows(&app);
    let organization = id_of(&app, "organizations", "name", OURS).await;
    let refused = async |path: String, body: Value, status: StatusCode, words: &str| {
        let answer = post(&app, &path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains(words), "{path}: {}", answer.text);
    };
    let itself = json!({ "into": organization });
    let path = format!("organizations/{organization}/merge");
    refused(path.clone(), itself, StatusCode::CONFLICT, "into itself").await;
    refused(
        path.clone(),
        json!({ "into": 777 }),
        StatusCode::NOT_FOUND,
        "no organization 777",
    )
    .await;
    refused(
        path.clone(),
        json!({ "into": "x" }),
        StatusCode::UNPROCESSABLE_ENTITY,
        "a JSON number",
    )
    .await;
    refused(
        "lenders/777/merge".to_owned(),
        json!({ "into": 1 }),
        StatusCode::NOT_FOUND,
        "no lender 777",
    )
    .await;
    refused(
        "merges/777/undo".to_owned(),
        json!({}),
        StatusCode::NOT_FOUND,
        "no merge 777",
    )
    .await;
    let contracts = rows(&app, "contracts").await;
    let of = |mine: bool| {
        let is_ours =
            |contract: &&Value| (contract["organization_id"] == json!(organization)) == mine;
        contracts.iter().find(is_ours).unwrap()["id"].clone()
    };
    let path = format!("contracts/{}/merge", of(true));
    refused(
        path,
        json!({ "into": of(false) }),
        StatusCode::CONFLICT,
        "two organizations",
    )
    .await;
    // A row of another department does not exist for a manager, and is no target for an
    // administrator.
    app.import(
        OTHER_DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let stranger = rows(
        &app,
        &format!("organizations?department_id={OTHER_DEPARTMENT}"),
    )
    .await[0]["id"]
        .clone();
    let path = format!("organizations/{organization}/merge");
    refused(
        path.clone(),
        json!({ "into": stranger }),
        StatusCode::NOT_FOUND,
        "no organization",
    )
    .await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let path = format!("credit-portfolio/{path}");
    let answer = app
        .request(
            Method::POST,
            &path,
            Some(&admin),
            Some(json!({ "into": stranger })),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert!(
        answer.text.contains("another department"),
        "{}",
        answer.text
    );
    let user = app.token(Role::User, DEPARTMENT).await;
    let answer = app
        .request(
            Method::POST,
            &path,
            Some(&user),
            Some(json!({ "into": stranger })),
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    app.execute(&format!(
        "DELETE FROM file_organizations WHERE department_id = {OTHER_DEPARTMENT}"
    ))
    .await;
    let after = stored_rows(&app);
    assert_eq!(before["file_organizations"], after["file_organizations"]);
    assert_eq!(app.get("merges").await.header("X-Total-Count"), "0");
    app.stop().await;
}

async fn two_inns_are_never_merged_and_an_inn_is_taken_over_and_given_back(backend: Backend) {
    let app = started(backend, &exports()).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let put = async |path: &str, id: i64, inn: Value| {
        let path = format!("credit-portfolio/{path}/{id}");
        app.request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "inn": inn })),
        )
        .await
        .ok()
    };
    for (path, names) in [
        ("organizations", [OURS_TOO, OURS]),
        ("lenders", [BANK_TOO, BANK]),
    ] {
        let (from, into) = (
            id_of(&app, path, "name", names[0]).await,
            id_of(&app, path, "name", names[1]).await,
        );
        put(path, from, json!("7701234567")).await;
        put(path, into, json!("7809876543")).await;
        let merge = format!("{path}/{from}/merge");
        let refused = post(&app, &merge, json!({ "into": into })).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text
        );
        assert!(
            refused.text.contains("two INNs are never one"),
            "{}",
            refused.text
        );
        put(path, into, Value::Null).await;
        let before = stored_rows(&app);
        let merged = post(&app, &merge, json!({ "into": into })).await.ok();
        assert_eq!(
            app.get(&format!("{path}/{into}")).await.ok()["inn"],
            "7701234567"
        );
        post(&app, &format!("merges/{}/undo", merged["id"]), json!({}))
            .await
            .ok();
        assert_eq!(stored_rows(&app), before);
    }
    app.stop().await;
}

async fn the_freshness_of_a_merged_organization_is_that_of_the_target(backend: Backend) {
    let app = started(backend, &exports()).await;
    let (from, into) = (
        id_of(&app, "organizations", "name", OURS_TOO).await,
        id_of(&app, "organizations", "name", OURS).await,
    );
    post(
        &app,
        &format!("organizations/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let check = async || {
        let freshness = app.get("freshness").await.ok();
        let exports = freshness["data"].as_array().unwrap().clone();
        let found: Vec<_> = exports
            .iter()
            .map(|export| (export["organization"].clone(), &export["kind"]))
            .collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|(name, _)| name == OURS), "{found:?}");
        exports
            .iter()
            .find(|export| export["kind"] == "receipts")
            .unwrap()["newest_document"]
            .clone()
    };
    assert_eq!(check().await, "2024-07-09", "the newest of both");
    import(&app, &exports()).await;
    check().await;
    app.stop().await;
}

async fn an_export_of_a_merged_organization_wipes_no_operations_of_the_other(backend: Backend) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_MISSING_ROWS", "deactivate"),
        ("IMPORT_MISSING_ROWS_MAX_PERCENT", "100"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let (ours, too) = ("A - postuplenie.xlsx", "B - postuplenie.xlsx");
    let of_too = [a_receipt(3).of(OURS_TOO), a_receipt(4).of(OURS_TOO)];
    app.import(
        DEPARTMENT,
        &[
            (ours, &receipts(&[a_receipt(1), a_receipt(2)])),
            (too, &receipts(&of_too)),
        ],
    )
    .await;
    let (from, into) = (
        id_of(&app, "organizations", "name", OURS_TOO).await,
        id_of(&app, "organizations", "name", OURS).await,
    );
    post(
        &app,
        &format!("organizations/{from}/merge"),
        json!({ "into": into }),
    )
    .await
    .ok();
    let received = async || kopecks(&app.get("summary").await.ok()["total_receipts"]);
    app.import(
        DEPARTMENT,
        &[(ours, &receipts(&[a_receipt(1), a_receipt(2), a_receipt(5)]))],
    )
    .await;
    assert_eq!(received().await, 500_00);
    app.import(DEPARTMENT, &[(too, &receipts(&of_too[..1]))])
        .await;
    assert_eq!(
        received().await,
        400_00,
        "what the export of that name no longer holds is gone"
    );
    app.stop().await;
}

async fn merges_are_listed_newest_first(backend: Backend) {
    let app = started(backend, &exports()).await;
    for (path, field, names) in [
        ("organizations", "name", [OURS_TOO, OURS]),
        (
            "bank-accounts",
            "account_number",
            [&ACCOUNT_TOO[..20], &ACCOUNT[..20]],
        ),
    ] {
        let (from, into) = (
            id_of(&app, path, field, names[0]).await,
            id_of(&app, path, field, names[1]).await,
        );
        post(
            &app,
            &format!("{path}/{from}/merge"),
            json!({ "into": into }),
        )
        .await
        .ok();
    }
    let listed = app.get("merges?limit=1").await;
    assert_eq!(listed.header("X-Total-Count"), "2");
    let newest = listed.ok()[0].clone();
    let fields = ["kind", "action", "source", "target"]
        .map(|name| newest[name].as_str().unwrap().to_owned());
    assert_eq!(
        fields,
        ["bank_account", "merge", &ACCOUNT_TOO[..20], &ACCOUNT[..20]]
    );
    assert!(newest["undone_at"].is_null() && !newest["created_by"].as_str().unwrap().is_empty());
    let stranger = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    assert_eq!(
        app.get_as(&stranger, "merges")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let path = format!("credit-portfolio/merges/{}/undo", newest["id"]);
    assert_eq!(
        app.request(Method::POST, &path, Some(&stranger), None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert!(
        app.get("merges?format=csv&lang=ru")
            .await
            .text
            .contains("40702810900000000002")
    );
    app.stop().await;
}
