//! Lender by lender: what is owed to each, what it cost, and at which rate.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, ContractBalance, up_to};
use super::debt::DebtGroup;
use crate::db::{self, DbConn, DbError};
use crate::domain::{BalanceFlows, Debt, Money, Percent, PortfolioFilter, shares};

/// What is owed to a lender, in the contracts' currency.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct LenderStats {
    /// Null for contracts without a lender.
    pub(crate) lender_id: Option<i64>,
    pub(crate) name: String,
    /// Its contracts.
    pub(crate) contracts: usize,
    /// Those on which something is owed at `as_of` and that are not switched off.
    pub(crate) active_contracts: usize,
    /// Drawn in the range.
    pub(crate) drawn: Money,
    /// Repaid in the range.
    pub(crate) repaid: Money,
    /// Adjustments of the range.
    pub(crate) adjustments: Money,
    /// The interest paid in the range.
    pub(crate) interest: Money,
    /// What is owed at `as_of`: the sum of the positive balances.
    pub(crate) outstanding: Money,
    /// What more was repaid than drawn, as a positive amount.
    pub(crate) overpaid: Money,
    /// Of the debt, in percent; the shares add up to 100.00.
    pub(crate) share: Percent,
    /// Interest paid in the range · 365 / Σ of what was owed at the end of each of its days · 100;
    /// absent when nothing was owed.
    pub(crate) realized_rate: Option<Percent>,
}

/// What the contracts of a lender add up to.
#[derive(Default)]
struct Sums {
    name: String,
    contracts: usize,
    active_contracts: usize,
    flows: BalanceFlows,
    debt: Debt,
    balance_days: i128,
}

/// Returns the lenders of the contracts that a filter shows, largest debt first, ties by name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn lender_stats(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<LenderStats>, DbError> {
    let balances = Balances::load(conn, filter, basis).await?;
    let as_of = balances.as_of;
    let mut moves: BTreeMap<i64, Vec<(NaiveDate, Money)>> = BTreeMap::new();
    for (day, id, moved) in db::balance_moves_by_day(conn, &filter.over(up_to(as_of))).await? {
        moves.entry(id).or_default().push((day, moved.change()));
    }
    let mut lenders: BTreeMap<i64, Sums> = BTreeMap::new();
    for contract in balances.shown(filter, basis) {
        let moves = moves.remove(&contract.title.id).unwrap_or_default();
        let held = balance_days(&moves, filter.dates.from(), as_of);
        let id = DebtGroup::Lender.id_of(&contract.title);
        lenders.entry(id).or_default().add(contract, held);
    }
    let mut lenders: Vec<(i64, Sums)> = lenders.into_iter().collect();
    lenders.sort_by(|(_, one), (_, other)| {
        let by_debt = other.debt.debt.cmp(&one.debt.debt);
        by_debt.then_with(|| one.name.cmp(&other.name))
    });
    let debts: Vec<Money> = lenders.iter().map(|(_, sums)| sums.debt.debt).collect();
    let rows = lenders.into_iter().zip(shares(&debts));
    Ok(rows
        .map(|((id, sums), share)| LenderStats {
            lender_id: Some(id).filter(|id| *id != 0),
            name: sums.name,
            contracts: sums.contracts,
            active_contracts: sums.active_contracts,
            drawn: sums.flows.drawn,
            repaid: sums.flows.repaid,
            adjustments: sums.flows.adjustments,
            interest: sums.flows.interest,
            outstanding: sums.debt.debt,
            overpaid: sums.debt.overpaid,
            share,
            realized_rate: realized_rate(sums.flows.interest, sums.balance_days),
        })
        .collect())
}

impl Sums {
    fn add(&mut self, contract: &ContractBalance, balance_days: i128) {
        if self.contracts == 0 {
            self.name = DebtGroup::Lender.name_of(&contract.title);
        }
        self.contracts += 1;
        self.active_contracts += usize::from(contract.is_active());
        self.flows += contract.flows;
        self.debt.add(contract.closing());
        self.balance_days += balance_days;
    }
}

/// Σ of the positive balances at the end of each day from the first one to `as_of`, in kopecks.
/// `moves` are in order of their days; without a first day it is that of the first move.
fn balance_days(moves: &[(NaiveDate, Money)], from: Option<NaiveDate>, as_of: NaiveDate) -> i128 {
    let first = from.or_else(|| moves.first().map(|(day, _)| *day));
    let (Some(mut since), Some(end)) = (first, as_of.succ_opt()) else {
        return 0;
    };
    let held = |balance: Money, since: NaiveDate, until: NaiveDate| {
        let days = (until - since).num_days().max(0);
        i128::from(balance.kopecks().max(0)) * i128::from(days)
    };
    let (mut sum, mut balance) = (0, Money::ZERO);
    for (day, change) in moves {
        let until = since.max(end.min(*day));
        sum += held(balance, since, until);
        since = until;
        balance += *change;
    }
    sum + held(balance, since, end)
}

fn realized_rate(interest: Money, balance_days: i128) -> Option<Percent> {
    // The days' balances of many years exceed what an amount holds: their average does not.
    let average = i64::try_from(balance_days / 365).ok()?;
    (average > 0).then(|| Percent::of(interest, Money::from_kopecks(average)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use chrono::NaiveDate;

    use super::{balance_days, realized_rate};
    use crate::domain::Money;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The example `realised_rate` of the loan mathematics.
    #[test]
    fn the_rate_is_that_of_the_example() {
        let repaid = Money::from_kopecks(-25_000_000);
        let moves = [
            (day("2024-01-15"), Money::from_kopecks(100_000_000)),
            (day("2024-04-15"), repaid),
            (day("2024-07-15"), repaid),
            (day("2024-10-15"), repaid),
            (day("2025-01-15"), repaid),
        ];
        let life = balance_days(&moves, None, day("2025-06-30"));
        assert_eq!(life, 22_825_000_000);
        let rate = realized_rate(Money::from_kopecks(9_978_592), life).unwrap();
        assert_eq!(rate.to_string(), "15.96");
        let year = balance_days(&moves, Some(day("2024-01-01")), day("2024-12-31"));
        assert_eq!(year, 22_475_000_000);
        let rate = realized_rate(Money::from_kopecks(8_972_678), year).unwrap();
        assert_eq!(rate.to_string(), "14.57");
    }

    #[test]
    fn nothing_owed_has_no_rate() {
        assert_eq!(balance_days(&[], None, day("2026-01-01")), 0);
        let paid_back = [(day("2026-01-01"), Money::from_kopecks(-5))];
        let held = balance_days(&paid_back, None, day("2026-02-01"));
        assert_eq!(realized_rate(Money::from_kopecks(100), held), None);
        let reversed = balance_days(
            &[(day("2026-01-01"), Money::from_kopecks(5))],
            Some(day("2026-03-01")),
            day("2026-02-01"),
        );
        assert_eq!(reversed, 0);
    }
}
