//! Findings of data quality in organizations, lenders and contracts: each finds what was put there
//! and passes its neighbour.

use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::quality::{EXPENSES, RECEIPTS, assert_finds_nothing, checks, found, put};
use crate::support::workbooks::{Operation, a_receipt, an_expense, expenses, receipts};

on_both_databases!(
    an_organization_with_one_kind_of_operations_only_is_found,
    names_that_look_alike_are_found,
    parties_with_the_same_inn_are_found_and_those_with_two_are_not,
    a_dated_contract_with_two_lenders_is_found_until_one_is_set,
);

async fn an_organization_with_one_kind_of_operations_only_is_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let received = [
        a_receipt(1).of("ООО «Двое»"),
        a_receipt(2).of("ООО «Приход»"),
    ];
    let paid = [
        an_expense(1).of("ООО «Двое»"),
        an_expense(2).of("ООО «Расход»").amounting_to(70_00),
    ];
    app.import(
        DEPARTMENT,
        &[
            (RECEIPTS, &receipts(&received)),
            (EXPENSES, &expenses(&paid)),
        ],
    )
    .await;
    let named = |name: &str| vec![name.to_owned()];
    assert_eq!(
        found(&app, "organizations_without_expenses").await,
        (1, json!(100.0), named("ООО «Приход»"))
    );
    assert_eq!(
        found(&app, "organizations_without_receipts").await,
        (1, json!(70.0), named("ООО «Расход»"))
    );
    app.stop().await;
}

async fn names_that_look_alike_are_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let organizations = [
        "ООО «Ромашка»",
        "ООО «Ромашко»",
        "ООО «Замер 1»",
        "ООО «Замер 2»",
        "ООО «Лютик»",
    ];
    let lenders = [
        "ПАО «Сбербанк»",
        "Сбербанк",
        "АО «Юг»",
        "ООО «Юг»",
        "ПАО «Открытие»",
    ];
    let both = (1..).zip(organizations.iter().zip(lenders));
    let rows: Vec<Operation> = both
        .map(|(serial, (organization, lender))| a_receipt(serial).of(organization).with(lender))
        .collect();
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    let (count, _, mut names) = found(&app, "organizations_that_look_alike").await;
    names.sort();
    assert_eq!(
        (count, names),
        (
            2,
            vec!["ООО «Ромашка»".to_owned(), "ООО «Ромашко»".to_owned()]
        )
    );
    let (count, _, mut names) = found(&app, "lenders_that_look_alike").await;
    names.sort();
    assert_eq!(
        (count, names),
        (2, vec!["ПАО «Сбербанк»".to_owned(), "Сбербанк".to_owned()])
    );
    app.stop().await;
}

async fn parties_with_the_same_inn_are_found_and_those_with_two_are_not(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).with("ПАО «Альфа»"),
        a_receipt(2).with("ПАО «Омега»"),
        a_receipt(3).with("Омега"),
    ];
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    let lenders = app.get("lenders?department_id=8").await.ok();
    let id_of = |name: &str| {
        let lender = lenders
            .as_array()
            .unwrap()
            .iter()
            .find(|lender| lender["name"] == name)
            .unwrap();
        lender["id"].as_i64().unwrap()
    };
    let [alpha, omega, plain] = ["ПАО «Альфа»", "ПАО «Омега»", "Омега"].map(id_of);
    assert_eq!(found(&app, "lenders_that_look_alike").await.0, 2);
    put(
        &app,
        &format!("lenders/{omega}"),
        json!({ "inn": "7707083893" }),
    )
    .await;
    put(
        &app,
        &format!("lenders/{plain}"),
        json!({ "inn": "7702070139" }),
    )
    .await;
    assert_finds_nothing(&app, "lenders_that_look_alike").await;
    put(
        &app,
        &format!("lenders/{alpha}"),
        json!({ "inn": "7707083893" }),
    )
    .await;
    let (count, _, names) = found(&app, "lenders_that_look_alike").await;
    assert_eq!(
        (count, names),
        (2, vec!["ПАО «Альфа»".to_owned(), "ПАО «Омега»".to_owned()])
    );
    app.stop().await;
}

async fn a_dated_contract_with_two_lenders_is_found_until_one_is_set(backend: Backend) {
    let app = TestApp::start(backend).await;
    let received = [
        a_receipt(1)
            .under("Договор № 5 от 01.02.2024")
            .with("ПАО «Банк»"),
        a_receipt(2)
            .under("Договор № 6 от 01.02.2024")
            .with("ПАО «Банк»"),
        a_receipt(3)
            .under("Договор № 6 от 01.02.2024")
            .with("Банк ПАО"),
        a_receipt(4).under("Основной договор").with("ПАО «Банк»"),
        a_receipt(5).under("Основной договор").with("ООО «Ссуда»"),
    ];
    let paid = [an_expense(1)
        .under("Договор № 5 от 01.02.2024")
        .with("ООО «Ссуда»")];
    app.import(
        DEPARTMENT,
        &[
            (RECEIPTS, &receipts(&received)),
            (EXPENSES, &expenses(&paid)),
        ],
    )
    .await;
    let (count, _, names) = found(&app, "contract_with_two_lenders").await;
    assert_eq!(count, 1, "{names:?}");
    assert!(names[0].contains("№ 5"), "{names:?}");
    let checks = checks(&app).await;
    let check = checks
        .iter()
        .find(|check| check["name"] == "contract_with_two_lenders")
        .unwrap();
    put(
        &app,
        &format!("contracts/{}", check["rows"][0]["id"]),
        json!({ "counterparty": "ПАО «Банк»" }),
    )
    .await;
    assert_finds_nothing(&app, "contract_with_two_lenders").await;
    app.stop().await;
}
