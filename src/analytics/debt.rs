//! What is owed at the end of each month.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Basis, is_shown, up_to};
use super::series::{first_month_of, months_between};
use crate::db::{self, ContractTitle, DbConn, DbError};
use crate::domain::{BalanceFlows, BalanceMoves, Debt, Money, Month, PortfolioFilter};

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
    if matches!(group, None | Some(DebtGroup::Organization))
        && let Some(data) = kept_balance(conn, filter, basis, group).await?
    {
        return Ok(data);
    }
    let as_of = basis.as_of(filter);
    let titles = shown_titles(conn, filter, basis).await?;
    let mut moves = db::balance_moves_by_month(conn, &filter.over(up_to(as_of))).await?;
    moves.retain(|(_, id, _)| titles.contains_key(id));
    let mut series = Series::of(group);
    let mut balances: BTreeMap<i64, Money> = BTreeMap::new();
    let mut data = Vec::new();
    let shown = Shown::of(filter, as_of, moves.first().map(|(month, ..)| *month));
    let mut moves = moves.into_iter().peekable();
    for month in shown.months() {
        while let Some((_, id, moved)) = moves.next_if(|(at, ..)| *at == month) {
            if let Some(title) = titles.get(&id) {
                let balance = balances.entry(id).or_default();
                let before = std::mem::replace(balance, *balance + moved.change());
                series.group_of(title).add(moved, before, *balance);
            }
        }
        if shown.has(month) {
            data.extend(series.rows(month));
        }
    }
    Ok(data)
}

/// The same from the sums that are kept of whole months, without reading what each contract did in
/// each month; `None` where they are not kept. The last month is cut by `as_of`: it is made of the
/// balances of that day.
async fn kept_balance(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    group: Option<DebtGroup>,
) -> Result<Option<Vec<DebtBalance>>, DbError> {
    let as_of = basis.as_of(filter);
    let last = Month::of(as_of);
    let kept = db::monthly_debts(conn, filter, &basis.base_currency, last).await?;
    let Some(mut kept) = kept else {
        return Ok(None);
    };
    kept.retain(|(month, ..)| *month < last);
    let titles = shown_titles(conn, filter, basis).await?;
    let flows = db::balance_flows(conn, &filter.over(up_to(as_of))).await?;
    let mut at_end = Series::of(group);
    let mut has_moved = false;
    for (id, flows) in flows {
        if let Some(title) = titles.get(&id) {
            let BalanceFlows {
                drawn,
                repaid,
                adjustments,
                ..
            } = flows;
            let moved = BalanceMoves {
                drawn,
                repaid,
                adjustments,
            };
            at_end
                .group_of(title)
                .add(moved, Money::ZERO, moved.change());
            has_moved = true;
        }
    }
    let first = kept.first().map(|(month, ..)| *month);
    let shown = Shown::of(filter, as_of, first.or(has_moved.then_some(last)));
    let mut series = Series::of(group);
    let mut data = Vec::new();
    let mut kept = kept.into_iter().peekable();
    for month in shown.months() {
        while let Some((_, organization_id, moves)) = kept.next_if(|(at, ..)| *at == month) {
            let id = group.map_or(0, |_| organization_id);
            let name = || at_end.groups.get(&id).and_then(|group| group.name.clone());
            let group = series.groups.entry(id).or_insert_with(|| Group {
                name: name(),
                ..Group::default()
            });
            group.moved += moves.moved;
            group.debt += moves.change;
        }
        if shown.has(month) {
            data.extend(if month == last {
                at_end.rows(month)
            } else {
                series.rows(month)
            });
        }
    }
    Ok(Some(data))
}

/// The contracts whose balances a filter shows.
async fn shown_titles(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<BTreeMap<i64, ContractTitle>, DbError> {
    let mut titles = db::list_contract_titles(conn, filter).await?;
    titles.retain(|_, title| is_shown(title, filter, basis));
    Ok(titles)
}

/// The months of a series.
struct Shown {
    /// From here on balances move.
    first: Option<Month>,
    /// The first that is shown.
    first_shown: Option<Month>,
    last: Month,
}

impl Shown {
    fn of(filter: &PortfolioFilter, as_of: NaiveDate, first_operation: Option<Month>) -> Shown {
        let first_shown = first_month_of(filter.dates).or(first_operation);
        Shown {
            first: first_operation.min(first_shown).or(first_shown),
            first_shown,
            last: Month::of(as_of),
        }
    }

    fn months(&self) -> impl Iterator<Item = Month> + use<> {
        months_between(self.first, self.last)
    }

    fn has(&self, month: Month) -> bool {
        self.first_shown.is_none_or(|first| month >= first)
    }
}

/// The balances up to some month, apart by group.
struct Series {
    group: Option<DebtGroup>,
    groups: BTreeMap<i64, Group>,
}

#[derive(Default)]
struct Group {
    name: Option<Arc<str>>,
    moved: BalanceMoves,
    debt: Debt,
}

impl Group {
    /// Adds what moved the balance of one contract.
    fn add(&mut self, moved: BalanceMoves, before: Money, now: Money) {
        self.moved += moved;
        self.debt.replace(before, now);
    }
}

impl Series {
    /// Of no group, there is one from the beginning.
    fn of(group: Option<DebtGroup>) -> Series {
        let groups = group.is_none().then(|| (0, Group::default()));
        Series {
            group,
            groups: groups.into_iter().collect(),
        }
    }

    /// The group that a contract belongs to.
    fn group_of(&mut self, title: &ContractTitle) -> &mut Group {
        let id = self.group.map_or(0, |group| group.id_of(title));
        self.groups.entry(id).or_insert_with(|| Group {
            name: self.group.map(|group| group.name_of(title).into()),
            ..Group::default()
        })
    }

    fn rows(&self, month: Month) -> impl Iterator<Item = DebtBalance> + use<'_> {
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
