//! The contracts of organizations and lenders that are merged: which of them become one, because
//! exports refer to them in the same way, and which move or get another key.

mod plan;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::contracts::contract_key;
use crate::db::schema::contracts;
use crate::db::{DbConn, DbError, on_conn, utc_now};
use crate::domain::ContractRef;
pub(super) use plan::plan;

/// Where a contract stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContractPlace {
    pub organization_id: i64,
    pub contract_key: String,
    pub is_active: bool,
    pub merged_into: Option<i64>,
}

/// A contract that was moved, renamed or merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ContractMove {
    pub id: i64,
    pub was: ContractPlace,
    pub now: ContractPlace,
}

impl ContractMove {
    /// The contract that it was merged into.
    pub fn survivor(&self) -> Option<i64> {
        self.now
            .merged_into
            .filter(|_| self.was.merged_into.is_none())
    }
}

#[derive(Clone, Debug, QueryableByName)]
pub(super) struct PlacedContract {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = Text)]
    contract_key: String,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    merged_into: Option<i64>,
}

impl PlacedContract {
    pub fn place(&self) -> ContractPlace {
        ContractPlace {
            organization_id: self.organization_id,
            contract_key: self.contract_key.clone(),
            is_active: self.is_active,
            merged_into: self.merged_into,
        }
    }

    /// The contract that stands for it.
    fn live_id(&self) -> i64 {
        self.merged_into.unwrap_or(self.id)
    }
}

/// A contract's alias.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct ContractAlias {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub organization_alias_id: i64,
    #[diesel(sql_type = BigInt)]
    pub lender_alias_id: i64,
    #[diesel(sql_type = BigInt)]
    pub organization_id: i64,
    /// 0 where it holds for all lenders.
    #[diesel(sql_type = BigInt)]
    pub lender_id: i64,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub spelling: String,
    #[diesel(sql_type = BigInt)]
    pub target_id: i64,
}

impl ContractAlias {
    /// The reference that it stands for.
    pub fn reference(&self) -> ContractRef {
        let date: Option<NaiveDate> = self
            .key
            .rsplit_once('|')
            .and_then(|(_, date)| date.parse().ok());
        ContractRef::parse(&self.spelling, date).unwrap_or_else(ContractRef::none)
    }

    /// Whether it holds for one lender only, although its reference identifies the contract for all
    /// lenders.
    pub fn is_apart(&self) -> bool {
        self.lender_alias_id != 0 && !self.reference().is_per_counterparty()
    }

    /// The natural key of the contract that it means within an organization.
    pub fn natural_key(&self) -> String {
        match self.lender_id {
            0 => contract_key(&self.reference(), None),
            lender_id => key_of_lender(&self.key, lender_id),
        }
    }
}

/// The key of a contract that is identified together with its lender.
pub(super) fn key_of_lender(key: &str, lender_id: i64) -> String {
    format!("{key}@{lender_id}")
}

/// The key of a contract beside another one of the same natural key.
fn key_apart(key: &str, id: i64) -> String {
    format!("{key}~{id}")
}

/// Takes the lender off a key, if it is that one.
pub(super) fn without_lender(key: &str, lender_id: i64) -> Option<&str> {
    key.strip_suffix(&format!("@{lender_id}"))
}

/// Returns aliases of contracts that a condition on `a` (the alias), `o` (that of its organization)
/// and `l` (that of its lender) selects, by id.
pub(super) async fn list_aliases_where(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
) -> Result<Vec<ContractAlias>, DbError> {
    list_aliases_of_key(conn, department_id, condition, "").await
}

/// The same, of one key only; the empty one stands for any.
pub(super) async fn list_aliases_of_key(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
    key: &str,
) -> Result<Vec<ContractAlias>, DbError> {
    let mark = if matches!(conn, DbConn::Sqlite(_)) {
        "?1"
    } else {
        "$1"
    };
    let sql = format!(
        "SELECT a.id, a.organization_alias_id, a.lender_alias_id, o.target_id AS organization_id, \
           COALESCE(l.target_id, 0) AS lender_id, a.key, a.spelling, a.target_id \
         FROM aliases a \
         JOIN aliases o ON o.department_id = a.department_id AND o.id = a.organization_alias_id \
         LEFT JOIN aliases l ON l.department_id = a.department_id AND l.id = a.lender_alias_id \
         WHERE a.department_id = {department_id} AND a.kind = 'contract' AND {condition} \
           AND ({mark} = '' OR a.key = {mark}) ORDER BY a.id"
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<Text, _>(key)
        .load(c)
        .await)?)
}

/// Returns contracts that a condition selects, by id.
pub(super) async fn list_contracts_where(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
) -> Result<Vec<PlacedContract>, DbError> {
    let sql = format!(
        "SELECT id, organization_id, contract_key, is_active, merged_into FROM contracts \
         WHERE department_id = {department_id} AND {condition} ORDER BY id"
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?)
}

/// Stores where a contract stands.
pub(super) async fn update_place(
    conn: &mut DbConn,
    id: i64,
    place: &ContractPlace,
) -> Result<(), DbError> {
    let set = (
        contracts::organization_id.eq(place.organization_id),
        contracts::contract_key.eq(&place.contract_key),
        contracts::is_active.eq(place.is_active),
        contracts::merged_into.eq(place.merged_into),
    );
    on_conn!(conn, |c| diesel::update(
        contracts::table.filter(contracts::id.eq(id))
    )
    .set(set)
    .execute(c)
    .await)?;
    Ok(())
}

/// Makes a contract under a key; returns its id.
pub(super) async fn insert_under_key(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    key: &str,
    reference: &ContractRef,
) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        contracts::department_id.eq(department_id),
        contracts::organization_id.eq(organization_id),
        contracts::contract_key.eq(key),
        contracts::contract_number.eq(&reference.spelling),
        contracts::contract_date.eq(reference.date),
        contracts::created_at.eq(now),
        contracts::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(contracts::table)
            .values(row)
            .returning(contracts::id)
            .get_result(c)
            .await
    })?)
}

/// Returns the contract of a natural key; of one that was merged, the one that it was merged into.
pub(super) async fn find_by_key(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    key: &str,
) -> Result<Option<i64>, DbError> {
    let found: Option<(i64, Option<i64>)> = on_conn!(conn, |c| {
        contracts::table
            .filter(contracts::department_id.eq(department_id))
            .filter(contracts::organization_id.eq(organization_id))
            .filter(contracts::contract_key.eq(key))
            .select((contracts::id, contracts::merged_into))
            .first(c)
            .await
            .optional()
    })?;
    Ok(found.map(|(id, merged_into)| merged_into.unwrap_or(id)))
}
