//! The figures against an oracle, sums made by hand over the workbooks, and how answers look.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use credit_portfolio::demo::{Portfolio, write_exports};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, kopecks, principal, receipts,
};

on_both_databases!(
    the_endpoints_agree_with_sums_made_by_hand_over_the_demo_workbooks,
    answers_look_as_the_contract_says,
    currencies_are_never_mixed,
    an_undated_operation_takes_the_date_of_its_id,
);

/// The rows of all workbooks whose name holds one of the words, by heading; read with another
/// part of the library than the import uses, whole sheet at a time.
fn rows_of(folder: &Path, words: [&str; 2], not: [&str; 2]) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        let wanted = words.iter().any(|word| name.contains(word))
            && !not.iter().any(|word| name.contains(word));
        if !wanted || name.starts_with('~') || std::fs::metadata(&path).unwrap().len() == 0 {
            continue;
        }
        let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let range = book.worksheet_range("Лист_1").unwrap();
        let text = |cell: &Data| match cell {
            Data::Float(number) => number.to_string(),
            Data::Empty | Data::Error(_) => String::new(),
            other => other.to_string(),
        };
        let mut lines = range.rows();
        let headings: Vec<String> = lines.next().unwrap().iter().map(text).collect();
        let cells = lines.map(|line| {
            headings
                .iter()
                .cloned()
                .zip(line.iter().map(text))
                .collect()
        });
        rows.extend(
            cells.filter(|row: &BTreeMap<String, String>| {
                !row.values().any(|value| value == "Итого")
            }),
        );
    }
    rows
}

/// Kopecks of a cell, by hand: digits only.
fn by_hand(cell: &str) -> i64 {
    let plain: String = cell
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .replace(',', ".");
    let (units, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    units.parse::<i64>().unwrap() * 100 + format!("{decimals:0<2}").parse::<i64>().unwrap()
}

/// `2024-03` of a row: its document date, else the date in its id.
fn month_of(row: &BTreeMap<String, String>, date: &str, id: &str) -> String {
    let text = if row[date].is_empty() {
        row[id].rsplit_once(" от ").unwrap().1
    } else {
        &row[date]
    };
    format!("{}-{}", &text[6..10], &text[3..5])
}

async fn the_endpoints_agree_with_sums_made_by_hand_over_the_demo_workbooks(backend: Backend) {
    const EXPENSE_ID: &str = "Списание с расчетного счета";
    let folder = tempfile::tempdir().unwrap();
    let today = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
    write_exports(&Portfolio::invented(1500, today), folder.path()).unwrap();
    let app = TestApp::start(backend).await;
    app.set_today("2025-06-30");
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        report
            .files
            .iter()
            .map(|file| file.rejects.len())
            .sum::<usize>(),
        0
    );
    let partial: Vec<_> = report
        .files
        .iter()
        .filter_map(|file| {
            file.control_total
                .filter(|total| Some(*total) != file.rows_total)
        })
        .collect();
    assert_eq!(partial, [], "the control totals hold");

    let in_roubles = |row: &&BTreeMap<String, String>| row["Валюта"] == "руб.";
    let received = rows_of(folder.path(), ["postuplenie", "поступление"], ["~", "~"]);
    let spent = rows_of(
        folder.path(),
        ["spisanie", "списание"],
        ["rasshifrovka", "расшифровка"],
    );
    let paid = rows_of(folder.path(), ["rasshifrovka", "расшифровка"], ["~", "~"]);
    assert!(received.len() > 12 && spent.len() > 300 && paid.len() > 600);
    let mut months: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for row in received.iter().filter(in_roubles) {
        let month = month_of(
            row,
            "Дата входящего документа",
            "Поступление на расчетный счет",
        );
        months.entry(month).or_default()[0] += by_hand(&row["Сумма"]);
    }
    let mut month_of_expense = BTreeMap::new();
    for row in spent.iter().filter(in_roubles) {
        let month = month_of(row, "Вх. дата", EXPENSE_ID);
        months.entry(month.clone()).or_default()[1] += by_hand(&row["Сумма"]);
        month_of_expense.insert(row[EXPENSE_ID].clone(), month);
    }
    for row in &paid {
        let Some(month) = month_of_expense.get(&row[EXPENSE_ID]) else {
            continue;
        };
        let at = match row["Вид платежа по кредитам займам"].as_str() {
            "Погашение долга" => 2,
            "Уплата процентов" => 3,
            // A loan given.
            "" => continue,
            other => panic!("{other}"),
        };
        months.get_mut(month).unwrap()[at] += by_hand(&row["Сумма платежа"]);
    }
    let total = |at: usize| months.values().map(|sums| sums[at]).sum::<i64>();

    let answer = app.get("summary?department_id=8").await;
    assert_eq!(
        answer.header("X-Other-Currencies"),
        "USD",
        "the demo has a loan in dollars"
    );
    let summary = answer.ok();
    let names = [
        "total_receipts",
        "total_expenses",
        "total_principal",
        "total_interest",
    ];
    for (at, name) in names.into_iter().enumerate() {
        assert_eq!(kopecks(&summary[name]), total(at), "{name}");
    }
    assert_eq!(kopecks(&summary["net_balance"]), total(0) - total(1));

    let stats = app.get("monthly-stats?department_id=8").await.ok();
    let served: Vec<_> = stats
        .as_array()
        .unwrap()
        .iter()
        .map(|month| {
            (
                month["month"].as_str().unwrap()[..7].to_owned(),
                kopecks(&month["receipts"]),
                kopecks(&month["expenses"]),
            )
        })
        .collect();
    let by_hand: Vec<_> = months
        .iter()
        .map(|(month, sums)| (month.clone(), sums[0], sums[1]))
        .collect();
    assert_eq!(served, by_hand);

    let efficiency = app
        .get("analytics/monthly-efficiency?department_id=8")
        .await
        .ok();
    let served: Vec<_> = efficiency["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| {
            let amount = |name: &str| kopecks(&month[name]);
            (
                month["month"].as_str().unwrap().to_owned(),
                amount("principal"),
                amount("interest"),
                amount("total"),
            )
        })
        .collect();
    let by_hand: Vec<_> = months
        .iter()
        .map(|(month, sums)| (month.clone(), sums[2], sums[3], sums[2] + sums[3]))
        .collect();
    assert_eq!(served, by_hand);
    app.stop().await;
}

async fn answers_look_as_the_contract_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).amounting_to(500_00).on("31.01.2024")]),
        ),
        (
            "spisanie.xlsx",
            &expenses(&[
                an_expense(1).amounting_to(99_99),
                an_expense(2).amounting_to(1).on("01.02.2024"),
            ]),
        ),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 66_66), interest(1, 33_33)]),
        ),
    ];
    app.set_today("2024-03-31");
    app.import(DEPARTMENT, &files).await;
    let summary = app.get("summary").await.text;
    let stats = app.get("monthly-stats").await.text;
    let efficiency = app.get("analytics/monthly-efficiency").await.text;
    insta::allow_duplicates! {
        insta::assert_snapshot!(summary, @r#"{"total_receipts":500.00,"total_expenses":100.00,"net_balance":400.00,"active_contracts_count":1,"total_principal":66.66,"total_interest":33.33,"given":0.00,"returned":0.00,"other":0.01,"commission":0.00,"unconfirmed":0.00,"as_of":"2024-03-31","debt":433.34,"debt_external":433.34,"overpaid":0.00,"debt_unconfirmed":0.00,"planned":0.00,"currency":"RUB","other_currencies":[]}"#);
        insta::assert_snapshot!(stats, @r#"[{"month":"2024-01-01","receipts":500.00,"expenses":0.00,"net":500.00},{"month":"2024-02-01","receipts":0.00,"expenses":0.01,"net":-0.01},{"month":"2024-03-01","receipts":0.00,"expenses":99.99,"net":-99.99}]"#);
        insta::assert_snapshot!(efficiency, @r#"{"data":[{"month":"2024-01","principal":0.00,"interest":0.00,"total":0.00,"efficiency":0.00,"interest_share":0.00,"given":0.00,"other":0.00},{"month":"2024-02","principal":0.00,"interest":0.00,"total":0.00,"efficiency":0.00,"interest_share":0.00,"given":0.00,"other":0.01},{"month":"2024-03","principal":66.66,"interest":33.33,"total":99.99,"efficiency":66.67,"interest_share":33.33,"given":0.00,"other":0.00}],"as_of":"2024-03-31","currency":"RUB","other_currencies":[]}"#);
    }
    let of_account =
        |account: i64| format!("analytics/monthly-efficiency?bank_account_id={account}");
    assert_eq!(app.get(&of_account(999_999)).await.ok()["data"], json!([]));
    app.stop().await;
}

async fn currencies_are_never_mixed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1),
        a_receipt(2).in_currency("USD").amounting_to(7),
        a_receipt(3).in_currency("EUR"),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let roubles = app.get("summary").await;
    assert_eq!(roubles.header("X-Other-Currencies"), "EUR, USD");
    assert_eq!(roubles.ok()["total_receipts"], json!(100.0));
    let dollars = app.get("summary?currency=usd").await;
    assert_eq!(dollars.header("X-Other-Currencies"), "EUR, RUB");
    assert_eq!(dollars.ok()["total_receipts"], json!(0.07));
    assert_eq!(
        app.get("summary").await.header("X-Other-Currencies"),
        "EUR, USD",
        "a hit names them, too"
    );
    app.stop().await;
}

async fn an_undated_operation_takes_the_date_of_its_id(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1).on("")]))],
    )
    .await;
    let stats = app.get("monthly-stats").await.ok();
    assert_eq!(stats[0]["month"], "2024-03-01");
    app.stop().await;
}
