//! Contracts as reports read them: the names beside their figures, and what decides how they count.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use super::contract_conditions::contract_condition;
use super::schema::{contracts, lenders, organizations};
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, Direction, PortfolioFilter};

/// A contract beside its figures.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ContractTitle {
    pub id: i64,
    pub organization_id: i64,
    pub organization: String,
    pub contract_number: String,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<String>,
    pub lender_id: Option<i64>,
    pub lender: Option<String>,
    pub is_intra_group: Option<bool>,
    pub is_active: bool,
    pub direction: Option<String>,
    pub currency: Option<String>,
}

impl ContractTitle {
    /// Which way its money goes; an unknown direction counts as borrowed.
    pub fn counted_direction(&self) -> Direction {
        self.direction
            .as_deref()
            .and_then(Direction::of_name)
            .unwrap_or_default()
    }

    /// Whether its balance is in that currency. A contract without operations has the base
    /// currency.
    pub fn is_in(&self, currency: &Currency, base_currency: &Currency) -> bool {
        self.currency.as_deref().unwrap_or(base_currency.as_str()) == currency.as_str()
    }
}

/// Returns the contracts that a filter leaves, by id, whatever its dates and currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contract_titles(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<BTreeMap<i64, ContractTitle>, DbError> {
    let rows: Vec<ContractTitle> = on_conn!(conn, |c| {
        let mut query = contracts::table
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq(contracts::department_id)
                    .and(organizations::id.eq(contracts::organization_id))),
            )
            .left_join(
                lenders::table.on(lenders::department_id
                    .eq(contracts::department_id)
                    .and(lenders::id.nullable().eq(contracts::lender_id))),
            )
            .select((
                contracts::id,
                contracts::organization_id,
                organizations::name,
                contracts::contract_number,
                contracts::contract_date,
                contracts::contract_type,
                contracts::lender_id,
                lenders::name.nullable(),
                lenders::is_intra_group.nullable(),
                contracts::is_active,
                contracts::direction,
                contracts::currency,
            ))
            .filter(contracts::merged_into.is_null())
            .into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter(contracts::department_id.eq(id));
        }
        if let Some(id) = filter.organization_id {
            query = query.filter(contracts::organization_id.eq(id));
        }
        if let Some(id) = filter.contract_id {
            query = query.filter(contracts::id.eq(id));
        }
        if let Some(condition) = contract_condition(filter, "contracts.id") {
            query = query.filter(diesel::dsl::sql::<Bool>(&condition));
        }
        query.load(c).await
    })?;
    Ok(rows.into_iter().map(|title| (title.id, title)).collect())
}
