//! What a detail pays: what it says, else what its account says, else what its expense says.

use credit_portfolio::demo::{Cell, Sheet};
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::kopecks;

on_both_databases!(
    each_detail_has_the_type_that_it_counts_by,
    an_expense_without_details_has_the_type_of_its_operation_or_account,
);

const CONTRACT: &str = "Договор № 1 от 01.02.2024";

fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::text(text)
    }
}

/// Type and debit account of an expense; type and account of its detail; the resulting type, and
/// whether it is derived.
type Case = ([&'static str; 4], Option<&'static str>, bool);

const CASES: [Case; 11] = [
    (
        ["Возврат кредита банку", "67.02", "Погашение долга", "67.02"],
        Some("Погашение долга"),
        false,
    ),
    (
        ["Возврат кредита банку", "67.01", "Уплата процентов", ""],
        Some("Уплата процентов"),
        false,
    ),
    (
        ["Возврат кредита банку", "67.01", "", "66.04"],
        Some("Уплата процентов"),
        true,
    ),
    (
        ["Возврат кредита банку", "67.02", "", "66.23"],
        Some("Погашение долга"),
        true,
    ),
    (
        ["Возврат кредита банку", "67.01", "", ""],
        Some("Погашение долга"),
        true,
    ),
    (
        ["Прочее списание", "67.02", "", ""],
        Some("Уплата процентов"),
        true,
    ),
    (
        ["ВЫДАЧА ЗАЙМА КОНТРАГЕНТУ", "", "", ""],
        Some("Выдача займа"),
        true,
    ),
    (
        ["Прочее списание", "91.02", "", "58.03"],
        Some("Выдача займа"),
        true,
    ),
    (
        ["Прочее списание", "91.02", "Комиссия", "58.03"],
        Some("Выдача займа"),
        true,
    ),
    (
        ["Возврат кредита банку", "67.01", "Комиссия", "67.01"],
        Some("Комиссия"),
        false,
    ),
    (["Прочее списание", "91.02", "", ""], None, false),
];

async fn each_detail_has_the_type_that_it_counts_by(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = |serial: usize| {
        format!("Списание с расчетного счета 0000-{serial:06} от 05.03.2024 12:00:00")
    };
    let mut spent = Sheet::new(&[
        "Списание с расчетного счета",
        "Организация",
        "Вид операции",
        "Счет дебета",
        "Договор",
        "Сумма",
    ]);
    let mut paid = Sheet::new(&[
        "Списание с расчетного счета",
        "Договор",
        "Вид платежа по кредитам займам",
        "Счет расчетов",
        "Сумма платежа",
    ]);
    for (serial, ([operation_type, debit_account, payment_type, account], ..)) in
        CASES.iter().enumerate()
    {
        let amount = Cell::amount(1 << serial);
        let organization = Cell::text("ООО «Ромашка»");
        spent.rows.push(vec![
            Cell::text(id(serial)),
            organization,
            text(operation_type),
            text(debit_account),
            Cell::text(CONTRACT),
            amount.clone(),
        ]);
        paid.rows.push(vec![
            Cell::text(id(serial)),
            Cell::text(CONTRACT),
            text(payment_type),
            text(account),
            amount,
        ]);
    }
    let [spent, paid] = [spent, paid].map(|sheet| sheet.to_xlsx().unwrap());
    // The details come first: what they pay is known once their expenses are.
    app.import(DEPARTMENT, &[("rasshifrovka.xlsx", &paid)])
        .await;
    app.import(DEPARTMENT, &[("spisanie.xlsx", &spent)]).await;
    let details = app.get("expense-details").await.ok();
    let details = details.as_array().unwrap();
    assert_eq!(details.len(), CASES.len());
    for (serial, ([_, _, said, _], resulting, is_derived)) in CASES.iter().enumerate() {
        let detail = details
            .iter()
            .find(|detail| detail["expense_operation_id"] == id(serial).as_str())
            .unwrap();
        assert_eq!(detail["payment_type"].as_str(), *resulting, "{detail}");
        assert_eq!(
            detail["payment_type_derived"].as_bool(),
            Some(*is_derived),
            "{detail}"
        );
        assert_eq!(
            detail["payment_type_text"].as_str().unwrap_or_default(),
            *said,
            "{detail}"
        );
    }
    let spent = app.get("expenses").await.ok();
    for expense in spent.as_array().unwrap() {
        assert!(
            expense["payment_type"].is_null(),
            "its details say it: {expense}"
        );
        assert_eq!(expense["payment_type_derived"], false, "{expense}");
    }
    let parts = app.get("operations/parts?measure=expenses").await.ok();
    let parts = parts["data"].as_array().unwrap();
    assert_eq!(parts.len(), CASES.len());
    for part in parts {
        let detail = details
            .iter()
            .find(|detail| detail["id"] == part["detail_id"])
            .unwrap();
        assert_eq!(
            part["payment_type_derived"], detail["payment_type_derived"],
            "{part}"
        );
    }
    let summary = app.get("summary").await.ok();
    let sum = |name: Option<&str>| -> i64 {
        let of_type = |(_, case): &(usize, &Case)| case.1 == name;
        CASES
            .iter()
            .enumerate()
            .filter(of_type)
            .map(|(serial, _)| 1_i64 << serial)
            .sum()
    };
    let figures =
        ["total_principal", "total_interest", "given", "other"].map(|name| kopecks(&summary[name]));
    let other = sum(Some("Комиссия")) + sum(None);
    let expected = [
        sum(Some("Погашение долга")),
        sum(Some("Уплата процентов")),
        sum(Some("Выдача займа")),
        other,
    ];
    assert_eq!(figures, expected, "{summary}");
    let unknown: Vec<&Value> = details
        .iter()
        .filter(|detail| detail["payment_type"].is_null())
        .collect();
    assert_eq!(unknown.len(), 1);
    app.stop().await;
}

async fn an_expense_without_details_has_the_type_of_its_operation_or_account(backend: Backend) {
    let app = TestApp::start(backend).await;
    let cases = [
        (
            "Возврат кредита банку",
            "67.01",
            Some("Погашение долга"),
            "principal",
        ),
        (
            "Прочее списание",
            "66.04",
            Some("Уплата процентов"),
            "interest",
        ),
        ("Прочее списание", "58.03", Some("Выдача займа"), "given"),
        (
            "Выдача займа контрагенту",
            "",
            Some("Выдача займа"),
            "given",
        ),
        ("Прочее списание", "91.02", None, "other"),
    ];
    let id = |serial: usize| {
        format!("Списание с расчетного счета 0000-{serial:06} от 05.03.2024 12:00:00")
    };
    let columns = [
        "Списание с расчетного счета",
        "Организация",
        "Вид операции",
        "Счет дебета",
        "Договор",
        "Сумма",
    ];
    let mut spent = Sheet::new(&columns);
    for (serial, (operation_type, account, ..)) in cases.iter().enumerate() {
        let (organization, contract) = (Cell::text("ООО «Ромашка»"), Cell::text(CONTRACT));
        let row = [
            Cell::text(id(serial)),
            organization,
            text(operation_type),
            text(account),
            contract,
            Cell::amount(100),
        ];
        spent.rows.push(row.to_vec());
    }
    app.import(DEPARTMENT, &[("spisanie.xlsx", &spent.to_xlsx().unwrap())])
        .await;
    let spent = app.get("expenses").await.ok();
    let parts = app.get("operations/parts?measure=expenses").await.ok();
    for (serial, (_, _, resulting, kind)) in cases.iter().enumerate() {
        let of = |rows: &Value| -> Value {
            rows.as_array()
                .unwrap()
                .iter()
                .find(|row| row["operation_id"] == id(serial).as_str())
                .unwrap()
                .clone()
        };
        let (expense, part) = (of(&spent), of(&parts["data"]));
        assert_eq!(expense["payment_type"].as_str(), *resulting, "{expense}");
        assert_eq!(
            expense["payment_type_derived"],
            resulting.is_some(),
            "{expense}"
        );
        assert_eq!(part["payment_type"], *kind, "{part}");
        assert_eq!(part["payment_type_derived"], resulting.is_some(), "{part}");
    }
    app.stop().await;
}
