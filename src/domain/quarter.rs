//! A quarter of a calendar year.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Month;

/// A quarter of a calendar year, ordered in time. Displays as `2024-Q1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(NaiveDate);

impl Quarter {
    /// The quarter that the day lies in.
    pub fn of(day: NaiveDate) -> Quarter {
        let first = day.with_day(1);
        let first = first.and_then(|day| day.with_month0(day.month0() / 3 * 3));
        Quarter(first.unwrap_or(day))
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its first month.
    pub fn first_month(self) -> Month {
        Month::of(self.0)
    }

    /// Its last month.
    pub fn last_month(self) -> Month {
        self.first_month().next().next()
    }
}

impl Serialize for Quarter {
    /// As `2024-Q1`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quarter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quarter, D::Error> {
        let text = String::deserialize(deserializer)?;
        let first = text.split_once("-Q").and_then(|(year, number)| {
            let number: u32 = number
                .parse()
                .ok()
                .filter(|number| (1..=4).contains(number))?;
            NaiveDate::from_ymd_opt(year.parse().ok()?, number * 3 - 2, 1)
        });
        let unknown = || Error::custom(format!("{text:?} is no quarter such as 2024-Q1"));
        first.map(Quarter).ok_or_else(unknown)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.0.year(), self.0.month0() / 3 + 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_holds_three_months_and_is_read_as_it_is_written() {
        for (day, name, first, last) in [
            ("2024-01-01", "2024-Q1", "2024-01", "2024-03"),
            ("2024-05-31", "2024-Q2", "2024-04", "2024-06"),
            ("2024-12-31", "2024-Q4", "2024-10", "2024-12"),
        ] {
            let quarter = Quarter::of(day.parse().unwrap());
            assert_eq!(quarter.to_string(), name);
            assert_eq!(quarter.first_month().to_string(), first);
            assert_eq!(quarter.last_month().to_string(), last);
            let written = serde_json::to_string(&quarter).unwrap();
            assert_eq!(serde_json::from_str::<Quarter>(&written).unwrap(), quarter);
        }
        for wrong in ["2024-Q0", "2024-Q5", "2024-1", "Q1", ""] {
            assert!(serde_json::from_str::<Quarter>(&format!("{wrong:?}")).is_err());
        }
    }
}
