//! Filters of lists and the sums of what they let through: amounts, searches, shares of contracts,
//! currencies.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp, ids};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts,
};

on_both_databases!(
    operations_are_filtered_and_summed_alike,
    letter_case_does_not_matter_in_a_search,
    an_expense_over_two_contracts_is_divided_between_them,
);

async fn operations_are_filtered_and_summed_alike(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        an_expense(1).amounting_to(100_00),
        an_expense(2)
            .amounting_to(200_00)
            .under("Договор займа № 2 от 01.02.2024")
            .of("АО «Юг»"),
        an_expense(3).amounting_to(300_00).in_currency("USD"),
    ];
    app.import(DEPARTMENT, &[("spisanie.xlsx", &expenses(&rows))])
        .await;
    let organization = app.get("organizations").await.json()[1]["id"].clone();
    for (filter, count, sum) in [
        ("".to_owned(), 3, 300_00),
        ("amount_from=200".to_owned(), 2, 200_00),
        ("amount_from=100&amount_to=200.00".to_owned(), 2, 300_00),
        ("amount_to=99.99".to_owned(), 0, 0),
        ("contract_type=credit".to_owned(), 3, 300_00),
        (
            "contract_type=%D0%9A%D0%A0%D0%95%D0%94%D0%98%D0%A2".to_owned(),
            3,
            300_00,
        ),
        ("contract_type=%D0%97%D0%B0%D1%91%D0%BC".to_owned(), 0, 0),
        ("lender_id=4711".to_owned(), 0, 0),
        ("confirmed=true".to_owned(), 3, 300_00),
        ("confirmed=false".to_owned(), 0, 0),
        (
            format!("organization_id={organization}&search=0000-000002"),
            1,
            200_00,
        ),
    ] {
        let list = app.get(&format!("expenses?{filter}")).await;
        assert_eq!(
            list.header("X-Total-Count"),
            count.to_string(),
            "{filter}: {}",
            list.text
        );
        assert_eq!(ids(&list).len(), count, "{filter}");
        let stats = app
            .get(&format!("expenses/stats/summary?{filter}"))
            .await
            .ok();
        assert_eq!(
            (&stats["total_records"], kopecks(&stats["total_amount"])),
            (&json!(count), sum),
            "{filter}"
        );
    }
    app.stop().await;
}

async fn letter_case_does_not_matter_in_a_search(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).with("ПАО «Зелёный Банк»"),
        a_receipt(2).with("Bank [A*b?c] 50% (x) \\ ^$.|+{}"),
        a_receipt(3).with("ООО «Ромашка»"),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let count = async |text: &str| -> String {
        let query = serde_urlencoded::to_string([("search", text)]).unwrap();
        let list = app.get(&format!("receipts?{query}")).await;
        let stats = app
            .get(&format!("receipts/stats/summary?{query}"))
            .await
            .ok();
        assert_eq!(
            list.header("X-Total-Count"),
            stats["total_records"].to_string()
        );
        list.header("X-Total-Count").to_owned()
    };
    for (text, expected) in [
        ("ЗЕЛЕНЫЙ", "1"),
        ("зелёный банк", "1"),
        ("РОМАШКА", "1"),
        ("договор ЗАЙМА", "3"),
        ("поступление", "3"),
        ("[a*B?C] 50% (X) \\ ^$.|+{}", "1"),
        ("a.*b", "0"),
        ("[AZ]", "0"),
        ("*", "1"),
        ("?", "1"),
        ("'", "0"),
        ("ß", "0"),
    ] {
        assert_eq!(count(text).await, expected, "{text}");
    }
    let long = app
        .get(&format!("receipts?search={}", "x".repeat(501)))
        .await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}

/// What `rollup_insert.sql` says: a contract has what details name of it; the expense's own one has
/// the rest.
async fn an_expense_over_two_contracts_is_divided_between_them(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 2] = [
        (
            "spisanie.xlsx",
            &expenses(&[an_expense(1), an_expense(2).amounting_to(7_00)]),
        ),
        (
            "rasshifrovka.xlsx",
            &details(&[
                principal(1, 70_00).under("2 от 01.02.2024"),
                interest(1, 20_00),
            ]),
        ),
    ];
    app.import(DEPARTMENT, &files).await;
    let contracts = app.get("contracts").await.json();
    let shares = BTreeMap::from([("1", [Some(30_00), Some(7_00)]), ("2", [Some(70_00), None])]);
    let mut total = 0;
    for contract in contracts.as_array().unwrap() {
        let number = contract["contract_number"].as_str().unwrap();
        let expected = if number.contains("2 от") {
            shares["2"]
        } else {
            shares["1"]
        };
        let query = format!("contract_id={}", contract["id"]);
        let list = app.get(&format!("expenses?sort=id&{query}")).await.json();
        let found: Vec<_> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|row| kopecks(&row["contract_amount"]))
            .collect();
        assert_eq!(
            found,
            expected.into_iter().flatten().collect::<Vec<_>>(),
            "{number}"
        );
        let stats = app
            .get(&format!("expenses/stats/summary?{query}"))
            .await
            .ok();
        assert_eq!(kopecks(&stats["total_amount"]), found.iter().sum::<i64>());
        assert_eq!(
            kopecks(&contract["total_paid"]),
            found.iter().sum::<i64>(),
            "as the contract's own figure"
        );
        total += found.iter().sum::<i64>();
        let one = list[0]["id"].clone();
        assert!(
            app.get(&format!("expenses/{one}"))
                .await
                .ok()
                .get("contract_amount")
                .is_none()
        );
    }
    assert_eq!(total, 107_00);
    let of_type = app
        .get("expenses/stats/summary?contract_type=credit")
        .await
        .ok();
    let of_credits: i64 = contracts
        .as_array()
        .unwrap()
        .iter()
        .filter(|contract| contract["contract_type"] == "credit")
        .map(|contract| kopecks(&contract["total_paid"]))
        .sum();
    assert_eq!(
        kopecks(&of_type["total_amount"]),
        of_credits,
        "the shares of all credits"
    );
    app.stop().await;
}

/// 1C's exports name currencies as somebody entered them; a header is ASCII.
#[actix_rt::test]
async fn currencies_in_a_header_are_ascii() {
    let app = TestApp::start(Backend::Sqlite).await;
    let rows = [
        a_receipt(1),
        a_receipt(2).in_currency("USD"),
        a_receipt(3).in_currency("KZT"),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    // As versions before stored what they did not know.
    for table in [
        "receipts",
        "daily_flows",
        "monthly_flows",
        "yearly_flows",
        "daily_totals",
        "monthly_totals",
        "yearly_totals",
    ] {
        app.execute(&format!(
            "UPDATE {table} SET currency = 'ТУГР, 1' WHERE currency = 'KZT'"
        ))
        .await;
    }
    for path in ["receipts/stats/summary", "summary"] {
        let answer = app.get(path).await;
        assert_eq!(
            answer.header("X-Other-Currencies"),
            "USD, %D0%A2%D0%A3%D0%93%D0%A0%2C 1",
            "{path}"
        );
    }
    app.stop().await;
}
