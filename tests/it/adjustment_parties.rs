//! Whose adjustments a workbook brings: organizations, contracts and lenders that other workbooks,
//! or no export, name.

use credit_portfolio::demo::Cell;
use credit_portfolio::import::FileStatus;
use serde_json::{Value, json};

use crate::support::adjustments::{FILE, KNOWN, debt, overpaid, workbook, workbook_of};
use crate::support::app::{Backend, DEPARTMENT};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, kopecks, receipts};

on_both_databases!(
    an_adjustment_that_two_workbooks_hold_is_remarked_on,
    a_workbook_of_another_organization_takes_nothing_from_one_of_the_same_name,
    names_that_no_export_knows_are_refused_or_remarked_on,
    a_contract_that_only_adjustments_name_has_its_lender,
);

async fn an_adjustment_that_two_workbooks_hold_is_remarked_on(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    let first = app
        .import(
            DEPARTMENT,
            &[(FILE, &workbook(std::slice::from_ref(&opening)))],
        )
        .await;
    assert_eq!(first.files[0].message, None);
    let set_off = (KNOWN, "31.05.2026", "Взаимозачет", Cell::amount(10_00));
    let again = workbook(&[opening, set_off]);
    let second = app
        .import(
            DEPARTMENT,
            &[("Север - корректировка (копия).xlsx", &again)],
        )
        .await;
    let message = second.files[0].message.as_deref().unwrap_or_default();
    assert!(
        message.contains(FILE) && message.contains("count twice"),
        "{message:?}"
    );
    assert_eq!(second.files[0].status, FileStatus::Partial);
    app.stop().await;
}

async fn a_workbook_of_another_organization_takes_nothing_from_one_of_the_same_name(
    backend: Backend,
) {
    let app = overpaid(backend).await;
    let other = [a_receipt(9).of("АО «Юг»").amounting_to(10_00)];
    app.import(DEPARTMENT, &[("yug - postuplenie.xlsx", &receipts(&other))])
        .await;
    let opening = |amount: i64| {
        (
            KNOWN,
            "31.12.2025",
            "Начальный остаток",
            Cell::amount(amount),
        )
    };
    app.import(DEPARTMENT, &[(FILE, &workbook(&[opening(650_00)]))])
        .await;
    assert_eq!(debt(&app, "").await, [60_00, 0]);
    let of_other = |amount: i64| workbook_of("АО «Юг»", Some("ПАО «Банк»"), &[opening(amount)]);
    let counts = app
        .import(DEPARTMENT, &[(FILE, &of_other(5_00))])
        .await
        .files[0]
        .counts;
    assert_eq!((counts.inserted, counts.deleted), (1, 0));
    assert_eq!(debt(&app, "").await, [65_00, 0]);
    let counts = app
        .import(DEPARTMENT, &[(FILE, &of_other(7_00))])
        .await
        .files[0]
        .counts;
    assert_eq!(
        (counts.updated, counts.deleted),
        (1, 0),
        "its own row is another now"
    );
    assert_eq!(debt(&app, "").await, [67_00, 0]);
    app.stop().await;
}

async fn names_that_no_export_knows_are_refused_or_remarked_on(backend: Backend) {
    let app = overpaid(backend).await;
    let opening =
        |contract: &'static str, day| (contract, day, "Начальный остаток", Cell::amount(1_00));
    let message = async |workbook: Vec<u8>| {
        let report = app.import(DEPARTMENT, &[(FILE, &workbook)]).await;
        (
            report.files[0].status,
            report.files[0].message.clone().unwrap_or_default(),
        )
    };
    let (status, text) = message(workbook_of(
        "ООО «Ромажка»",
        None,
        &[opening(KNOWN, "31.12.2025")],
    ))
    .await;
    assert_eq!(status, FileStatus::Failed);
    assert!(
        text.contains("«Ромажка»") && text.contains("correct its name"),
        "{text}"
    );
    let undated = opening("Основной договор", "31.12.2025");
    let (status, text) = message(workbook_of("ООО «Ромашка»", None, &[undated])).await;
    assert_eq!(status, FileStatus::Failed);
    assert!(
        text.contains("Основной договор") && text.contains("«Контрагент»"),
        "{text}"
    );
    assert_eq!(app.get("organizations").await.header("X-Total-Count"), "1");
    assert_eq!(app.get("contracts").await.header("X-Total-Count"), "1");
    let (status, text) = message(workbook(&[opening(
        "Договор № 99 от 01.02.2020",
        "31.12.2025",
    )]))
    .await;
    assert_eq!(status, FileStatus::Success);
    assert!(
        text.contains("№ 99") && text.contains("was created"),
        "{text}"
    );
    let (status, text) = message(workbook(&[opening(KNOWN, "06.04.2026")])).await;
    assert_eq!(status, FileStatus::Partial);
    assert!(text.contains("precede 1 of its opening balances"), "{text}");
    app.stop().await;
}

async fn a_contract_that_only_adjustments_name_has_its_lender(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        "Основной договор",
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(70_00),
    );
    app.import(
        DEPARTMENT,
        &[(
            FILE,
            &workbook_of("ООО «Ромашка»", Some("АО «Фонд»"), &[opening]),
        )],
    )
    .await;
    let lenders = app
        .get("analytics/debt-balance?group_by=lender&date_to=2025-12-31")
        .await
        .ok();
    let owed: Vec<(&Value, i64)> = lenders["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["group"], kopecks(&row["outstanding"])))
        .collect();
    assert_eq!(owed, [(&json!("АО «Фонд»"), 70_00)], "{lenders}");
    app.stop().await;
}
