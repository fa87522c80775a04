//! Two portfolios whose figures were computed by hand: the trust set, which holds each situation
//! that a treasurer meets, and `osnovnoy`, where two lenders share 1C's default contract. The day
//! is 2026-11-25.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::kopecks;

on_both_databases!(
    the_trust_set_gives_the_figures_that_were_computed_by_hand,
    two_lenders_of_the_default_contract_have_a_contract_each,
    a_roll_forward_is_never_cut_by_the_first_day,
);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data/figures")
        .join(name)
}

async fn with(backend: Backend, name: &str) -> TestApp {
    let app = TestApp::start(backend).await;
    let report = app.import_folder(&folder(name), DEPARTMENT).await;
    assert_eq!(
        (report.processed(), report.files.len()),
        (3, 3),
        "{}",
        report.message
    );
    app
}

/// Fields and their amounts in kopecks.
fn expect(answer: &Value, fields: &[(&str, i64)]) {
    for (name, expected) in fields {
        assert_eq!(kopecks(&answer[name]), *expected, "{name} of {answer}");
    }
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().unwrap()
}

fn sum(answer: &Value, field: &str) -> i64 {
    rows(answer).iter().map(|row| kopecks(&row[field])).sum()
}

async fn the_trust_set_gives_the_figures_that_were_computed_by_hand(backend: Backend) {
    let app = with(backend, "trust").await;
    let balances = [
        ("debt", 3_883_333_00),
        ("debt_external", 1_883_333_00),
        ("overpaid", 700_000_00),
    ];
    let summary = app.get("summary").await.ok();
    expect(&summary, &balances);
    expect(
        &summary,
        &[
            ("total_receipts", 8_053_333_00),
            ("total_expenses", 8_124_002_05),
            ("total_principal", 3_030_000_00),
            ("total_interest", 89_002_05),
            ("given", 5_000_000_00),
            ("other", 5_000_00),
            ("commission", 10_000_00),
            ("unconfirmed", 500_000_00),
            ("planned", 400_000_00),
        ],
    );
    assert_eq!(
        (summary["as_of"].as_str(), summary["currency"].as_str()),
        (Some("2026-11-25"), Some("RUB"))
    );
    assert_eq!(summary["other_currencies"], serde_json::json!(["USD"]));

    // The last day lies ahead: the balances are today's. The first day never cuts them.
    for dates in [
        "date_to=2026-12-31",
        "date_from=2026-06-01",
        "date_from=2026-11-01&date_to=2026-11-30",
    ] {
        expect(&app.get(&format!("summary?{dates}")).await.ok(), &balances);
    }
    // On 2026-01-31 only T1 was drawn.
    let january = app.get("summary?date_to=2026-01-31").await.ok();
    expect(
        &january,
        &[
            ("debt", 1_000_000_00),
            ("debt_external", 1_000_000_00),
            ("overpaid", 0),
        ],
    );
    assert_eq!(
        (january["as_of"].as_str(), january.get("planned")),
        (Some("2026-01-31"), None)
    );

    expect(
        &app.get("summary?confirmed=true").await.ok(),
        &[("debt", 4_383_333_00)],
    );
    expect(
        &app.get("summary?intra_group=exclude").await.ok(),
        &[("debt", 1_883_333_00)],
    );
    expect(
        &app.get("summary?intra_group=only").await.ok(),
        &[("debt", 2_000_000_00), ("debt_external", 0)],
    );
    expect(
        &app.get("summary?currency=USD").await.ok(),
        &[("debt", 0), ("overpaid", 0), ("total_receipts", 10_000_00)],
    );
    let lent = app.get("summary?direction=lent").await.ok();
    expect(
        &lent,
        &[
            ("given", 5_000_000_00),
            ("returned", 3_000_000_00),
            ("debt", 2_000_000_00),
            ("debt_external", 0),
            ("other_income", 150_000_00),
        ],
    );

    let counts = app.get("contract-stats").await.ok();
    assert_eq!(
        (
            counts["total_count"].as_u64(),
            counts["active_count"].as_u64()
        ),
        (Some(14), Some(7)),
        "{counts}"
    );

    let roll_forward = app.get("analytics/roll-forward").await.ok();
    expect(
        &roll_forward["total"],
        &[
            ("opening", 0),
            ("drawn", 4_903_333_00),
            ("repaid", 1_720_000_00),
            ("adjustments", 0),
            ("closing", 3_183_333_00),
        ],
    );
    for group in ["contract", "organization", "lender"] {
        let grouped = app
            .get(&format!("analytics/roll-forward?group_by={group}"))
            .await
            .ok();
        assert_eq!(sum(&grouped, "closing"), 3_183_333_00, "{group}");
    }
    let by_month = app.get("analytics/roll-forward?group_by=month").await.ok();
    assert_eq!(
        kopecks(&rows(&by_month).last().unwrap()["closing"]),
        3_183_333_00
    );

    // Every endpoint gives the same debt.
    let contracts = app.get("contracts/stats/summary?limit=100").await.ok();
    let outstanding = |number: &str| {
        let of = |row: &&Value| {
            let spelling = row["contractNumber"].as_str().unwrap();
            spelling.contains(number) && row["organization"].as_str().unwrap().contains("Холдинг")
        };
        let row = rows(&contracts)
            .iter()
            .find(of)
            .unwrap_or_else(|| panic!("no {number}: {contracts}"));
        (
            kopecks(&row["outstanding"]),
            row["status"].as_str().unwrap().to_owned(),
        )
    };
    for (number, owed, status) in [
        ("T1 от", 750_000_00, "open"),
        ("T2-ВЫДАН", 0, "repaid"),
        ("T3 от", 0, "repaid"),
        ("T4 от", -700_000_00, "overpaid"),
        ("T5 от", 400_000_00, "open"),
        ("T6 от", 400_000_00, "open"),
        ("T7 от", 2_000_000_00, "open"),
        ("T8 от", 0, "repaid"),
        ("T9 от", 0, "repaid"),
        ("T10 от", 0, "repaid"),
        ("T11 от 10.03.2025", 111_111_00, "open"),
        ("T11 от 10.03.2026", 222_222_00, "open"),
        ("T13 от", 0, "repaid"),
    ] {
        assert_eq!(outstanding(number), (owed, status.to_owned()), "{number}");
    }
    assert_eq!(
        sum(&app.get("organization-stats").await.ok(), "outstanding"),
        3_883_333_00
    );
    let concentration = app.get("analytics/concentration").await.ok();
    expect(
        &concentration,
        &[
            ("total_outstanding", 3_883_333_00),
            ("overpaid", 700_000_00),
        ],
    );
    let shares = rows(&concentration["by_counterparty"]);
    assert_eq!(
        shares
            .iter()
            .map(|share| kopecks(&share["share"]))
            .sum::<i64>(),
        100_00
    );
    assert_eq!(
        shares.len(),
        2,
        "one bank under three spellings, and our own АО «Юг»: {concentration}"
    );
    for group in ["", "?group_by=organization", "?group_by=lender"] {
        let series = app
            .get(&format!("analytics/debt-balance{group}"))
            .await
            .ok();
        let last = rows(&series).iter().filter(|row| row["month"] == "2026-11");
        assert_eq!(
            last.map(|row| kopecks(&row["outstanding"])).sum::<i64>(),
            3_883_333_00,
            "{group}"
        );
        assert_eq!(
            rows(&series).last().unwrap()["month"],
            "2026-11",
            "no planned month: {group}"
        );
    }
    app.stop().await;
}

async fn two_lenders_of_the_default_contract_have_a_contract_each(backend: Backend) {
    let app = with(backend, "osnovnoy").await;
    expect(
        &app.get("summary").await.ok(),
        &[("debt", 1_000_000_00), ("overpaid", 0)],
    );
    let contracts = app.get("contracts/stats/summary").await.ok();
    let mut owed: Vec<(&str, i64)> = rows(&contracts)
        .iter()
        .map(|row| {
            (
                row["counterparty"].as_str().unwrap(),
                kopecks(&row["outstanding"]),
            )
        })
        .collect();
    owed.sort_unstable();
    assert_eq!(owed, [("Иванов И.И.", 0), ("ТБанк АО", 1_000_000_00)]);
    app.stop().await;
}

async fn a_roll_forward_is_never_cut_by_the_first_day(backend: Backend) {
    use crate::support::workbooks::{
        a_receipt, an_expense, details, expenses, interest, principal, receipts,
    };
    let app = TestApp::start(backend).await;
    // The example `rollforward` of an independent library's numbers.
    let received = [
        a_receipt(1).on("10.11.2025").amounting_to(1_000_000_00),
        a_receipt(2).on("05.02.2026").amounting_to(250_000_00),
    ];
    let spent = [
        an_expense(3).on("10.12.2025").amounting_to(115_000_00),
        an_expense(4).on("10.03.2026").amounting_to(420_000_00),
        an_expense(5).on("01.04.2026").amounting_to(50_000_00),
    ];
    let paid = [
        principal(3, 100_000_00),
        interest(3, 15_000_00),
        principal(4, 400_000_00),
        interest(4, 20_000_00),
        principal(5, 50_000_00),
    ];
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&received)),
        ("spisanie.xlsx", &expenses(&spent)),
        ("rasshifrovka.xlsx", &details(&paid)),
    ];
    app.import(DEPARTMENT, &files).await;
    let range = "date_from=2026-01-01&date_to=2026-03-31";
    let roll_forward = app
        .get(&format!("analytics/roll-forward?{range}"))
        .await
        .ok();
    expect(
        &roll_forward["total"],
        &[
            ("opening", 900_000_00),
            ("drawn", 250_000_00),
            ("repaid", 400_000_00),
            ("interest", 20_000_00),
            ("closing", 750_000_00),
        ],
    );
    expect(
        &app.get(&format!("summary?{range}")).await.ok(),
        &[("debt", 750_000_00)],
    );
    app.stop().await;
}
