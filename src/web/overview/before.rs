//! The period before: what changes are against.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};

use crate::domain::DateRange;

/// Returns the range before a range: as many months earlier when it begins with a month, else as
/// many days. What has not come yet is compared with nothing: a range ends today at the latest.
/// `None` for a range without a beginning.
pub(super) fn range_before(dates: DateRange, today: NaiveDate) -> Option<DateRange> {
    let from = dates.from()?;
    let to = dates.to().unwrap_or(today).min(today).max(from);
    let (from_before, to_before) = if from.day() == 1 {
        let years = u32::try_from(to.year() - from.year()).ok()?;
        let months = Months::new((years * 12 + to.month()).checked_sub(from.month())? + 1);
        (
            from.checked_sub_months(months)?,
            same_day(to, to.checked_sub_months(months)?),
        )
    } else {
        let days = to - from + TimeDelta::days(1);
        (from.checked_sub_signed(days)?, to.checked_sub_signed(days)?)
    };
    DateRange::new(Some(from_before), Some(to_before)).ok()
}

/// The last day of a month is compared with the last day of another.
fn same_day(day: NaiveDate, earlier: NaiveDate) -> NaiveDate {
    let is_last = |day: NaiveDate| day.succ_opt().is_none_or(|next| next.day() == 1);
    if is_last(day) {
        crate::domain::Month::of(earlier).last_day()
    } else {
        earlier
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::range_before;
    use crate::domain::DateRange;

    #[test]
    fn months_are_compared_with_months_and_days_with_days() {
        let today = "2026-11-25".parse().unwrap();
        for (from, to, expected) in [
            ("2026-11-01", "2026-11-25", "2026-10-01..2026-10-25"),
            ("2026-02-01", "2026-02-28", "2026-01-01..2026-01-31"),
            ("2026-01-01", "2026-11-25", "2025-02-01..2025-12-25"),
            ("2025-12-01", "2026-11-25", "2024-12-01..2025-11-25"),
            ("2026-03-10", "2026-03-19", "2026-02-28..2026-03-09"),
            ("2026-11-01", "", "2026-10-01..2026-10-25"),
            ("2026-01-01", "2026-12-31", "2025-02-01..2025-12-25"),
            ("2026-11-20", "2026-11-30", "2026-11-14..2026-11-19"),
        ] {
            let dates = DateRange::new(from.parse().ok(), to.parse().ok()).unwrap();
            let before = range_before(dates, today).unwrap();
            let text = format!("{}..{}", before.from().unwrap(), before.to().unwrap());
            assert_eq!(text, expected, "{from} {to}");
        }
        assert_eq!(range_before(DateRange::ALL, today), None);
    }
}
