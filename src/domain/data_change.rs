//! What a commit changed, and which figures that concerns.
//!
//! A commit writes down what it changed in its own transaction. A cached figure stays valid as
//! long as no later change concerns what it was computed from.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{DateRange, Month};

/// More flows than these are written down more coarsely: by organization, then as one.
const MOST_FLOWS: usize = 200;
/// More runs of days of a flow than these are written down as one.
const MOST_RUNS: usize = 40;

/// What a figure is computed from, beside its department.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// The days whose operations count.
    pub dates: DateRange,
    /// Further days, apart from those.
    pub further_dates: Option<DateRange>,
    /// One organization only.
    pub organization_id: Option<i64>,
    /// One bank account only.
    pub bank_account_id: Option<i64>,
    /// One contract only.
    pub contract_id: Option<i64>,
    /// Names, types and numbers of organizations and contracts.
    pub reference_data: bool,
    /// Anything that a commit changed, even what is in no sum.
    pub any_change: bool,
}

/// Sums of some days that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFlow {
    /// Of this organization.
    pub organization_id: i64,
    /// Of this bank account (0: of operations without one); `None`: of any.
    pub bank_account_id: Option<i64>,
    /// Of this contract (0: of operations without one); `None`: of any.
    pub contract_id: Option<i64>,
    /// Runs of days, first and last, in order.
    pub days: Vec<(NaiveDate, NaiveDate)>,
}

/// What a commit changed in its department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedData {
    /// Whatever there is.
    pub everything: bool,
    /// Organizations, bank accounts or contracts were made or changed.
    pub reference_data: bool,
    /// The sums that changed.
    pub flows: Vec<ChangedFlow>,
}

/// One commit of a department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataChange {
    /// The department.
    pub department_id: i64,
    /// The generation that this commit made of the data.
    pub generation: i64,
    /// The one before.
    pub previous: i64,
    /// What changed.
    pub changed: ChangedData,
}

impl ChangedData {
    /// A change of everything.
    pub fn everything() -> ChangedData {
        ChangedData {
            everything: true,
            ..ChangedData::default()
        }
    }

    /// A change of organizations, bank accounts or contracts, but of no sum.
    pub fn reference_data() -> ChangedData {
        ChangedData {
            reference_data: true,
            ..ChangedData::default()
        }
    }

    /// Whether a figure that depends on that may have changed.
    pub fn concerns(&self, dependency: &Dependency) -> bool {
        self.everything
            || dependency.any_change
            || self.reference_data && dependency.reference_data
            || self.flows.iter().any(|flow| flow.concerns(dependency))
    }
}

impl ChangedFlow {
    fn concerns(&self, dependency: &Dependency) -> bool {
        let is_of = |wanted: Option<i64>, changed: Option<i64>| match (wanted, changed) {
            (Some(wanted), Some(changed)) => wanted == changed,
            _ => true,
        };
        let counts = |first: &NaiveDate, last: &NaiveDate| {
            [Some(dependency.dates), dependency.further_dates]
                .into_iter()
                .flatten()
                .any(|dates| {
                    dates.from().is_none_or(|from| from <= *last)
                        && dates.to().is_none_or(|to| to >= *first)
                })
        };
        is_of(dependency.organization_id, Some(self.organization_id))
            && is_of(dependency.bank_account_id, self.bank_account_id)
            && is_of(dependency.contract_id, self.contract_id)
            && self.days.iter().any(|(first, last)| counts(first, last))
    }
}

/// Collects the days on which sums changed.
#[derive(Debug, Default)]
pub struct ChangedDays {
    days: BTreeMap<(i64, i64, i64), Vec<NaiveDate>>,
    /// Whole stretches of organizations.
    stretches: Vec<ChangedFlow>,
}

impl ChangedDays {
    /// Notes a day of an organization, bank account and contract.
    pub fn note(
        &mut self,
        organization_id: i64,
        bank_account_id: i64,
        contract_id: i64,
        day: NaiveDate,
    ) {
        self.days
            .entry((organization_id, bank_account_id, contract_id))
            .or_default()
            .push(day);
    }

    /// Notes that any sum of an organization may have changed on the days from the first to the
    /// last.
    pub fn note_stretch(&mut self, organization_id: i64, first: NaiveDate, last: NaiveDate) {
        let days = vec![(first, last)];
        self.stretches.push(ChangedFlow {
            organization_id,
            bank_account_id: None,
            contract_id: None,
            days,
        });
    }

    /// As flows: exact as long as they are few.
    pub fn into_flows(self) -> Vec<ChangedFlow> {
        let stretches = self.stretches.into_iter();
        if self.days.len() <= MOST_FLOWS {
            let flow = |((organization_id, bank_account_id, contract_id), days)| ChangedFlow {
                organization_id,
                bank_account_id: Some(bank_account_id),
                contract_id: Some(contract_id),
                days: runs(days, |day| day),
            };
            return self.days.into_iter().map(flow).chain(stretches).collect();
        }
        let mut organizations: BTreeMap<i64, Vec<NaiveDate>> = BTreeMap::new();
        for ((organization_id, ..), days) in self.days {
            organizations
                .entry(organization_id)
                .or_default()
                .extend(days);
        }
        let flow = |(organization_id, days): (i64, Vec<NaiveDate>)| ChangedFlow {
            organization_id,
            bank_account_id: None,
            contract_id: None,
            days: runs(days, |day| {
                Month::of(day).next().first_day().pred_opt().unwrap_or(day)
            }),
        };
        organizations
            .into_iter()
            .map(flow)
            .chain(stretches)
            .collect()
    }
}

/// Days as runs; each day stands for all up to `end(day)`.
fn runs(
    mut days: Vec<NaiveDate>,
    end: impl Fn(NaiveDate) -> NaiveDate,
) -> Vec<(NaiveDate, NaiveDate)> {
    days.sort_unstable();
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if last.succ_opt().is_none_or(|next| day <= next) => {
                *last = (*last).max(end(day))
            }
            _ => runs.push((day, end(day))),
        }
    }
    match (runs.first(), runs.last()) {
        (Some((first, _)), Some((_, last))) if runs.len() > MOST_RUNS => vec![(*first, *last)],
        _ => runs,
    }
}
