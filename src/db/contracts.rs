//! Contracts of a department; organization and contract key are the natural key.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::{contracts, organizations};
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::{ContractRef, DepartmentScope};

/// What an operation tells of its contract beside the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable)]
pub struct ContractFacts {
    /// `credit` or `loan`.
    pub contract_type: Option<String>,
    /// The other party: the lender.
    pub counterparty: Option<String>,
    /// Which operation told the type: a text that sorts by its date. `None`: entered by hand.
    pub type_from: Option<String>,
    /// Which operation told the counterparty.
    pub counterparty_from: Option<String>,
}

/// A contract that is already stored.
#[derive(Clone, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct KnownContract {
    pub id: i64,
    pub organization_id: i64,
    pub contract_key: String,
    #[diesel(embed)]
    pub facts: ContractFacts,
}

/// What reports tell of a contract beside its figures.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ContractTitle {
    pub id: i64,
    pub organization_id: i64,
    pub contract_number: String,
    pub contract_type: Option<String>,
    pub counterparty: Option<String>,
    pub is_active: bool,
}

/// The contracts of a scope, by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contract_titles(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<BTreeMap<i64, ContractTitle>, DbError> {
    let rows: Vec<ContractTitle> = on_conn!(conn, |c| {
        let mut query = contracts::table
            .select((
                contracts::id,
                contracts::organization_id,
                contracts::contract_number,
                contracts::contract_type,
                contracts::counterparty,
                contracts::is_active,
            ))
            .into_boxed();
        if let Some(id) = scope.id() {
            query = query.filter(contracts::department_id.eq(id));
        }
        query.load(c).await
    })?;
    Ok(rows.into_iter().map(|title| (title.id, title)).collect())
}

/// All contracts of a department.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contracts(conn: &mut DbConn, department_id: i64) -> Result<Vec<KnownContract>, DbError> {
    Ok(on_conn!(conn, |c| {
        contracts::table
            .filter(contracts::department_id.eq(department_id))
            .select((
                contracts::id,
                contracts::organization_id,
                contracts::contract_key,
                (contracts::contract_type, contracts::counterparty, contracts::type_from, contracts::counterparty_from),
            ))
            .load(c)
            .await
    })?)
}

/// Stores a new contract under the spelling it was first seen with; gives its id.
///
/// # Errors
/// [`DbError`] when the key is taken or the database can't answer.
pub async fn insert_contract(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    reference: &ContractRef,
    facts: &ContractFacts,
) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        contracts::department_id.eq(department_id),
        contracts::organization_id.eq(organization_id),
        contracts::contract_key.eq(reference.key()),
        contracts::contract_number.eq(&reference.spelling),
        contracts::contract_date.eq(reference.date),
        contracts::contract_type.eq(&facts.contract_type),
        contracts::counterparty.eq(&facts.counterparty),
        contracts::type_from.eq(&facts.type_from),
        contracts::counterparty_from.eq(&facts.counterparty_from),
        contracts::created_at.eq(now),
        contracts::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(contracts::table).values(row).returning(contracts::id).get_result(c).await
    })?)
}

/// Stores what operations tell of a contract.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn store_contract_facts(conn: &mut DbConn, contract_id: i64, facts: &ContractFacts) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(contracts::table.filter(contracts::id.eq(contract_id)))
            .set((
                contracts::contract_type.eq(&facts.contract_type),
                contracts::counterparty.eq(&facts.counterparty),
                contracts::type_from.eq(&facts.type_from),
                contracts::counterparty_from.eq(&facts.counterparty_from),
                contracts::updated_at.eq(utc_now()),
            ))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// As stored and answered, without the figures.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = contracts)]
#[expect(missing_docs, reason = "the columns name themselves")]
#[schema(as = StoredContract)]
pub struct ContractRow {
    pub id: i64,
    pub contract_number: String,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<String>,
    pub counterparty: Option<String>,
    pub organization_id: i64,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What is to be changed; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = contracts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ContractChange {
    pub contract_key: Option<String>,
    pub contract_number: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<String>,
    pub counterparty: Option<String>,
    pub organization_id: Option<i64>,
    pub is_active: Option<bool>,
}

/// Which contracts are asked for.
#[derive(Clone, Debug)]
pub struct ContractFilter {
    /// Of which department.
    pub department: DepartmentScope,
    /// Active ones or others only.
    pub is_active: Option<bool>,
    /// Of one type only.
    pub contract_type: Option<String>,
    /// A part of number, organization or counterparty, in any letter case.
    pub search: Option<String>,
}

/// The contracts that match, by id, all of them: letter case is folded here, because SQLite folds
/// that of ASCII only.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn search_contracts(conn: &mut DbConn, filter: &ContractFilter) -> Result<Vec<ContractRow>, DbError> {
    let rows: Vec<(ContractRow, String)> = on_conn!(conn, |c| {
        let mut query = contracts::table
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq(contracts::department_id)
                    .and(organizations::id.eq(contracts::organization_id))),
            )
            .select((ContractRow::as_select(), organizations::name))
            .order(contracts::id)
            .into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter(contracts::department_id.eq(id));
        }
        if let Some(is_active) = filter.is_active {
            query = query.filter(contracts::is_active.eq(is_active));
        }
        if let Some(contract_type) = &filter.contract_type {
            query = query.filter(contracts::contract_type.eq(contract_type));
        }
        query.load(c).await
    })?;
    let wanted = filter.search.as_ref().map(|text| text.to_lowercase());
    let matches = |contract: &ContractRow, organization: &str| {
        let texts = [Some(contract.contract_number.as_str()), Some(organization), contract.counterparty.as_deref()];
        let mut texts = texts.into_iter().flatten().map(str::to_lowercase);
        wanted.as_ref().is_none_or(|wanted| texts.any(|text| text.contains(wanted.as_str())))
    };
    Ok(rows.into_iter().filter(|(row, name)| matches(row, name)).map(|(row, _)| row).collect())
}

/// The one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_contract(conn: &mut DbConn, scope: DepartmentScope, id: i64) -> Result<Option<ContractRow>, DbError> {
    let row: Option<ContractRow> = on_conn!(conn, |c| {
        contracts::table.filter(contracts::id.eq(id)).select(ContractRow::as_select()).first(c).await.optional()
    })?;
    Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
}

/// Changes the one of that id. Type and counterparty that are entered are not overwritten by what
/// operations tell.
///
/// # Errors
/// [`DbError::Duplicate`] when the new key is taken.
pub async fn update_contract(conn: &mut DbConn, id: i64, change: &ContractChange) -> Result<(), DbError> {
    let type_from = change.contract_type.as_ref().map(|_| contracts::type_from.eq(None::<String>));
    let counterparty_from = change.counterparty.as_ref().map(|_| contracts::counterparty_from.eq(None::<String>));
    on_conn!(conn, |c| {
        diesel::update(contracts::table.filter(contracts::id.eq(id)))
            .set((change, type_from, counterparty_from, contracts::updated_at.eq(utc_now())))
            .execute(c)
            .await
    })?;
    Ok(())
}
