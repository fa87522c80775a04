//! The periods that columns stand for: months, quarters or years; quarters also when there are too
//! many months.

use chrono::{Datelike, NaiveDate};

use crate::domain::{Language, Month};
use crate::web::error::PageError;
use crate::web::format::Format;

/// More columns are too narrow to distinguish.
const MOST_COLUMNS: usize = 120;

/// A run of months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first month.
    pub(crate) first: Month,
    /// The last month.
    pub(crate) last: Month,
}

impl Period {
    /// Its name: a month's, or that of the quarter.
    pub(crate) fn name(self, format: Format) -> String {
        if self.first == self.last {
            return format.month(self.first);
        }
        let day = self.first.first_day();
        if self.last.first_day().month0() - day.month0() > 2 {
            return day.year().to_string();
        }
        let quarter = day.month0() / 3 + 1;
        let year = day.year();
        match format.0 {
            Language::English => format!("Q{quarter} {year}"),
            Language::Russian => format!("{quarter} кв. {year}"),
        }
    }

    /// Whether a day lies in it.
    pub(crate) fn holds(self, day: NaiveDate) -> bool {
        self.first.first_day() <= day && day <= self.last.last_day()
    }

    /// Which widths show its tick: see [`super::Tick`].
    pub(super) fn rank(self) -> u8 {
        match self.first.first_day().month() {
            1 => 0,
            7 => 1,
            4 | 10 => 2,
            _ => 3,
        }
    }
}

/// Groups consecutive months, each with what belongs to it: each by itself, or by quarters of a year
/// when there are more than 120.
pub(crate) fn periods<T>(months: Vec<(Month, T)>) -> Vec<(Period, Vec<T>)> {
    let by_quarter = months.len() > MOST_COLUMNS;
    grouped(months, by_quarter)
}

/// Groups consecutive months by quarters of a year.
pub(crate) fn quarters<T>(months: Vec<(Month, T)>) -> Vec<(Period, Vec<T>)> {
    grouped(months, true)
}

/// Returns the month that an answer names, such as `2024-03`.
///
/// # Errors
/// [`PageError::Internal`] when it is none.
pub(crate) fn month_of(name: &str) -> Result<Month, PageError> {
    let day = NaiveDate::parse_from_str(&format!("{name}-01"), "%Y-%m-%d");
    let day = day.map_err(|err| PageError::Internal(format!("{name}: {err}")))?;
    Ok(Month::of(day))
}

fn grouped<T>(months: Vec<(Month, T)>, by_quarter: bool) -> Vec<(Period, Vec<T>)> {
    let quarter = |month: Month| (month.first_day().year(), month.first_day().month0() / 3);
    let mut found: Vec<(Period, Vec<T>)> = Vec::new();
    for (month, value) in months {
        match found.last_mut() {
            Some((period, values)) if by_quarter && quarter(period.first) == quarter(month) => {
                period.last = month;
                values.push(value);
            }
            _ => found.push((
                Period {
                    first: month,
                    last: month,
                },
                vec![value],
            )),
        }
    }
    found
}
