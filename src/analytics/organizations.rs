//! Organization by organization.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis};
use crate::db::{self, DbConn, DbError, FlowGroup};
use crate::domain::{BalanceFlows, Debt, FlowSums, Money, Percent, PortfolioFilter};

/// How an organization pays its debts off.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationEfficiency {
    #[serde(rename = "organization_id")]
    pub(crate) organization_id: i64,
    pub(crate) name: String,
    pub(crate) total_paid: Money,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    pub(crate) received: Money,
    /// Principal / totalPaid · 100: which part of all that was paid lowered debt. Months and years
    /// divide by principal + interest instead.
    pub(crate) efficiency: Percent,
    /// (received − principal) / received · 100, of the range: which part of what came in was not
    /// repaid in it. It is no balance.
    pub(crate) debt_ratio: Percent,
    /// Interest / (principal + interest) · 100.
    #[serde(rename = "interest_share")]
    pub(crate) interest_share: Percent,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
}

/// The portfolio of an organization.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationStats {
    #[serde(rename = "organization_id")]
    pub(crate) organization_id: i64,
    pub(crate) name: String,
    /// With an operation in the range.
    pub(crate) contracts: usize,
    /// Receipts and expenses.
    pub(crate) operations: i64,
    pub(crate) received: Money,
    pub(crate) paid: Money,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    /// Interest / (principal + interest) · 100.
    #[serde(rename = "interest_share")]
    pub(crate) interest_share: Percent,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
    /// Drawn on its contracts in the range, up to `as_of`, in their currency.
    pub(crate) drawn: Money,
    /// Repaid on them.
    pub(crate) repaid: Money,
    /// Adjustments of them.
    pub(crate) adjustments: Money,
    /// The debt at `as_of`: the sum of the positive balances of its contracts.
    pub(crate) outstanding: Money,
    /// What more was repaid than drawn, as a positive amount.
    pub(crate) overpaid: Money,
    pub(crate) last_payment: Option<NaiveDate>,
}

/// Returns the efficiency of each organization with operations, largest totalPaid first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn org_efficiency(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<OrganizationEfficiency>, DbError> {
    let mut flows = db::flows_by(conn, filter, FlowGroup::Organization).await?;
    flows.retain(|_, flow| flow.has_operations());
    let names = db::list_organization_names(conn, filter.department).await?;
    let data = largest_first(flows, names)
        .into_iter()
        .map(|(organization_id, name, flow)| OrganizationEfficiency {
            organization_id,
            name,
            total_paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            received: flow.receipts,
            efficiency: Percent::of(flow.principal, flow.expenses),
            debt_ratio: Percent::of(flow.receipts - flow.principal, flow.receipts),
            interest_share: Percent::of(flow.interest, flow.principal + flow.interest),
            given: flow.given,
            other: flow.other(),
        });
    Ok(data.collect())
}

/// Returns the portfolio of each organization with operations in the range or with a balance,
/// largest paid first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn organization_stats(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Vec<OrganizationStats>, DbError> {
    let balances = Balances::load(conn, filter, basis).await?;
    let mut contracts: HashMap<i64, HashSet<i64>> = HashMap::new();
    for id in db::contracts_with_flows(conn, filter).await? {
        if let Some(contract) = balances.contracts.get(&id) {
            contracts
                .entry(contract.title.organization_id)
                .or_default()
                .insert(id);
        }
    }
    let mut owed: HashMap<i64, (Debt, BalanceFlows)> = HashMap::new();
    let mut flows = db::flows_by(conn, filter, FlowGroup::Organization).await?;
    flows.retain(|_, flow| flow.has_operations());
    for contract in balances.shown(filter, basis) {
        let id = contract.title.organization_id;
        let (debt, moved) = owed.entry(id).or_default();
        debt.add(contract.closing());
        *moved += contract.flows;
        if contract.closing() != Money::ZERO || contract.opening != Money::ZERO {
            flows.entry(id).or_default();
        }
    }
    let names = db::list_organization_names(conn, filter.department).await?;
    let is_of_contracts = filter.contract_id.is_some() || filter.restricts_contracts();
    let data = largest_first(flows, names)
        .into_iter()
        .map(|(organization_id, name, flow)| {
            let (debt, moved) = owed.get(&organization_id).copied().unwrap_or_default();
            OrganizationStats {
                organization_id,
                name,
                contracts: contracts.get(&organization_id).map_or(0, HashSet::len),
                operations: flow.receipt_count
                    + if is_of_contracts {
                        flow.payment_count
                    } else {
                        flow.expense_count
                    },
                received: flow.receipts,
                paid: flow.expenses,
                principal: flow.principal,
                interest: flow.interest,
                interest_share: Percent::of(flow.interest, flow.principal + flow.interest),
                given: flow.given,
                other: flow.other(),
                drawn: moved.drawn,
                repaid: moved.repaid,
                adjustments: moved.adjustments,
                outstanding: debt.debt,
                overpaid: debt.overpaid,
                last_payment: flow.last_payment,
            }
        });
    Ok(data.collect())
}

/// Id, name and sums of organizations, largest expenses first, ties by name.
fn largest_first(
    flows: BTreeMap<i64, FlowSums>,
    mut names: HashMap<i64, String>,
) -> Vec<(i64, String, FlowSums)> {
    let named = flows
        .into_iter()
        .map(|(id, flow)| (id, names.remove(&id).unwrap_or_default(), flow));
    let mut rows: Vec<_> = named.collect();
    rows.sort_by(|(_, name, flow), (_, other_name, other)| {
        other
            .expenses
            .cmp(&flow.expenses)
            .then_with(|| name.cmp(other_name))
    });
    rows
}
