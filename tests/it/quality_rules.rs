//! The rules by which the checks of data quality judge and add up: what a row itself says decides,
//! sums are of one currency, and differences never offset each other.

use credit_portfolio::demo::Sheet;
use credit_portfolio::domain::Role;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::quality::{
    DETAILS, EXPENSES, RECEIPTS, SNAPSHOTS, add_column, assert_finds_nothing, found, put,
    with_column,
};
use crate::support::workbooks::{
    AMOUNT_COLUMN, Detail, Operation, a_receipt, an_expense, details, details_sheet, expenses,
    expenses_sheet, principal, receipts, receipts_sheet,
};

on_both_databases!(
    operations_without_contract_are_found_whatever_their_contract_is_called,
    sums_hold_only_amounts_of_their_currency,
    differences_do_not_offset_each_other,
    a_receipt_is_of_unknown_kind_unless_its_type_is_one_that_figures_know,
    a_detail_of_another_lenders_expense_names_a_second_lender,
    an_expense_without_details_whose_account_says_nothing_is_of_unknown_payment_type,
    a_contract_whose_operations_move_no_balance_may_be_of_unknown_direction,
    a_total_that_differs_is_found_while_its_source_offers_the_file,
    a_total_of_a_file_handed_in_is_found_until_the_name_is_imported_again,
    a_total_of_a_folder_that_the_settings_do_not_name_is_found_until_the_name_is_imported_again,
    answer_names_day_currencies_and_language,
);

async fn check(app: &TestApp, query: &str, name: &str) -> Value {
    let answer = app
        .get(&format!("data-quality?department_id=8{query}"))
        .await
        .ok();
    answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name)
        .unwrap()
        .clone()
}

async fn contract_id(app: &TestApp, number: &str) -> Value {
    let contracts = app.get("contracts?department_id=8").await.ok();
    let mut contracts = contracts.as_array().unwrap().iter();
    let is_named = |contract: &&Value| {
        contract["contract_number"]
            .as_str()
            .unwrap()
            .contains(number)
    };
    contracts
        .find(is_named)
        .unwrap_or_else(|| panic!("no contract {number}"))["id"]
        .clone()
}

async fn operations_without_contract_are_found_whatever_their_contract_is_called(backend: Backend) {
    let app = TestApp::start(backend).await;
    let received = [a_receipt(1).under(""), a_receipt(2)];
    let paid = [an_expense(1).under(""), an_expense(2)];
    app.import(
        DEPARTMENT,
        &[
            (RECEIPTS, &receipts(&received)),
            (EXPENSES, &expenses(&paid)),
        ],
    )
    .await;
    let both = vec![an_expense(1).id(), a_receipt(1).id()];
    assert_eq!(
        found(&app, "operations_without_contract").await,
        (2, json!(200.0), both.clone())
    );
    let ids = [
        contract_id(&app, "Без договора").await,
        contract_id(&app, "№ 1").await,
    ];
    for (id, number) in ids.iter().zip(["Прочее 77", "Без договора"]) {
        put(
            &app,
            &format!("contracts/{id}"),
            json!({ "contract_number": number }),
        )
        .await;
    }
    let renamed = vec![a_receipt(3).under("").on("07.03.2024")];
    app.import(DEPARTMENT, &[("B - postuplenie.xlsx", &receipts(&renamed))])
        .await;
    let (count, at_stake, names) = found(&app, "operations_without_contract").await;
    assert_eq!((count, at_stake), (3, json!(300.0)), "{names:?}");
    assert!(
        !names.contains(&a_receipt(2).id()) && !names.contains(&an_expense(2).id()),
        "{names:?}"
    );
    app.stop().await;
}

async fn sums_hold_only_amounts_of_their_currency(backend: Backend) {
    let app = TestApp::start_with(backend, &SNAPSHOTS).await;
    let paid = [an_expense(1).in_currency("USD"), an_expense(2)];
    let parts = [
        principal(1, 100_00),
        principal(2, 100_00),
        principal(3, 30_00),
    ];
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&paid)), (DETAILS, &details(&parts))],
    )
    .await;
    let mut sheet = expenses_sheet(&[an_expense(2)]);
    sheet.push_total(AMOUNT_COLUMN, 107_00);
    app.import(DEPARTMENT, &[(EXPENSES, &sheet.to_xlsx().unwrap())])
        .await;
    for (currency, without_expense, totals) in
        [("RUB", 30.0, 7.0), ("USD", 100.0, 0.0), ("EUR", 0.0, 0.0)]
    {
        let query = format!("&currency={currency}");
        let details = check(&app, &query, "details_without_expense").await;
        assert_eq!(
            (&details["count"], &details["at_stake"]),
            (&json!(2), &json!(without_expense)),
            "{currency}"
        );
        assert_eq!(
            check(&app, &query, "control_totals_differ").await["at_stake"],
            json!(totals),
            "{currency}"
        );
    }
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let organizations = app.get("organizations?department_id=8").await.ok();
    let contract =
        json!({ "organization_id": organizations[0]["id"], "contract_number": "Новый 9" });
    app.request(
        reqwest::Method::POST,
        "credit-portfolio/contracts",
        Some(&token),
        Some(contract),
    )
    .await;
    let id = contract_id(&app, "Новый 9").await;
    let opening =
        json!({ "contract_id": id, "date": "2024-01-01", "kind": "correction", "amount": -40 });
    app.request(
        reqwest::Method::POST,
        "credit-portfolio/adjustments",
        Some(&token),
        Some(opening),
    )
    .await;
    for (currency, at_stake) in [("RUB", 140.0), ("USD", 0.0)] {
        let overpaid = check(&app, &format!("&currency={currency}"), "overpaid").await;
        assert_eq!(overpaid["at_stake"], json!(at_stake), "{overpaid}");
    }
    app.stop().await;
}

async fn differences_do_not_offset_each_other(backend: Backend) {
    let app = TestApp::start(backend).await;
    let paid = [an_expense(1), an_expense(2), an_expense(3).on("06.03.2024")];
    let parts = [
        principal(1, 90_00),
        principal(2, 110_00),
        principal(3, 95_00),
    ];
    let with_total = |total: i64| {
        let mut sheet = receipts_sheet(&[a_receipt(1).of("ООО «Юг»")]);
        sheet.push_total(AMOUNT_COLUMN, total);
        sheet.to_xlsx().unwrap()
    };
    let (short, over) = (with_total(95_00), with_total(105_00));
    let files: [(&str, &[u8]); 4] = [
        (EXPENSES, &expenses(&paid)),
        (DETAILS, &details(&parts)),
        ("Юг 1 - postuplenie.xlsx", &short),
        ("Юг 2 - postuplenie.xlsx", &over),
    ];
    app.import(DEPARTMENT, &files).await;
    let (count, at_stake, _) = found(&app, "details_do_not_add_up").await;
    assert_eq!((count, at_stake), (3, json!(25.0)));
    let (count, at_stake, _) = found(&app, "control_totals_differ").await;
    assert_eq!((count, at_stake), (2, json!(10.0)));
    app.stop().await;
}

async fn a_receipt_is_of_unknown_kind_unless_its_type_is_one_that_figures_know(backend: Backend) {
    let app = TestApp::start(backend).await;
    let types = [
        "Получение наличных в банке",
        "Получение кредита в банке",
        "получение займа от контрагента",
        "",
        "ВОЗВРАТ ЗАЙМА РАБОТНИКОМ",
        "Поступление от продажи",
        "Поступление от продажи",
    ];
    let rows: Vec<Operation> = (1..=7)
        .map(|serial| a_receipt(serial).amounting_to(i64::from(serial) * 10_00))
        .collect();
    let mut sheet = receipts_sheet(&rows);
    add_column(&mut sheet, "Вид операции", &types);
    app.import(DEPARTMENT, &[(RECEIPTS, &sheet.to_xlsx().unwrap())])
        .await;
    let unknown = [7, 6, 4, 1].map(|serial| a_receipt(serial).id()).to_vec();
    assert_eq!(
        found(&app, "receipts_of_unknown_kind").await,
        (4, json!(180.0), unknown)
    );
    app.stop().await;
}

async fn a_detail_of_another_lenders_expense_names_a_second_lender(backend: Backend) {
    let app = TestApp::start(backend).await;
    let contract = |number: u32| format!("Договор № {number} от 01.02.2024");
    let received = [5, 7, 8].map(|number| {
        a_receipt(number)
            .under(&contract(number))
            .with("ПАО «Банк»")
    });
    let paid = [
        an_expense(1).under(&contract(6)).with("ООО «Ссуда»"),
        an_expense(2).under(&contract(6)).with("ООО «Ссуда»"),
        an_expense(3).under(&contract(9)).with("Банк ПАО"),
    ];
    let part = |expense, number: u32| principal(expense, 50_00).under(&contract(number));
    // The third expense is the bank's own, and contract 6 stays with one lender.
    let parts = [part(1, 5), part(1, 6), part(2, 6), part(3, 7)];
    let files: [(&str, &[u8]); 3] = [
        (RECEIPTS, &receipts(&received)),
        (EXPENSES, &expenses(&paid)),
        (DETAILS, &details(&parts)),
    ];
    app.import(DEPARTMENT, &files).await;
    let (count, _, names) = found(&app, "contract_with_two_lenders").await;
    assert_eq!(count, 1, "{names:?}");
    assert!(names[0].contains("№ 5"), "{names:?}");
    app.stop().await;
}

async fn an_expense_without_details_whose_account_says_nothing_is_of_unknown_payment_type(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let paid: Vec<Operation> = (1..=4)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial) * 10_00))
        .collect();
    let paid = with_column(
        expenses_sheet(&paid),
        "Счет дебета",
        &["67.03", "", "76.05", ""],
    );
    let parts = with_column(
        details_sheet(&[Detail::of(4, "Погашение долга", 40_00)]),
        "Счет расчетов",
        &[""],
    );
    app.import(DEPARTMENT, &[(EXPENSES, &paid), (DETAILS, &parts)])
        .await;
    let unknown = [3, 2].map(|serial| an_expense(serial).id()).to_vec();
    assert_eq!(
        found(&app, "payment_type_unknown").await,
        (2, json!(50.0), unknown)
    );
    assert_eq!(found(&app, "expenses_without_details").await.0, 3);
    app.stop().await;
}

async fn a_contract_whose_operations_move_no_balance_may_be_of_unknown_direction(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut sheet = receipts_sheet(&[a_receipt(1).under("Договор № 3 от 01.02.2024")]);
    add_column(&mut sheet, "Вид операции", &["Прочее поступление"]);
    add_column(&mut sheet, "Счет расчетов", &["76.05"]);
    app.import(DEPARTMENT, &[(RECEIPTS, &sheet.to_xlsx().unwrap())])
        .await;
    let (count, at_stake, names) = found(&app, "unknown_direction").await;
    assert_eq!((count, at_stake), (1, json!(0.0)), "{names:?}");
    app.stop().await;
}

fn with_wrong_total(mut sheet: Sheet) -> Vec<u8> {
    sheet.push_total(AMOUNT_COLUMN, 7_00);
    sheet.to_xlsx().unwrap()
}

async fn hand_in(app: &TestApp, name: &str, content: Vec<u8>) {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let form = Form::new().part("files", Part::bytes(content).file_name(name.to_owned()));
    app.send_form("credit-portfolio/import/files", &token, form)
        .await
        .ok();
}

async fn a_total_that_differs_is_found_while_its_source_offers_the_file(backend: Backend) {
    let app = TestApp::start(backend).await;
    let dated = ["2024-03-05 postuplenie.xlsx", "2024-03-06 postuplenie.xlsx"];
    app.put(dated[0], with_wrong_total(receipts_sheet(&[a_receipt(1)])));
    app.trigger().await.ok();
    let of_first = (1, json!(93.0), vec![dated[0].to_owned()]);
    assert_eq!(found(&app, "control_totals_differ").await, of_first);
    // Another source's file of that name says nothing of this one.
    hand_in(&app, dated[0], receipts(&[a_receipt(1)])).await;
    assert_eq!(found(&app, "control_totals_differ").await, of_first);
    app.trigger().await.ok();
    assert_eq!(
        found(&app, "control_totals_differ").await,
        of_first,
        "it is unchanged"
    );
    std::fs::remove_file(app.ftp_folder().join(dated[0])).unwrap();
    app.put(dated[1], receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "control_totals_differ").await;
    app.put(dated[0], with_wrong_total(receipts_sheet(&[a_receipt(1)])));
    app.trigger().await.ok();
    assert_eq!(
        found(&app, "control_totals_differ").await,
        of_first,
        "the source offers it again"
    );
    app.put(dated[0], receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "control_totals_differ").await;
    app.stop().await;
}

async fn a_total_of_a_file_handed_in_is_found_until_the_name_is_imported_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    hand_in(
        &app,
        RECEIPTS,
        with_wrong_total(receipts_sheet(&[a_receipt(1)])),
    )
    .await;
    assert_eq!(found(&app, "control_totals_differ").await.0, 1);
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "control_totals_differ").await;
    app.stop().await;
}

async fn a_total_of_a_folder_that_the_settings_do_not_name_is_found_until_the_name_is_imported_again(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let wrong = || with_wrong_total(receipts_sheet(&[a_receipt(1)]));
    std::fs::write(folder.path().join(RECEIPTS), wrong()).unwrap();
    app.import_folder(folder.path(), DEPARTMENT).await;
    let once = (1, json!(93.0), vec![RECEIPTS.to_owned()]);
    assert_eq!(found(&app, "control_totals_differ").await, once);
    app.put(RECEIPTS, wrong());
    app.trigger().await.ok();
    assert_eq!(
        found(&app, "control_totals_differ").await,
        once,
        "the newer one stands for both"
    );
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    assert_finds_nothing(&app, "control_totals_differ").await;
    // The folder is looked through once more: the file is gone from there.
    let other = "B - postuplenie.xlsx";
    std::fs::write(folder.path().join(other), wrong()).unwrap();
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        found(&app, "control_totals_differ").await,
        (1, json!(93.0), vec![other.to_owned()])
    );
    std::fs::remove_file(folder.path().join(other)).unwrap();
    app.import_folder(folder.path(), DEPARTMENT).await;
    assert_finds_nothing(&app, "control_totals_differ").await;
    app.stop().await;
}

async fn answer_names_day_currencies_and_language(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.set_today("2024-03-20");
    let received = [
        a_receipt(1),
        a_receipt(2)
            .in_currency("USD")
            .under("Договор № 2 от 01.02.2024"),
    ];
    app.import(DEPARTMENT, &[(RECEIPTS, &receipts(&received))])
        .await;
    let answer = app.get("data-quality?department_id=8").await;
    assert_eq!(answer.header("X-Other-Currencies"), "USD");
    let english = answer.ok();
    assert_eq!(
        (&english["as_of"], &english["other_currencies"]),
        (&json!("2024-03-20"), &json!(["USD"]))
    );
    let russian = app.get("data-quality?department_id=8&lang=ru").await.ok();
    let checks = |answer: &Value| answer["checks"].as_array().unwrap().clone();
    for (english, russian) in checks(&english).iter().zip(checks(&russian)) {
        for text in ["description", "advice"] {
            let is_russian = |check: &Value| {
                check[text]
                    .as_str()
                    .unwrap()
                    .chars()
                    .any(|c| ('а'..='я').contains(&c))
            };
            assert!(is_russian(&russian), "{russian}");
            assert_ne!(english[text], russian[text]);
        }
        assert_eq!(
            (&english["name"], &english["rows"]),
            (&russian["name"], &russian["rows"])
        );
    }
    assert_eq!(
        app.get("data-quality?department_id=8&lang=de").await.status,
        422
    );
    app.stop().await;
}
