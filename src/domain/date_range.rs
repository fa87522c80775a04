//! A range of days, open at either end.

use chrono::NaiveDate;

/// Both ends are included; an end that is not set leaves that side open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DateRange {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// The first day lies after the last one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("date_from {from} is after date_to {to}")]
pub struct ReversedDates {
    from: NaiveDate,
    to: NaiveDate,
}

impl DateRange {
    /// All days.
    pub const ALL: DateRange = DateRange {
        from: None,
        to: None,
    };

    /// The range between two days.
    ///
    /// # Errors
    /// [`ReversedDates`] when `from` is after `to`.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<DateRange, ReversedDates> {
        match (from, to) {
            (Some(from), Some(to)) if from > to => Err(ReversedDates { from, to }),
            _ => Ok(DateRange { from, to }),
        }
    }

    /// The first day, if the range has one.
    pub fn from(&self) -> Option<NaiveDate> {
        self.from
    }

    /// The last day, if the range has one.
    pub fn to(&self) -> Option<NaiveDate> {
        self.to
    }

    /// Whether every day lies in it.
    pub fn is_all(&self) -> bool {
        *self == DateRange::ALL
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused() {
        let (early, late) = (Some(day(2024, 1, 1)), Some(day(2024, 2, 1)));
        assert!(DateRange::new(late, early).is_err());
        assert!(DateRange::new(early, early).is_ok());
        assert!(DateRange::new(None, early).is_ok());
    }
}
