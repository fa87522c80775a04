//! Growth: against the same days one year earlier, also where those lie before the range.

use chrono::{Datelike, Days, NaiveDate};
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
    for _ in 0..16 {
        let (one, other) = (day(), day()).new_tree(&mut runner).unwrap().current();
        let (from, to) = match (one, other) {
            (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other))),
            open => open,
        };
        let day = |name: &str, day: Option<NaiveDate>| {
            day.map(|day| format!("&{name}={day}")).unwrap_or_default()
        };
        let path = format!(
            "analytics/yearly-comparison?department_id=8{}{}",
            day("date_from", from),
            day("date_to", to)
        );
        let answer = app.get(&path).await.ok();
        for row in answer["data"].as_array().unwrap() {
            let year: i32 = row["year"].as_str().unwrap().parse().unwrap();
            let new_year = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let first = from.map_or(new_year, |from| from.max(new_year));
            let last = to
                .unwrap_or(today)
                .min(today)
                .min(NaiveDate::from_ymd_opt(year, 12, 31).unwrap());
            let base = received(a_year_earlier(first), a_year_earlier(last));
            let expected = (base > 0 && first <= last).then(|| {
                let change = received(first, last) - base;
                // Hundredths of a percent, half away from zero.
                let hundredths = (change.abs() * 10_000 * 2 + base) / (base * 2) * change.signum();
                hundredths as f64 / 100.0
            });
            assert_eq!(row["receivedGrowth"].as_f64(), expected, "{path}: {row}");
        }
    }
    app.stop().await;
}
