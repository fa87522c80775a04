//! Lenders of an older database: the payers and recipients of its operations, and what was entered
//! as the counterparty of a contract.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;

use super::Step;
use crate::db::aliases::{AliasKind, KnownAlias, NewAlias, insert_alias};
use crate::db::lenders::insert_lender;
use crate::db::schema::contracts;
use crate::db::{CHUNK, DbConn, DbError, on_conn};
use crate::domain::PartyName;

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Step {
    /// Makes the lenders and their aliases, and gives operations and contracts theirs.
    pub(super) async fn alias_lenders(&mut self, conn: &mut DbConn) -> Result<(), DbError> {
        let columns = [("receipts", "payer"), ("expenses", "recipient")];
        let mut known: Vec<(String, i64)> = Vec::new();
        for (table, column) in columns {
            let sql = format!(
                "SELECT {column} AS name FROM {table} WHERE department_id = {} AND {column} IS NOT NULL \
                 GROUP BY {column} ORDER BY MIN(id)",
                self.department_id
            );
            let names: Vec<NameRow> = on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?;
            for NameRow { name } in names {
                let alias = self.lender(conn, &name).await?;
                known.push((name, alias.id));
            }
        }
        known.sort();
        known.dedup();
        let create =
            "CREATE TEMPORARY TABLE known_names (name TEXT PRIMARY KEY, alias_id BIGINT NOT NULL)";
        on_conn!(conn, |c| diesel::sql_query(create).execute(c).await)?;
        insert_names(conn, known).await?;
        for (table, column) in columns {
            let alias =
                format!("(SELECT k.alias_id FROM known_names k WHERE k.name = {table}.{column})");
            self.run(
                conn,
                &format!("UPDATE {table} SET lender_alias_id = {alias} WHERE department_id = $1"),
            )
            .await?;
        }
        on_conn!(conn, |c| diesel::sql_query("DROP TABLE known_names")
            .execute(c)
            .await)?;
        self.place_entered_counterparties(conn).await
    }

    async fn place_entered_counterparties(&mut self, conn: &mut DbConn) -> Result<(), DbError> {
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
            let lender = self
                .lender(conn, name.as_deref().unwrap_or_default())
                .await?;
            on_conn!(conn, |c| {
                diesel::update(contracts::table.filter(contracts::id.eq(id)))
                    .set((
                        contracts::lender_id.eq(lender.target_id),
                        contracts::counterparty.eq(None::<String>),
                    ))
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
        let row = NewAlias::new(
            self.department_id,
            AliasKind::Lender,
            key.clone(),
            name,
            target_id,
        );
        let alias = insert_alias(conn, row).await?;
        self.lenders.insert(key, alias);
        Ok(alias)
    }
}

async fn insert_names(conn: &mut DbConn, rows: Vec<(String, i64)>) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            for chunk in rows.chunks(CHUNK) {
                diesel::sql_query("INSERT INTO known_names SELECT * FROM unnest($1, $2)")
                    .bind::<Array<Text>, _>(chunk.iter().map(|(name, _)| name).collect::<Vec<_>>())
                    .bind::<Array<BigInt>, _>(chunk.iter().map(|(_, id)| *id).collect::<Vec<_>>())
                    .execute(&mut **conn)
                    .await?;
            }
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for (name, id) in rows {
                    let insert = diesel::sql_query("INSERT INTO known_names VALUES (?1, ?2)");
                    let insert = insert.bind::<Text, _>(name).bind::<BigInt, _>(id);
                    diesel::RunQueryDsl::execute(insert, conn)?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
