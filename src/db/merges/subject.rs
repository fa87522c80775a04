//! The rows that are merged and split: organizations, bank accounts, lenders and contracts, read
//! and written alike.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::db::bank_accounts::insert_bank_account;
use crate::db::lenders::insert_lender;
use crate::db::organizations::insert_organization;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError, on_conn};

/// A row of one of the four kinds.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Subject {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub department_id: i64,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub inn: Option<String>,
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub merged_into: Option<i64>,
    /// That of a contract.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub organization_id: Option<i64>,
}

/// The table of a kind, and the column of the name that is shown.
pub(super) const fn table_and_name(kind: AliasKind) -> (&'static str, &'static str) {
    match kind {
        AliasKind::Organization => ("organizations", "name"),
        AliasKind::BankAccount => ("bank_accounts", "account_number"),
        AliasKind::Lender => ("lenders", "name"),
        AliasKind::Contract => ("contracts", "contract_number"),
    }
}

/// Runs a statement; returns how many rows it changed.
pub(super) async fn execute(conn: &mut DbConn, sql: &str) -> Result<usize, DbError> {
    Ok(on_conn!(conn, |c| diesel::sql_query(sql).execute(c).await)?)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Returns the ids that a query selects.
pub(super) async fn ids_of(conn: &mut DbConn, sql: &str) -> Result<Vec<i64>, DbError> {
    let rows: Vec<IdRow> = on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the row of a kind and id.
pub(super) async fn find(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
) -> Result<Option<Subject>, DbError> {
    let (table, name) = table_and_name(kind);
    let inn = match kind {
        AliasKind::Organization | AliasKind::Lender => "inn",
        AliasKind::BankAccount | AliasKind::Contract => "CAST(NULL AS TEXT)",
    };
    let organization = if kind == AliasKind::Contract {
        "organization_id"
    } else {
        "CAST(NULL AS BIGINT)"
    };
    let sql = format!(
        "SELECT id, department_id, {name} AS name, {inn} AS inn, is_active, merged_into, \
           {organization} AS organization_id FROM {table} WHERE id = {id}"
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql)
        .get_result(c)
        .await
        .optional())?)
}

/// Makes the row that a split begins with; not a contract. A name that is taken gets a number
/// behind it.
pub(super) async fn insert(
    conn: &mut DbConn,
    kind: AliasKind,
    department_id: i64,
    spelling: &str,
) -> Result<i64, DbError> {
    let (table, column) = table_and_name(kind);
    let mut name = spelling.to_owned();
    let mut number = 1;
    while kind != AliasKind::Lender && is_taken(conn, table, column, department_id, &name).await? {
        number += 1;
        name = format!("{spelling} ({number})");
    }
    match kind {
        AliasKind::Organization => insert_organization(conn, department_id, &name, None).await,
        AliasKind::BankAccount => insert_bank_account(conn, department_id, &name, None).await,
        AliasKind::Lender | AliasKind::Contract => {
            insert_lender(conn, department_id, &name, None).await
        }
    }
}

async fn is_taken(
    conn: &mut DbConn,
    table: &str,
    column: &str,
    department_id: i64,
    name: &str,
) -> Result<bool, DbError> {
    let mark = if matches!(conn, DbConn::Sqlite(_)) {
        "?1"
    } else {
        "$1"
    };
    let sql = format!(
        "SELECT id FROM {table} WHERE department_id = {department_id} AND {column} = {mark}"
    );
    let rows: Vec<IdRow> = on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<Text, _>(name)
        .load(c)
        .await)?;
    Ok(!rows.is_empty())
}

/// Marks a row as merged into another one, and the rows that had been merged into it; returns the
/// latter.
pub(super) async fn retire(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
    into: i64,
) -> Result<Vec<i64>, DbError> {
    let (table, _) = table_and_name(kind);
    let forwarded = ids_of(
        conn,
        &format!("SELECT id FROM {table} WHERE merged_into = {id} ORDER BY id"),
    )
    .await?;
    execute(
        conn,
        &format!(
            "UPDATE {table} SET merged_into = {into} WHERE id IN ({})",
            id_list(&forwarded)
        ),
    )
    .await?;
    execute(
        conn,
        &format!("UPDATE {table} SET merged_into = {into}, is_active = FALSE WHERE id = {id}"),
    )
    .await?;
    Ok(forwarded)
}

/// Undoes [`retire`].
pub(super) async fn restore(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
    is_active: bool,
    forwarded: &[i64],
) -> Result<(), DbError> {
    let (table, _) = table_and_name(kind);
    let active = if is_active { "TRUE" } else { "FALSE" };
    execute(
        conn,
        &format!("UPDATE {table} SET merged_into = NULL, is_active = {active} WHERE id = {id}"),
    )
    .await?;
    execute(
        conn,
        &format!(
            "UPDATE {table} SET merged_into = {id} WHERE id IN ({})",
            id_list(forwarded)
        ),
    )
    .await?;
    Ok(())
}

/// Sets or clears the INN of an organization or lender, unless it has another one than is expected.
pub(super) async fn change_inn(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
    expected: Option<&str>,
    inn: Option<&str>,
) -> Result<(), DbError> {
    use crate::db::schema::{lenders, organizations};
    macro_rules! set {
        ($table:ident) => {
            on_conn!(conn, |c| {
                let is_expected = $table::inn.is_null().or($table::inn.eq(expected));
                let row = $table::table.filter($table::id.eq(id)).filter(is_expected);
                diesel::update(row)
                    .set($table::inn.eq(inn))
                    .execute(c)
                    .await
            })?
        };
    }
    match kind {
        AliasKind::Organization => set!(organizations),
        AliasKind::Lender => set!(lenders),
        AliasKind::BankAccount | AliasKind::Contract => 0,
    };
    Ok(())
}
