//! The months that a series consists of.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::balances::Basis;
use crate::domain::{DateRange, FlowSums, Month, PortfolioFilter};

/// No operation is dated before: the import refuses it.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a date");

/// The first month that a range asks for.
pub(super) fn first_month_of(dates: DateRange) -> Option<Month> {
    dates.from().map(|from| Month::of(from.max(EARLIEST)))
}

/// Returns the flows of each month: from the first month asked for, else the first with operations,
/// to that of `as_of`, months without operations included. Of later months only those with
/// (planned) operations follow, so that the months always add up to the range, and no far date in a
/// row makes a long series.
pub(super) fn months_of_flows(
    mut flows: BTreeMap<Month, FlowSums>,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> BTreeMap<Month, FlowSums> {
    flows.retain(|_, flow| flow.has_operations());
    let first = first_month_of(filter.dates).or_else(|| flows.keys().next().copied());
    let last = Month::of(basis.as_of(filter));
    for month in months_between(first, last) {
        flows.entry(month).or_default();
    }
    flows
}

/// The months from one to another, both included; none without a first one.
pub(super) fn months_between(first: Option<Month>, last: Month) -> impl Iterator<Item = Month> {
    std::iter::successors(first, |month| Some(month.next())).take_while(move |month| *month <= last)
}
