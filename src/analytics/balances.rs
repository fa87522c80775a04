//! The balance of each contract at the end of a day, and how it came about: what every figure of
//! what is owed is made of.
//!
//! A balance is made of everything up to its day, in the contract's own currency; `date_from` only
//! says where its flows begin. Planned operations, dated after today, are in no balance.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::config::Settings;
use crate::db::{self, ContractTitle, DbConn, DbError};
use crate::domain::{
    BalanceFlows, ContractStatus, Currency, DateRange, Debt, Money, PortfolioFilter,
};

/// What an answer is computed against, beside its filter.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The current day in the time zone of the imports.
    pub today: NaiveDate,
    /// The currency of contracts without operations.
    pub base_currency: Currency,
    /// The sources that the settings name, each with its department.
    pub configured_sources: Arc<[(i64, String)]>,
}

impl Basis {
    /// The basis of a program with these settings, now.
    pub(crate) fn of_settings(settings: &Settings) -> Basis {
        let sources = settings.import.sources.iter();
        Basis {
            today: settings.cache.clock.today(),
            base_currency: settings.base_currency.clone(),
            configured_sources: sources
                .map(|source| (source.department_id, source.name.clone()))
                .collect(),
        }
    }

    /// Returns the day whose end the balances of a filter belong to: the last day asked for, today
    /// at the latest.
    pub fn as_of(&self, filter: &PortfolioFilter) -> NaiveDate {
        filter
            .dates
            .to()
            .map_or(self.today, |to| to.min(self.today))
    }
}

/// The balance of one contract.
pub(super) struct ContractBalance {
    pub title: ContractTitle,
    /// At the end of the day before `date_from`; zero without one.
    pub opening: Money,
    /// What moved it from then on.
    pub flows: BalanceFlows,
    /// Everything that moved it.
    pub total: BalanceFlows,
}

impl ContractBalance {
    /// The balance at `as_of`.
    pub fn closing(&self) -> Money {
        self.total.change()
    }

    pub fn status(&self) -> ContractStatus {
        let BalanceFlows {
            drawn,
            repaid,
            adjustments,
            ..
        } = self.total;
        ContractStatus::of(
            self.closing(),
            [drawn, repaid, adjustments]
                .iter()
                .any(|moved| *moved != Money::ZERO),
        )
    }

    /// Open and not switched off.
    pub fn is_active(&self) -> bool {
        self.title.is_active && self.status() == ContractStatus::Open
    }
}

/// The balances of all contracts that a filter leaves, whatever their direction and currency.
pub(super) struct Balances {
    pub as_of: NaiveDate,
    /// By contract id.
    pub contracts: BTreeMap<i64, ContractBalance>,
}

impl Balances {
    /// Reads the balances at `as_of`, with opening and flows from `date_from` on.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn load(
        conn: &mut DbConn,
        filter: &PortfolioFilter,
        basis: &Basis,
    ) -> Result<Balances, DbError> {
        let as_of = basis.as_of(filter);
        let titles = db::list_contract_titles(conn, filter).await?;
        let mut totals = db::balance_flows(conn, &filter.over(up_to(as_of))).await?;
        let before = filter
            .dates
            .from()
            .and_then(|from| from.pred_opt())
            .map(|day| day.min(as_of));
        let opening = match before {
            Some(day) => db::balance_flows(conn, &filter.over(up_to(day))).await?,
            None => BTreeMap::new(),
        };
        let balance = |(id, title)| {
            let total = totals.remove(&id).unwrap_or_default();
            let before = opening.get(&id).copied().unwrap_or_default();
            (
                id,
                ContractBalance {
                    title,
                    opening: before.change(),
                    flows: total - before,
                    total,
                },
            )
        };
        Ok(Balances {
            as_of,
            contracts: titles.into_iter().map(balance).collect(),
        })
    }

    /// The contracts whose balances a filter shows: of its currency and direction.
    pub fn shown<'b>(
        &'b self,
        filter: &'b PortfolioFilter,
        basis: &'b Basis,
    ) -> impl Iterator<Item = &'b ContractBalance> {
        self.contracts
            .values()
            .filter(|contract| is_shown(&contract.title, filter, basis))
    }
}

/// Returns what is owed at the end of a filter's last day, as the summary has it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn outstanding_debt(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Money, DbError> {
    let balances = Balances::load(conn, filter, basis).await?;
    Ok(debt(balances.shown(filter, basis)).debt)
}

/// Whether the balance of a contract is among those that a filter shows.
pub(super) fn is_shown(title: &ContractTitle, filter: &PortfolioFilter, basis: &Basis) -> bool {
    title.counted_direction() == filter.balance_direction()
        && title.is_in(&filter.currency, &basis.base_currency)
}

/// All days up to the end of that one.
pub(super) fn up_to(day: NaiveDate) -> DateRange {
    DateRange::new(None, Some(day)).unwrap_or_default()
}

/// Adds up balances without netting them.
pub(super) fn debt<'b>(contracts: impl Iterator<Item = &'b ContractBalance>) -> Debt {
    contracts.fold(Debt::default(), |mut debt, contract| {
        debt.add(contract.closing());
        debt
    })
}

/// What became of a contract by the end of today.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its balance, in its own currency: below zero when more was repaid than drawn.
    pub balance: Money,
    /// What that means.
    pub status: ContractStatus,
}

/// Returns the standing of every contract that a filter leaves, by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn standings(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<BTreeMap<i64, Standing>, DbError> {
    let balances = Balances::load(conn, filter, basis).await?;
    let standing = |contract: ContractBalance| Standing {
        balance: contract.closing(),
        status: contract.status(),
    };
    Ok(balances
        .contracts
        .into_iter()
        .map(|(id, contract)| (id, standing(contract)))
        .collect())
}
