//! How a range of days is read from the rollups: whole years, the whole months beside them, and the
//! days of the months that the range cuts.

use chrono::{Datelike, NaiveDate};

use crate::domain::{DateRange, Month};

/// A range of days, cut into what each rollup holds.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// First days of whole years, if any are read.
    pub years: Option<DateRange>,
    /// First days of whole months.
    pub months: Vec<DateRange>,
    /// Single days.
    pub days: Vec<DateRange>,
}

impl Spans {
    /// Of sums that are kept apart by day.
    pub fn of_days(dates: DateRange) -> Spans {
        Spans {
            days: vec![dates],
            ..Spans::default()
        }
    }

    /// Of sums that are kept apart by month: no years.
    pub fn of_months(dates: DateRange) -> Spans {
        let (months, days) = whole(dates, first_of_month, |day| {
            Month::of(day).next().first_day()
        });
        Spans {
            years: None,
            months: months.into_iter().collect(),
            days,
        }
    }

    /// Of sums of the whole range, or by year.
    pub fn of_years(dates: DateRange) -> Spans {
        let (years, rest) = whole(dates, first_of_year, year_after);
        let mut spans = Spans {
            years,
            ..Spans::default()
        };
        for dates in rest {
            let Spans { months, days, .. } = Spans::of_months(dates);
            spans.months.extend(months);
            spans.days.extend(days);
        }
        spans
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    Month::of(day).first_day()
}

fn first_of_year(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day)
}

fn year_after(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year() + 1, 1, 1).unwrap_or(day)
}

/// Cuts a range into the whole periods within it, and the days before and after them: two ranges at
/// most.
fn whole(
    dates: DateRange,
    first_day: fn(NaiveDate) -> NaiveDate,
    next_first_day: fn(NaiveDate) -> NaiveDate,
) -> (Option<DateRange>, Vec<DateRange>) {
    // The first whole period begins on or after `from`; the first one that is not whole, on or
    // before the day after `to`.
    let whole_from = dates.from().map(|from| {
        if first_day(from) == from {
            from
        } else {
            next_first_day(from)
        }
    });
    let whole_end = dates.to().map(|to| first_day(to.succ_opt().unwrap_or(to)));
    if whole_from
        .zip(whole_end)
        .is_some_and(|(from, end)| from >= end)
    {
        return (None, vec![dates]);
    }
    let periods = DateRange::new(whole_from, whole_end.and_then(|end| end.pred_opt())).ok();
    let mut rest = Vec::new();
    if let (Some(from), Some(whole)) = (dates.from(), whole_from)
        && from < whole
    {
        rest.extend(DateRange::new(Some(from), whole.pred_opt()));
    }
    if let (Some(to), Some(end)) = (dates.to(), whole_end)
        && end <= to
    {
        rest.extend(DateRange::new(Some(end), Some(to)));
    }
    (periods, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    fn shown(spans: &Spans) -> Vec<String> {
        let show = |kind: &str, range: &DateRange| {
            let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            format!("{kind} {}..{}", day(range.from()), day(range.to()))
        };
        let years = spans.years.iter().map(|range| show("years", range));
        let months = spans.months.iter().map(|range| show("months", range));
        years
            .chain(months)
            .chain(spans.days.iter().map(|range| show("days", range)))
            .collect()
    }

    #[test]
    fn a_range_is_cut_into_years_months_and_days() {
        for (from, to, expected) in [
            ("", "", vec!["years .."]),
            (
                "2024-01-01",
                "2024-12-31",
                vec!["years 2024-01-01..2024-12-31"],
            ),
            (
                "2023-03-10",
                "2026-11-25",
                vec![
                    "years 2024-01-01..2025-12-31",
                    "months 2023-04-01..2023-12-31",
                    "months 2026-01-01..2026-10-31",
                    "days 2023-03-10..2023-03-31",
                    "days 2026-11-01..2026-11-25",
                ],
            ),
            (
                "",
                "2026-02-28",
                vec!["years ..2025-12-31", "months 2026-01-01..2026-02-28"],
            ),
            (
                "2026-02-02",
                "",
                vec![
                    "years 2027-01-01..",
                    "months 2026-03-01..2026-12-31",
                    "days 2026-02-02..2026-02-28",
                ],
            ),
            (
                "2026-02-02",
                "2026-02-03",
                vec!["days 2026-02-02..2026-02-03"],
            ),
            (
                "2025-12-31",
                "2026-01-01",
                vec!["days 2025-12-31..2026-01-01"],
            ),
        ] {
            let dates = DateRange::new(day(from), day(to)).unwrap_or_default();
            assert_eq!(shown(&Spans::of_years(dates)), expected, "{from}..{to}");
        }
    }

    /// Each day is read once.
    #[test]
    fn the_spans_of_a_range_hold_each_of_its_days_once() {
        let first = day("2023-12-28").unwrap_or_default();
        for (from, length) in (0..420)
            .step_by(7)
            .flat_map(|from| (0..800).step_by(31).map(move |length| (from, length)))
        {
            let from = first + chrono::Days::new(from);
            let to = from + chrono::Days::new(length);
            let dates = DateRange::new(Some(from), Some(to)).unwrap_or_default();
            for spans in [Spans::of_years(dates), Spans::of_months(dates)] {
                let all: Vec<&DateRange> = spans
                    .years
                    .iter()
                    .chain(&spans.months)
                    .chain(&spans.days)
                    .collect();
                let days = |range: &&DateRange| {
                    range
                        .from()
                        .zip(range.to())
                        .map_or(0, |(from, to)| (to - from).num_days() + 1)
                };
                assert_eq!(
                    all.iter().map(days).sum::<i64>(),
                    (to - from).num_days() + 1,
                    "{dates:?} {spans:?}"
                );
            }
        }
    }
}
