//! The totals of a portfolio: what moved in a range, and what is owed at its end.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, debt};
use crate::db::{self, DbConn, DbError};
use crate::domain::{DateRange, Direction, FlowSums, Money, PortfolioFilter};

/// The totals. Flows are those of the range in the currency of their payment; balances are what is
/// owed at `as_of` on contracts of that currency, made of everything up to that day.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Summary {
    pub(crate) total_receipts: Money,
    pub(crate) total_expenses: Money,
    /// Receipts − expenses.
    pub(crate) net_balance: Money,
    /// Contracts on which something is owed at `as_of` and that are not switched off; with dates,
    /// of those with an operation in the range.
    pub(crate) active_contracts_count: usize,
    /// Payments that lower debt, by what the detail says, else by its account.
    pub(crate) total_principal: Money,
    pub(crate) total_interest: Money,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Received back of loans given.
    pub(crate) returned: Money,
    /// Paid, but neither principal nor interest nor a loan given: total_expenses − total_principal
    /// − total_interest − given.
    pub(crate) other: Money,
    /// The commission that receipts name.
    pub(crate) commission: Money,
    /// Expenses of the range that the bank has not confirmed; they count.
    pub(crate) unconfirmed: Money,
    /// The day whose end the balances belong to: the earlier of `date_to` and today.
    pub(crate) as_of: NaiveDate,
    /// The sum of the positive balances, never netted. With `direction=lent`: what is owed to us.
    pub(crate) debt: Money,
    /// The part of it that is owed to others than the holding's own organizations.
    pub(crate) debt_external: Money,
    /// What more was repaid than drawn, as a positive amount.
    pub(crate) overpaid: Money,
    /// The principal up to `as_of` that the bank has not confirmed.
    pub(crate) debt_unconfirmed: Money,
    /// With `direction=lent`: receipts on loans given that return nothing of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other_income: Option<Money>,
    /// Operations dated after today, in no balance: receipts + expenses. Absent when `as_of` is not
    /// today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) planned: Option<Money>,
    /// The currency of all amounts.
    pub(crate) currency: String,
    /// Currencies of operations and contracts that are not in the amounts.
    pub(crate) other_currencies: Vec<String>,
}

/// Returns the totals of the filtered operations and contracts.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn summary(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    other_currencies: Vec<String>,
) -> Result<Summary, DbError> {
    let total: FlowSums = db::flows_by_year(conn, filter).await?.into_values().sum();
    // Only the closing is needed: no opening is read.
    let until = filter.over(DateRange::new(None, filter.dates.to()).unwrap_or_default());
    let balances = Balances::load(conn, &until, basis).await?;
    let owed = debt(balances.shown(filter, basis));
    let external = balances
        .shown(filter, basis)
        .filter(|contract| contract.title.is_intra_group != Some(true));
    let in_range = contracts_in_range(conn, filter).await?;
    let is_counted = |id: &i64| in_range.as_ref().is_none_or(|ids| ids.contains(id));
    let active = balances
        .contracts
        .iter()
        .filter(|(id, contract)| is_counted(id) && contract.is_active());
    let is_of_loans_given = filter.direction == Some(Direction::Lent);
    Ok(Summary {
        total_receipts: total.receipts,
        total_expenses: total.expenses,
        net_balance: total.receipts - total.expenses,
        active_contracts_count: active.count(),
        total_principal: total.principal,
        total_interest: total.interest,
        given: total.given,
        returned: total.returned,
        other: total.other(),
        commission: total.commission,
        unconfirmed: total.unconfirmed,
        as_of: balances.as_of,
        debt: owed.debt,
        debt_external: debt(external).debt,
        overpaid: owed.overpaid,
        debt_unconfirmed: balances
            .shown(filter, basis)
            .map(|contract| contract.total.unconfirmed)
            .sum(),
        other_income: is_of_loans_given.then(|| total.receipts - total.returned),
        planned: planned(conn, filter, basis).await?,
        currency: filter.currency.to_string(),
        other_currencies,
    })
}

/// How many contracts there are; with dates, of those with an operation in the range.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct ContractCounts {
    pub(crate) total_count: usize,
    /// On which something is owed at `as_of` and that are not switched off.
    pub(crate) active_count: usize,
    /// All others.
    pub(crate) closed_count: usize,
    /// The day whose end the balances belong to.
    pub(crate) as_of: NaiveDate,
}

/// Counts the filtered contracts, whatever their direction and currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn contract_counts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<ContractCounts, DbError> {
    let until = filter.over(DateRange::new(None, filter.dates.to()).unwrap_or_default());
    let mut balances = Balances::load(conn, &until, basis).await?;
    if let Some(in_range) = contracts_in_range(conn, filter).await? {
        balances.contracts.retain(|id, _| in_range.contains(id));
    }
    let total_count = balances.contracts.len();
    let active_count = balances
        .contracts
        .values()
        .filter(|contract| contract.is_active())
        .count();
    Ok(ContractCounts {
        total_count,
        active_count,
        closed_count: total_count - active_count,
        as_of: balances.as_of,
    })
}

/// The contracts with an operation in the range, whatever its currency; `None` without dates: all.
async fn contracts_in_range(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Option<HashSet<i64>>, DbError> {
    if filter.dates.is_all() {
        return Ok(None);
    }
    Ok(Some(
        db::contracts_with_flows(conn, filter)
            .await?
            .into_iter()
            .collect(),
    ))
}

/// The sum of the operations dated after today, if the balances are those of today.
async fn planned(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Option<Money>, DbError> {
    if basis.as_of(filter) != basis.today {
        return Ok(None);
    }
    let after_today = DateRange::new(basis.today.succ_opt(), None).unwrap_or_default();
    let planned: FlowSums = db::flows_by_year(conn, &filter.over(after_today))
        .await?
        .into_values()
        .sum();
    Ok(Some(planned.receipts + planned.expenses))
}
