//! Aliases of contracts that imports made since a merge: when it is undone, each gets the contract
//! that it would have got without the merge, by the organization and lender that it belongs to.

use std::collections::BTreeSet;

use super::changes::Changes;
use super::contracts::{
    ContractAlias, find_by_key, insert_under_key, key_of_lender, list_aliases_of_key,
    list_aliases_where, list_contracts_where, update_place, without_lender,
};
use super::record::Record;
use super::scoped::make_general;
use crate::db::has_operations_of_contract;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError};

/// Gives the newer aliases of contracts that a merge of `rows` concerned the contracts that they
/// mean now that the older aliases and contracts stand as before. Returns the contracts that may be
/// without any reference.
pub(super) async fn resolve_newer_aliases(
    conn: &mut DbConn,
    changes: &mut Changes,
    kind: AliasKind,
    rows: [i64; 2],
    record: &Record,
) -> Result<BTreeSet<i64>, DbError> {
    let department_id = changes.department_id();
    let condition = match kind {
        AliasKind::Organization => format!("o.target_id IN ({})", id_list(&rows)),
        AliasKind::Lender => format!("l.target_id IN ({})", id_list(&rows)),
        AliasKind::Contract => {
            let merged = record
                .contracts
                .iter()
                .flat_map(|step| [Some(step.id), step.now.merged_into])
                .flatten();
            let merged: Vec<i64> = merged.collect();
            format!("a.target_id IN ({})", id_list(&merged))
        }
        AliasKind::BankAccount => return Ok(BTreeSet::new()),
    };
    let newer = format!("a.id > {} AND {condition}", record.last_alias_id);
    // The contracts that an alias has claimed, and those that one has left.
    let (mut claimed, mut left) = (BTreeSet::new(), BTreeSet::new());
    for alias in list_aliases_where(conn, department_id, &newer).await? {
        let id = match known_contract(conn, department_id, &alias).await? {
            Some(id) => id,
            // Nothing is apart for this lender now.
            None if alias.is_apart() => {
                left.insert(alias.target_id);
                changes.note(AliasKind::Contract, [alias.target_id]);
                match make_general(conn, department_id, &alias).await? {
                    Some(id) => changes.note(AliasKind::Contract, [id]),
                    None => {
                        resolve_general(conn, changes, (kind, rows), &alias, record, &mut claimed)
                            .await?
                    }
                }
                continue;
            }
            None => {
                own_contract(conn, department_id, (kind, rows), &alias, record, &claimed).await?
            }
        };
        claimed.insert(id);
        if id != alias.target_id {
            left.insert(alias.target_id);
            changes
                .repoint(conn, AliasKind::Contract, &[alias.id], id)
                .await?;
        }
        changes.note(AliasKind::Contract, [id]);
    }
    Ok(left)
}

/// Gives an alias that became general the contract that it means then.
async fn resolve_general(
    conn: &mut DbConn,
    changes: &mut Changes,
    merge: (AliasKind, [i64; 2]),
    alias: &ContractAlias,
    record: &Record,
    claimed: &mut BTreeSet<i64>,
) -> Result<(), DbError> {
    let alias = ContractAlias {
        lender_alias_id: 0,
        lender_id: 0,
        ..alias.clone()
    };
    let department_id = changes.department_id();
    let id = match known_contract(conn, department_id, &alias).await? {
        Some(id) => id,
        None => own_contract(conn, department_id, merge, &alias, record, claimed).await?,
    };
    claimed.insert(id);
    changes
        .repoint(conn, AliasKind::Contract, &[alias.id], id)
        .await
}

/// The contract that is known by an older alias of the same organization and lender, or by its
/// natural key: what an import would find.
async fn known_contract(
    conn: &mut DbConn,
    department_id: i64,
    alias: &ContractAlias,
) -> Result<Option<i64>, DbError> {
    let same = format!(
        "a.id < {} AND o.target_id = {} AND COALESCE(l.target_id, 0) = {}",
        alias.id, alias.organization_id, alias.lender_id
    );
    if let Some(older) = list_aliases_of_key(conn, department_id, &same, &alias.key)
        .await?
        .first()
    {
        return Ok(Some(older.target_id));
    }
    find_by_key(
        conn,
        department_id,
        alias.organization_id,
        &alias.natural_key(),
    )
    .await
}

/// The contract that an alias keeps, takes along, or gets made. It takes along what was made for it
/// under the merge and nothing else refers to, with what was set of it by hand since.
async fn own_contract(
    conn: &mut DbConn,
    department_id: i64,
    (kind, [source, target]): (AliasKind, [i64; 2]),
    alias: &ContractAlias,
    record: &Record,
    claimed: &BTreeSet<i64>,
) -> Result<i64, DbError> {
    let present = format!("id = {}", alias.target_id);
    for contract in list_contracts_where(conn, department_id, &present).await? {
        let mut place = contract.place();
        let is_of_lender = kind == AliasKind::Lender && alias.lender_id != 0;
        let is_newer = contract.id > record.last_contract_id;
        let is_moved = record.contracts.iter().any(|step| step.id == contract.id);
        let lender_id = if is_moved { source } else { target };
        let is_of_same = place.organization_id == alias.organization_id
            && (!is_of_lender || alias.lender_id == lender_id);
        // An older contract may be meant only because another one had become one with it.
        let is_joined = record
            .contracts
            .iter()
            .any(|step| step.survivor() == Some(contract.id));
        let is_older_own = !is_joined && (kind == AliasKind::Organization || is_of_lender);
        if is_of_same && (kind == AliasKind::Contract || is_newer || is_older_own) {
            return Ok(contract.id);
        }
        if is_newer
            && !claimed.contains(&contract.id)
            && !has_others(conn, department_id, alias).await?
        {
            if let Some(key) = without_lender(&place.contract_key, target).filter(|_| is_of_lender)
            {
                place.contract_key = key_of_lender(key, alias.lender_id);
            }
            // A key that follows from what was set by hand may be that of another contract there.
            let known = find_by_key(
                conn,
                department_id,
                alias.organization_id,
                &place.contract_key,
            )
            .await?;
            if known.is_some_and(|known| known != contract.id) {
                place.contract_key = alias.natural_key();
            }
            place.organization_id = alias.organization_id;
            update_place(conn, contract.id, &place).await?;
            return Ok(contract.id);
        }
    }
    let (organization_id, key) = (alias.organization_id, alias.natural_key());
    insert_under_key(
        conn,
        department_id,
        organization_id,
        &key,
        &alias.reference(),
    )
    .await
}

/// Whether another reference has the contract of an alias, too.
async fn has_others(
    conn: &mut DbConn,
    department_id: i64,
    alias: &ContractAlias,
) -> Result<bool, DbError> {
    let of_contract = format!("a.target_id = {}", alias.target_id);
    let all = list_aliases_where(conn, department_id, &of_contract).await?;
    let reference = |one: &ContractAlias| (one.organization_id, one.lender_id, one.key.clone());
    Ok(all.iter().any(|one| reference(one) != reference(alias)))
}

/// Removes those of some contracts that imports made since a merge and that nothing refers to any
/// more.
pub(super) async fn delete_unreferenced(
    conn: &mut DbConn,
    department_id: i64,
    contracts: BTreeSet<i64>,
    record: &Record,
) -> Result<(), DbError> {
    for id in contracts
        .into_iter()
        .filter(|id| *id > record.last_contract_id)
    {
        let aliases =
            list_aliases_where(conn, department_id, &format!("a.target_id = {id}")).await?;
        if aliases.is_empty() && !has_operations_of_contract(conn, department_id, id).await? {
            super::subject::execute(conn, &format!("DELETE FROM contracts WHERE id = {id}"))
                .await?;
        }
    }
    Ok(())
}
