//! Organization by organization.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::Data;
use crate::db::{self, DbConn, DbError, FlowGroup};
use crate::domain::{FlowSums, Money, Percent, PortfolioFilter};

/// How an organization pays its debts off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationEfficiency {
    #[serde(rename = "organization_id")]
    organization_id: i64,
    name: String,
    total_paid: Money,
    principal: Money,
    interest: Money,
    received: Money,
    /// Principal / totalPaid · 100.
    efficiency: Percent,
    /// (received − principal) / received · 100.
    debt_ratio: Percent,
}

/// The portfolio of an organization.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationStats {
    #[serde(rename = "organization_id")]
    organization_id: i64,
    name: String,
    /// With an operation in the range.
    contracts: usize,
    /// Receipts and expenses.
    operations: i64,
    received: Money,
    paid: Money,
    principal: Money,
    interest: Money,
    /// Received − principal.
    outstanding: Money,
    last_payment: Option<NaiveDate>,
}

/// The efficiency of each organization with operations, largest totalPaid first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn org_efficiency(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Data<OrganizationEfficiency>, DbError> {
    let data = named_organizations(conn, filter).await?.into_iter().map(|(organization_id, name, flow)| {
        OrganizationEfficiency {
            organization_id,
            name,
            total_paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            received: flow.receipts,
            efficiency: Percent::of(flow.principal, flow.expenses),
            debt_ratio: Percent::of(flow.outstanding(), flow.receipts),
        }
    });
    Ok(Data { data: data.collect() })
}

/// The portfolio of each organization with operations, largest paid first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn organization_stats(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Data<OrganizationStats>, DbError> {
    let titles = db::list_contract_titles(conn, filter.department).await?;
    let mut contracts: HashMap<i64, HashSet<i64>> = HashMap::new();
    for contract in db::contracts_with_flows(conn, filter).await? {
        if let Some(title) = titles.get(&contract) {
            contracts.entry(title.organization_id).or_default().insert(contract);
        }
    }
    let data =
        named_organizations(conn, filter).await?.into_iter().map(|(organization_id, name, flow)| OrganizationStats {
            organization_id,
            name,
            contracts: contracts.get(&organization_id).map_or(0, HashSet::len),
            operations: flow.receipt_count + flow.expense_count,
            received: flow.receipts,
            paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            outstanding: flow.outstanding(),
            last_payment: flow.last_payment,
        });
    Ok(Data { data: data.collect() })
}

/// Id, name and sums of each organization with operations, largest expenses first, ties by name.
async fn named_organizations(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<(i64, String, FlowSums)>, DbError> {
    let mut names = db::list_organization_names(conn, filter.department).await?;
    let flows = db::flows_by(conn, filter, FlowGroup::Organization).await?;
    let named = flows.into_iter().map(|(id, flow)| (id, names.remove(&id).unwrap_or_default(), flow));
    let mut rows: Vec<_> = named.collect();
    rows.sort_by(|(_, name, flow), (_, other_name, other)| {
        other.expenses.cmp(&flow.expenses).then_with(|| name.cmp(other_name))
    });
    Ok(rows)
}
