//! What a merge, a split or an undoing changes, collected while it runs: the aliases that are
//! re-pointed, and the rows that operations leave or enter. In the end operations are placed by
//! their aliases, and what is computed from them is refreshed.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use diesel_async::RunQueryDsl;

use super::concern::{Rows, parties_of};
use super::subject::{execute, ids_of};
use crate::db::contract_facts::refresh_contract_facts;
use crate::db::lenders::refresh_intra_group;
use crate::db::rollups::refresh_rollups;
use crate::db::schema::aliases;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, CHUNK, DbConn, DbError, on_conn};
use crate::domain::TouchedMonths;

/// The changes of one department.
pub(super) struct Changes {
    department_id: i64,
    rows: Rows,
    aliases: Rows,
}

#[derive(QueryableByName)]
struct MonthRow {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = Date)]
    period_start: NaiveDate,
}

impl Changes {
    pub fn new(department_id: i64) -> Changes {
        Changes {
            department_id,
            rows: Rows::new(),
            aliases: Rows::new(),
        }
    }

    /// The department.
    pub fn department_id(&self) -> i64 {
        self.department_id
    }

    /// Notes rows that operations may leave or enter.
    pub fn note(&mut self, kind: AliasKind, ids: impl IntoIterator<Item = i64>) {
        self.rows.entry(kind).or_default().extend(ids);
    }

    /// Makes all aliases of a row those of another one; returns their ids.
    pub async fn repoint_all(
        &mut self,
        conn: &mut DbConn,
        kind: AliasKind,
        from: i64,
        to: i64,
    ) -> Result<Vec<i64>, DbError> {
        let sql = format!(
            "SELECT id FROM aliases WHERE department_id = {} AND kind = '{}' AND target_id = {from} ORDER BY id",
            self.department_id,
            kind.as_str()
        );
        let ids = ids_of(conn, &sql).await?;
        self.note(kind, [from]);
        self.repoint(conn, kind, &ids, to).await?;
        Ok(ids)
    }

    /// Makes some aliases of one kind those of a row.
    pub async fn repoint(
        &mut self,
        conn: &mut DbConn,
        kind: AliasKind,
        ids: &[i64],
        to: i64,
    ) -> Result<(), DbError> {
        for ids in ids.chunks(CHUNK) {
            let of_ids = || {
                aliases::table
                    .filter(aliases::id.eq_any(ids))
                    .filter(aliases::kind.eq(kind.as_str()))
            };
            let before: Vec<i64> = on_conn!(conn, |c| of_ids()
                .select(aliases::target_id)
                .distinct()
                .load(c)
                .await)?;
            on_conn!(conn, |c| diesel::update(of_ids())
                .set(aliases::target_id.eq(to))
                .execute(c)
                .await)?;
            self.note(kind, before);
        }
        self.note(kind, [to]);
        self.aliases.entry(kind).or_default().extend(ids);
        Ok(())
    }

    /// Places operations, details and adjustments by the aliases that were re-pointed, and
    /// refreshes the facts of contracts, intra-group lenders and rollups. Returns the rows that
    /// were concerned, and the organizations and lenders that their contracts hang on.
    pub async fn settle(mut self, conn: &mut DbConn) -> Result<Rows, DbError> {
        let months = self.touched_months(conn).await?;
        for (kind, ids) in &self.aliases {
            let ids: Vec<i64> = ids.iter().copied().collect();
            for ids in ids.chunks(CHUNK) {
                self.place(conn, *kind, ids).await?;
            }
        }
        let lenders = id_list(self.ids(AliasKind::Lender));
        let of_lenders = format!(
            "SELECT id FROM contracts WHERE department_id = {} AND lender_id IN ({lenders})",
            self.department_id
        );
        let mut contracts: BTreeSet<i64> = ids_of(conn, &of_lenders).await?.into_iter().collect();
        contracts.extend(self.ids(AliasKind::Contract));
        let contracts: Vec<i64> = contracts.into_iter().collect();
        refresh_contract_facts(conn, self.department_id, &contracts).await?;
        refresh_intra_group(conn, self.department_id).await?;
        refresh_rollups(conn, self.department_id, &months, false).await?;
        let of_contracts = format!(
            "SELECT DISTINCT organization_id AS id FROM contracts WHERE id IN ({})",
            id_list(self.ids(AliasKind::Contract))
        );
        let organizations = ids_of(conn, &of_contracts).await?;
        self.note(AliasKind::Organization, organizations);
        let parties = parties_of(conn, self.department_id, self.ids(AliasKind::Contract)).await?;
        parties
            .into_iter()
            .for_each(|(kind, ids)| self.note(kind, ids));
        Ok(self.rows)
    }

    fn ids(&self, kind: AliasKind) -> impl Iterator<Item = &i64> {
        self.rows.get(&kind).into_iter().flatten()
    }

    /// The months in which the rows have sums: what the rollups hold before they are refreshed.
    /// Operations that change their organization leave one and enter another.
    async fn touched_months(&self, conn: &mut DbConn) -> Result<TouchedMonths, DbError> {
        let list = |kind: AliasKind| id_list(self.ids(kind));
        let sql = format!(
            "SELECT DISTINCT organization_id, period_start FROM monthly_flows WHERE department_id = {} \
               AND (organization_id IN ({}) OR bank_account_id IN ({}) AND bank_account_id <> 0 \
                 OR contract_id IN ({}) AND contract_id <> 0)",
            self.department_id,
            list(AliasKind::Organization),
            list(AliasKind::BankAccount),
            list(AliasKind::Contract)
        );
        let rows: Vec<MonthRow> = on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?;
        let mut months = TouchedMonths::default();
        for row in rows {
            months.touch(row.organization_id, Some(row.period_start));
            self.ids(AliasKind::Organization)
                .for_each(|id| months.touch(*id, Some(row.period_start)));
        }
        Ok(months)
    }

    /// Gives the rows that were recognized by some aliases the rows that those are of.
    async fn place(
        &self,
        conn: &mut DbConn,
        kind: AliasKind,
        alias_ids: &[i64],
    ) -> Result<(), DbError> {
        let (tables, column): (&[&str], &str) = match kind {
            AliasKind::Organization => (&["receipts", "expenses"], "organization"),
            AliasKind::BankAccount => (&["receipts", "expenses"], "bank_account"),
            AliasKind::Contract => (
                &["receipts", "expenses", "expense_details", "adjustments"],
                "contract",
            ),
            // The lender of an operation is that of its alias.
            AliasKind::Lender => (&[], ""),
        };
        let (department_id, ids) = (self.department_id, id_list(alias_ids));
        for table in tables {
            let sql = format!(
                "UPDATE {table} SET {column}_id = a.target_id FROM aliases a \
                 WHERE {table}.department_id = {department_id} AND a.department_id = {department_id} \
                   AND a.id = {table}.{column}_alias_id AND a.id IN ({ids}) \
                   AND COALESCE({table}.{column}_id, 0) <> a.target_id"
            );
            execute(conn, &sql).await?;
        }
        Ok(())
    }
}
