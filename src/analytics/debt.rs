//! What is owed, at each month's end and to whom.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Data;
use crate::db::{self, ContractTitle, DbConn, DbError, FlowGroup};
use crate::domain::{DateRange, FlowSums, Money, Month, Percent, PortfolioFilter};

/// What the balance is kept apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DebtGroup {
    /// By contract.
    Contract,
    /// By organization.
    Organization,
    /// By lender.
    Counterparty,
}

impl DebtGroup {
    /// As the parameter `group_by` and the key have it.
    pub fn as_str(self) -> &'static str {
        match self {
            DebtGroup::Contract => "contract",
            DebtGroup::Organization => "organization",
            DebtGroup::Counterparty => "counterparty",
        }
    }
}

/// The balance at the end of a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebtBalance {
    /// `2024-03`.
    month: String,
    /// Of a grouped balance: which contract, organization or lender.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Received up to the month's end.
    received: Money,
    /// Repaid up to the month's end.
    principal: Money,
    /// Received − principal.
    outstanding: Money,
}

/// How what is owed is spread over lenders and contracts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Concentration {
    total_outstanding: Money,
    by_counterparty: Shares,
    by_contract: Shares,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Shares {
    /// The Herfindahl–Hirschman index: the sum of the squared shares in percent, from 0 to 10,000.
    hhi: i64,
    data: Vec<Share>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_id: Option<i64>,
    name: String,
    outstanding: Money,
    /// Of the sum of all positive balances, in percent.
    share: Percent,
}

const NO_NAME: &str = "—";

/// What was received, repaid and is still owed at the end of each month, from the first
/// operation on; months of the range only are shown. The last month shown may be cut by
/// `date_to`.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn debt_balance(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    group: Option<DebtGroup>,
) -> Result<Data<DebtBalance>, DbError> {
    // A balance is made of everything before it as well.
    let until = DateRange::new(None, filter.dates.to()).unwrap_or_default();
    let filter_until = PortfolioFilter { dates: until, ..filter.clone() };
    let first_shown = filter.dates.from().map(Month::of);
    let flows = grouped(conn, &filter_until, group).await?;
    let mut data = Vec::new();
    let mut balances: BTreeMap<GroupKey, FlowSums> = BTreeMap::new();
    let last = flows.keys().next_back().copied();
    let mut month = flows.keys().next().copied();
    while let Some(current) = month.filter(|month| Some(*month) <= last) {
        for (key, flow) in flows.get(&current).into_iter().flatten() {
            *balances.entry(key.clone()).or_default() += *flow;
        }
        if first_shown.is_none_or(|first| current >= first) {
            data.extend(balances.iter().map(|((group_id, group), flow)| DebtBalance {
                month: current.to_string(),
                group_id: *group_id,
                group: group.clone(),
                received: flow.receipts,
                principal: flow.principal,
                outstanding: flow.outstanding(),
            }));
        }
        month = Some(current.next());
    }
    Ok(Data { data })
}

/// Who holds how much of the debt at the end of the range, largest first. Balances below zero
/// (repaid more than was received) have no share.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn concentration(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Concentration, DbError> {
    let until = DateRange::new(None, filter.dates.to()).unwrap_or_default();
    let filter = PortfolioFilter { dates: until, ..filter.clone() };
    let titles = db::list_contract_titles(conn, filter.department).await?;
    let flows = db::flows_by(conn, &filter, FlowGroup::Contract).await?;
    let mut lenders: BTreeMap<String, Money> = BTreeMap::new();
    let mut contracts = Vec::new();
    for (contract_id, flow) in &flows {
        let title = titles.get(contract_id);
        *lenders.entry(lender(title)).or_default() += flow.outstanding();
        let name = title.map_or(NO_NAME.to_owned(), |title| title.contract_number.clone());
        contracts.push((title.map(|title| title.id), name, flow.outstanding()));
    }
    let total = contracts.iter().map(|(_, _, outstanding)| *outstanding).sum();
    let lenders = lenders.into_iter().map(|(name, outstanding)| (None, name, outstanding)).collect();
    Ok(Concentration {
        total_outstanding: total,
        by_counterparty: Shares::of(lenders),
        by_contract: Shares::of(contracts),
    })
}

type GroupKey = (Option<i64>, Option<String>);

/// The sums of each month, kept apart by the group.
async fn grouped(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    group: Option<DebtGroup>,
) -> Result<BTreeMap<Month, BTreeMap<GroupKey, FlowSums>>, DbError> {
    let mut months: BTreeMap<Month, BTreeMap<GroupKey, FlowSums>> = BTreeMap::new();
    let mut add = |month: Month, key: GroupKey, flow: FlowSums| {
        *months.entry(month).or_default().entry(key).or_default() += flow;
    };
    match group {
        None => {
            for (month, flow) in db::flows_by_month(conn, filter).await? {
                add(month, (None, None), flow);
            }
        }
        Some(DebtGroup::Organization) => {
            let names = db::list_organization_names(conn, filter.department).await?;
            for ((month, id), flow) in db::flows_by_month_and(conn, filter, FlowGroup::Organization).await? {
                add(month, (Some(id), names.get(&id).cloned()), flow);
            }
        }
        Some(DebtGroup::Contract | DebtGroup::Counterparty) => {
            let titles = db::list_contract_titles(conn, filter.department).await?;
            for ((month, id), flow) in db::flows_by_month_and(conn, filter, FlowGroup::Contract).await? {
                let title = titles.get(&id);
                let key = match group {
                    Some(DebtGroup::Contract) => {
                        (Some(id), Some(title.map_or(NO_NAME.to_owned(), |title| title.contract_number.clone())))
                    }
                    _ => (None, Some(lender(title))),
                };
                add(month, key, flow);
            }
        }
    }
    Ok(months)
}

fn lender(title: Option<&ContractTitle>) -> String {
    title.and_then(|title| title.counterparty.clone()).unwrap_or_else(|| NO_NAME.to_owned())
}

impl Shares {
    fn of(mut balances: Vec<(Option<i64>, String, Money)>) -> Shares {
        balances.retain(|(_, _, outstanding)| *outstanding > Money::ZERO);
        balances.sort_by(|(_, name, outstanding), (_, other_name, other)| {
            other.cmp(outstanding).then_with(|| name.cmp(other_name))
        });
        let total: Money = balances.iter().map(|(_, _, outstanding)| *outstanding).sum();
        let part = |outstanding: Money| i128::from(outstanding.kopecks());
        // Σ (100 · part / total)², rounded half-up, in integers.
        let squares: i128 = balances.iter().map(|(_, _, outstanding)| part(*outstanding) * part(*outstanding)).sum();
        let whole = part(total) * part(total);
        let hhi = if whole == 0 { 0 } else { hhi(squares, whole) };
        let share = |(contract_id, name, outstanding): (Option<i64>, String, Money)| Share {
            contract_id,
            name,
            outstanding,
            share: Percent::of(outstanding, total),
        };
        Shares { hhi, data: balances.into_iter().map(share).collect() }
    }
}

/// `squares / whole · 10,000`, rounded half-up, without leaving the range of the integers.
fn hhi(squares: i128, whole: i128) -> i64 {
    let scale = (whole / (i128::MAX / 20_001)).max(0) + 1;
    let (squares, whole) = (squares / scale, whole / scale);
    i64::try_from((squares * 20_000 + whole) / (whole * 2)).unwrap_or(0)
}
