//! Lists: pages after a row, orders, counts, and lists that are large.

use credit_portfolio::demo::Cell;
use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp, ids};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts,
    receipts_sheet,
};

on_both_databases!(
    pages_after_a_row_give_the_whole_list_once,
    undated_operations_come_last,
    lists_are_sorted_by_what_they_say,
    a_count_is_of_the_same_data_as_the_rows,
    details_that_wait_for_their_expense_are_listed,
    large_lists_come_whole,
);

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
