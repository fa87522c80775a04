//! Lists: pages after a row, orders, filters, counts, and shares of contracts.

use std::collections::BTreeMap;

use credit_portfolio::demo::Cell;
use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts,
    receipts_sheet,
};

on_both_databases!(
    pages_after_a_row_give_the_whole_list_once,
    undated_operations_come_last,
    lists_are_sorted_by_what_they_say,
    operations_are_filtered_and_summed_alike,
    letter_case_does_not_matter_in_a_search,
    an_expense_over_two_contracts_is_divided_between_them,
    a_count_is_of_the_same_data_as_the_rows,
    details_that_wait_for_their_expense_are_listed,
    large_lists_come_whole,
);

fn ids(answer: &Answer) -> Vec<i64> {
    answer
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}

async fn pages_after_a_row_give_the_whole_list_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let day = |serial: u32| format!("{:02}.03.2024", 1 + serial % 5);
    for (department, count) in [(DEPARTMENT, 23), (OTHER_DEPARTMENT, 14)] {
        let rows: Vec<_> = (1..=count)
            .map(|serial| an_expense(serial).on(&day(serial)))
            .collect();
        let parts: Vec<_> = (1..=count).map(|serial| principal(serial, 1_00)).collect();
        app.import(
            department,
            &[
                ("spisanie.xlsx", &expenses(&rows)),
                ("rasshifrovka.xlsx", &details(&parts)),
            ],
        )
        .await;
    }
    for list in ["expenses", "expense-details"] {
        for filter in ["department_id=8", "date_from=2024-03-02", ""] {
            let whole = app.get(&format!("{list}?limit=50000&{filter}")).await;
            let expected = ids(&whole);
            assert!(
                expected.len() > 10
                    && whole.header("X-Next-After").is_empty()
                    && whole.header("Link").is_empty()
            );
            for limit in [1, 7, 36, 37] {
                let (mut found, mut after) = (Vec::new(), String::new());
                loop {
                    let page = app
                        .get(&format!("{list}?limit={limit}&{filter}{after}"))
                        .await;
                    assert_eq!(page.header("X-Total-Count"), expected.len().to_string());
                    found.extend(ids(&page));
                    let next = page.header("X-Next-After");
                    if next.is_empty() {
                        break;
                    }
                    let link = page.header("Link");
                    assert!(
                        link.starts_with("<?limit=")
                            && link.ends_with(&format!("after={next}>; rel=\"next\"")),
                        "{link}"
                    );
                    after = format!("&after={next}");
                }
                assert_eq!(found, expected, "{list}?{filter} by {limit}");
                let skipped = app
                    .get(&format!("{list}?skip=5&limit={limit}&{filter}"))
                    .await;
                assert_eq!(
                    ids(&skipped),
                    expected[5..]
                        .iter()
                        .copied()
                        .take(limit)
                        .collect::<Vec<_>>()
                );
                let end = app
                    .get(&format!("{list}?skip=1000&limit={limit}&{filter}"))
                    .await;
                assert_eq!(ids(&end), [0_i64; 0], "there is nothing behind the end");
            }
        }
    }
    app.stop().await;
}

async fn undated_operations_come_last(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1),
        a_receipt(2).on("01.03.2024"),
        a_receipt(3),
        a_receipt(4).on("09.03.2024"),
    ];
    let mut sheet = receipts_sheet(&rows.map(|row| {
        let kopecks = i64::from(row.serial) * 100;
        row.amounting_to(kopecks)
    }));
    for at in [1, 3] {
        // Neither the column nor the id has a date.
        sheet.rows[at][0] = Cell::text(format!("Поступление {at}"));
        sheet.rows[at][3] = Cell::Empty;
    }
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &sheet.to_xlsx().unwrap())],
    )
    .await;
    let journal = app.get("import-logs").await.json();
    assert_eq!(
        (&journal[0]["rows_inserted"], &journal[0]["rows_failed"]),
        (&json!(4), &json!(0)),
        "{journal}"
    );
    let serials = async |query: &str| -> (Vec<i64>, String) {
        let answer = app.get(&format!("receipts?{query}")).await;
        let rows = answer.json();
        let serials = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| kopecks(&row["amount"]) / 100)
            .collect();
        (serials, answer.header("X-Next-After").to_owned())
    };
    let expected = [4, 2, 3, 1];
    assert_eq!(serials("").await.0, expected);
    assert_eq!(
        serials("sort=document_date").await.0,
        [2, 4, 1, 3],
        "also with the oldest first"
    );
    for limit in 1..=3 {
        let (mut found, mut after) = serials(&format!("limit={limit}")).await;
        while !after.is_empty() {
            let (page, next) = serials(&format!("limit={limit}&after={after}")).await;
            found.extend(page);
            after = next;
        }
        assert_eq!(found, expected, "by {limit}");
        assert_eq!(serials(&format!("skip={limit}")).await.0, expected[limit..]);
    }
    assert_eq!(
        serials("date_to=2024-12-31").await.0,
        [4, 2],
        "no range holds them"
    );
    app.stop().await;
}

async fn lists_are_sorted_by_what_they_say(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).amounting_to(3_00).on("02.03.2024"),
        a_receipt(2).amounting_to(1_00).on("03.03.2024"),
        a_receipt(3).amounting_to(2_00).on("01.03.2024"),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let amounts = async |query: &str| -> Vec<i64> {
        let answer = app.get(&format!("receipts?{query}")).await;
        answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| kopecks(&row["amount"]) / 100)
            .collect()
    };
    for (sort, expected) in [
        ("amount", [1, 2, 3]),
        ("-amount", [3, 2, 1]),
        ("document_date", [2, 3, 1]),
        ("-document_date", [1, 3, 2]),
        ("id", [3, 1, 2]),
        ("-id", [2, 1, 3]),
    ] {
        assert_eq!(amounts(&format!("sort={sort}")).await, expected, "{sort}");
        assert_eq!(
            amounts(&format!("sort={sort}&skip=1&limit=1")).await,
            expected[1..2],
            "{sort}"
        );
    }
    let refused = app.get("receipts?sort=payer").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text
            .contains("document_date, amount, document_number, id"),
        "{}",
        refused.text
    );
    let csv = app.get("receipts?format=csv&sort=-amount").await.text;
    let order: Vec<usize> = ["3.00", "2.00", "1.00"]
        .iter()
        .map(|amount| csv.find(&format!(",{amount},")).unwrap())
        .collect();
    assert!(order.is_sorted(), "a file is in the same order: {csv}");
    app.stop().await;
}

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

/// An import of operations that change no figure (they have no date) changes the list.
async fn a_count_is_of_the_same_data_as_the_rows(backend: Backend) {
    let app = TestApp::start(backend).await;
    let count = async || {
        let list = app.get("receipts?search=поступление").await;
        assert_eq!(list.header("X-Total-Count"), ids(&list).len().to_string());
        ids(&list).len()
    };
    assert_eq!(count().await, 0);
    for serial in 1..=3 {
        app.import(
            DEPARTMENT,
            &[(
                &format!("{serial} postuplenie.xlsx"),
                &receipts(&[a_receipt(serial)]),
            )],
        )
        .await;
        assert_eq!(count().await, serial as usize);
    }
    // A text alone: no sum changes, but what is found does.
    let renamed = a_receipt(1).with("ПАО «Другой»");
    app.import(DEPARTMENT, &[("1 postuplenie.xlsx", &receipts(&[renamed]))])
        .await;
    let found = app.get("receipts?search=ДРУГОЙ").await;
    assert_eq!((found.header("X-Total-Count"), ids(&found).len()), ("1", 1));
    app.stop().await;
}

/// Their department has no organization yet.
async fn details_that_wait_for_their_expense_are_listed(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(
            "rasshifrovka.xlsx",
            &details(&[principal(1, 1_00), interest(1, 2_00)]),
        )],
    )
    .await;
    for query in ["", "department_id=8"] {
        let list = app.get(&format!("expense-details?{query}")).await;
        assert_eq!(
            (ids(&list).len(), list.header("X-Total-Count")),
            (2, "2"),
            "{query}"
        );
        assert_eq!(list.json()[0]["document_date"], Value::Null);
    }
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
    for table in ["receipts", "daily_flows", "monthly_flows", "yearly_flows"] {
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

/// More than a list holds in memory: it comes from a file, with its length.
async fn large_lists_come_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows: Vec<_> = (1..=3500)
        .map(|serial| a_receipt(serial).amounting_to(i64::from(serial)))
        .collect();
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let list = app.get_as(&token, "receipts?limit=50000").await;
    assert_eq!(list.header("Content-Length"), list.text.len().to_string());
    assert!(list.text.len() > 1024 * 1024, "{}", list.text.len());
    let rows = list.json();
    let rows = rows.as_array().unwrap();
    assert_eq!((rows.len(), list.header("X-Total-Count")), (3500, "3500"));
    let sum: i64 = rows.iter().map(|row: &Value| kopecks(&row["amount"])).sum();
    assert_eq!(sum, 3500 * 3501 / 2);
    let sorted = app
        .get_as(&token, "receipts?limit=50000&sort=amount")
        .await
        .json();
    assert!(
        sorted
            .as_array()
            .unwrap()
            .iter()
            .map(|row| kopecks(&row["amount"]))
            .is_sorted()
    );
    app.stop().await;
}
