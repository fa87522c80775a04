//! The checks over imported data find what was put there, and nothing in data that is right.

use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    AMOUNT_COLUMN, Operation, a_receipt, an_expense, details, expenses, interest, principal,
    receipts, receipts_sheet,
};

on_both_databases!(
    each_check_finds_what_is_wrong_and_counts_and_sums_it,
    right_data_passes_every_check,
    balances_that_need_a_look_are_found,
);

/// Count and sum of each check that found something.
async fn findings(app: &TestApp, department: i64) -> Vec<(String, i64, Value)> {
    let answer = app
        .get(&format!("data-quality?department_id={department}&limit=1"))
        .await
        .ok();
    let checks = answer["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 24);
    for check in checks {
        assert!(
            check["rows"].as_array().unwrap().len() <= 1,
            "no more rows than asked for: {check}"
        );
    }
    let found = checks.iter().filter(|check| check["count"] != json!(0));
    found
        .map(|check| {
            (
                check["name"].as_str().unwrap().to_owned(),
                check["count"].as_i64().unwrap(),
                check["at_stake"].clone(),
            )
        })
        .collect()
}

async fn right_data_passes_every_check(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[
            (
                "postuplenie.xlsx",
                &receipts(&[a_receipt(1).amounting_to(500_00)]),
            ),
            ("spisanie.xlsx", &expenses(&[an_expense(1)])),
            (
                "rasshifrovka.xlsx",
                &details(&[principal(1, 70_00), interest(1, 30_00)]),
            ),
        ],
    )
    .await;
    assert_eq!(findings(&app, DEPARTMENT).await, []);
    app.stop().await;
}

fn undated(mut operation: Operation) -> Operation {
    operation.document = "Корректировка";
    operation.date = String::new();
    operation
}

async fn each_check_finds_what_is_wrong_and_counts_and_sums_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut differing = receipts_sheet(&[
        a_receipt(1).amounting_to(10_00),
        a_receipt(2).amounting_to(20_00).under(""),
        a_receipt(3).amounting_to(30_00).on("01.01.2028"),
        a_receipt(4)
            .amounting_to(1_00)
            .under("Договор займа №А-77 от 01.02.2024"),
        a_receipt(5)
            .amounting_to(1_00)
            .under("Договор займа №A77 от 01.02.2024"),
        a_receipt(6)
            .amounting_to(1_000_000_00)
            .in_currency("USD")
            .under(""),
    ]);
    differing.push_total(AMOUNT_COLUMN, 7_00);
    let paid = [
        // 20 too little, 40 too much.
        principal(1, 80_00),
        principal(2, 140_00),
        // Without an expense.
        interest(99, 5_00),
    ];
    app.import(
        DEPARTMENT,
        &[
            ("postuplenie.xlsx", &differing.to_xlsx().unwrap()),
            (
                "spisanie.xlsx",
                &expenses(&[
                    an_expense(1),
                    an_expense(2),
                    an_expense(3).amounting_to(7_00),
                ]),
            ),
            ("rasshifrovka.xlsx", &details(&paid)),
        ],
    )
    .await;
    let found = findings(&app, DEPARTMENT).await;
    let expected = [
        ("details_do_not_add_up", 2, json!(60.0)),
        ("expenses_without_details", 1, json!(7.0)),
        ("details_without_expense", 1, json!(5.0)),
        ("control_totals_differ", 1, json!(1_000_062.0 - 7.0)),
        // 10 received under contract 1, 30 planned, 220 repaid.
        ("overpaid", 1, json!(210.0)),
        ("payment_type_unknown", 1, json!(7.0)),
        ("amounts_in_another_currency", 1, json!(0.0)),
        ("operations_without_contract", 2, json!(20.0)),
        ("dates_in_the_future", 1, json!(30.0)),
        ("contract_under_two_spellings", 2, json!(0.0)),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(name, count, sum)| (name.to_owned(), count, sum))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        findings(&app, OTHER_DEPARTMENT).await,
        [],
        "another department's rows are not looked at"
    );

    let nothing = [undated(an_expense(50)).under("")];
    let mut sheet = crate::support::workbooks::expenses_sheet(&nothing);
    sheet.rows[1][0] = credit_portfolio::demo::Cell::text("Корректировка долга");
    app.import(
        DEPARTMENT,
        &[("spisanie 2.xlsx", &sheet.to_xlsx().unwrap())],
    )
    .await;
    let found = findings(&app, DEPARTMENT).await;
    assert!(
        found.contains(&("operations_without_date".to_owned(), 1, json!(100.0))),
        "{found:?}"
    );
    app.stop().await;
}

/// Over the trust set: debt that is older than the exports, a loan in dollars repaid in roubles, an
/// unconfirmed and a planned payment.
async fn balances_that_need_a_look_are_found(backend: Backend) {
    use credit_portfolio::domain::Role;
    use reqwest::Method;
    let app = TestApp::start(backend).await;
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/figures/trust");
    app.import_folder(&folder, DEPARTMENT).await;
    let of = async |name: &str| {
        let found = findings(&app, DEPARTMENT).await;
        found
            .into_iter()
            .find(|finding| finding.0 == name)
            .map(|(_, count, at_stake)| (count, at_stake))
    };
    assert_eq!(
        of("overpaid").await,
        Some((1, json!(700_000.0))),
        "T4; T8 is repaid in another currency"
    );
    assert_eq!(
        of("unconfirmed_for_days").await,
        Some((1, json!(500_000.0)))
    );
    assert_eq!(of("dates_in_the_future").await, Some((1, json!(400_000.0))));
    assert_eq!(
        (
            of("unknown_direction").await,
            of("switched_off_with_balance").await
        ),
        (None, None)
    );
    let contracts = app
        .get("contracts/stats/summary?status=overpaid")
        .await
        .ok();
    let id = &contracts["data"][0]["contract_id"];
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = format!("credit-portfolio/contracts/{id}");
    app.request(
        Method::PUT,
        &path,
        Some(&token),
        Some(json!({ "is_active": false })),
    )
    .await
    .ok();
    assert_eq!(
        of("switched_off_with_balance").await,
        Some((1, json!(700_000.0)))
    );
    let opening = json!({ "contract_id": id, "date": "2025-12-31", "kind": "opening_balance", "amount": 700_000 });
    app.request(
        Method::POST,
        "credit-portfolio/adjustments",
        Some(&token),
        Some(opening),
    )
    .await;
    assert_eq!(
        (of("overpaid").await, of("switched_off_with_balance").await),
        (None, None)
    );
    app.stop().await;
}
