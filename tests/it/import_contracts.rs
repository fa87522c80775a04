//! What imports learn of contracts: the lender by their operations, unless somebody entered it.

use credit_portfolio::demo::Cell;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::imports::RECEIPTS;
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts, receipts_sheet};

on_both_databases!(
    a_contract_learns_its_lender_when_an_operation_names_it,
    the_earliest_operation_decides_the_lender_unless_somebody_entered_one,
    what_is_entered_of_a_contract_stays_until_it_is_given_back,
);

async fn a_contract_learns_its_lender_when_an_operation_names_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut silent = a_receipt(1);
    silent.counterparty = String::new();
    let mut sheet = receipts_sheet(&[silent, a_receipt(2).with("ПАО «Другой»")]);
    sheet.rows[1][2] = Cell::Empty;
    app.import(DEPARTMENT, &[(RECEIPTS, &sheet.to_xlsx().unwrap())])
        .await;
    let contracts = app.get("contracts").await.ok();
    assert_eq!(contracts.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &contracts[0]["counterparty"],
            &contracts[0]["contract_type"]
        ),
        (&json!("ПАО «Другой»"), &json!("credit"))
    );
    app.stop().await;
}

async fn the_earliest_operation_decides_the_lender_unless_somebody_entered_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    let lender = async || app.get("contracts").await.ok()[0]["counterparty"].clone();
    let with_lender =
        |serial: u32, day: &str, name: &str| receipts(&[a_receipt(serial).on(day).with(name)]);
    for (serial, day, name, wanted) in [
        (1, "05.03.2024", "ПАО «Второй»", "ПАО «Второй»"),
        (2, "06.03.2024", "ПАО «Третий»", "ПАО «Второй»"),
        (3, "04.03.2024", "ПАО «Первый»", "ПАО «Первый»"),
        // The operation that named it is corrected.
        (3, "04.03.2024", "ПАО «Самый первый»", "ПАО «Самый первый»"),
    ] {
        app.import(DEPARTMENT, &[(RECEIPTS, &with_lender(serial, day, name))])
            .await;
        assert_eq!(lender().await, wanted, "after operation {serial}");
    }
    let id = app.get("contracts").await.ok()[0]["id"].clone();
    let token = app
        .token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
        .await;
    let path = format!("credit-portfolio/contracts/{id}");
    let entered = json!({"counterparty": "АО «По договору»"});
    app.request(reqwest::Method::PUT, &path, Some(&token), Some(entered))
        .await
        .ok();
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &with_lender(4, "01.03.2024", "ПАО «Ещё раньше»"))],
    )
    .await;
    assert_eq!(lender().await, "АО «По договору»");
    app.stop().await;
}

async fn what_is_entered_of_a_contract_stays_until_it_is_given_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1).with("ПАО «Первый»")]))],
    )
    .await;
    let contract = app.get("contracts").await.ok()[0].clone();
    let token = app
        .token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
        .await;
    let path = format!("credit-portfolio/contracts/{}", contract["id"]);
    let put = async |body: Value| {
        app.request(reqwest::Method::PUT, &path, Some(&token), Some(body))
            .await
            .ok()
    };
    let facts = |contract: &Value| {
        ["counterparty", "contract_type", "direction", "currency"]
            .map(|name| contract[name].clone())
    };
    let derived = [
        json!("ПАО «Первый»"),
        json!("credit"),
        json!("borrowed"),
        json!("RUB"),
    ];
    assert_eq!(facts(&contract), derived);
    let entered = json!({
        "counterparty": "АО «По договору»", "contract_type": "Заем", "direction": "lent", "currency": "USD",
    });
    let wanted = [
        json!("АО «По договору»"),
        json!("loan"),
        json!("lent"),
        json!("USD"),
    ];
    assert_eq!(facts(&put(entered).await), wanted);
    app.import(
        DEPARTMENT,
        &[(
            RECEIPTS,
            &receipts(&[a_receipt(2).with("ПАО «Второй»").on("01.02.2024")]),
        )],
    )
    .await;
    assert_eq!(facts(&app.get("contracts").await.ok()[0]), wanted);
    let null =
        json!({ "counterparty": null, "contract_type": null, "direction": null, "currency": null });
    let now = [
        json!("ПАО «Второй»"),
        json!("credit"),
        json!("borrowed"),
        json!("RUB"),
    ];
    assert_eq!(
        facts(&put(null).await),
        now,
        "the earliest drawing decides again"
    );
    for (name, value, status) in [
        ("counterparty", Value::Null, 409),
        ("currency", json!("QQQ"), 422),
    ] {
        let body = Some(json!({ name: value }));
        let answer = app
            .request(reqwest::Method::PUT, &path, Some(&token), body)
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(name), "{}", answer.text);
    }
    assert_eq!(app.get("summary?currency=QQQ").await.status, 422);
    app.stop().await;
}
