//! Contracts of a department; organization and contract key are the natural key.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::contracts;
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::ContractRef;

/// What an operation tells of its contract beside the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractFacts {
    /// `credit` or `loan`.
    pub contract_type: Option<String>,
    /// The other party: the lender.
    pub counterparty: Option<String>,
}

/// A contract that is already stored.
#[derive(Clone, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct KnownContract {
    pub id: i64,
    pub organization_id: i64,
    pub contract_key: String,
    pub contract_type: Option<String>,
    pub counterparty: Option<String>,
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
                contracts::contract_type,
                contracts::counterparty,
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
        contracts::created_at.eq(now),
        contracts::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(contracts::table).values(row).returning(contracts::id).get_result(c).await
    })?)
}

/// Stores what became known of a contract that was first seen without it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn fill_contract_facts(conn: &mut DbConn, contract_id: i64, facts: &ContractFacts) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(contracts::table.filter(contracts::id.eq(contract_id)))
            .set((
                contracts::contract_type.eq(&facts.contract_type),
                contracts::counterparty.eq(&facts.counterparty),
                contracts::updated_at.eq(utc_now()),
            ))
            .execute(c)
            .await
    })?;
    Ok(())
}
