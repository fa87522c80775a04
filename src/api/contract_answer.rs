//! Contracts as they are answered: with what was paid on them, what is owed, and their aliases.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::contract_choice::ContractChoice;
use super::types::{Alias, StoredContract, answers};
use crate::analytics::{Standing, standings};
use crate::db::{self, AliasKind, ContractFilter, ContractRow, DbConn, DbError, FlowGroup, Page};
use crate::domain::{
    ContractStatus, ContractType, DepartmentScope, FlowSums, Money, PortfolioFilter,
};
use crate::state::AppState;

/// A contract as it is answered. Amounts are in the base currency.
#[derive(Serialize, ToSchema)]
pub(super) struct Contract {
    #[serde(flatten)]
    pub row: StoredContract,
    /// `Кредит` or `Заем`.
    contract_type_label: Option<&'static str>,
    pub total_paid: Money,
    principal: Money,
    interest: Money,
    /// What is owed today, in the contract's currency; below zero when more was repaid than drawn.
    pub outstanding: Money,
    /// `undrawn`, `open`, `repaid` or `overpaid`.
    pub status: &'static str,
    /// The references that exports recognize it by.
    aliases: Vec<Alias>,
}

/// Returns a part of the contracts that match, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn part_of(
    state: &AppState,
    conn: &mut DbConn,
    filter: &ContractFilter,
    choice: &ContractChoice,
    page: Page,
) -> Result<(Vec<Contract>, i64), DbError> {
    let rows = db::search_contracts(conn, filter).await?;
    let figures = ContractFigures::of(state, conn, filter.department, None).await?;
    let contracts = rows.into_iter().map(|row| Contract::of(row, &figures));
    let mut contracts: Vec<Contract> = contracts
        .filter(|contract| choice.takes(contract))
        .collect();
    contracts.sort_by(|one, other| choice.compare(one, other));
    let total = i64::try_from(contracts.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
    let shown = contracts
        .into_iter()
        .skip(skip)
        .take(usize::try_from(page.limit).unwrap_or(0));
    Ok((
        aliased(conn, filter.department, shown.collect()).await?,
        total,
    ))
}

/// Returns a contract as it is answered.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn answered(
    state: &AppState,
    conn: &mut DbConn,
    row: Option<ContractRow>,
) -> Result<Option<Contract>, DbError> {
    let Some(row) = row else { return Ok(None) };
    let scope = DepartmentScope::One(row.department_id);
    let figures = ContractFigures::of(state, conn, scope, Some(row.id)).await?;
    Ok(aliased(conn, scope, vec![Contract::of(row, &figures)])
        .await?
        .pop())
}

async fn aliased(
    conn: &mut DbConn,
    scope: DepartmentScope,
    contracts: Vec<Contract>,
) -> Result<Vec<Contract>, DbError> {
    let contracts = db::with_aliases(conn, scope, AliasKind::Contract, contracts, |contract| {
        contract.row.id
    })
    .await?;
    Ok(contracts
        .into_iter()
        .map(|(contract, aliases)| Contract {
            aliases: answers(aliases),
            ..contract
        })
        .collect())
}

/// The figures of all contracts of a scope, or of one, in the base currency, and their standing.
struct ContractFigures {
    flows: BTreeMap<i64, FlowSums>,
    standings: BTreeMap<i64, Standing>,
}

impl ContractFigures {
    async fn of(
        state: &AppState,
        conn: &mut DbConn,
        scope: DepartmentScope,
        contract_id: Option<i64>,
    ) -> Result<ContractFigures, DbError> {
        let everything = PortfolioFilter::of_department(scope, state.base_currency.clone());
        let filter = PortfolioFilter {
            contract_id,
            ..everything
        };
        Ok(ContractFigures {
            flows: db::flows_by(conn, &filter, FlowGroup::Contract).await?,
            standings: standings(conn, &filter, &state.analytics.basis()).await?,
        })
    }
}

impl Contract {
    fn of(row: ContractRow, figures: &ContractFigures) -> Contract {
        let flow = figures.flows.get(&row.id).copied().unwrap_or_default();
        let standing = figures.standings.get(&row.id);
        Contract {
            contract_type_label: row
                .contract_type
                .as_deref()
                .and_then(ContractType::of_name)
                .map(ContractType::label),
            row: row.into(),
            total_paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            outstanding: standing.map_or(Money::ZERO, |standing| standing.balance),
            status: standing
                .map_or(ContractStatus::Undrawn, |standing| standing.status)
                .as_str(),
            aliases: Vec::new(),
        }
    }
}
