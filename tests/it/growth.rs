//! Growth: against the same days one year earlier, also where those lie before the range.

use chrono::{Datelike, Days, Months, NaiveDate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::support::app::{Backend, DEPARTMENT, TODAY, TestApp};
use crate::support::on_both_databases;
use crate::support::random_operations::runner;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(growth_equals_that_of_the_rows,);

const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2023, 11, 1).unwrap();

/// The same day one year earlier; 29 February becomes the 28th.
fn a_year_earlier(day: NaiveDate) -> NaiveDate {
    day.with_year(day.year() - 1)
        .unwrap_or_else(|| NaiveDate::from_ymd_opt(day.year() - 1, 2, 28).unwrap())
}

/// The first and the last day of a year or a quarter, by its name.
fn days_of(period: &str) -> (NaiveDate, NaiveDate) {
    let (year, months) = match period.split_once("-Q") {
        None => (period, 1..=12),
        Some((year, quarter)) => {
            let quarter: u32 = quarter.parse().unwrap();
            (year, quarter * 3 - 2..=quarter * 3)
        }
    };
    let year: i32 = year.parse().unwrap();
    let first = NaiveDate::from_ymd_opt(year, *months.start(), 1).unwrap();
    let last = NaiveDate::from_ymd_opt(year, *months.end(), 1).unwrap() + Months::new(1);
    (first, last.pred_opt().unwrap())
}

async fn growth_equals_that_of_the_rows(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut runner = runner(61);
    let rows = prop::collection::vec((0_u64..1_150, 1_i64..1_000_000), 90)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let rows: Vec<(NaiveDate, i64)> = rows
        .into_iter()
        .map(|(day, amount)| (FIRST_DAY + Days::new(day), amount))
        .collect();
    let operations: Vec<_> = (1..)
        .zip(&rows)
        .map(|(serial, (day, amount))| {
            a_receipt(serial)
                .on(&day.format("%d.%m.%Y").to_string())
                .amounting_to(*amount)
        })
        .collect();
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&operations))])
        .await;
    let today: NaiveDate = TODAY.parse().unwrap();
    let received = |from: NaiveDate, to: NaiveDate| -> i64 {
        rows.iter()
            .filter(|(day, _)| (from..=to).contains(day))
            .map(|(_, amount)| amount)
            .sum()
    };
    let day = || prop::option::of((0_u64..1_150).prop_map(|day| FIRST_DAY + Days::new(day)));
    let mut compared = 0;
    for _ in 0..16 {
        let (one, other) = (day(), day()).new_tree(&mut runner).unwrap().current();
        let (from, to) = match (one, other) {
            (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other))),
            open => open,
        };
        let day = |name: &str, day: Option<NaiveDate>| {
            day.map(|day| format!("&{name}={day}")).unwrap_or_default()
        };
        let range = format!(
            "department_id=8{}{}",
            day("date_from", from),
            day("date_to", to)
        );
        for (path, period) in [
            ("analytics/yearly-comparison", "year"),
            ("analytics/quarterly-comparison", "quarter"),
        ] {
            let path = format!("{path}?{range}");
            let answer = app.get(&path).await.ok();
            for row in answer["data"].as_array().unwrap() {
                let (begin, end) = days_of(row[period].as_str().unwrap());
                let first = from.map_or(begin, |from| from.max(begin));
                let last = to.unwrap_or(today).min(today).min(end);
                let base = received(a_year_earlier(first), a_year_earlier(last));
                let expected = (base > 0 && first <= last).then(|| {
                    let change = received(first, last) - base;
                    // Hundredths of a percent, half away from zero.
                    let hundredths =
                        (change.abs() * 10_000 * 2 + base) / (base * 2) * change.signum();
                    hundredths as f64 / 100.0
                });
                assert_eq!(row["receivedGrowth"].as_f64(), expected, "{path}: {row}");
                compared += usize::from(expected.is_some());
            }
        }
    }
    assert!(compared > 40, "{compared} periods with growth");
    app.stop().await;
}
