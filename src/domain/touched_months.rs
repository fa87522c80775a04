//! Which months of which organizations an import changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Month;

/// Months by organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TouchedMonths(BTreeMap<i64, BTreeSet<Month>>);

impl TouchedMonths {
    /// Notes that an operation of that organization and day is new, changed or gone. One without
    /// a day counts nowhere.
    pub fn touch(&mut self, organization_id: i64, day: Option<NaiveDate>) {
        if let Some(day) = day {
            self.0
                .entry(organization_id)
                .or_default()
                .insert(Month::of(day));
        }
    }

    /// Runs of consecutive months: organization, first month, last month.
    pub fn ranges(&self) -> Vec<(i64, Month, Month)> {
        let mut ranges: Vec<(i64, Month, Month)> = Vec::new();
        for (organization_id, months) in &self.0 {
            for month in months {
                let follows = |last: &Month| last.next() == *month;
                match ranges.last_mut() {
                    Some((organization, _, last))
                        if organization == organization_id && follows(last) =>
                    {
                        *last = *month
                    }
                    _ => ranges.push((*organization_id, *month, *month)),
                }
            }
        }
        ranges
    }
}
