//! The roll-forward: how what was owed at the beginning of a range became what is owed at its end.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, ContractBalance, is_shown};
use super::debt::DebtGroup;
use super::series::{first_month_of, months_between};
use crate::db::{self, DbConn, DbError};
use crate::domain::{BalanceFlows, DateRange, Debt, Money, Month, PortfolioFilter};

/// What the rows of a roll-forward are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollForwardGroup {
    /// Months.
    Month,
    /// Contracts, organizations or lenders.
    Of(DebtGroup),
}

impl RollForwardGroup {
    /// The group of that name.
    pub fn of_name(name: &str) -> Option<RollForwardGroup> {
        if name == "month" {
            Some(RollForwardGroup::Month)
        } else {
            DebtGroup::of_name(name).map(RollForwardGroup::Of)
        }
    }

    /// As the key has it.
    pub fn as_str(self) -> &'static str {
        match self {
            RollForwardGroup::Month => "month",
            RollForwardGroup::Of(group) => group.as_str(),
        }
    }
}

/// How the balances of a range came about, in the contracts' currency.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct RollForward {
    pub(crate) data: Vec<RollForwardRow>,
    pub(crate) total: RollForwardRow,
    /// The debt at `as_of`; total closing = debt − overpaid.
    pub(crate) debt: Money,
    /// What more was repaid than drawn, as a positive amount.
    pub(crate) overpaid: Money,
    /// The day whose end the closing balances belong to.
    pub(crate) as_of: NaiveDate,
    /// The currency of all amounts.
    pub(crate) currency: String,
    /// Currencies of operations and contracts that are not in the amounts.
    pub(crate) other_currencies: Vec<String>,
}

/// Opening + drawn − repaid + adjustments = closing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct RollForwardRow {
    /// Which contract, organization or lender; absent in the total, for months, and without a
    /// lender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<i64>,
    /// Its name; of a month, `2024-03`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    /// The balance at the end of the day before.
    pub(crate) opening: Money,
    pub(crate) drawn: Money,
    pub(crate) repaid: Money,
    pub(crate) adjustments: Money,
    /// The balance at the end.
    pub(crate) closing: Money,
    /// The interest paid; it moves no balance.
    pub(crate) interest: Money,
    /// Paid for anything else; it moves no balance.
    pub(crate) other: Money,
}

/// Returns opening, flows and closing of the range, up to `as_of`, row by row and in total.
/// Contracts, organizations and lenders are listed when something moved or is owed.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn roll_forward(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    group: RollForwardGroup,
    other_currencies: Vec<String>,
) -> Result<RollForward, DbError> {
    let balances = Balances::load(conn, filter, basis).await?;
    let mut total = RollForwardRow::default();
    let mut owed = Debt::default();
    for contract in balances.shown(filter, basis) {
        total.add(contract);
        owed.add(contract.closing());
    }
    let data = match group {
        RollForwardGroup::Month => months(conn, filter, basis, &balances, total.opening).await?,
        RollForwardGroup::Of(group) => groups(balances.shown(filter, basis), group),
    };
    Ok(RollForward {
        data,
        total,
        debt: owed.debt,
        overpaid: owed.overpaid,
        as_of: balances.as_of,
        currency: filter.currency.to_string(),
        other_currencies,
    })
}

/// Largest closing first, ties by name.
fn groups<'b>(
    contracts: impl Iterator<Item = &'b ContractBalance>,
    group: DebtGroup,
) -> Vec<RollForwardRow> {
    let mut rows: BTreeMap<i64, RollForwardRow> = BTreeMap::new();
    for contract in contracts {
        let is_listed =
            contract.opening != Money::ZERO || contract.total != BalanceFlows::default();
        let has_moved =
            contract.closing() != Money::ZERO || contract.flows != BalanceFlows::default();
        if is_listed && (has_moved || contract.opening != Money::ZERO) {
            let id = group.id_of(&contract.title);
            let row = rows.entry(id).or_insert_with(|| RollForwardRow {
                group_id: Some(id).filter(|id| *id != 0),
                group: Some(group.name_of(&contract.title)),
                ..RollForwardRow::default()
            });
            row.add(contract);
        }
    }
    let mut rows: Vec<RollForwardRow> = rows.into_values().collect();
    rows.sort_by(|one, other| {
        other
            .closing
            .cmp(&one.closing)
            .then_with(|| one.group.cmp(&other.group))
    });
    rows
}

/// Every month of the range up to `as_of`, each opening with the closing of the one before.
async fn months(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    balances: &Balances,
    opening: Money,
) -> Result<Vec<RollForwardRow>, DbError> {
    let Ok(days) = DateRange::new(filter.dates.from(), Some(balances.as_of)) else {
        return Ok(Vec::new());
    };
    let mut months: BTreeMap<Month, BalanceFlows> = BTreeMap::new();
    for ((month, id), flow) in db::balance_flows_by_month(conn, &filter.over(days)).await? {
        if balances
            .contracts
            .get(&id)
            .is_some_and(|contract| is_shown(&contract.title, filter, basis))
        {
            *months.entry(month).or_default() += flow;
        }
    }
    let first = first_month_of(filter.dates).or_else(|| months.keys().next().copied());
    let rows = months_between(first, Month::of(balances.as_of)).scan(opening, |opening, month| {
        let flows = months.get(&month).copied().unwrap_or_default();
        let closing = *opening + flows.change();
        let opening = std::mem::replace(opening, closing);
        Some(RollForwardRow {
            group: Some(month.to_string()),
            opening,
            closing,
            ..RollForwardRow::of_flows(flows)
        })
    });
    Ok(rows.collect())
}

impl RollForwardRow {
    fn of_flows(flows: BalanceFlows) -> RollForwardRow {
        RollForwardRow {
            drawn: flows.drawn,
            repaid: flows.repaid,
            adjustments: flows.adjustments,
            interest: flows.interest,
            other: flows.other,
            ..RollForwardRow::default()
        }
    }

    fn add(&mut self, contract: &ContractBalance) {
        self.opening += contract.opening;
        self.drawn += contract.flows.drawn;
        self.repaid += contract.flows.repaid;
        self.adjustments += contract.flows.adjustments;
        self.closing += contract.closing();
        self.interest += contract.flows.interest;
        self.other += contract.flows.other;
    }
}
