//! Two organizations, lenders and bank accounts that are one, and their merges over REST.

use credit_portfolio::domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

pub const OURS: &str = "ООО «Ромашка»";
pub const OURS_TOO: &str = "ООО «Ромашка плюс»";
pub const BANK: &str = "ПАО «Банк»";
pub const BANK_TOO: &str = "Сбер";
pub const ACCOUNT: &str = "40702810900000000001, ПАО «Банк»";
pub const ACCOUNT_TOO: &str = "40702810900000000002, ПАО «Банк»";
pub const DEFAULT: &str = "Основной договор";

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
        "lender-stats",
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

pub const FIRST: &str = "Договор займа № 1 от 01.02.2024";
pub const SECOND: &str = "Договор займа № 2 от 01.02.2024";

pub async fn merge(app: &TestApp, path: &str, field: &str, [from, into]: [&str; 2]) -> Value {
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

pub async fn undo(app: &TestApp, merge: &Value) {
    post(app, &format!("merges/{}/undo", merge["id"]), json!({}))
        .await
        .ok();
    assert!(has_true_rollups(&app.running.state.db).await, "{merge}");
}

/// Compares the figures with those of imports without any merge, now and after one more import.
pub async fn is_as_never_merged(app: TestApp, backend: Backend, imports: &[&Exports]) {
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
