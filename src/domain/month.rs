//! A calendar month.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A calendar month, ordered in time. Displays as `2024-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month that the day lies in.
    pub fn of(day: NaiveDate) -> Month {
        Month(day.with_day(1).unwrap_or(day))
    }

    /// The month after it.
    pub fn next(self) -> Month {
        Month(self.0 + Months::new(1))
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().0.pred_opt().unwrap_or(self.0)
    }
}

impl Serialize for Month {
    /// As `2024-03`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without the formatter: large answers name a month in each of tens of thousands of rows.
        let Ok(year @ 0..=9999) = u32::try_from(self.0.year()) else {
            return serializer.collect_str(self);
        };
        let digit = |number: u32| b'0' + (number % 10) as u8;
        let month = self.0.month();
        let text = [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
        ];
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        day.map(Month).map_err(Error::custom)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_named_by_year_and_number() {
        let day = NaiveDate::from_ymd_opt(2024, 3, 31).unwrap();
        assert_eq!(Month::of(day).to_string(), "2024-03");
        let read: Month = serde_json::from_str("\"2024-03\"").unwrap();
        assert_eq!(read, Month::of(day));
        assert_eq!(read.last_day(), day);
    }

    #[test]
    fn a_month_is_the_same_text_in_json() {
        for (year, month) in [
            (2024, 3),
            (1990, 12),
            (7, 10),
            (9999, 1),
            (10_000, 1),
            (-1, 2),
        ] {
            let month = Month::of(NaiveDate::from_ymd_opt(year, month, 1).unwrap());
            assert_eq!(
                serde_json::to_string(&month).unwrap(),
                format!("\"{month}\"")
            );
        }
    }
}
