//! Gives the rows of an older database the aliases that they would have been recognized by.
//!
//! A step of the program, not of a migration: SQLite folds no Russian letters. Afterwards the same
//! files find the same rows again, so that another import changes nothing. Contracts keep their
//! rows where they can; where today's rules tell two contracts apart that were one (1C's default
//! contract of two lenders), the later one is made, and where they recognize two as one, the older
//! one takes the operations.

mod contracts;
mod lenders;
mod places;
mod settlements;

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::aliases::{AliasKind, KnownAlias, NewAlias, insert_aliases};
use super::contract_facts::refresh_contract_facts;
use super::contracts::list_contracts;
use super::lenders::refresh_intra_group;
use super::locks::lock_import;
use super::schema::{aliases, bank_accounts, departments, organizations};
use super::{DbConn, DbError, on_conn, record_change};
use crate::domain::{ChangedData, PartyName, number_and_bank};
use settlements::settle_details;

/// Gives every department whose operations have no aliases yet theirs.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ensure_aliases(conn: &mut DbConn) -> Result<(), DbError> {
    let all: Vec<i64> = on_conn!(conn, |c| departments::table
        .select(departments::id)
        .load(c)
        .await)?;
    for department_id in all {
        if !lacks_aliases(conn, department_id).await? {
            continue;
        }
        // Another process may be at the same step.
        lock_import(conn, department_id).await?;
        if lacks_aliases(conn, department_id).await? {
            log::info!(
                "Finding out by which names the rows of department {department_id} are recognized"
            );
            let mut step = Step {
                department_id,
                lenders: HashMap::new(),
            };
            step.alias_organizations(conn).await?;
            step.alias_bank_accounts(conn).await?;
            step.alias_lenders(conn).await?;
            step.alias_contracts(conn).await?;
            settle_details(conn, department_id).await?;
            let ids: Vec<i64> = list_contracts(conn, department_id)
                .await?
                .iter()
                .map(|contract| contract.id)
                .collect();
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
        let of_department =
            organizations::table.filter(organizations::department_id.eq(department_id));
        of_department
            .select(organizations::id)
            .first(c)
            .await
            .optional()
    })?;
    Ok(known.is_none() && organization.is_some())
}

struct Step {
    department_id: i64,
    /// By folded name.
    lenders: HashMap<String, KnownAlias>,
}

impl Step {
    /// Runs a statement of which `$1` is the department.
    async fn run(&self, conn: &mut DbConn, sql: &str) -> Result<(), DbError> {
        let sql = if matches!(conn, DbConn::Sqlite(_)) {
            sql.replace('$', "?")
        } else {
            sql.to_owned()
        };
        on_conn!(conn, |c| diesel::sql_query(sql)
            .bind::<BigInt, _>(self.department_id)
            .execute(c)
            .await)?;
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
        let moved = self
            .insert_first(conn, kind, rows, |name| PartyName::parse(name).key())
            .await?;
        for table in ["receipts", "expenses"] {
            for (from, into) in &moved {
                let set = format!("organization_id = {into}");
                self.run(
                    conn,
                    &format!("UPDATE {table} SET {set} WHERE department_id = $1 AND organization_id = {from}"),
                )
                .await?;
            }
            self.place_aliases(conn, table, "organization", kind)
                .await?;
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
        let moved = self
            .insert_first(conn, kind, rows, |text| {
                number_and_bank(text).0.to_lowercase()
            })
            .await?;
        for table in ["receipts", "expenses"] {
            for (from, into) in &moved {
                let set = format!("bank_account_id = {into}");
                self.run(
                    conn,
                    &format!("UPDATE {table} SET {set} WHERE department_id = $1 AND bank_account_id = {from}"),
                )
                .await?;
            }
            self.place_aliases(conn, table, "bank_account", kind)
                .await?;
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
                    new.push(NewAlias::new(
                        self.department_id,
                        kind,
                        key.clone(),
                        &name,
                        id,
                    ));
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
        self.run(conn, &sql).await
    }
}
