//! What is owed at the end of each month.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Basis, is_shown, up_to};
use super::series::{first_month_of, months_between};
use crate::db::{self, ContractTitle, DbConn, DbError};
use crate::domain::{BalanceMoves, Debt, Money, Month, PortfolioFilter};

/// What balances are kept apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DebtGroup {
    /// By contract.
    Contract,
    /// By organization.
    Organization,
    /// By lender.
    Lender,
}

impl DebtGroup {
    /// The group of that name; `counterparty` is the lender's name in older clients.
    pub fn of_name(name: &str) -> Option<DebtGroup> {
        match name {
            "contract" => Some(DebtGroup::Contract),
            "organization" => Some(DebtGroup::Organization),
            "lender" | "counterparty" => Some(DebtGroup::Lender),
            _ => None,
        }
    }

    /// As the key has it.
    pub fn as_str(self) -> &'static str {
        match self {
            DebtGroup::Contract => "contract",
            DebtGroup::Organization => "organization",
            DebtGroup::Lender => "counterparty",
        }
    }

    /// The id that a contract belongs to: 0 for a contract without a lender.
    pub(super) fn id_of(self, title: &ContractTitle) -> i64 {
        match self {
            DebtGroup::Contract => title.id,
            DebtGroup::Organization => title.organization_id,
            DebtGroup::Lender => title.lender_id.unwrap_or(0),
        }
    }

    /// The name that belongs to the id.
    pub(super) fn name_of(self, title: &ContractTitle) -> String {
        match self {
            DebtGroup::Contract => title.contract_number.clone(),
            DebtGroup::Organization => title.organization.clone(),
            DebtGroup::Lender => title.lender.clone().unwrap_or_else(|| NO_NAME.to_owned()),
        }
    }
}

pub(super) const NO_NAME: &str = "—";

/// The balances at the end of a month, of the last one at `as_of`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct DebtBalance {
    /// `2024-03`.
    #[schema(value_type = String)]
    pub(crate) month: Month,
    /// Of a grouped balance: which contract, organization or lender; absent for contracts without
    /// one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) group: Option<Arc<str>>,
    /// Drawn up to the month's end, in the contracts' currency.
    pub(crate) received: Money,
    /// Repaid up to the month's end.
    pub(crate) principal: Money,
    /// Adjustments up to the month's end.
    pub(crate) adjustments: Money,
    /// What is owed: the sum of the positive balances. By contract, its balance.
    pub(crate) outstanding: Money,
    /// What more was repaid than drawn, as a positive amount.
    pub(crate) overpaid: Money,
}

/// Returns what is owed at the end of each month, from the first month asked for (else the first
/// operation's) to that of `as_of`. A group is listed from its first operation on.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn debt_balance(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    group: Option<DebtGroup>,
) -> Result<Vec<DebtBalance>, DbError> {
    let as_of = basis.as_of(filter);
    let mut titles = db::list_contract_titles(conn, filter).await?;
    titles.retain(|_, title| is_shown(title, filter, basis));
    let mut moves = db::balance_moves_by_month(conn, &filter.over(up_to(as_of))).await?;
    moves.retain(|(_, id, _)| titles.contains_key(id));
    let first_operation = moves.first().map(|(month, ..)| *month);
    let first_shown = first_month_of(filter.dates).or(first_operation);
    let first = first_operation.min(first_shown).or(first_shown);
    let mut series = Series {
        group,
        titles: &titles,
        balances: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    if group.is_none() {
        series.groups.insert(0, Group::default());
    }
    let mut data = Vec::new();
    let mut moves = moves.into_iter().peekable();
    for month in months_between(first, Month::of(as_of)) {
        while let Some((_, id, moved)) = moves.next_if(|(at, ..)| *at == month) {
            series.add(id, moved);
        }
        if first_shown.is_none_or(|first| month >= first) {
            data.extend(series.rows(month));
        }
    }
    Ok(data)
}

/// The balances up to some month.
struct Series<'t> {
    group: Option<DebtGroup>,
    titles: &'t BTreeMap<i64, ContractTitle>,
    /// By contract.
    balances: BTreeMap<i64, Money>,
    groups: BTreeMap<i64, Group>,
}

#[derive(Default)]
struct Group {
    name: Option<Arc<str>>,
    moved: BalanceMoves,
    debt: Debt,
}

impl Series<'_> {
    fn add(&mut self, contract_id: i64, moved: BalanceMoves) {
        let Some(title) = self.titles.get(&contract_id) else {
            return;
        };
        let balance = self.balances.entry(contract_id).or_default();
        let before = std::mem::replace(balance, *balance + moved.change());
        let id = self.group.map_or(0, |group| group.id_of(title));
        let group = self.groups.entry(id).or_insert_with(|| Group {
            name: self.group.map(|group| group.name_of(title).into()),
            ..Group::default()
        });
        group.moved += moved;
        group.debt.replace(before, *balance);
    }

    fn rows(&self, month: Month) -> impl Iterator<Item = DebtBalance> {
        self.groups.iter().map(move |(id, group)| DebtBalance {
            month,
            group_id: Some(*id).filter(|id| *id != 0),
            group: group.name.clone(),
            received: group.moved.drawn,
            principal: group.moved.repaid,
            adjustments: group.moved.adjustments,
            outstanding: match self.group {
                Some(DebtGroup::Contract) => group.moved.change(),
                _ => group.debt.debt,
            },
            overpaid: group.debt.overpaid,
        })
    }
}
