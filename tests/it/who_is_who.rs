//! Which organization, lender and contract a row of an export means, and what a contract is.

use credit_portfolio::db::{
    self, LenderChange, LenderRow, OrganizationChange, OrganizationRow, ReferenceRow,
};
use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::{DepartmentScope, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{self, a_receipt, an_expense, kopecks, principal, receipts};

const RECEIPTS: &str = "W - postuplenie.xlsx";
const EXPENSES: &str = "W - spisanie.xlsx";
const DETAILS: &str = "W - spisanie(rasshifrovka).xlsx";

on_both_databases!(
    a_detail_without_a_contract_gives_its_account_to_the_contract_of_its_expense,
    an_expense_that_becomes_inactive_no_longer_says_what_the_contracts_of_its_details_are,
    a_renamed_contract_is_found_under_every_name_of_its_organization,
    two_inns_are_never_one_party,
    lenders_of_one_name_are_distinguished_by_inn,
    an_inn_that_a_lender_of_the_same_name_has_is_given_to_no_other,
    a_contract_moves_to_another_organization_only_without_operations,
);

fn workbook(headings: &[&str], rows: &[&[&str]]) -> Vec<u8> {
    let mut sheet = Sheet::new(headings);
    let cell = |text: &&str| match text.parse::<i64>() {
        Ok(roubles) => Cell::amount(roubles * 100),
        Err(_) if text.is_empty() => Cell::Empty,
        Err(_) => Cell::text(*text),
    };
    sheet.rows.extend(
        rows.iter()
            .map(|row| row.iter().map(cell).collect::<Vec<_>>()),
    );
    sheet.to_xlsx().unwrap()
}

/// Expenses of ООО «Юг»: id, type of operation, contract, amount in roubles.
fn expenses(rows: &[[&str; 4]]) -> Vec<u8> {
    let rows = rows.iter().map(|[id, operation_type, contract, amount]| {
        let id = format!("Списание с расчетного счета {id} от 05.03.2024 12:00:00");
        [
            id,
            "ООО «Юг»".to_owned(),
            operation_type.to_string(),
            contract.to_string(),
            amount.to_string(),
        ]
    });
    let rows: Vec<[String; 5]> = rows.collect();
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    workbook(
        &[
            "Списание с расчетного счета",
            "Организация",
            "Вид операции",
            "Договор",
            "Сумма",
        ],
        &rows,
    )
}

/// Details: id of the expense, contract, account, amount in roubles.
fn details(rows: &[[&str; 4]]) -> Vec<u8> {
    let id = |id: &str| format!("Списание с расчетного счета {id} от 05.03.2024 12:00:00");
    let ids: Vec<String> = rows.iter().map(|row| id(row[0])).collect();
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .zip(&ids)
        .map(|(row, id)| vec![id, row[1], row[2], row[3]])
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    workbook(
        &[
            "Списание с расчетного счета",
            "Договор",
            "Счет расчетов",
            "Сумма платежа",
        ],
        &rows,
    )
}

/// What a contract is, by its number.
async fn fact(app: &TestApp, number: &str, name: &str) -> Value {
    let contracts = app.get("contracts").await.ok();
    let found = contracts
        .as_array()
        .unwrap()
        .iter()
        .find(|contract| contract["contract_number"] == number);
    found.unwrap_or_else(|| panic!("no {number} in {contracts}"))[name].clone()
}

async fn a_detail_without_a_contract_gives_its_account_to_the_contract_of_its_expense(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 2] = [
        (
            EXPENSES,
            &expenses(&[["1", "Прочее списание", "№ 1 от 01.02.2024", "100"]]),
        ),
        (DETAILS, &details(&[["1", "", "58.03", "100"]])),
    ];
    app.import(DEPARTMENT, &files).await;
    assert_eq!(fact(&app, "№ 1 от 01.02.2024", "direction").await, "lent");
    app.import(
        DEPARTMENT,
        &[(DETAILS, &details(&[["1", "", "66.03", "100"]]))],
    )
    .await;
    assert_eq!(
        fact(&app, "№ 1 от 01.02.2024", "direction").await,
        "borrowed",
        "the set of details is another one"
    );
    app.stop().await;
}

async fn an_expense_that_becomes_inactive_no_longer_says_what_the_contracts_of_its_details_are(
    backend: Backend,
) {
    let settings = [
        ("USE_REDIS", "false"),
        ("IMPORT_MISSING_ROWS", "deactivate"),
        ("IMPORT_MISSING_ROWS_MAX_PERCENT", "100"),
    ];
    let app = TestApp::start_with(backend, &settings).await;
    let (given, other) = (
        ["1", "Выдача займа контрагенту", "№ 1 от 01.02.2024", "100"],
        ["2", "", "", "100"],
    );
    let files: [(&str, &[u8]); 2] = [
        (EXPENSES, &expenses(&[given, other])),
        (DETAILS, &details(&[["1", "№ 2 от 01.02.2024", "", "100"]])),
    ];
    app.import(DEPARTMENT, &files).await;
    for number in ["№ 1 от 01.02.2024", "№ 2 от 01.02.2024"] {
        assert_eq!(fact(&app, number, "direction").await, "lent", "{number}");
    }
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[other]))])
        .await;
    for number in ["№ 1 от 01.02.2024", "№ 2 от 01.02.2024"] {
        assert_eq!(
            fact(&app, number, "direction").await,
            Value::Null,
            "{number}: nothing says it any longer"
        );
        assert_eq!(
            fact(&app, number, "currency").await,
            Value::Null,
            "{number}"
        );
    }
    app.stop().await;
}

async fn a_renamed_contract_is_found_under_every_name_of_its_organization(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&[a_receipt(1)]))])
        .await;
    let contract = app.get("contracts").await.ok()[0].clone();
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let put = async |path: String, body: Value| {
        app.request(Method::PUT, &path, Some(&token), Some(body))
            .await
            .ok()
    };
    put(
        format!("credit-portfolio/contracts/{}", contract["id"]),
        json!({ "contract_number": "Линия банка № 9" }),
    )
    .await;
    let path = format!(
        "credit-portfolio/organizations/{}",
        contract["organization_id"]
    );
    put(path, json!({ "name": "ООО «Ромашка плюс»" })).await;
    let under_new_name = a_receipt(2).of("ООО «Ромашка плюс»");
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1), under_new_name]))],
    )
    .await;
    let contracts = app.get("contracts").await.ok();
    assert_eq!(contracts.as_array().unwrap().len(), 1, "{contracts}");
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(200.0)
    );
    app.stop().await;
}

async fn two_inns_are_never_one_party(backend: Backend) {
    let app = TestApp::start(backend).await;
    let loan = a_receipt(1).with("ООО «Ромашка»");
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&[loan]))])
        .await;
    let external = async || app.get("summary?intra_group=exclude").await.ok()["debt"].clone();
    assert_eq!(
        external().await,
        json!(0.0),
        "the lender has the name of our own organization"
    );
    let scope = DepartmentScope::One(DEPARTMENT);
    let contract = app.get("contracts").await.ok()[0].clone();
    let (organization_id, lender_id) = (
        contract["organization_id"].as_i64().unwrap(),
        contract["lender_id"].as_i64().unwrap(),
    );
    app.running
        .state
        .change_data(DEPARTMENT, async |conn| {
            let inn = |text: &str| Some(Some(text.to_owned()));
            let ours = OrganizationChange {
                inn: inn("7701234567"),
                ..OrganizationChange::default()
            };
            OrganizationRow::update(conn, organization_id, &ours).await?;
            let theirs = LenderChange {
                inn: inn("7809876543"),
                ..LenderChange::default()
            };
            LenderRow::update(conn, lender_id, &theirs).await?;
            db::refresh_intra_group(conn, DEPARTMENT).await?;
            LenderRow::find(conn, scope, lender_id).await
        })
        .await
        .unwrap();
    assert_eq!(
        external().await,
        json!(100.0),
        "another INN is another party"
    );
    app.stop().await;
}

async fn lenders_of_one_name_are_distinguished_by_inn(backend: Backend) {
    let app = TestApp::start(backend).await;
    let undated = |serial: u32| {
        a_receipt(serial)
            .under("Основной договор")
            .with("ООО «Заря»")
    };
    let rows = [
        undated(1).amounting_to(1_00),
        undated(2).amounting_to(10_00).with_inn("9912345672"),
        undated(3).amounting_to(100_00).with_inn("123456788"),
        undated(4).amounting_to(1000_00).with_inn("9912345673"),
    ];
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    let paid = [an_expense(1)
        .under("Основной договор")
        .with("ООО «Заря»")
        .with_inn("0123456788")];
    let shares = [principal(1, 40_00).under("Основной договор")];
    let files: [(&str, &[u8]); 2] = [
        (EXPENSES, &workbooks::expenses(&paid)),
        ("rasshifrovka.xlsx", &workbooks::details(&shares)),
    ];
    app.import(DEPARTMENT, &files).await;
    let lenders = app.get("lenders?department_id=8").await.ok();
    let inns: Vec<&Value> = lenders
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["inn"])
        .collect();
    assert_eq!(
        inns,
        [&json!("9912345672"), &json!("0123456788")],
        "a damaged one makes none: {lenders}"
    );
    let concentration = app.get("analytics/concentration").await.ok();
    let lenders = concentration["by_counterparty"]["data"].as_array().unwrap();
    let owed: Vec<i64> = lenders
        .iter()
        .map(|row| kopecks(&row["outstanding"]))
        .collect();
    assert_eq!(owed, [1011_00, 60_00]);
    let again = app
        .import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    assert_eq!(again.files[0].counts.unchanged, 4);
    app.stop().await;
}

async fn an_inn_that_a_lender_of_the_same_name_has_is_given_to_no_other(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (first, second, third) = ("9912345672", "0123456788", "7707083893");
    let of = |serial: u32, inn: &str| {
        a_receipt(serial)
            .under("Основной договор")
            .with("ООО «Заря»")
            .with_inn(inn)
    };
    let mut rows = vec![of(1, first), of(2, second).amounting_to(10_00)];
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let lenders = app.get("lenders").await.ok();
    let put = async |index: usize, inn: Value| {
        let path = format!("credit-portfolio/lenders/{}", lenders[index]["id"]);
        app.request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "inn": inn })),
        )
        .await
        .ok()
    };
    let inns = async || {
        let lenders = app.get("lenders").await.ok();
        lenders
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["inn"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(inns().await, [first, second]);
    put(0, Value::Null).await;
    rows.push(of(3, second).amounting_to(7_00));
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    assert_eq!(inns().await, [Value::Null, json!(second)]);
    // One whose INN was corrected is recognized by the corrected one as well.
    put(1, json!(third)).await;
    let corrected = [of(4, third).amounting_to(5_00)];
    app.import(
        DEPARTMENT,
        &[("B - postuplenie.xlsx", &receipts(&corrected))],
    )
    .await;
    assert_eq!(inns().await, [Value::Null, json!(third)]);
    let concentration = app.get("analytics/concentration").await.ok();
    let owed = concentration["by_counterparty"]["data"].as_array().unwrap();
    let owed: Vec<i64> = owed
        .iter()
        .map(|row| kopecks(&row["outstanding"]))
        .collect();
    assert_eq!(owed, [100_00, 22_00]);
    app.stop().await;
}

async fn a_contract_moves_to_another_organization_only_without_operations(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(
            RECEIPTS,
            &receipts(&[a_receipt(1), a_receipt(2).of("АО «Юг»")]),
        )],
    )
    .await;
    let contracts = app.get("contracts").await.ok();
    let (first, second) = (contracts[0].clone(), contracts[1].clone());
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let moved = async |id: &Value, organization: &Value| {
        let path = format!("credit-portfolio/contracts/{id}");
        app.request(
            Method::PUT,
            &path,
            Some(&token),
            Some(json!({ "organization_id": organization })),
        )
        .await
    };
    let refused = moved(&first["id"], &second["organization_id"]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(
        moved(&first["id"], &first["organization_id"]).await.status,
        StatusCode::OK
    );
    let entered = json!({ "contract_number": "№ 77 от 01.02.2024", "organization_id": first["organization_id"] });
    let made = app
        .request(
            Method::POST,
            "credit-portfolio/contracts",
            Some(&token),
            Some(entered),
        )
        .await;
    assert_eq!(
        moved(&made.json()["id"], &second["organization_id"])
            .await
            .status,
        StatusCode::OK
    );
    app.stop().await;
}
