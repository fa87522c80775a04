//! Adjustments: entered over REST or by a workbook, part of balances from their day on.

use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileStatus, RemarkCode};
use futures_util::future::join_all;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, kopecks, principal, receipts,
};

on_both_databases!(
    an_opening_balance_is_part_of_what_is_owed_from_its_day_on,
    an_adjustment_is_entered_changed_and_removed,
    a_workbook_of_adjustments_replaces_what_it_brought_before,
    a_rejected_row_leaves_what_was_stored_alone,
    an_emptied_workbook_removes_nothing,
    rejected_rows_of_a_workbook_are_corrected_in_the_workbook,
    what_was_handed_in_can_be_removed,
    a_changed_row_beside_a_rejected_one_is_not_added_to_the_row_that_it_replaces,
    changes_of_one_adjustment_at_the_same_time_leave_true_rollups,
    an_opening_balance_after_a_share_of_an_expense_is_warned_of,
    an_adjustment_that_two_workbooks_hold_is_remarked_on,
    a_workbook_of_another_organization_takes_nothing_from_one_of_the_same_name,
    versions_of_a_workbook_by_date_are_one,
    names_that_no_export_knows_are_refused_or_remarked_on,
    a_contract_that_only_adjustments_name_has_its_lender,
);

const FILE: &str = "Север - корректировка.xlsx";
const KNOWN: &str = "Договор займа № 1 от 01.02.2024";

async fn debt(app: &TestApp, query: &str) -> [i64; 2] {
    let summary = app.get(&format!("summary?{query}")).await.ok();
    ["debt", "overpaid"].map(|name| kopecks(&summary[name]))
}

/// More was repaid than the exports say was drawn.
async fn overpaid(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).on("05.03.2026").amounting_to(100_00)]),
        ),
        (
            "spisanie.xlsx",
            &expenses(&[an_expense(1).on("05.04.2026").amounting_to(700_00)]),
        ),
        ("rasshifrovka.xlsx", &details(&[principal(1, 700_00)])),
    ];
    app.import(DEPARTMENT, &files).await;
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app
}

async fn send(app: &TestApp, method: Method, path: &str, body: Option<Value>) -> Answer {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    app.request(
        method,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        body,
    )
    .await
}

async fn contract_id(app: &TestApp) -> i64 {
    app.get("contracts").await.ok()[0]["id"].as_i64().unwrap()
}

async fn an_opening_balance_is_part_of_what_is_owed_from_its_day_on(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2025-12-31", "kind": "opening_balance", "amount": 650.5 });
    let made = send(&app, Method::POST, "adjustments", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.json()["warnings"], json!([]));
    assert_eq!(
        debt(&app, "").await,
        [50_50, 0],
        "the cached answer was dropped"
    );
    assert_eq!(debt(&app, "date_to=2025-12-30").await, [0, 0]);
    assert_eq!(debt(&app, "date_to=2025-12-31").await, [650_50, 0]);
    let roll_forward = app
        .get("analytics/roll-forward?date_from=2025-12-01&date_to=2025-12-31")
        .await
        .ok();
    assert_eq!(kopecks(&roll_forward["total"]["adjustments"]), 650_50);
    let ledger = app.get(&format!("contracts/{id}/ledger")).await.ok();
    let lines = ledger["data"].as_array().unwrap();
    let balances: Vec<i64> = lines.iter().map(|line| kopecks(&line["balance"])).collect();
    assert_eq!(balances, [0, 650_50, 750_50, 50_50, 50_50]);
    assert_eq!(lines[1]["kind"], "adjustment");
    let parts = app.get("operations/parts?measure=adjustments").await.ok();
    assert_eq!(
        (kopecks(&parts["total"]), &parts["data"][0]["kind"]),
        (650_50, &json!("adjustment"))
    );
    let late =
        json!({ "contract_id": id, "date": "2026-03-05", "kind": "opening_balance", "amount": 1 });
    let late = send(&app, Method::POST, "adjustments", Some(late))
        .await
        .json();
    assert_eq!(
        late["warnings"].as_array().unwrap().len(),
        1,
        "operations precede it: {late}"
    );
    app.stop().await;
}

async fn an_adjustment_is_entered_changed_and_removed(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2026-05-01", "kind": "Взаимозачет", "amount": 900, "comment": "акт 5" });
    let made = send(&app, Method::POST, "adjustments", Some(body))
        .await
        .json();
    assert_eq!(
        (&made["kind"], &made["author"].is_string(), &made["source"]),
        (&json!("set_off"), &true, &json!("manual"))
    );
    let one = format!("adjustments/{}", made["id"]);
    assert_eq!(debt(&app, "").await, [300_00, 0]);
    let change = json!({ "amount": -50, "date": "2026-06-01", "comment": null });
    let changed = send(&app, Method::PUT, &one, Some(change)).await.ok();
    assert_eq!(
        (&changed["comment"], &changed["date"]),
        (&Value::Null, &json!("2026-06-01"))
    );
    assert_eq!(debt(&app, "").await, [0, 650_00]);
    assert_eq!(
        debt(&app, "date_to=2026-05-31").await,
        [0, 600_00],
        "it left its old month"
    );
    for (field, value) in [
        ("kind", json!("gift")),
        ("amount", Value::Null),
        ("date", json!("1989-12-31")),
        ("x", json!(1)),
    ] {
        let refused = send(&app, Method::PUT, &one, Some(json!({ field: value }))).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            refused.text
        );
    }
    let list = app
        .get(&format!("adjustments?contract_id={id}&kind=set_off"))
        .await;
    assert_eq!(list.header("X-Total-Count"), "1");
    assert_eq!(
        app.get("adjustments?kind=correction")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let foreign = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    assert_eq!(
        app.get_as(&foreign, &one).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        send(&app, Method::DELETE, &one, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        send(&app, Method::GET, &one, None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app.stop().await;
}

fn workbook(rows: &[(&str, &str, &str, Cell)]) -> Vec<u8> {
    workbook_of("ООО «Ромашка»", Some("ПАО «Банк»"), rows)
}

fn workbook_of(
    organization: &str,
    lender: Option<&str>,
    rows: &[(&str, &str, &str, Cell)],
) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "Организация",
        "Договор",
        "Контрагент",
        "Дата",
        "Вид",
        "Сумма",
        "Комментарий",
    ]);
    for (contract, day, kind, amount) in rows {
        sheet.rows.push(vec![
            Cell::text(organization),
            Cell::text(*contract),
            lender.map_or(Cell::Empty, Cell::text),
            Cell::text(*day),
            Cell::text(*kind),
            amount.clone(),
            Cell::Empty,
        ]);
    }
    sheet.to_xlsx().unwrap()
}

async fn a_workbook_of_adjustments_replaces_what_it_brought_before(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    let other = (
        "Договор № 99 от 01.02.2020",
        "31.12.2025",
        "Входящий остаток",
        Cell::amount(40_00),
    );
    let import = async |rows: &[(&str, &str, &str, Cell)]| {
        let counts = app
            .import(DEPARTMENT, &[(FILE, &workbook(rows))])
            .await
            .files[0]
            .counts;
        [
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
        ]
    };
    assert_eq!(
        import(&[opening.clone(), other.clone()]).await,
        [2, 0, 0, 0]
    );
    assert_eq!(
        debt(&app, "").await,
        [90_00, 0],
        "one contract was known, the other was made"
    );
    assert_eq!(app.get("contracts").await.header("X-Total-Count"), "2");
    assert_eq!(
        import(&[other.clone(), opening.clone()]).await,
        [0, 0, 2, 0]
    );
    let changed = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(600_00),
    );
    assert_eq!(import(&[changed.clone(), other]).await, [0, 1, 1, 0]);
    assert_eq!(debt(&app, "").await, [40_00, 0]);
    assert_eq!(import(&[changed]).await, [0, 0, 1, 1]);
    assert_eq!(debt(&app, "").await, [0, 0]);
    let row = app.get("adjustments").await.ok()[0].clone();
    let path = format!("adjustments/{}", row["id"]);
    assert_eq!(row["source"], FILE);
    assert_eq!(
        send(&app, Method::DELETE, &path, None).await.status,
        StatusCode::CONFLICT
    );
    app.stop().await;
}

async fn a_rejected_row_leaves_what_was_stored_alone(backend: Backend) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    app.import(DEPARTMENT, &[(FILE, &workbook(&[opening]))])
        .await;
    let broken = (KNOWN, "31.12.2025", "Подарок", Cell::amount(650_00));
    let report = app
        .import(DEPARTMENT, &[(FILE, &workbook(&[broken]))])
        .await;
    assert_eq!(
        (report.files[0].rejected, report.files[0].counts.deleted),
        (1, 0)
    );
    assert_eq!(report.files[0].rejects[0].column, "Вид");
    assert_eq!(debt(&app, "").await, [50_00, 0]);
    app.stop().await;
}

async fn an_emptied_workbook_removes_nothing(backend: Backend) {
    let app = overpaid(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let import = async |content: &[u8]| {
        std::fs::write(folder.path().join("korrektirovka.xlsx"), content).unwrap();
        app.import_folder(folder.path(), DEPARTMENT)
            .await
            .files
            .remove(0)
    };
    let row = (
        "Договор займа № 1 от 01.02.2024",
        "31.12.2023",
        "Начальный остаток",
        Cell::amount(70_00),
    );
    import(&workbook(&[row])).await;
    let before = debt(&app, "").await;
    let emptied = import(&workbook(&[])).await;
    assert_eq!(
        (emptied.status, emptied.counts.deleted),
        (FileStatus::Partial, 0),
        "{emptied:?}"
    );
    assert_eq!(emptied.remark_codes, [RemarkCode::MissingNotRemoved]);
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn hand_in(app: &TestApp, name: &str, content: Vec<u8>) -> Value {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let part = Part::bytes(content).file_name(name.to_owned());
    app.send_form(
        "credit-portfolio/import/files",
        &token,
        Form::new().part("files", part),
    )
    .await
    .ok()
}

async fn rejected_rows_of_a_workbook_are_corrected_in_the_workbook(backend: Backend) {
    let app = overpaid(backend).await;
    let row = |amount: Cell| {
        (
            "Договор займа № 1 от 01.02.2024",
            "31.12.2023",
            "Начальный остаток",
            amount,
        )
    };
    hand_in(
        &app,
        "korrektirovka.xlsx",
        workbook(&[row(Cell::amount(70_00)), row(Cell::text("2,500"))]),
    )
    .await;
    let before = debt(&app, "").await;
    let journal = app.get("import-logs").await.ok();
    let id = journal[0]["id"].as_i64().unwrap();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let rejects = app
        .bytes(
            &format!("credit-portfolio/import-logs/{id}/rejects?format=xlsx"),
            &token,
        )
        .await;
    let answer = hand_in(&app, &format!("rejects-{id}.xlsx"), rejects).await;
    assert_eq!(answer["files_failed"], json!(1), "{answer}");
    let why = app.get("import-logs").await.ok()[0]["error_message"].to_string();
    assert!(why.contains("correct them in that workbook"), "{why}");
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn what_was_handed_in_can_be_removed(backend: Backend) {
    let app = overpaid(backend).await;
    let before = debt(&app, "").await;
    let row = (
        "Договор займа № 1 от 01.02.2024",
        "31.12.2023",
        "Начальный остаток",
        Cell::amount(70_00),
    );
    hand_in(&app, "korrektirovka.xlsx", workbook(&[row])).await;
    assert_ne!(debt(&app, "").await, before);
    let id = app.get("adjustments").await.ok()[0]["id"].clone();
    let removed = send(&app, Method::DELETE, &format!("adjustments/{id}"), None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert_eq!(debt(&app, "").await, before);
    app.stop().await;
}

async fn a_changed_row_beside_a_rejected_one_is_not_added_to_the_row_that_it_replaces(
    backend: Backend,
) {
    let app = overpaid(backend).await;
    let opening = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(650_00),
    );
    let set_off = (KNOWN, "31.05.2026", "Взаимозачет", Cell::amount(10_00));
    app.import(
        DEPARTMENT,
        &[(FILE, &workbook(&[opening, set_off.clone()]))],
    )
    .await;
    assert_eq!(debt(&app, "").await, [60_00, 0]);
    let changed = (
        KNOWN,
        "31.12.2025",
        "Начальный остаток",
        Cell::amount(600_00),
    );
    let broken = (KNOWN, "31.05.2026", "Подарок", Cell::amount(10_00));
    let report = app
        .import(DEPARTMENT, &[(FILE, &workbook(&[changed.clone(), broken]))])
        .await;
    assert_eq!(
        debt(&app, "").await,
        [60_00, 0],
        "which stored row the changed one replaces is unknown"
    );
    assert_eq!(report.files[0].status, FileStatus::Failed);
    assert_eq!(
        (report.files[0].rejected, report.files[0].rejects[0].column),
        (1, "Вид")
    );
    app.import(DEPARTMENT, &[(FILE, &workbook(&[changed, set_off]))])
        .await;
    assert_eq!(debt(&app, "").await, [10_00, 0]);
    app.stop().await;
}

async fn changes_of_one_adjustment_at_the_same_time_leave_true_rollups(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2026-05-01", "kind": "set_off", "amount": 900 });
    let made = send(&app, Method::POST, "adjustments", Some(body))
        .await
        .json();
    let path = format!("credit-portfolio/adjustments/{}", made["id"]);
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let to_month = |month: u32| {
        let body = json!({ "date": format!("2025-{month:02}-15") });
        app.request(Method::PUT, &path, Some(&token), Some(body))
    };
    let changed = join_all((1..=8).map(to_month)).await;
    assert!(changed.iter().all(|answer| answer.status == StatusCode::OK));
    assert!(
        has_true_rollups(&app.running.state.db).await,
        "no month keeps the amount that left it"
    );
    let removed = app.request(Method::DELETE, &path, Some(&token), None);
    let (removed, _) = tokio::join!(removed, join_all((9..=12).map(to_month)));
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert!(
        has_true_rollups(&app.running.state.db).await,
        "nothing is left of what was removed"
    );
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app.stop().await;
}

async fn an_opening_balance_after_a_share_of_an_expense_is_warned_of(backend: Backend) {
    let app = overpaid(backend).await;
    let own = contract_id(&app).await;
    let share = principal(1, 300_00).under("2 от 01.02.2024г.");
    app.import(
        DEPARTMENT,
        &[(
            "rasshifrovka.xlsx",
            &details(&[principal(1, 400_00), share]),
        )],
    )
    .await;
    let contracts = app.get("contracts").await.ok();
    let other = contracts
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] != own)
        .unwrap();
    for (day, warnings) in [("2026-04-04", 0), ("2026-04-06", 1)] {
        let body = json!({ "contract_id": other["id"], "date": day, "kind": "opening_balance", "amount": 1 });
        let made = send(&app, Method::POST, "adjustments", Some(body))
            .await
            .json();
        assert_eq!(
            made["warnings"].as_array().unwrap().len(),
            warnings,
            "{made}"
        );
    }
    app.stop().await;
}

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

async fn versions_of_a_workbook_by_date_are_one(backend: Backend) {
    let app = overpaid(backend).await;
    let version = |amount: i64| {
        workbook(&[(
            KNOWN,
            "31.12.2025",
            "Начальный остаток",
            Cell::amount(amount),
        )])
    };
    let (older, newer) = (version(650_00), version(620_00));
    // The later one stands first by its letters.
    let files: [(&str, &[u8]); 2] = [
        ("korrektirovka 01.02.2026.xlsx", &newer),
        ("korrektirovka 28.01.2026.xlsx", &older),
    ];
    assert_eq!(app.import(DEPARTMENT, &files).await.processed(), 2);
    assert_eq!(debt(&app, "").await, [20_00, 0]);
    let list = app.get("adjustments").await.ok();
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["source"]),
        (1, &json!("korrektirovka.xlsx"))
    );
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

#[actix_rt::test]
async fn the_template_is_a_workbook_that_can_be_imported() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Accountant, DEPARTMENT).await;
    let template = app
        .bytes("credit-portfolio/adjustments/template", &token)
        .await;
    let report = app
        .import(DEPARTMENT, &[("korrektirovka.xlsx", &template)])
        .await;
    assert_eq!(
        report.files[0].kind,
        Some(credit_portfolio::import::workbook::Kind::Adjustments),
        "{}",
        report.message
    );
    assert_eq!(report.processed(), 1, "{}", report.message);
    app.stop().await;
}
