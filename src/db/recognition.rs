//! Gives the rows of an older database the aliases that they would have been recognized by.
//!
//! A step of the program, not of a migration: SQLite folds no Russian letters. Afterwards the same files
//! find the same rows again, so that another import changes nothing. Contracts keep their rows where they
//! can; where today's rules tell two contracts apart that were one (1C's default contract of two lenders),
//! the later one is made, and where they recognize two as one, the older one takes the operations.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::aliases::{AliasKind, ContractAliasKey, KnownAlias, NewAlias, insert_alias, insert_aliases, list_aliases};
use super::contract_facts::refresh_contract_facts;
use super::contracts::{NewContract, contract_key, insert_contract, list_contracts};
use super::lenders::{insert_lender, refresh_intra_group};
use super::locks::lock_import;
use super::schema::{aliases, bank_accounts, contracts, departments, organizations};
use super::{DbConn, DbError, on_conn, record_change, utc_now};
use crate::domain::{ChangedData, ContractRef, Money, PartyName, number_and_bank, settled_amount};

/// Gives every department whose operations have no aliases yet theirs.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ensure_aliases(conn: &mut DbConn) -> Result<(), DbError> {
    let all: Vec<i64> = on_conn!(conn, |c| departments::table.select(departments::id).load(c).await)?;
    for department_id in all {
        if !lacks_aliases(conn, department_id).await? {
            continue;
        }
        // Another process may be at the same step.
        lock_import(conn, department_id).await?;
        if lacks_aliases(conn, department_id).await? {
            log::info!("Finding out by which names the rows of department {department_id} are recognized");
            let mut step = Step { department_id, lenders: HashMap::new() };
            step.alias_organizations(conn).await?;
            step.alias_bank_accounts(conn).await?;
            step.alias_lenders(conn).await?;
            step.alias_contracts(conn).await?;
            settle_details(conn, department_id).await?;
            let ids: Vec<i64> = list_contracts(conn, department_id).await?.iter().map(|contract| contract.id).collect();
            refresh_contract_facts(conn, department_id, &ids).await?;
            refresh_intra_group(conn, department_id).await?;
            record_change(conn, department_id, ChangedData::everything()).await?;
        }
    }
    Ok(())
}

/// Whether a department has organizations, but none of them an alias.
async fn lacks_aliases(conn: &mut DbConn, department_id: i64) -> Result<bool, DbError> {
    let known: Option<i64> = on_conn!(conn, |c| {
        let of_department = aliases::table.filter(aliases::department_id.eq(department_id));
        of_department.select(aliases::id).first(c).await.optional()
    })?;
    let organization: Option<i64> = on_conn!(conn, |c| {
        let of_department = organizations::table.filter(organizations::department_id.eq(department_id));
        of_department.select(organizations::id).first(c).await.optional()
    })?;
    Ok(known.is_none() && organization.is_some())
}

struct Step {
    department_id: i64,
    /// By folded name.
    lenders: HashMap<String, KnownAlias>,
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
}

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

/// Id, organization, number, date and lender of a contract.
type ShownContract = (i64, i64, String, Option<NaiveDate>, Option<i64>);

/// The tables whose rows refer to contracts: of details, through their expenses.
const TABLES: [&str; 3] = ["receipts", "expenses", "expense_details"];

impl Step {
    /// Runs a statement of which `$1` is the department.
    async fn execute(&self, conn: &mut DbConn, sql: &str) -> Result<(), DbError> {
        let sql = if matches!(conn, DbConn::Sqlite(_)) { sql.replace('$', "?") } else { sql.to_owned() };
        on_conn!(conn, |c| diesel::sql_query(sql).bind::<BigInt, _>(self.department_id).execute(c).await)?;
        Ok(())
    }

    /// An organization whose name is recognized as an older one's gives its operations to that one.
    async fn alias_organizations(&self, conn: &mut DbConn) -> Result<(), DbError> {
        let rows: Vec<(i64, String)> = on_conn!(conn, |c| {
            organizations::table
                .filter(organizations::department_id.eq(self.department_id))
                .order(organizations::id)
                .select((organizations::id, organizations::name))
                .load(c)
                .await
        })?;
        let kind = AliasKind::Organization;
        let moved = self.insert_first(conn, kind, rows, |name| PartyName::parse(name).key()).await?;
        for table in ["receipts", "expenses"] {
            for (from, into) in &moved {
                let set = format!("organization_id = {into}");
                self.execute(
                    conn,
                    &format!("UPDATE {table} SET {set} WHERE department_id = $1 AND organization_id = {from}"),
                )
                .await?;
            }
            self.place_aliases(conn, table, "organization", kind).await?;
        }
        Ok(())
    }

    async fn alias_bank_accounts(&self, conn: &mut DbConn) -> Result<(), DbError> {
        let rows: Vec<(i64, String)> = on_conn!(conn, |c| {
            bank_accounts::table
                .filter(bank_accounts::department_id.eq(self.department_id))
                .order(bank_accounts::id)
                .select((bank_accounts::id, bank_accounts::account_number))
                .load(c)
                .await
        })?;
        let kind = AliasKind::BankAccount;
        let moved = self.insert_first(conn, kind, rows, |text| number_and_bank(text).0.to_lowercase()).await?;
        for table in ["receipts", "expenses"] {
            for (from, into) in &moved {
                let set = format!("bank_account_id = {into}");
                self.execute(
                    conn,
                    &format!("UPDATE {table} SET {set} WHERE department_id = $1 AND bank_account_id = {from}"),
                )
                .await?;
            }
            self.place_aliases(conn, table, "bank_account", kind).await?;
        }
        Ok(())
    }

    /// Stores an alias for the first row of each key; returns which later row belongs to which.
    async fn insert_first(
        &self,
        conn: &mut DbConn,
        kind: AliasKind,
        rows: Vec<(i64, String)>,
        key: impl Fn(&str) -> String,
    ) -> Result<Vec<(i64, i64)>, DbError> {
        let (mut first, mut moved, mut new) = (HashMap::new(), Vec::new(), Vec::new());
        for (id, name) in rows {
            let key = key(&name);
            match first.get(&key) {
                Some(older) => moved.push((id, *older)),
                None => {
                    new.push(NewAlias::new(self.department_id, kind, key.clone(), &name, id));
                    first.insert(key, id);
                }
            }
        }
        insert_aliases(conn, new).await?;
        Ok(moved)
    }

    /// Each row of an organization or bank account has its one alias.
    async fn place_aliases(
        &self,
        conn: &mut DbConn,
        table: &str,
        column: &str,
        kind: AliasKind,
    ) -> Result<(), DbError> {
        let sql = format!(
            "UPDATE {table} SET {column}_alias_id = (SELECT a.id FROM aliases a WHERE a.department_id = $1 \
               AND a.kind = '{}' AND a.target_id = {table}.{column}_id) WHERE department_id = $1",
            kind.as_str()
        );
        self.execute(conn, &sql).await
    }

    /// Lenders are the payers and recipients of operations, and those that were entered by hand.
    async fn alias_lenders(&mut self, conn: &mut DbConn) -> Result<(), DbError> {
        for (table, column) in [("receipts", "payer"), ("expenses", "recipient")] {
            let sql = format!(
                "SELECT {column} AS name FROM {table} WHERE department_id = {} AND {column} IS NOT NULL \
                 GROUP BY {column} ORDER BY MIN(id)",
                self.department_id
            );
            let names: Vec<NameRow> = on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?;
            for NameRow { name } in names {
                let alias = self.lender(conn, &name).await?;
                let sql = format!(
                    "UPDATE {table} SET lender_alias_id = {} WHERE department_id = $1 AND {column} = $2",
                    alias.id
                );
                let sql = if matches!(conn, DbConn::Sqlite(_)) { sql.replace('$', "?") } else { sql };
                on_conn!(conn, |c| {
                    let query = diesel::sql_query(sql).bind::<BigInt, _>(self.department_id);
                    query.bind::<Text, _>(&name).execute(c).await
                })?;
            }
        }
        let entered: Vec<(i64, Option<String>)> = on_conn!(conn, |c| {
            contracts::table
                .filter(contracts::department_id.eq(self.department_id))
                .filter(contracts::counterparty.is_not_null())
                .order(contracts::id)
                .select((contracts::id, contracts::counterparty))
                .load(c)
                .await
        })?;
        for (id, name) in entered {
            let lender = self.lender(conn, name.as_deref().unwrap_or_default()).await?;
            on_conn!(conn, |c| {
                diesel::update(contracts::table.filter(contracts::id.eq(id)))
                    .set((contracts::lender_id.eq(lender.target_id), contracts::counterparty.eq(None::<String>)))
                    .execute(c)
                    .await
            })?;
        }
        Ok(())
    }

    async fn lender(&mut self, conn: &mut DbConn, name: &str) -> Result<KnownAlias, DbError> {
        let key = PartyName::parse(name).key();
        if let Some(known) = self.lenders.get(&key) {
            return Ok(*known);
        }
        let target_id = insert_lender(conn, self.department_id, name, None).await?;
        let row = NewAlias::new(self.department_id, AliasKind::Lender, key.clone(), name, target_id);
        let alias = insert_alias(conn, row).await?;
        self.lenders.insert(key, alias);
        Ok(alias)
    }

    async fn alias_contracts(&self, conn: &mut DbConn) -> Result<(), DbError> {
        let lenders = list_aliases(conn, self.department_id, AliasKind::Lender).await?;
        let lenders: HashMap<i64, i64> = lenders.into_values().map(|alias| (alias.id, alias.target_id)).collect();
        let mut references: Vec<(&str, ReferenceRow)> = Vec::new();
        for table in TABLES {
            references.extend(self.references(conn, table).await?.into_iter().map(|row| (table, row)));
        }
        // Each contract stays with the first that refers to it.
        references.sort_by_key(|(table, row)| (*table == "expense_details", row.first_id));
        // Today's keys are given out one by one; until then the old ones must not be in the way.
        self.execute(conn, "UPDATE contracts SET contract_key = 'old ' || id WHERE department_id = $1").await?;
        let mut keys: BTreeMap<(i64, String), i64> = BTreeMap::new();
        let mut claimed: HashMap<i64, (i64, String)> = HashMap::new();
        let mut known: HashMap<ContractAliasKey, KnownAlias> = HashMap::new();
        for (table, row) in references {
            let text = row.contract_text.as_deref();
            let reference = text.and_then(|text| ContractRef::parse(text, row.contract_date));
            let reference = reference.unwrap_or_else(ContractRef::none);
            let lender_alias = row.lender_alias_id.filter(|_| reference.is_per_counterparty()).unwrap_or(0);
            let alias_key = (row.organization_alias_id, lender_alias, reference.key());
            let alias = match known.get(&alias_key) {
                Some(alias) => *alias,
                None => {
                    let lender_id = row.lender_alias_id.and_then(|id| lenders.get(&id).copied());
                    let key = (row.organization_id, contract_key(&reference, lender_id));
                    let free = row.contract_id.filter(|id| !claimed.contains_key(id));
                    let target_id = match (keys.get(&key), free) {
                        (Some(id), _) => *id,
                        (None, Some(id)) => {
                            self.rename(conn, id, &key, &reference).await?;
                            id
                        }
                        (None, None) => {
                            let new = NewContract::new(self.department_id, row.organization_id, &reference, lender_id);
                            insert_contract(conn, &new).await?
                        }
                    };
                    claimed.insert(target_id, key.clone());
                    keys.insert(key, target_id);
                    let new =
                        NewAlias::of_contract(self.department_id, alias_key.clone(), &reference.spelling, target_id);
                    let alias = insert_alias(conn, new).await?;
                    known.insert(alias_key, alias);
                    alias
                }
            };
            self.place(conn, table, &row, alias).await?;
        }
        self.rename_unclaimed(conn, &claimed, &mut keys).await
    }

    /// The ways in which the rows of a table refer to contracts, by the first row of each.
    async fn references(&self, conn: &mut DbConn, table: &str) -> Result<Vec<ReferenceRow>, DbError> {
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
        let sql = if table == "expense_details" { of_details } else { of_operations };
        Ok(on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?)
    }

    /// Gives rows their contract and its alias.
    async fn place(
        &self,
        conn: &mut DbConn,
        table: &str,
        row: &ReferenceRow,
        alias: KnownAlias,
    ) -> Result<(), DbError> {
        let (organization, lender) = (row.organization_alias_id, row.lender_alias_id);
        let lender = lender.map_or("lender_alias_id IS NULL".to_owned(), |id| format!("lender_alias_id = {id}"));
        let of_operation = format!("organization_alias_id = {organization} AND {lender}");
        let date =
            row.contract_date.map_or("contract_date IS NULL".to_owned(), |day| format!("contract_date = '{day}'"));
        let condition = match table {
            "expense_details" => format!(
                "expense_operation_id IN (SELECT operation_id FROM expenses WHERE department_id = $1 AND {of_operation})"
            ),
            _ => format!("{of_operation} AND {date}"),
        };
        let text = if row.contract_text.is_some() { "contract_text = $2" } else { "contract_text IS NULL AND $2 = $2" };
        let sql = format!(
            "UPDATE {table} SET contract_id = {}, contract_alias_id = {} WHERE department_id = $1 AND {text} AND {condition}",
            alias.target_id, alias.id
        );
        let sql = if matches!(conn, DbConn::Sqlite(_)) { sql.replace('$', "?") } else { sql };
        on_conn!(conn, |c| {
            let query = diesel::sql_query(sql).bind::<BigInt, _>(self.department_id);
            query.bind::<Text, _>(row.contract_text.as_deref().unwrap_or_default()).execute(c).await
        })?;
        Ok(())
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
    async fn rename_unclaimed(
        &self,
        conn: &mut DbConn,
        claimed: &HashMap<i64, (i64, String)>,
        keys: &mut BTreeMap<(i64, String), i64>,
    ) -> Result<(), DbError> {
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
        for (id, organization_id, number, date, lender_id) in rows {
            let reference = ContractRef::parse(&number, date).filter(|_| !claimed.contains_key(&id));
            let Some(reference) = reference else { continue };
            let key = (organization_id, contract_key(&reference, lender_id));
            if keys.insert(key.clone(), id).is_none() {
                self.rename(conn, id, &key, &reference).await?;
            }
        }
        Ok(())
    }
}

/// Details that state a rate but no amount in their contract's currency.
async fn settle_details(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    use super::schema::expense_details as details;
    let rows: Vec<(i64, i64, Option<String>)> = on_conn!(conn, |c| {
        details::table
            .filter(details::department_id.eq(department_id))
            .filter(details::settled_amount.is_null())
            .filter(details::settlement_rate.is_not_null())
            .select((details::id, details::amount, details::settlement_rate))
            .load(c)
            .await
    })?;
    for (id, amount, rate) in rows {
        let Some(settled) = settled_amount(Money::from_kopecks(amount), None, rate.as_deref()) else { continue };
        on_conn!(conn, |c| {
            diesel::update(details::table.filter(details::id.eq(id)))
                .set(details::settled_amount.eq(settled.kopecks()))
                .execute(c)
                .await
        })?;
    }
    Ok(())
}
