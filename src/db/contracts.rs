//! Contracts of a department; organization and contract key are the natural key.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;

use super::schema::{contracts, lenders, organizations};
use super::{CHUNK, DbConn, DbError, on_conn, utc_now};
use crate::domain::{ContractRef, DepartmentScope, Direction, WITHOUT_LENDER};

/// A contract that is already stored.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = contracts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct KnownContract {
    pub id: i64,
    pub organization_id: i64,
    pub contract_key: String,
}

/// A contract to be stored, under the spelling that it was first seen with.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = contracts)]
pub struct NewContract {
    department_id: i64,
    organization_id: i64,
    contract_key: String,
    contract_number: String,
    contract_date: Option<NaiveDate>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl NewContract {
    /// The one of an organization that a reference means; `lender_id` is that of the other party.
    pub fn new(
        department_id: i64,
        organization_id: i64,
        reference: &ContractRef,
        lender_id: Option<i64>,
    ) -> NewContract {
        let now = utc_now();
        NewContract {
            department_id,
            organization_id,
            contract_key: contract_key(reference, lender_id),
            contract_number: reference.spelling.clone(),
            contract_date: reference.date,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its natural key.
    pub fn key(&self) -> (i64, String) {
        (self.organization_id, self.contract_key.clone())
    }
}

/// The natural key of a contract within its organization: the folded reference, and the other party
/// where the reference alone does not identify it.
pub fn contract_key(reference: &ContractRef, lender_id: Option<i64>) -> String {
    match reference.is_per_counterparty() {
        true => format!("{}@{}", reference.key(), lender_id.unwrap_or(0)),
        false => reference.key(),
    }
}

/// All contracts of a department, without those that were merged into others.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contracts(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<Vec<KnownContract>, DbError> {
    Ok(on_conn!(conn, |c| {
        contracts::table
            .filter(contracts::department_id.eq(department_id))
            .filter(contracts::merged_into.is_null())
            .select(KnownContract::as_select())
            .load(c)
            .await
    })?)
}

/// Returns the stored contracts of these pairs of organization and key; of one that was merged, the
/// id is that of the contract that it was merged into.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contracts_by_key(
    conn: &mut DbConn,
    department_id: i64,
    keys: &BTreeSet<(i64, String)>,
) -> Result<Vec<KnownContract>, DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            // A list of keys would be compared with each contract while the statistics are old.
            let (organizations, keys): (Vec<i64>, Vec<&str>) =
                keys.iter().map(|(of, key)| (*of, key.as_str())).unzip();
            let sql = "SELECT COALESCE(merged_into, id) AS id, organization_id, contract_key FROM unnest($2, $3) AS wanted (organization_id, contract_key) \
                       JOIN contracts USING (organization_id, contract_key) WHERE department_id = $1";
            let query = diesel::sql_query(sql).bind::<BigInt, _>(department_id);
            let query = query
                .bind::<Array<BigInt>, _>(organizations)
                .bind::<Array<Text>, _>(keys);
            Ok(query.load(&mut **conn).await?)
        }
        DbConn::Sqlite(conn) => {
            let mut known = Vec::new();
            let keys: Vec<&(i64, String)> = keys.iter().collect();
            for of_one in keys
                .chunk_by(|one, next| one.0 == next.0)
                .flat_map(|of_one| of_one.chunks(CHUNK))
            {
                let Some((organization_id, _)) = of_one.first() else {
                    continue;
                };
                let rows: Vec<KnownContract> = contracts::table
                    .filter(contracts::department_id.eq(department_id))
                    .filter(contracts::organization_id.eq(organization_id))
                    .filter(contracts::contract_key.eq_any(of_one.iter().map(|(_, key)| key)))
                    .select((
                        diesel::dsl::sql::<BigInt>("COALESCE(merged_into, id)"),
                        contracts::organization_id,
                        contracts::contract_key,
                    ))
                    .load(&mut **conn)
                    .await?;
                known.extend(rows);
            }
            Ok(known)
        }
    }
}

/// Returns the contract of an organization that a reference means; `lender_id` is that of the other
/// party.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_contract_of(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    reference: &ContractRef,
    lender_id: Option<i64>,
) -> Result<Option<i64>, DbError> {
    let keys = BTreeSet::from([(organization_id, contract_key(reference, lender_id))]);
    let known = list_contracts_by_key(conn, department_id, &keys).await?;
    Ok(known.into_iter().next().map(|contract| contract.id))
}

/// Stores a contract that is entered; gives its id.
///
/// # Errors
/// [`DbError::Duplicate`] when the key is taken.
pub async fn insert_contract(conn: &mut DbConn, contract: &NewContract) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(contracts::table)
            .values(contract)
            .returning(contracts::id)
            .get_result(c)
            .await
    })?)
}

/// Stores new contracts; returns them in order.
///
/// # Errors
/// [`DbError::Duplicate`] when a key is taken.
pub async fn insert_contracts(
    conn: &mut DbConn,
    rows: Vec<NewContract>,
) -> Result<Vec<KnownContract>, DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            let mut stored = Vec::with_capacity(rows.len());
            for chunk in rows.chunks(CHUNK) {
                let inserted = diesel::insert_into(contracts::table)
                    .values(chunk)
                    .returning(KnownContract::as_returning());
                stored.extend(inserted.get_results(&mut **conn).await?);
            }
            Ok(stored)
        }
        DbConn::Sqlite(conn) => Ok(conn
            .spawn_blocking(move |conn| {
                let insert = |row: &NewContract| {
                    let inserted = diesel::insert_into(contracts::table)
                        .values(row)
                        .returning(KnownContract::as_returning());
                    diesel::RunQueryDsl::get_result(inserted, conn)
                };
                rows.iter().map(insert).collect()
            })
            .await?),
    }
}

/// The other party of a contract, for a join.
macro_rules! lender_of_contract {
    () => {
        lenders::table.on(lenders::department_id
            .eq(contracts::department_id)
            .and(lenders::id.nullable().eq(contracts::lender_id)))
    };
}

/// As stored, with the lender's name.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = contracts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ContractRow {
    pub id: i64,
    pub contract_number: String,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<String>,
    pub lender_id: Option<i64>,
    /// The lender's name.
    #[diesel(select_expression = lenders::name.nullable())]
    pub counterparty: Option<String>,
    /// `borrowed` or `lent`; absent when nothing says which: it counts as borrowed.
    pub direction: Option<String>,
    /// The currency of what is owed.
    pub currency: Option<String>,
    pub organization_id: i64,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The row that it was merged into; absent otherwise.
    pub merged_into: Option<i64>,
}

/// Returns whether a contract's lender was set by hand.
///
/// # Errors
/// [`DbError`] when the contract is unknown or the database can't answer.
pub async fn is_lender_manual(
    conn: &mut DbConn,
    department_id: i64,
    id: i64,
) -> Result<bool, DbError> {
    Ok(on_conn!(conn, |c| {
        contracts::table
            .filter(contracts::department_id.eq(department_id))
            .filter(contracts::id.eq(id))
            .select(contracts::is_lender_manual)
            .first(c)
            .await
    })?)
}

/// What is to be changed; `None` leaves a field as it is, `Some(None)` clears it. A fact that is
/// set by hand is marked as such, and no operation overwrites it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = contracts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ContractChange {
    pub contract_key: Option<String>,
    pub contract_number: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub contract_type: Option<Option<String>>,
    pub is_type_manual: Option<bool>,
    pub lender_id: Option<Option<i64>>,
    pub is_lender_manual: Option<bool>,
    pub direction: Option<Option<String>>,
    pub is_direction_manual: Option<bool>,
    pub currency: Option<Option<String>>,
    pub is_currency_manual: Option<bool>,
    pub organization_id: Option<i64>,
    pub is_active: Option<bool>,
}

impl ContractChange {
    /// Adds a new number or date, and the key that follows from them; `lender_id` is what the change
    /// makes of the lender.
    pub fn renamed(
        self,
        known: &ContractRow,
        number: Option<String>,
        date: Option<NaiveDate>,
        lender_id: Option<Option<i64>>,
    ) -> ContractChange {
        if number.is_none() && date.is_none() {
            return self;
        }
        let spelling = number.as_ref().unwrap_or(&known.contract_number);
        let reference = ContractRef::parse(spelling, date.or(known.contract_date));
        ContractChange {
            contract_date: reference.as_ref().and_then(|reference| reference.date),
            contract_key: reference
                .map(|reference| contract_key(&reference, lender_id.unwrap_or(known.lender_id))),
            contract_number: number,
            ..self
        }
    }
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
    /// Of one lender only.
    pub lender_id: Option<i64>,
    /// Of one direction only; an unknown one counts as borrowed.
    pub direction: Option<Direction>,
    /// A part of number, organization or counterparty, in any letter case.
    pub search: Option<String>,
}

/// The contracts that match, by id, all of them: letter case is folded here, because SQLite folds
/// that of ASCII only.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn search_contracts(
    conn: &mut DbConn,
    filter: &ContractFilter,
) -> Result<Vec<ContractRow>, DbError> {
    let rows: Vec<(ContractRow, String)> = on_conn!(conn, |c| {
        let mut query = contracts::table
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq(contracts::department_id)
                    .and(organizations::id.eq(contracts::organization_id))),
            )
            .left_join(lender_of_contract!())
            .filter(contracts::merged_into.is_null())
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
        match filter.lender_id {
            None => {}
            Some(WITHOUT_LENDER) => query = query.filter(contracts::lender_id.is_null()),
            Some(id) => query = query.filter(contracts::lender_id.eq(id)),
        }
        match filter.direction {
            None => {}
            Some(Direction::Lent) => {
                query = query.filter(contracts::direction.eq(Direction::Lent.as_str()))
            }
            Some(Direction::Borrowed) => {
                let lent = contracts::direction.eq(Direction::Lent.as_str());
                query = query.filter(
                    contracts::direction
                        .is_null()
                        .or(diesel::dsl::not(lent).assume_not_null()),
                );
            }
        }
        query.load(c).await
    })?;
    let wanted = filter.search.as_ref().map(|text| text.to_lowercase());
    let matches = |contract: &ContractRow, organization: &str| {
        let texts = [
            Some(contract.contract_number.as_str()),
            Some(organization),
            contract.counterparty.as_deref(),
        ];
        let mut texts = texts.into_iter().flatten().map(str::to_lowercase);
        wanted
            .as_ref()
            .is_none_or(|wanted| texts.any(|text| text.contains(wanted.as_str())))
    };
    Ok(rows
        .into_iter()
        .filter(|(row, name)| matches(row, name))
        .map(|(row, _)| row)
        .collect())
}

/// The one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_contract(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<ContractRow>, DbError> {
    let row: Option<ContractRow> = on_conn!(conn, |c| {
        contracts::table
            .left_join(lender_of_contract!())
            .filter(contracts::id.eq(id))
            .select(ContractRow::as_select())
            .first(c)
            .await
            .optional()
    })?;
    Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
}

/// Changes the one of that id.
///
/// # Errors
/// [`DbError::Duplicate`] when the new key is taken.
pub async fn update_contract(
    conn: &mut DbConn,
    id: i64,
    change: &ContractChange,
) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::update(contracts::table.filter(contracts::id.eq(id)))
            .set((change, contracts::updated_at.eq(utc_now())))
            .execute(c)
            .await
    })?;
    Ok(())
}
