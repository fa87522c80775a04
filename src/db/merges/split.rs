//! Splits by alias: some of a row's spellings get a row of their own, and with them their
//! operations.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

use super::changes::Changes;
use super::contracts::{
    ContractAlias, ContractMove, PlacedContract, find_by_key, insert_under_key, key_of_lender,
    list_aliases_where, list_contracts_where, update_place, without_lender,
};
use super::list::MergeRow;
use super::record::{self, Action, Record};
use super::subject::{self, Subject};
use super::{MergeError, live, stored};
use crate::db::schema::aliases;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError, on_conn};

/// Splits some aliases off a row; the first one names the new row. Returns the split.
///
/// # Errors
/// [`MergeError`] when they can't be split off; nothing is changed then.
pub async fn split_row(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
    alias_ids: &[i64],
    author: &str,
) -> Result<MergeRow, MergeError> {
    let target = live(conn, kind, id).await?;
    let spelling = check_aliases(conn, kind, &target, alias_ids).await?;
    let mut changes = Changes::new(target.department_id);
    // What the split makes is newer than what the record begins with.
    let mut record = Record::begin(conn, &target, &target).await?;
    let new_id = match kind {
        AliasKind::Contract => insert_contract_of(conn, target.department_id, alias_ids).await?,
        _ => subject::insert(conn, kind, target.department_id, &spelling).await?,
    };
    let source = subject::find(conn, kind, new_id)
        .await?
        .ok_or(DbError::NoSuchReference)?;
    record.source_name.clone_from(&source.name);
    if matches!(kind, AliasKind::Organization | AliasKind::Lender) {
        split_contracts(
            conn,
            &mut changes,
            &mut record,
            kind,
            (id, new_id),
            alias_ids,
        )
        .await?;
    }
    changes.note(kind, [id, new_id]);
    changes.repoint(conn, kind, alias_ids, new_id).await?;
    record.note_aliases(kind, alias_ids, id);
    record.touched = changes.settle(conn).await?;
    let split_id = record::insert(
        conn,
        (kind, Action::Split),
        &source,
        &target,
        &record,
        author,
    )
    .await?;
    stored(conn, split_id).await
}

/// Checks that the aliases are a row's, and that others stay; returns the spelling of the first.
async fn check_aliases(
    conn: &mut DbConn,
    kind: AliasKind,
    target: &Subject,
    alias_ids: &[i64],
) -> Result<String, MergeError> {
    let invalid = |detail: String| MergeError::Invalid {
        parameter: "alias_ids",
        detail,
    };
    let first = *alias_ids
        .first()
        .ok_or_else(|| invalid("names no alias".to_owned()))?;
    let known: Vec<(i64, String, i64, String)> = on_conn!(conn, |c| {
        let of_department = aliases::table.filter(aliases::department_id.eq(target.department_id));
        let named = aliases::id.eq_any(alias_ids);
        let own = aliases::kind
            .eq(kind.as_str())
            .and(aliases::target_id.eq(target.id));
        of_department
            .filter(named.or(own))
            .select((
                aliases::id,
                aliases::kind,
                aliases::target_id,
                aliases::spelling,
            ))
            .load(c)
            .await
    })
    .map_err(DbError::from)?;
    let is_own = |row: &&(i64, String, i64, String)| row.1 == kind.as_str() && row.2 == target.id;
    for id in alias_ids {
        let row = known
            .iter()
            .find(|row| row.0 == *id)
            .ok_or(MergeError::Missing {
                what: "alias",
                id: *id,
            })?;
        if !is_own(&row) {
            return Err(invalid(format!(
                "alias {id} is not one of {} {}",
                kind.label(),
                target.id
            )));
        }
    }
    let named: BTreeSet<i64> = alias_ids.iter().copied().collect();
    if known
        .iter()
        .filter(is_own)
        .all(|row| named.contains(&row.0))
    {
        return Err(invalid(
            "names all aliases: at least one must stay".to_owned(),
        ));
    }
    let first = known.into_iter().find(|row| row.0 == first);
    Ok(first.map(|row| row.3).unwrap_or_default())
}

/// Makes the contract that some aliases of another one mean, under the key of the first, or under
/// that key with a number where it is taken.
async fn insert_contract_of(
    conn: &mut DbConn,
    department_id: i64,
    alias_ids: &[i64],
) -> Result<i64, DbError> {
    let first = alias_ids.first().copied().unwrap_or_default();
    let found = list_aliases_where(conn, department_id, &format!("a.id = {first}")).await?;
    let alias = found.into_iter().next().ok_or(DbError::NoSuchReference)?;
    insert_contract(conn, department_id, &alias, &alias.natural_key()).await
}

/// Makes a contract for an alias under a key, or under that key with a number where it is taken.
pub(super) async fn insert_contract(
    conn: &mut DbConn,
    department_id: i64,
    alias: &ContractAlias,
    natural_key: &str,
) -> Result<i64, DbError> {
    let mut key = natural_key.to_owned();
    let mut number = 1;
    while find_by_key(conn, department_id, alias.organization_id, &key)
        .await?
        .is_some()
    {
        number += 1;
        key = format!("{natural_key}#{number}");
    }
    insert_under_key(
        conn,
        department_id,
        alias.organization_id,
        &key,
        &alias.reference(),
    )
    .await
}

/// Splits the contracts of an organization or lender: those that only the leaving aliases refer to
/// go along, with what was merged into them; of those that others refer to as well there are two
/// then.
async fn split_contracts(
    conn: &mut DbConn,
    changes: &mut Changes,
    record: &mut Record,
    kind: AliasKind,
    (id, new_id): (i64, i64),
    alias_ids: &[i64],
) -> Result<(), DbError> {
    let department_id = changes.department_id();
    let scope = if kind == AliasKind::Lender { "l" } else { "o" };
    let leaving = format!("{scope}.id IN ({})", id_list(alias_ids));
    let mut by_contract: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for alias in list_aliases_where(conn, department_id, &leaving).await? {
        by_contract
            .entry(alias.target_id)
            .or_default()
            .push(alias.id);
    }
    let contracts = format!("id IN ({})", id_list(by_contract.keys()));
    for contract in list_contracts_where(conn, department_id, &contracts).await? {
        let leaving = by_contract.remove(&contract.id).unwrap_or_default();
        let of_contract = format!("a.target_id = {}", contract.id);
        let all = list_aliases_where(conn, department_id, &of_contract).await?;
        changes.note(AliasKind::Contract, [contract.id]);
        let step = moved(kind, (id, new_id), &contract);
        if all.len() == leaving.len() {
            let mut steps = vec![step];
            // Imports find it by the keys of those that were merged into it, too.
            let merged = match kind {
                AliasKind::Lender => format!("merged_into = {}", contract.id),
                _ => format!("merged_into = {} AND organization_id = {id}", contract.id),
            };
            let merged = list_contracts_where(conn, department_id, &merged).await?;
            steps.extend(
                merged
                    .iter()
                    .map(|merged| moved(kind, (id, new_id), merged)),
            );
            for step in steps {
                update_place(conn, step.id, &step.now).await?;
                record.contracts.push(step);
            }
            continue;
        }
        let key = match kind {
            AliasKind::Lender => all
                .iter()
                .find(|alias| leaving.contains(&alias.id))
                .map_or_else(
                    || step.now.contract_key.clone(),
                    |alias| key_of_lender(&alias.key, new_id),
                ),
            _ => step.now.contract_key.clone(),
        };
        let copy = insert_copy(conn, contract.id, step.now.organization_id, &key).await?;
        record.copies.insert(copy, contract.id);
        record.note_aliases(AliasKind::Contract, &leaving, contract.id);
        changes
            .repoint(conn, AliasKind::Contract, &leaving, copy)
            .await?;
    }
    Ok(())
}

/// A contract that goes along with a split.
fn moved(kind: AliasKind, (id, new_id): (i64, i64), contract: &PlacedContract) -> ContractMove {
    let (was, mut now) = (contract.place(), contract.place());
    match kind {
        AliasKind::Lender => {
            if let Some(key) = without_lender(&was.contract_key, id) {
                now.contract_key = key_of_lender(key, new_id);
            }
        }
        _ => now.organization_id = new_id,
    }
    ContractMove {
        id: contract.id,
        was,
        now,
    }
}

#[derive(QueryableByName)]
struct NewId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Makes a contract that is shown as another one, with what was set of that one by hand.
async fn insert_copy(
    conn: &mut DbConn,
    id: i64,
    organization_id: i64,
    key: &str,
) -> Result<i64, DbError> {
    let mark = if matches!(conn, DbConn::Sqlite(_)) {
        "?1"
    } else {
        "$1"
    };
    let shown = "contract_number, contract_date, contract_type, is_active, created_at, updated_at, direction, currency, \
                 is_type_manual, is_direction_manual, is_currency_manual";
    let sql = format!(
        "INSERT INTO contracts (department_id, organization_id, contract_key, {shown}) \
         SELECT department_id, {organization_id}, {mark}, {shown} FROM contracts WHERE id = {id} RETURNING id"
    );
    let row: NewId = on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<Text, _>(key)
        .get_result(c)
        .await)?;
    Ok(row.id)
}
