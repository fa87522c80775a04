//! Details of expenses into tables: before or after their expense, equal ones, as the set of their
//! expense.

use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::imports::{DETAILS, EXPENSES, counts, summary};
use crate::support::on_both_databases;
use crate::support::workbooks::{Detail, an_expense, details, expenses, interest, principal};

on_both_databases!(
    details_may_come_before_their_expenses,
    two_equal_details_are_two_payments,
    details_are_replaced_as_the_set_of_their_expense,
    one_transfer_pays_several_contracts,
    a_row_that_goes_to_another_organization_takes_its_details_along,
);

async fn details_may_come_before_their_expenses(backend: Backend) {
    let app = TestApp::start(backend).await;
    let early = app
        .import(
            DEPARTMENT,
            &[(
                DETAILS,
                &details(&[principal(1, 70_00), interest(1, 30_00)]),
            )],
        )
        .await;
    assert_eq!(counts(&early), [[2, 0, 0, 0, 0]]);
    assert_eq!(
        summary(&app).await["total_principal"],
        json!(0.0),
        "their expense is not known yet"
    );
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    let figures = summary(&app).await;
    assert_eq!(figures["total_principal"], json!(70.0));
    assert_eq!(figures["total_interest"], json!(30.0));
    let counts = app.get("contract-stats").await.ok();
    assert_eq!(
        counts["total_count"], 1,
        "the breakdown spells the same contract"
    );
    app.stop().await;
}

async fn two_equal_details_are_two_payments(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 2] = [
        (EXPENSES, &expenses(&[an_expense(1).amounting_to(140_00)])),
        (
            DETAILS,
            &details(&[principal(1, 70_00), principal(1, 70_00)]),
        ),
    ];
    let report = app.import(DEPARTMENT, &files).await;
    assert_eq!(counts(&report), [[1, 0, 0, 0, 0], [2, 0, 0, 0, 0]]);
    let figures = summary(&app).await;
    assert_eq!(figures["total_principal"], json!(140.0));
    assert_eq!(
        figures["total_expenses"],
        json!(140.0),
        "the expense counts once"
    );
    assert_eq!(
        counts(&app.import(DEPARTMENT, &files).await)[1],
        [0, 0, 2, 0, 0]
    );
    app.stop().await;
}

async fn details_are_replaced_as_the_set_of_their_expense(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(1), an_expense(2)]))],
    )
    .await;
    let before = [
        principal(1, 60_00),
        interest(1, 40_00),
        Detail::of(1, "Комиссия", 5),
        principal(2, 100_00),
    ];
    app.import(DEPARTMENT, &[(DETAILS, &details(&before))])
        .await;
    // Another order, another interest, no commission; the second expense is not in this file.
    let after = details(&[interest(1, 39_00), principal(1, 60_00)]);
    let report = app.import(DEPARTMENT, &[(DETAILS, &after)]).await;
    assert_eq!(counts(&report), [[0, 1, 1, 1, 0]]);
    let figures = summary(&app).await;
    assert_eq!(
        (&figures["total_principal"], &figures["total_interest"]),
        (&json!(160.0), &json!(39.0))
    );
    app.stop().await;
}

async fn one_transfer_pays_several_contracts(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        principal(1, 60_00).under("Договор № 1 от 01.02.2024"),
        principal(1, 40_00).under("Договор № 2 от 01.02.2024"),
    ];
    let files: [(&str, &[u8]); 2] = [
        (EXPENSES, &expenses(&[an_expense(1)])),
        (DETAILS, &details(&rows)),
    ];
    app.import(DEPARTMENT, &files).await;
    assert_eq!(app.get("contract-stats").await.ok()["total_count"], 2);
    let figures = summary(&app).await;
    assert_eq!(figures["total_expenses"], json!(100.0));
    app.stop().await;
}

async fn a_row_that_goes_to_another_organization_takes_its_details_along(backend: Backend) {
    use credit_portfolio::db;
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[
            (EXPENSES, &expenses(&[an_expense(1)])),
            (DETAILS, &details(&[principal(1, 100_00)])),
        ],
    )
    .await;
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(1).of("АО «Лютик»")]))],
    )
    .await;
    let mut conn = app.running.state.db.conn().await.unwrap();
    let contracts = db::list_contracts(&mut conn, DEPARTMENT).await.unwrap();
    assert_eq!(contracts.len(), 2, "a contract belongs to an organization");
    let id = an_expense(1).id();
    let details = db::list_linkable_details(&mut conn, DEPARTMENT, &[&id])
        .await
        .unwrap();
    let contract = contracts
        .iter()
        .find(|contract| Some(contract.id) == details[0].contract_id)
        .unwrap();
    assert_eq!(contract.organization_id, details[0].expense.organization_id);
    drop(conn);
    app.stop().await;
}
