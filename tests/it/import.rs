//! Workbooks into tables: counts, rejects, order, details; the same on both databases.

use credit_portfolio::demo::Cell;
use credit_portfolio::import::{FileStatus, RunReport, RunState};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    AMOUNT_COLUMN, Detail, a_receipt, an_expense, details, details_sheet, expenses, expenses_sheet,
    interest, principal, receipts, receipts_sheet,
};

const RECEIPTS: &str = "R - postuplenie.xlsx";
const EXPENSES: &str = "R - spisanie.xlsx";
const DETAILS: &str = "R - spisanie(rasshifrovka).xlsx";

on_both_databases!(
    a_first_import_inserts_and_a_second_changes_nothing,
    a_changed_row_is_updated_alone,
    a_bad_row_is_rejected_alone_and_listed,
    details_may_come_before_their_expenses,
    two_equal_details_are_two_payments,
    details_are_replaced_as_the_set_of_their_expense,
    a_differing_control_total_is_recorded,
    the_order_of_arrival_does_not_matter,
    bad_files_do_not_stop_the_others,
    one_transfer_pays_several_contracts,
    departments_keep_their_rows_apart,
    a_contract_learns_its_lender_when_an_operation_names_it,
    the_earliest_operation_decides_the_lender_unless_somebody_entered_one,
    what_is_entered_of_a_contract_stays_until_it_is_given_back,
    a_row_that_goes_to_another_organization_takes_its_details_along,
    a_new_portfolio_of_twenty_thousand_rows_goes_in_whole,
);

/// Inserted, updated, unchanged, deleted, rejected of each file.
fn counts(report: &RunReport) -> Vec<[usize; 5]> {
    let of = |file: &credit_portfolio::import::FileReport| {
        let counts = file.counts;
        [
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
            file.rejected,
        ]
    };
    report.files.iter().map(of).collect()
}

async fn summary(app: &TestApp) -> Value {
    app.get("summary?department_id=8").await.ok()
}

async fn a_first_import_inserts_and_a_second_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            DETAILS,
            &details(&[principal(1, 70_00), interest(1, 30_00)]),
        ),
        (EXPENSES, &expenses(&[an_expense(1), an_expense(2)])),
        (RECEIPTS, &receipts(&[a_receipt(1).amounting_to(500_00)])),
    ];
    let first = app.import(DEPARTMENT, &files).await;
    assert_eq!(
        counts(&first),
        [[1, 0, 0, 0, 0], [2, 0, 0, 0, 0], [2, 0, 0, 0, 0]]
    );
    let figures = summary(&app).await;
    let second = app.import(DEPARTMENT, &files).await;
    assert_eq!(
        counts(&second),
        [[0, 0, 1, 0, 0], [0, 0, 2, 0, 0], [0, 0, 2, 0, 0]]
    );
    assert_eq!(summary(&app).await, figures);
    let again = app.get("summary?department_id=8").await;
    assert!(
        again.header("Cache-Status").contains("hit"),
        "nothing changed, so nothing was dropped"
    );
    app.stop().await;
}

async fn a_changed_row_is_updated_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1), a_receipt(2)]))],
    )
    .await;
    let changed = receipts(&[
        a_receipt(1),
        a_receipt(2).amounting_to(7),
        a_receipt(3).amounting_to(1),
    ]);
    let report = app.import(DEPARTMENT, &[(RECEIPTS, &changed)]).await;
    assert_eq!(counts(&report), [[1, 1, 1, 0, 0]]);
    assert_eq!(summary(&app).await["total_receipts"], json!(100.08));
    app.stop().await;
}

async fn a_bad_row_is_rejected_alone_and_listed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1),
        a_receipt(2).with_amount_cell(Cell::text("abc")),
        a_receipt(3),
    ];
    let report = app
        .import(DEPARTMENT, &[(RECEIPTS, &receipts(&rows))])
        .await;
    assert_eq!(counts(&report), [[2, 0, 0, 0, 1]]);
    assert_eq!(report.files[0].status, FileStatus::Partial);
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["rows_failed"], 1);
    assert_eq!(journal[0]["status"], "partial");
    assert!(
        journal[0]["error_message"]
            .as_str()
            .unwrap()
            .contains("row 3, column «Сумма»"),
        "{journal}"
    );
    let rejects = app
        .get(&format!("import-logs/{}/rejects", journal[0]["id"]))
        .await
        .ok();
    insta::allow_duplicates! {
        insta::assert_snapshot!(rejects.to_string(), @r#"[{"row_number":3,"column_name":"Сумма","value":"abc","reason":"is not an amount","code":"not_an_amount","sheet":null}]"#);
    }
    app.stop().await;
}

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

async fn a_differing_control_total_is_recorded(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut sheet = expenses_sheet(&[an_expense(1)]);
    sheet.push_total(AMOUNT_COLUMN, 99_99);
    let report = app
        .import(DEPARTMENT, &[(EXPENSES, &sheet.to_xlsx().unwrap())])
        .await;
    assert_eq!(report.files[0].status, FileStatus::Partial);
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["control_total"], json!(99.99));
    assert_eq!(journal[0]["rows_total"], json!(100.0));
    let message = journal[0]["error_message"].as_str().unwrap();
    assert!(
        message.contains("99.99") && message.contains("100.00") && message.contains("-0.01"),
        "{message}"
    );
    app.stop().await;
}

async fn the_order_of_arrival_does_not_matter(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            RECEIPTS,
            &receipts(&[a_receipt(1), a_receipt(2).of("АО «Лютик»")]),
        ),
        (
            EXPENSES,
            &expenses(&[
                an_expense(1),
                an_expense(2).on("06.04.2024").of("АО «Лютик»"),
            ]),
        ),
        (
            DETAILS,
            &details(&[
                principal(1, 70_00),
                interest(1, 30_00),
                principal(2, 100_00),
            ]),
        ),
    ];
    let mut answers = Vec::new();
    for (department, order) in [(8, [0, 1, 2]), (9, [2, 1, 0])] {
        for at in order {
            app.import(department, &files[at..=at]).await;
        }
        let mut figures = Vec::new();
        for path in ["summary", "monthly-stats", "analytics/monthly-efficiency"] {
            figures.push(
                app.get(&format!("{path}?department_id={department}"))
                    .await
                    .ok(),
            );
        }
        answers.push(figures);
    }
    assert_eq!(answers[0], answers[1]);
    app.stop().await;
}

async fn bad_files_do_not_stop_the_others(backend: Backend) {
    let app = TestApp::start(backend).await;
    let whole = receipts(&[a_receipt(1)]);
    let report = app
        .import(
            DEPARTMENT,
            &[
                ("A postuplenie empty.xlsx", b""),
                ("B postuplenie cut.xlsx", &whole[..whole.len() / 2]),
                ("C postuplenie html.xlsx", b"<html>"),
                (
                    "D postuplenie locked.xlsx",
                    &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
                ),
                ("E postuplenie.xlsx", &whole),
                (
                    "other.xlsx",
                    &credit_portfolio::demo::Sheet::new(&["Товар"])
                        .to_xlsx()
                        .unwrap(),
                ),
                ("~$E postuplenie.xlsx", b"lock"),
                ("F postuplenie.xlsx.part", &whole),
                ("notes.txt", b"hello"),
            ],
        )
        .await;
    assert_eq!(report.state, RunState::Partial);
    assert_eq!(report.count(FileStatus::Failed), 5);
    assert_eq!(report.count(FileStatus::Success), 1);
    assert_eq!(report.count(FileStatus::Skipped), 3);
    assert_eq!(summary(&app).await["total_receipts"], json!(100.0));
    let journal = app.get("import-logs").await.ok();
    let message_of = |name: &str| {
        let entry = journal
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["source_file"] == name);
        entry.unwrap()["error_message"].as_str().unwrap().to_owned()
    };
    assert!(message_of("A postuplenie empty.xlsx").contains("0 bytes"));
    assert!(message_of("B postuplenie cut.xlsx").contains("cut off"));
    assert!(message_of("C postuplenie html.xlsx").contains("an HTML page"));
    assert!(message_of("D postuplenie locked.xlsx").contains("password"));
    assert!(message_of("other.xlsx").contains("neither the file's name nor a header row"));
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

async fn departments_keep_their_rows_apart(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1).amounting_to(1_00)]))],
    )
    .await;
    let same_id = app
        .import(
            OTHER_DEPARTMENT,
            &[(RECEIPTS, &receipts(&[a_receipt(1).amounting_to(2_00)]))],
        )
        .await;
    assert_eq!(counts(&same_id), [[1, 0, 0, 0, 0]]);
    let total = async |path: &str| app.get(path).await.ok()["total_receipts"].clone();
    assert_eq!(total("summary?department_id=8").await, json!(1.0));
    assert_eq!(total("summary?department_id=9").await, json!(2.0));
    assert_eq!(total("summary").await, json!(3.0));
    app.stop().await;
}

async fn a_contract_learns_its_lender_when_an_operation_names_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut silent = a_receipt(1);
    silent.counterparty = String::new();
    let mut sheet = receipts_sheet(&[silent, a_receipt(2).with("ПАО «Другой»")]);
    sheet.rows[1][2] = Cell::Empty;
    app.import(DEPARTMENT, &[(RECEIPTS, &sheet.to_xlsx().unwrap())])
        .await;
    let contracts = app.get("contracts").await.ok();
    assert_eq!(contracts.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &contracts[0]["counterparty"],
            &contracts[0]["contract_type"]
        ),
        (&json!("ПАО «Другой»"), &json!("credit"))
    );
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

async fn a_new_portfolio_of_twenty_thousand_rows_goes_in_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows: Vec<_> = (1..=10_000)
        .map(|serial| an_expense(serial).amounting_to(i64::from(serial)))
        .collect();
    let parts: Vec<_> = (1..=10_000)
        .map(|serial| principal(serial, i64::from(serial)))
        .collect();
    let mut breakdown = details_sheet(&parts);
    breakdown.push_total(3, 50_005_000);
    let report = app
        .import(
            DEPARTMENT,
            &[
                (EXPENSES, &expenses(&rows)),
                (DETAILS, &breakdown.to_xlsx().unwrap()),
            ],
        )
        .await;
    assert_eq!(
        counts(&report),
        [[10_000, 0, 0, 0, 0], [10_000, 0, 0, 0, 0]]
    );
    let figures = summary(&app).await;
    assert_eq!(
        (&figures["total_expenses"], &figures["total_principal"]),
        (&json!(500_050.0), &json!(500_050.0))
    );
    if backend == Backend::Postgres {
        // Not left to the server's own analyzing, which comes a minute later.
        let uncounted = "SELECT relname FROM pg_class WHERE reltuples < 1000 \
             AND oid IN ('expenses'::regclass, 'expense_details'::regclass)";
        assert_eq!(app.read(uncounted), Vec::<String>::new());
    }
    app.stop().await;
}

async fn the_earliest_operation_decides_the_lender_unless_somebody_entered_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    let lender = async || app.get("contracts").await.ok()[0]["counterparty"].clone();
    let with_lender =
        |serial: u32, day: &str, name: &str| receipts(&[a_receipt(serial).on(day).with(name)]);
    for (serial, day, name, wanted) in [
        (1, "05.03.2024", "ПАО «Второй»", "ПАО «Второй»"),
        (2, "06.03.2024", "ПАО «Третий»", "ПАО «Второй»"),
        (3, "04.03.2024", "ПАО «Первый»", "ПАО «Первый»"),
        // The operation that named it is corrected.
        (3, "04.03.2024", "ПАО «Самый первый»", "ПАО «Самый первый»"),
    ] {
        app.import(DEPARTMENT, &[(RECEIPTS, &with_lender(serial, day, name))])
            .await;
        assert_eq!(lender().await, wanted, "after operation {serial}");
    }
    let id = app.get("contracts").await.ok()[0]["id"].clone();
    let token = app
        .token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
        .await;
    let path = format!("credit-portfolio/contracts/{id}");
    let entered = json!({"counterparty": "АО «По договору»"});
    app.request(reqwest::Method::PUT, &path, Some(&token), Some(entered))
        .await
        .ok();
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &with_lender(4, "01.03.2024", "ПАО «Ещё раньше»"))],
    )
    .await;
    assert_eq!(lender().await, "АО «По договору»");
    app.stop().await;
}

async fn what_is_entered_of_a_contract_stays_until_it_is_given_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(RECEIPTS, &receipts(&[a_receipt(1).with("ПАО «Первый»")]))],
    )
    .await;
    let contract = app.get("contracts").await.ok()[0].clone();
    let token = app
        .token(credit_portfolio::domain::Role::Admin, DEPARTMENT)
        .await;
    let path = format!("credit-portfolio/contracts/{}", contract["id"]);
    let put = async |body: Value| {
        app.request(reqwest::Method::PUT, &path, Some(&token), Some(body))
            .await
            .ok()
    };
    let facts = |contract: &Value| {
        ["counterparty", "contract_type", "direction", "currency"]
            .map(|name| contract[name].clone())
    };
    let derived = [
        json!("ПАО «Первый»"),
        json!("credit"),
        json!("borrowed"),
        json!("RUB"),
    ];
    assert_eq!(facts(&contract), derived);
    let entered = json!({
        "counterparty": "АО «По договору»", "contract_type": "Заем", "direction": "lent", "currency": "USD",
    });
    let wanted = [
        json!("АО «По договору»"),
        json!("loan"),
        json!("lent"),
        json!("USD"),
    ];
    assert_eq!(facts(&put(entered).await), wanted);
    app.import(
        DEPARTMENT,
        &[(
            RECEIPTS,
            &receipts(&[a_receipt(2).with("ПАО «Второй»").on("01.02.2024")]),
        )],
    )
    .await;
    assert_eq!(facts(&app.get("contracts").await.ok()[0]), wanted);
    let null =
        json!({ "counterparty": null, "contract_type": null, "direction": null, "currency": null });
    let now = [
        json!("ПАО «Второй»"),
        json!("credit"),
        json!("borrowed"),
        json!("RUB"),
    ];
    assert_eq!(
        facts(&put(null).await),
        now,
        "the earliest drawing decides again"
    );
    for (name, value, status) in [
        ("counterparty", Value::Null, 409),
        ("currency", json!("QQQ"), 422),
    ] {
        let body = Some(json!({ name: value }));
        let answer = app
            .request(reqwest::Method::PUT, &path, Some(&token), body)
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(name), "{}", answer.text);
    }
    assert_eq!(app.get("summary?currency=QQQ").await.status, 422);
    app.stop().await;
}
