//! The names that exports recognize rows by, apart from the names that are shown.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::schema::aliases;
use super::{CHUNK, DbConn, DbError, on_conn, utc_now};
use crate::domain::{PartyName, number_and_bank};

/// What an alias is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum AliasKind {
    Organization,
    BankAccount,
    Lender,
    Contract,
}

impl AliasKind {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            AliasKind::Organization => "organization",
            AliasKind::BankAccount => "bank_account",
            AliasKind::Lender => "lender",
            AliasKind::Contract => "contract",
        }
    }

    /// The kind that is stored as a text.
    pub fn of_name(name: &str) -> Option<AliasKind> {
        [
            AliasKind::Organization,
            AliasKind::BankAccount,
            AliasKind::Lender,
            AliasKind::Contract,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }

    /// Returns the key that exports recognize a row of that name by; a contract has more than a name.
    pub fn key_of_name(self, name: &str) -> String {
        match self {
            AliasKind::BankAccount => number_and_bank(name).0.to_lowercase(),
            AliasKind::Organization | AliasKind::Lender | AliasKind::Contract => {
                PartyName::parse(name).key()
            }
        }
    }

    /// Whether it has a name and an INN, by which a lender is one of the holding's organizations.
    pub const fn is_party(self) -> bool {
        matches!(self, AliasKind::Organization | AliasKind::Lender)
    }

    /// In words.
    pub const fn label(self) -> &'static str {
        match self {
            AliasKind::BankAccount => "bank account",
            other => other.as_str(),
        }
    }
}

/// An alias, and the row that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct KnownAlias {
    /// The alias's id.
    pub id: i64,
    /// The row's id.
    pub target_id: i64,
}

/// The place of a contract's alias: the alias of its organization, that of its lender where the
/// reference alone does not identify it (else 0), and the folded reference.
pub type ContractAliasKey = (i64, i64, String);

/// Returns a department's aliases of one kind, by key; not of contracts, which may be many.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_aliases(
    conn: &mut DbConn,
    department_id: i64,
    kind: AliasKind,
) -> Result<HashMap<String, KnownAlias>, DbError> {
    let rows: Vec<(String, KnownAlias)> = on_conn!(conn, |c| {
        aliases::table
            .filter(aliases::department_id.eq(department_id))
            .filter(aliases::kind.eq(kind.as_str()))
            .select((aliases::key, (aliases::id, aliases::target_id)))
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().collect())
}

/// Returns those of some aliases of contracts that are known.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_contract_aliases(
    conn: &mut DbConn,
    department_id: i64,
    keys: &BTreeSet<ContractAliasKey>,
) -> Result<HashMap<ContractAliasKey, KnownAlias>, DbError> {
    let rows: Vec<(i64, i64, String, KnownAlias)> = match conn {
        DbConn::Postgres(conn) => {
            let organizations: Vec<i64> = keys.iter().map(|key| key.0).collect();
            let lenders: Vec<i64> = keys.iter().map(|key| key.1).collect();
            let texts: Vec<&str> = keys.iter().map(|key| key.2.as_str()).collect();
            // A list of keys would be compared with each alias while the statistics are old.
            let sql = "SELECT a.organization_alias_id, a.lender_alias_id, a.key, a.id, a.target_id \
                       FROM unnest($2, $3, $4) AS wanted (organization_alias_id, lender_alias_id, key) \
                       JOIN aliases a USING (organization_alias_id, lender_alias_id, key) \
                       WHERE a.department_id = $1 AND a.kind = 'contract'";
            let query = diesel::sql_query(sql).bind::<BigInt, _>(department_id);
            let query = query
                .bind::<Array<BigInt>, _>(organizations)
                .bind::<Array<BigInt>, _>(lenders);
            let rows: Vec<ContractAliasRow> = query
                .bind::<Array<Text>, _>(texts)
                .load(&mut **conn)
                .await?;
            rows.into_iter().map(ContractAliasRow::into_tuple).collect()
        }
        DbConn::Sqlite(conn) => {
            let mut found = Vec::new();
            let keys: Vec<&ContractAliasKey> = keys.iter().collect();
            let scopes = keys.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1));
            for of_one in scopes.flat_map(|of_one| of_one.chunks(CHUNK)) {
                let Some((organization_alias_id, lender_alias_id, _)) = of_one.first() else {
                    continue;
                };
                let rows: Vec<(i64, i64, String, KnownAlias)> = aliases::table
                    .filter(aliases::department_id.eq(department_id))
                    .filter(aliases::kind.eq(AliasKind::Contract.as_str()))
                    .filter(aliases::organization_alias_id.eq(organization_alias_id))
                    .filter(aliases::lender_alias_id.eq(lender_alias_id))
                    .filter(aliases::key.eq_any(of_one.iter().map(|key| &key.2)))
                    .select((
                        aliases::organization_alias_id,
                        aliases::lender_alias_id,
                        aliases::key,
                        (aliases::id, aliases::target_id),
                    ))
                    .load(&mut **conn)
                    .await?;
                found.extend(rows);
            }
            found
        }
    };
    Ok(rows
        .into_iter()
        .map(|(organization, lender, key, alias)| ((organization, lender, key), alias))
        .collect())
}

#[derive(QueryableByName)]
#[diesel(table_name = aliases)]
struct ContractAliasRow {
    organization_alias_id: i64,
    lender_alias_id: i64,
    key: String,
    id: i64,
    target_id: i64,
}

impl ContractAliasRow {
    fn into_tuple(self) -> (i64, i64, String, KnownAlias) {
        let alias = KnownAlias {
            id: self.id,
            target_id: self.target_id,
        };
        (
            self.organization_alias_id,
            self.lender_alias_id,
            self.key,
            alias,
        )
    }
}

/// An alias to be stored.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = aliases)]
pub struct NewAlias {
    department_id: i64,
    kind: &'static str,
    organization_alias_id: i64,
    lender_alias_id: i64,
    key: String,
    spelling: String,
    target_id: i64,
    created_at: NaiveDateTime,
}

impl NewAlias {
    /// An alias of a row that is no contract.
    pub fn new(
        department_id: i64,
        kind: AliasKind,
        key: String,
        spelling: &str,
        target_id: i64,
    ) -> NewAlias {
        NewAlias {
            department_id,
            kind: kind.as_str(),
            organization_alias_id: 0,
            lender_alias_id: 0,
            key,
            spelling: spelling.to_owned(),
            target_id,
            created_at: utc_now(),
        }
    }

    /// An alias of a contract.
    pub fn of_contract(
        department_id: i64,
        key: ContractAliasKey,
        spelling: &str,
        target_id: i64,
    ) -> NewAlias {
        let (organization_alias_id, lender_alias_id, key) = key;
        let alias = NewAlias::new(department_id, AliasKind::Contract, key, spelling, target_id);
        NewAlias {
            organization_alias_id,
            lender_alias_id,
            ..alias
        }
    }
}

/// Stores new aliases; returns their ids, in order.
///
/// # Errors
/// [`DbError::Duplicate`] when one is taken.
pub async fn insert_aliases(conn: &mut DbConn, rows: Vec<NewAlias>) -> Result<Vec<i64>, DbError> {
    let mut ids = Vec::with_capacity(rows.len());
    match conn {
        DbConn::Postgres(conn) => {
            for chunk in rows.chunks(CHUNK) {
                let inserted = diesel::insert_into(aliases::table)
                    .values(chunk)
                    .returning(aliases::id);
                let inserted: Vec<i64> = inserted.get_results(&mut **conn).await?;
                ids.extend(inserted);
            }
        }
        DbConn::Sqlite(conn) => {
            let inserted: Vec<i64> = conn
                .spawn_blocking(move |conn| {
                    let insert = |row: &NewAlias| {
                        let inserted = diesel::insert_into(aliases::table)
                            .values(row)
                            .returning(aliases::id);
                        diesel::RunQueryDsl::get_result(inserted, conn)
                    };
                    rows.iter().map(insert).collect()
                })
                .await?;
            ids.extend(inserted);
        }
    }
    Ok(ids)
}

/// Stores one new alias.
///
/// # Errors
/// [`DbError::Duplicate`] when it is taken.
pub async fn insert_alias(conn: &mut DbConn, row: NewAlias) -> Result<KnownAlias, DbError> {
    let target_id = row.target_id;
    let id = on_conn!(conn, |c| {
        diesel::insert_into(aliases::table)
            .values(row)
            .returning(aliases::id)
            .get_result(c)
            .await
    })?;
    Ok(KnownAlias { id, target_id })
}

/// Returns the row that a folded name is an alias of; not of contracts.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_target(
    conn: &mut DbConn,
    department_id: i64,
    kind: AliasKind,
    key: &str,
) -> Result<Option<i64>, DbError> {
    Ok(on_conn!(conn, |c| {
        aliases::table
            .filter(aliases::department_id.eq(department_id))
            .filter(aliases::kind.eq(kind.as_str()))
            .filter(aliases::organization_alias_id.eq(0))
            .filter(aliases::lender_alias_id.eq(0))
            .filter(aliases::key.eq(key))
            .select(aliases::target_id)
            .first(c)
            .await
            .optional()
    })?)
}

/// Adds a spelling to a row's aliases, unless it is known already, of whichever row. Returns
/// whether it is an alias of that row now.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn add_alias_if_free(
    conn: &mut DbConn,
    department_id: i64,
    kind: AliasKind,
    key: String,
    spelling: &str,
    target_id: i64,
) -> Result<bool, DbError> {
    let known = find_target(conn, department_id, kind, &key).await?;
    match known {
        Some(known) => Ok(known == target_id),
        None => {
            insert_alias(
                conn,
                NewAlias::new(department_id, kind, key, spelling, target_id),
            )
            .await?;
            Ok(true)
        }
    }
}

/// Forgets all aliases of a row.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_aliases_of(
    conn: &mut DbConn,
    department_id: i64,
    kind: AliasKind,
    target_id: i64,
) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        let of_target = aliases::table
            .filter(aliases::department_id.eq(department_id))
            .filter(aliases::kind.eq(kind.as_str()))
            .filter(aliases::target_id.eq(target_id));
        diesel::delete(of_target).execute(c).await
    })?;
    Ok(())
}
