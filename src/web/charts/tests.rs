//! The geometry of charts.

use chrono::NaiveDate;

use super::scale::Scale;
use super::*;
use crate::domain::{Language, Month};

const FORMAT: Format = Format(Language::English);

fn month(at: u32) -> Month {
    let months = chrono::Months::new(at);
    Month::of(NaiveDate::default() + months)
}

fn chart(mark: Mark, columns: &[&[i64]]) -> Chart {
    let series = |class| Series {
        class,
        name: class.to_owned(),
        mark,
    };
    let columns = columns.iter().zip(0..).map(|(values, at)| Column {
        period: Period {
            first: month(at),
            last: month(at),
        },
        values: values.iter().map(|v| Money::from_kopecks(*v)).collect(),
        hrefs: values.iter().map(|v| format!("/{v}")).collect(),
        href: format!("/column/{at}"),
    });
    let input = ChartInput {
        id: "test",
        title: String::new(),
        summary: String::new(),
        series: vec![series("principal"), series("interest")],
        columns: columns.collect(),
        totals: None,
        files: Vec::new(),
    };
    Chart::new(input, FORMAT, month(1).last_day())
}

#[test]
fn an_axis_holds_all_values_and_zero_in_round_steps() {
    for (values, marks) in [
        (vec![0, 93], vec![0, 20, 40, 60, 80, 100]),
        (vec![-30, 90], vec![-50, -25, 0, 25, 50, 75, 100]),
        (vec![-7], vec![-7, -6, -5, -4, -3, -2, -1, 0]),
        (vec![], vec![0, 20, 40, 60, 80, 100]),
        (vec![500], vec![0, 100, 200, 300, 400, 500]),
    ] {
        let scale = Scale::over(values.iter().copied(), 5);
        assert_eq!(scale.marks(), marks, "{values:?}");
    }
    let widest = Scale::over([i64::MIN, i64::MAX], 5);
    assert!(widest.marks().contains(&0));
    assert_eq!(widest.y(0).to_string(), "50%");
}

#[test]
fn bars_are_stacked_without_gaps_and_those_below_zero_go_down() {
    let chart = chart(Mark::Bar, &[&[60, 40], &[-50, 20]]);
    let places = |column: &PlacedColumn| -> Vec<(String, String)> {
        let bars = column.bars.iter();
        bars.map(|bar| (bar.y.to_string(), bar.height.to_string()))
            .collect()
    };
    // The axis goes from −50 to 100.
    let expected = |all: [(&str, &str); 2]| all.map(|(y, h)| (y.to_owned(), h.to_owned())).to_vec();
    assert_eq!(
        places(&chart.columns[0]),
        expected([("26.666%", "40%"), ("0%", "26.666%")])
    );
    assert_eq!(
        places(&chart.columns[1]),
        expected([("66.666%", "33.333%"), ("53.333%", "13.333%")])
    );
    assert!(chart.lines.is_empty());
}

#[test]
fn columns_share_the_width_and_lead_to_what_they_show() {
    let chart = chart(Mark::Bar, &[&[1, 2], &[3, 4], &[5, 6], &[7, 8]]);
    let column = &chart.columns[3];
    assert_eq!(
        (column.x.to_string(), column.width.to_string()),
        ("75%".to_owned(), "25%".to_owned())
    );
    assert_eq!(column.href, "/column/3");
    assert_eq!(column.cells[1], ("0.08".to_owned(), "/8".to_owned()));
    assert_eq!(column.label, "April 1970: principal 0.07, interest 0.08");
    let partial: Vec<bool> = chart.columns.iter().map(|c| c.is_partial).collect();
    assert_eq!(partial, [false, true, false, false]);
    let ranks: Vec<u8> = chart.ticks.iter().map(|tick| tick.rank).collect();
    assert_eq!(ranks, [0; 4], "few columns have a tick each");
}

#[test]
fn of_many_columns_the_round_months_have_ticks_and_one_names_the_year() {
    let values: Vec<[i64; 2]> = vec![[1, 2]; 8];
    let values: Vec<&[i64]> = values.iter().map(|values| values.as_slice()).collect();
    let chart = chart(Mark::Bar, &values);
    let ranks: Vec<u8> = chart.ticks.iter().map(|tick| tick.rank).collect();
    assert_eq!(ranks, [0, 3, 3, 2, 3, 3, 1, 3]);
    assert_eq!(chart.ticks[0].text, "1970");
}

#[test]
fn a_line_goes_through_the_middles_of_its_columns_and_its_area_ends_at_zero() {
    let chart = chart(Mark::Area, &[&[0, 0], &[100, 50]]);
    assert_eq!(chart.lines[0].path, "M250 1000L750 0");
    assert_eq!(
        chart.lines[0].area.as_deref(),
        Some("M250 1000L750 0L750 1000L250 1000Z")
    );
    assert!(chart.columns.iter().all(|column| column.bars.is_empty()));
    assert_eq!(chart.columns[1].dots[1].y.to_string(), "50%");
}

#[test]
fn a_chart_without_columns_is_empty() {
    let chart = chart(Mark::Area, &[]);
    assert!(chart.is_empty() && chart.lines.is_empty());
}

#[test]
fn more_than_120_months_are_shown_by_quarter_and_none_is_lost() {
    let months = |count: u32| (0..count).map(|at| (month(at), at)).collect::<Vec<_>>();
    assert_eq!(periods(months(120)).len(), 120);
    let quarters = periods(months(121));
    assert_eq!(quarters.len(), 41);
    assert_eq!(quarters[0].1, [0, 1, 2]);
    assert_eq!(quarters[0].0.name(FORMAT), "Q1 1970");
    let last = quarters[40].0;
    assert_eq!((last.first, last.last), (month(120), month(120)));
    let all: Vec<u32> = quarters
        .into_iter()
        .flat_map(|(_, values)| values)
        .collect();
    assert_eq!(all, (0..121).collect::<Vec<_>>());
}

#[test]
fn a_spark_needs_two_values_and_fills_its_square() {
    assert_eq!(spark(&[5]), None);
    let line = spark(&[0, 10, 5]);
    assert_eq!(
        line.map(|line| line.path).as_deref(),
        Some("M0 940L500 60L1000 500")
    );
    let flat = spark(&[7, 7]);
    assert_eq!(
        flat.map(|line| line.path).as_deref(),
        Some("M0 940L1000 940")
    );
}
