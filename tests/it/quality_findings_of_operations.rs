//! Findings of data quality in operations and details: each finds what was put there and passes its
//! neighbour.

use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::quality::{
    DETAILS, EXPENSES, RECEIPTS, SNAPSHOTS, add_column, assert_finds_nothing, found, with_column,
};
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, details_sheet, expenses, interest,
    principal, receipts_sheet,
};

on_both_databases!(
    details_are_found_by_payment_type_and_vat,
    a_receipt_of_unknown_kind_is_found_unless_type_or_account_says_what_it_is,
    amounts_in_another_currency_are_found_unless_they_are_settled,
    details_wait_for_their_expense_and_lose_it_again,
    an_expense_without_contract_is_found_unless_a_detail_names_one,
    the_rows_with_most_at_stake_come_first_whatever_their_days,
);

async fn details_are_found_by_payment_type_and_vat(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        Detail::of(1, "", 10_00),
        Detail::of(2, "", 20_00),
        principal(3, 30_00),
        principal(4, 40_00),
        interest(5, 50_00),
    ];
    let mut sheet = details_sheet(&rows);
    add_column(
        &mut sheet,
        "Счет расчетов",
        &["67.03", "", "67.03", "67.03", "67.04"],
    );
    add_column(&mut sheet, "Сумма НДС", &["", "", "5,00", "", "8,00"]);
    let paid: Vec<Operation> = (1..=5)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial) * 10_00))
        .collect();
    app.import(
        DEPARTMENT,
        &[
            (EXPENSES, &expenses(&paid)),
            (DETAILS, &sheet.to_xlsx().unwrap()),
        ],
    )
    .await;
    let of = |serial| vec![an_expense(serial).id()];
    assert_eq!(
        found(&app, "payment_type_derived").await,
        (1, json!(10.0), of(1))
    );
    assert_eq!(
        found(&app, "payment_type_unknown").await,
        (1, json!(20.0), of(2))
    );
    assert_eq!(
        found(&app, "vat_on_principal").await,
        (1, json!(5.0), of(3))
    );
    assert_finds_nothing(&app, "details_do_not_add_up").await;
    app.stop().await;
}

async fn a_receipt_of_unknown_kind_is_found_unless_type_or_account_says_what_it_is(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let rows: Vec<Operation> = (1..=3)
        .map(|serial| {
            let contract = format!("Договор № {serial} от 01.02.2024");
            a_receipt(serial)
                .amounting_to(i64::from(serial) * 10_00)
                .under(&contract)
        })
        .collect();
    let mut sheet = receipts_sheet(&rows);
    add_column(
        &mut sheet,
        "Вид операции",
        &[
            "Прочее поступление",
            "Прочее поступление",
            "Получение займа от контрагента",
        ],
    );
    add_column(&mut sheet, "Счет расчетов", &["", "67.03", ""]);
    app.import(DEPARTMENT, &[(RECEIPTS, &sheet.to_xlsx().unwrap())])
        .await;
    assert_eq!(
        found(&app, "receipts_of_unknown_kind").await,
        (1, json!(10.0), vec![a_receipt(1).id()])
    );
    let (count, at_stake, names) = found(&app, "unknown_direction").await;
    assert_eq!((count, at_stake), (1, json!(10.0)), "{names:?}");
    assert!(names[0].contains("№ 1"), "{names:?}");
    app.stop().await;
}

async fn amounts_in_another_currency_are_found_unless_they_are_settled(backend: Backend) {
    let app = TestApp::start(backend).await;
    let under = |operation: Operation, contract: u32| {
        operation.under(&format!("Договор № {contract} от 01.02.2024"))
    };
    let dollars = |serial, contract| {
        under(a_receipt(serial), contract)
            .in_currency("USD")
            .on("06.03.2024")
    };
    let received = [
        under(a_receipt(1), 1),
        under(a_receipt(2), 2),
        under(a_receipt(3), 3),
        under(a_receipt(4), 4),
        // All of it is settled.
        dollars(5, 1),
        // A part of what came on one day is not.
        dollars(6, 2),
        dollars(7, 2),
    ];
    let settled = ["", "", "", "", "9000,00", "9000,00", ""];
    let received = with_column(receipts_sheet(&received), "Сумма расчетов", &settled);
    let paid = [(1, 1), (2, 3), (3, 4)]
        .map(|(serial, contract)| under(an_expense(serial), contract).in_currency("USD"));
    let part =
        |serial, contract| principal(serial, 100_00).under(&format!("{contract} от 01.02.2024"));
    let parts = with_column(
        details_sheet(&[part(1, 1), part(2, 3)]),
        "Сумма расчетов",
        &["9000,00", ""],
    );
    app.import(
        DEPARTMENT,
        &[
            (RECEIPTS, &received),
            (EXPENSES, &expenses(&paid)),
            (DETAILS, &parts),
        ],
    )
    .await;
    let (count, at_stake, mut names) = found(&app, "amounts_in_another_currency").await;
    names.sort();
    assert_eq!(
        (count, at_stake),
        (3, json!(0.0)),
        "sums are of roubles: {names:?}"
    );
    for (name, contract) in names.iter().zip(["№ 2", "№ 3", "№ 4"]) {
        assert!(name.contains(contract), "{names:?}");
    }
    let answer = app
        .get("data-quality?department_id=8&currency=USD")
        .await
        .ok();
    let checks = answer["checks"].as_array().unwrap();
    let check = checks
        .iter()
        .find(|check| check["name"] == "amounts_in_another_currency")
        .unwrap();
    assert_eq!(check["at_stake"], json!(400.0));
    app.stop().await;
}

async fn details_wait_for_their_expense_and_lose_it_again(backend: Backend) {
    let app = TestApp::start_with(backend, &SNAPSHOTS).await;
    let parts = [
        principal(1, 100_00),
        principal(2, 100_00),
        principal(3, 100_00),
    ];
    app.import(DEPARTMENT, &[(DETAILS, &details(&parts))]).await;
    assert_eq!(found(&app, "details_without_expense").await.0, 3);
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(1), an_expense(2)]))],
    )
    .await;
    let of_third = (1, json!(100.0), vec![an_expense(3).id()]);
    assert_eq!(found(&app, "details_without_expense").await, of_third);
    assert_finds_nothing(&app, "expenses_without_details").await;
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&[an_expense(2), an_expense(3)]))],
    )
    .await;
    let of_first = (1, json!(100.0), vec![an_expense(1).id()]);
    assert_eq!(
        found(&app, "details_without_expense").await,
        of_first,
        "the first expense is inactive now"
    );
    app.import(
        DEPARTMENT,
        &[(
            EXPENSES,
            &expenses(&[an_expense(1), an_expense(2), an_expense(3)]),
        )],
    )
    .await;
    assert_finds_nothing(&app, "details_without_expense").await;
    app.stop().await;
}

async fn an_expense_without_contract_is_found_unless_a_detail_names_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    let paid = [
        an_expense(1).under(""),
        an_expense(2).under(""),
        an_expense(3),
    ];
    let parts = [
        principal(1, 100_00).under(""),
        principal(2, 100_00),
        principal(3, 100_00),
    ];
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&paid)), (DETAILS, &details(&parts))],
    )
    .await;
    assert_eq!(
        found(&app, "operations_without_contract").await,
        (1, json!(100.0), vec![an_expense(1).id()])
    );
    app.stop().await;
}

async fn the_rows_with_most_at_stake_come_first_whatever_their_days(backend: Backend) {
    let app = TestApp::start(backend).await;
    let amounts = [30_00, 10_00, 50_00, 20_00, 40_00, 60_00];
    let days = [
        "05.03.2024",
        "05.03.2024",
        "05.03.2024",
        "06.03.2024",
        "11.04.2024",
        "12.05.2024",
    ];
    let paid: Vec<Operation> = (1..)
        .zip(amounts.into_iter().zip(days))
        .map(|(serial, (amount, day))| an_expense(serial).amounting_to(amount).on(day))
        .collect();
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&paid))])
        .await;
    for limit in 1..=6 {
        let answer = app
            .get(&format!("data-quality?department_id=8&limit={limit}"))
            .await
            .ok();
        let checks = answer["checks"].as_array().unwrap();
        let check = checks
            .iter()
            .find(|check| check["name"] == "expenses_without_details")
            .unwrap();
        assert_eq!(
            (&check["count"], &check["at_stake"]),
            (&json!(6), &json!(210.0))
        );
        let stakes: Vec<f64> = check["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["at_stake"].as_f64().unwrap())
            .collect();
        assert_eq!(stakes, [60.0, 50.0, 40.0, 30.0, 20.0, 10.0][..limit]);
    }
    app.stop().await;
}
