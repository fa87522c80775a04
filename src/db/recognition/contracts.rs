//! Contracts of an older database: each way in which operations refer to one is recognized, and the
//! operations are placed by it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::Step;
use super::places::{Place, insert_places};
use crate::db::aliases::{
    AliasKind, ContractAliasKey, KnownAlias, NewAlias, insert_alias, list_aliases,
};
use crate::db::contracts::{NewContract, contract_key, insert_contract};
use crate::db::schema::contracts;
use crate::db::{DbConn, DbError, day_text, on_conn, utc_now};
use crate::domain::ContractRef;

/// The operations of one kind that refer to a contract in the same way.
#[derive(QueryableByName)]
struct ReferenceRow {
    #[diesel(sql_type = BigInt)]
    first_id: i64,
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = BigInt)]
    organization_alias_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    lender_alias_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    contract_text: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    contract_date: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contract_id: Option<i64>,
}

impl ReferenceRow {
    fn reference(&self) -> ContractRef {
        let text = self.contract_text.as_deref();
        text.and_then(|text| ContractRef::parse(text, self.contract_date))
            .unwrap_or_else(ContractRef::none)
    }
}

/// Id, organization, number, date and lender of a contract.
type ShownContract = (i64, i64, String, Option<NaiveDate>, Option<i64>);

/// The tables whose rows refer to contracts: of details, through their expenses.
const TABLES: [&str; 3] = ["receipts", "expenses", "expense_details"];

/// The contracts that were recognized so far.
#[derive(Default)]
struct Claims {
    /// By organization and key.
    contracts: BTreeMap<(i64, String), i64>,
    /// The rows that have their key, and those without an alias.
    claimed: HashMap<i64, (i64, String)>,
    aliases: HashMap<ContractAliasKey, KnownAlias>,
}

impl Step {
    /// Inserts the aliases of contracts and the contracts that are now distinct, and assigns them
    /// to operations.
    pub(super) async fn alias_contracts(&self, conn: &mut DbConn) -> Result<(), DbError> {
        let lenders = list_aliases(conn, self.department_id, AliasKind::Lender).await?;
        let lenders: HashMap<i64, i64> = lenders
            .into_values()
            .map(|alias| (alias.id, alias.target_id))
            .collect();
        let mut references: Vec<(bool, ReferenceRow)> = Vec::new();
        for table in TABLES {
            let rows = self.references(conn, table).await?;
            references.extend(
                rows.into_iter()
                    .map(|row| (table == "expense_details", row)),
            );
        }
        // Each contract stays with the first that refers to it.
        references.sort_by_key(|(of_detail, row)| (*of_detail, row.first_id));
        // Today's keys are given out one by one; until then the old ones must not be in the way.
        self.run(
            conn,
            "UPDATE contracts SET contract_key = 'old ' || id WHERE department_id = $1",
        )
        .await?;
        let (mut claims, mut places) = (Claims::default(), Vec::with_capacity(references.len()));
        for (_, row) in references {
            let lender_id = row.lender_alias_id.and_then(|id| lenders.get(&id).copied());
            let alias = self.claim(conn, &mut claims, &row, lender_id).await?;
            places.push(Place {
                organization_alias_id: row.organization_alias_id,
                lender_alias_id: row.lender_alias_id.unwrap_or(0),
                contract_text: row.contract_text.unwrap_or_default(),
                contract_day: row
                    .contract_date
                    .map(|day| day.to_string())
                    .unwrap_or_default(),
                contract_id: alias.target_id,
                alias_id: alias.id,
            });
        }
        insert_places(conn, places).await?;
        let placed =
            "contract_id = p.contract_id, contract_alias_id = p.alias_id FROM known_places p";
        for table in ["receipts", "expenses"] {
            let day = day_text(conn, &format!("{table}.contract_date"));
            let sql = format!(
                "UPDATE {table} SET {placed} WHERE {table}.department_id = $1 \
                   AND p.organization_alias_id = {table}.organization_alias_id \
                   AND p.lender_alias_id = COALESCE({table}.lender_alias_id, 0) \
                   AND p.contract_text = COALESCE({table}.contract_text, '') \
                   AND p.contract_day = COALESCE({day}, '')"
            );
            self.run(conn, &sql).await?;
        }
        let of_details = format!(
            "UPDATE expense_details SET {placed}, expenses e WHERE expense_details.department_id = $1 \
               AND e.department_id = expense_details.department_id \
               AND e.operation_id = expense_details.expense_operation_id \
               AND p.organization_alias_id = e.organization_alias_id \
               AND p.lender_alias_id = COALESCE(e.lender_alias_id, 0) \
               AND p.contract_text = expense_details.contract_text AND p.contract_day = ''"
        );
        self.run(conn, &of_details).await?;
        on_conn!(conn, |c| diesel::sql_query("DROP TABLE known_places")
            .execute(c)
            .await)?;
        self.alias_unclaimed(conn, claims).await
    }

    /// Returns the alias of a reference; a contract that is not recognized yet is the stored one
    /// that the rows have, unless another reference has it already.
    async fn claim(
        &self,
        conn: &mut DbConn,
        claims: &mut Claims,
        row: &ReferenceRow,
        lender_id: Option<i64>,
    ) -> Result<KnownAlias, DbError> {
        let reference = row.reference();
        let lender_alias = row
            .lender_alias_id
            .filter(|_| reference.is_per_counterparty())
            .unwrap_or(0);
        let alias_key = (row.organization_alias_id, lender_alias, reference.key());
        if let Some(alias) = claims.aliases.get(&alias_key) {
            return Ok(*alias);
        }
        let key = (row.organization_id, contract_key(&reference, lender_id));
        let free = row
            .contract_id
            .filter(|id| !claims.claimed.contains_key(id));
        let target_id = match (claims.contracts.get(&key), free) {
            (Some(id), _) => *id,
            (None, Some(id)) => {
                self.rename(conn, id, &key, &reference).await?;
                id
            }
            (None, None) => {
                let new = NewContract::new(
                    self.department_id,
                    row.organization_id,
                    &reference,
                    lender_id,
                );
                insert_contract(conn, &new).await?
            }
        };
        claims.claimed.insert(target_id, key.clone());
        claims.contracts.insert(key, target_id);
        let new = NewAlias::of_contract(
            self.department_id,
            alias_key.clone(),
            &reference.spelling,
            target_id,
        );
        let alias = insert_alias(conn, new).await?;
        claims.aliases.insert(alias_key, alias);
        Ok(alias)
    }

    /// The ways in which the rows of a table refer to contracts, by the first row of each.
    async fn references(
        &self,
        conn: &mut DbConn,
        table: &str,
    ) -> Result<Vec<ReferenceRow>, DbError> {
        let of_operations = format!(
            "SELECT MIN(id) AS first_id, organization_id, organization_alias_id, lender_alias_id, contract_text, \
               contract_date, MIN(contract_id) AS contract_id FROM {table} \
             WHERE department_id = {} AND organization_alias_id IS NOT NULL \
             GROUP BY organization_id, organization_alias_id, lender_alias_id, contract_text, contract_date",
            self.department_id
        );
        let of_details = format!(
            "SELECT MIN(d.id) AS first_id, e.organization_id, e.organization_alias_id, e.lender_alias_id, \
               d.contract_text, CAST(NULL AS DATE) AS contract_date, MIN(d.contract_id) AS contract_id \
             FROM expense_details d JOIN expenses e ON e.department_id = d.department_id \
               AND e.operation_id = d.expense_operation_id \
             WHERE d.department_id = {} AND d.contract_text IS NOT NULL AND e.organization_alias_id IS NOT NULL \
             GROUP BY e.organization_id, e.organization_alias_id, e.lender_alias_id, d.contract_text",
            self.department_id
        );
        let sql = if table == "expense_details" {
            of_details
        } else {
            of_operations
        };
        Ok(on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?)
    }

    /// Gives a contract the key by which it is recognized now.
    async fn rename(
        &self,
        conn: &mut DbConn,
        id: i64,
        (organization_id, key): &(i64, String),
        reference: &ContractRef,
    ) -> Result<(), DbError> {
        on_conn!(conn, |c| {
            diesel::update(contracts::table.filter(contracts::id.eq(id)))
                .set((
                    contracts::organization_id.eq(organization_id),
                    contracts::contract_key.eq(key),
                    contracts::contract_date.eq(reference.date),
                    contracts::updated_at.eq(utc_now()),
                ))
                .execute(c)
                .await
        })?;
        Ok(())
    }

    /// Contracts that no operation refers to are recognized by what they are shown as.
    async fn alias_unclaimed(&self, conn: &mut DbConn, mut claims: Claims) -> Result<(), DbError> {
        let rows: Vec<ShownContract> = on_conn!(conn, |c| {
            contracts::table
                .filter(contracts::department_id.eq(self.department_id))
                .order(contracts::id)
                .select((
                    contracts::id,
                    contracts::organization_id,
                    contracts::contract_number,
                    contracts::contract_date,
                    contracts::lender_id,
                ))
                .load(c)
                .await
        })?;
        let organizations = list_aliases(conn, self.department_id, AliasKind::Organization).await?;
        let lenders = list_aliases(conn, self.department_id, AliasKind::Lender).await?;
        let [organizations, lenders] = [organizations, lenders].map(|aliases| {
            let by_target = aliases
                .into_values()
                .map(|alias| (alias.target_id, alias.id));
            by_target.collect::<HashMap<i64, i64>>()
        });
        for (id, organization_id, number, date, lender_id) in rows {
            let reference =
                ContractRef::parse(&number, date).filter(|_| !claims.claimed.contains_key(&id));
            let Some(reference) = reference else { continue };
            let key = (organization_id, contract_key(&reference, lender_id));
            if claims.contracts.insert(key.clone(), id).is_some() {
                continue;
            }
            self.rename(conn, id, &key, &reference).await?;
            let lender_alias = lender_id
                .filter(|_| reference.is_per_counterparty())
                .and_then(|id| lenders.get(&id));
            let Some(organization_alias) = organizations.get(&organization_id) else {
                continue;
            };
            let alias_key = (
                *organization_alias,
                lender_alias.copied().unwrap_or(0),
                reference.key(),
            );
            if let Entry::Vacant(entry) = claims.aliases.entry(alias_key.clone()) {
                let new =
                    NewAlias::of_contract(self.department_id, alias_key, &reference.spelling, id);
                entry.insert(insert_alias(conn, new).await?);
            }
        }
        Ok(())
    }
}
