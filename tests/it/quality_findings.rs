//! Each finding of data quality finds what was put there and passes its neighbour; findings are
//! cached like figures, until anything that they say changes.

use credit_portfolio::analytics::{AnalyticsQuery, Answer, Figure, Origin};
use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::{Currency, DepartmentScope, Language, PortfolioFilter, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, details_sheet, expenses, expenses_sheet,
    interest, principal, receipts, receipts_sheet,
};

on_both_databases!(
    details_are_found_by_payment_type_and_vat,
    a_receipt_of_unknown_kind_is_found_unless_type_or_account_says_what_it_is,
    an_organization_with_one_kind_of_operations_only_is_found,
    names_that_look_alike_are_found,
    parties_with_the_same_inn_are_found_and_those_with_two_are_not,
    a_dated_contract_with_two_lenders_is_found_until_one_is_set,
    amounts_in_another_currency_are_found_unless_they_are_settled,
    details_wait_for_their_expense_and_lose_it_again,
    an_expense_without_contract_is_found_unless_a_detail_names_one,
    the_rows_with_most_at_stake_come_first_whatever_their_days,
    findings_are_cached_until_an_import_changes_them,
    an_answer_ends_with_its_day,
    concurrent_callers_share_one_computation,
    findings_of_an_older_database_are_counted_at_start,
);

pub(crate) const RECEIPTS: &str = "A - postuplenie.xlsx";
pub(crate) const EXPENSES: &str = "A - spisanie.xlsx";
pub(crate) const DETAILS: &str = "A - rasshifrovka.xlsx";
/// Operations that a file no longer names become inactive, however many.
pub(crate) const SNAPSHOTS: [(&str, &str); 3] = [
    ("USE_REDIS", "false"),
    ("IMPORT_MISSING_ROWS", "deactivate"),
    ("IMPORT_MISSING_ROWS_MAX_PERCENT", "100"),
];

async fn checks(app: &TestApp) -> Vec<Value> {
    app.get("data-quality?department_id=8").await.ok()["checks"]
        .as_array()
        .unwrap()
        .clone()
}

/// Count, sum and names of the rows of one check.
pub(crate) async fn found(app: &TestApp, name: &str) -> (i64, Value, Vec<String>) {
    let checks = checks(app).await;
    let check = checks
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no check {name}"));
    assert!(
        check["advice"]
            .as_str()
            .is_some_and(|advice| !advice.is_empty()),
        "{check}"
    );
    let rows = check["rows"].as_array().unwrap().iter();
    let names = rows
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    (
        check["count"].as_i64().unwrap(),
        check["at_stake"].clone(),
        names,
    )
}

pub(crate) async fn assert_finds_nothing(app: &TestApp, name: &str) {
    let (count, _, names) = found(app, name).await;
    assert_eq!(count, 0, "{name}: {names:?}");
}

/// Adds a column, or overwrites the one of that heading.
pub(crate) fn with_column(mut sheet: Sheet, heading: &str, values: &[&str]) -> Vec<u8> {
    add_column(&mut sheet, heading, values);
    sheet.to_xlsx().unwrap()
}

pub(crate) fn add_column(sheet: &mut Sheet, heading: &str, values: &[&str]) {
    let known = sheet.rows[0]
        .iter()
        .position(|cell| *cell == Cell::text(heading));
    let cells = std::iter::once(&heading)
        .chain(values)
        .map(|value| match *value {
            "" => Cell::Empty,
            value => Cell::text(value),
        });
    for (row, cell) in sheet.rows.iter_mut().zip(cells) {
        match known {
            Some(at) => row[at] = cell,
            None => row.push(cell),
        }
    }
}

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

pub(crate) async fn put(app: &TestApp, path: &str, body: Value) {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.request(
        Method::PUT,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        Some(body),
    )
    .await
    .ok();
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

async fn is_hit(app: &TestApp) -> bool {
    app.get("data-quality?department_id=8")
        .await
        .header("Cache-Status")
        .starts_with("credit-portfolio; hit")
}

async fn findings_are_cached_until_an_import_changes_them(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    app.trigger().await.ok();
    assert_eq!(found(&app, "expenses_without_details").await.0, 1);
    assert!(is_hit(&app).await);
    app.trigger().await.ok();
    assert!(is_hit(&app).await, "the files are unchanged");
    let before = app.get("data-quality?department_id=8").await.text;
    app.put(DETAILS, details(&[principal(1, 100_00)]));
    app.trigger().await.ok();
    // It may be a hit already: what is asked often is computed ahead after an import.
    assert_ne!(app.get("data-quality?department_id=8").await.text, before);
    assert_finds_nothing(&app, "expenses_without_details").await;
    let mut sheet = expenses_sheet(&[an_expense(1)]);
    sheet.push_total(crate::support::workbooks::AMOUNT_COLUMN, 7_00);
    app.put(EXPENSES, sheet.to_xlsx().unwrap());
    app.trigger().await.ok();
    assert_eq!(
        found(&app, "control_totals_differ").await.0,
        1,
        "no row changed, but the file's total is another"
    );
    app.put(RECEIPTS, b"");
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    app.trigger().await.ok();
    assert_eq!(found(&app, "control_totals_differ").await.0, 0);
    assert_eq!(
        found(&app, "failing_files").await.0,
        1,
        "a file that fails changes no row"
    );
    std::fs::remove_file(app.ftp_folder().join(RECEIPTS)).unwrap();
    app.trigger().await.ok();
    assert_finds_nothing(&app, "failing_files").await;
    assert!(is_hit(&app).await);
    app.stop().await;
}

async fn an_answer_ends_with_its_day(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.set_today("2024-03-04");
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    assert_eq!(found(&app, "dates_in_the_future").await.0, 1);
    assert!(is_hit(&app).await);
    app.set_today("2024-03-05");
    assert_finds_nothing(&app, "dates_in_the_future").await;
    app.stop().await;
}

async fn concurrent_callers_share_one_computation(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    let filter =
        PortfolioFilter::of_department(DepartmentScope::One(DEPARTMENT), Currency::default());
    let figure = Figure::DataQuality {
        department_id: DEPARTMENT,
        limit: 20,
        language: Language::English,
    };
    let query = AnalyticsQuery { figure, filter };
    let requests = (0..100).map(|_| app.running.state.analytics.answer(&query));
    let answers = futures_util::future::join_all(requests).await;
    let is_computed = |answer: &&Result<Answer, _>| {
        matches!(answer.as_ref().unwrap().origin, Origin::Computed { .. })
    };
    assert_eq!(answers.iter().filter(is_computed).count(), 1);
    app.stop().await;
}

async fn findings_of_an_older_database_are_counted_at_start(backend: Backend) {
    let app = TestApp::start(backend).await;
    let paid = [
        an_expense(1).under(""),
        an_expense(2),
        an_expense(3).on("11.04.2024").of("ООО «Юг»"),
    ];
    let parts = [principal(1, 90_00).under(""), Detail::of(2, "", 100_00)];
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&paid)), (DETAILS, &details(&parts))],
    )
    .await;
    let counted = checks(&app).await;
    let counts = |checks: &[Value]| {
        checks
            .iter()
            .filter(|check| check["count"] != json!(0))
            .count()
    };
    assert!(counts(&counted) >= 4, "{counted:?}");
    app.execute("DELETE FROM daily_findings").await;
    app.execute("UPDATE departments SET has_findings = FALSE")
        .await;
    let app = app.restarted(&[]).await;
    assert_eq!(checks(&app).await, counted);
    app.stop().await;
}
