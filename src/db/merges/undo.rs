//! Undoing: what a merge or a split changed is as it was before. What imports stored since is
//! placed by its aliases; what was changed by hand since stays.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::absorb::absorb;
use super::changes::Changes;
use super::concern::check_later;
use super::contracts::{ContractMove, list_contracts_where, update_place};
use super::list::MergeRow;
use super::record::{Action, Record, StoredMerge};
use super::resolve::{delete_unreferenced, resolve_newer_aliases};
use super::scoped::take_back;
use super::subject::{self, execute, table_and_name};
use super::{MergeError, stored};
use crate::db::schema::merges;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError, on_conn, utc_now};

/// Undoes a merge or a split. Returns it.
///
/// # Errors
/// [`MergeError`] when it was undone already, or a later one of the same rows was not; nothing is changed then.
pub async fn undo_merge(conn: &mut DbConn, id: i64) -> Result<MergeRow, MergeError> {
    let found: Option<StoredMerge> = on_conn!(conn, |c| {
        merges::table
            .filter(merges::id.eq(id))
            .select(StoredMerge::as_select())
            .first(c)
            .await
            .optional()
    })
    .map_err(DbError::from)?;
    let merge = found.ok_or(MergeError::Missing { what: "merge", id })?;
    if merge.undone_at.is_some() {
        return Err(MergeError::Refused(format!(
            "{} {id} was undone already",
            merge.action
        )));
    }
    let record = merge.record()?;
    let kind = AliasKind::of_name(&merge.kind).ok_or(DbError::NoSuchReference)?;
    check_later(conn, kind, &merge, &record).await?;
    let rows = (merge.source_id, merge.target_id);
    if merge.action == Action::Split.as_str() {
        undo_split(conn, kind, merge.department_id, rows, &record).await?;
    } else {
        separate(conn, kind, merge.department_id, rows, &record).await?;
    }
    let undone = diesel::update(merges::table.filter(merges::id.eq(id)))
        .set(merges::undone_at.eq(utc_now()));
    on_conn!(conn, |c| undone.execute(c).await).map_err(DbError::from)?;
    stored(conn, id).await
}

/// Takes two merged rows apart.
async fn separate(
    conn: &mut DbConn,
    kind: AliasKind,
    department_id: i64,
    (source, target): (i64, i64),
    record: &Record,
) -> Result<(), DbError> {
    let mut changes = Changes::new(department_id);
    changes.note(kind, [source, target]);
    for (kind, aliases) in &record.aliases {
        let mut by_target: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (id, target_id) in aliases {
            by_target.entry(*target_id).or_default().push(*id);
        }
        for (target_id, ids) in by_target {
            changes.repoint(conn, *kind, &ids, target_id).await?;
        }
    }
    for step in &record.contracts {
        move_back(conn, department_id, step).await?;
        changes.note(
            AliasKind::Contract,
            [Some(step.id), step.now.merged_into].into_iter().flatten(),
        );
    }
    if kind != AliasKind::Contract {
        subject::restore(conn, kind, source, record.was_active, &record.forwarded).await?;
    }
    if let Some(inn) = &record.filled_inn {
        subject::change_inn(conn, kind, target, Some(inn), None).await?;
    }
    for (id, contract_id) in &record.adjustments {
        let sql = format!(
            "UPDATE adjustments SET contract_id = {contract_id} \
             WHERE department_id = {department_id} AND id = {id} AND contract_alias_id IS NULL"
        );
        execute(conn, &sql).await?;
    }
    let by_hand = id_list(&record.lenders_by_hand);
    let sql = format!(
        "UPDATE contracts SET lender_id = {source} WHERE id IN ({by_hand}) AND lender_id = {target} AND is_lender_manual"
    );
    execute(conn, &sql).await?;
    let left = resolve_newer_aliases(conn, &mut changes, kind, [source, target], record).await?;
    changes.settle(conn).await?;
    delete_unreferenced(conn, department_id, left, record).await
}

/// Gives a contract the place that it had, but for what was changed by hand since.
async fn move_back(
    conn: &mut DbConn,
    department_id: i64,
    step: &ContractMove,
) -> Result<(), DbError> {
    let (was, now) = (&step.was, &step.now);
    for contract in list_contracts_where(conn, department_id, &format!("id = {}", step.id)).await? {
        let mut place = contract.place();
        if place.organization_id == now.organization_id {
            place.organization_id = was.organization_id;
        }
        if place.contract_key == now.contract_key {
            place.contract_key.clone_from(&was.contract_key);
        }
        if place.is_active == now.is_active {
            place.is_active = was.is_active;
        }
        place.merged_into = was.merged_into;
        update_place(conn, step.id, &place).await?;
    }
    Ok(())
}

/// Gives all that a split took back to the row that it was of, and removes what the split made.
/// Contracts that are older than the split stay; those that imports made since of what is one again
/// become part of them.
async fn undo_split(
    conn: &mut DbConn,
    kind: AliasKind,
    department_id: i64,
    (source, target): (i64, i64),
    record: &Record,
) -> Result<(), DbError> {
    let mut changes = Changes::new(department_id);
    if kind == AliasKind::Contract {
        take_back(conn, department_id, record.last_alias_id, source).await?;
    }
    let mut absorbed = Record::default();
    absorb(
        conn,
        &mut changes,
        &mut absorbed,
        kind,
        (source, target),
        Some(record),
    )
    .await?;
    changes.settle(conn).await?;
    let merged: BTreeSet<i64> = absorbed
        .contracts
        .iter()
        .filter(|step| step.survivor().is_some())
        .map(|step| step.id)
        .collect();
    execute(
        conn,
        &format!("DELETE FROM contracts WHERE id IN ({})", id_list(&merged)),
    )
    .await?;
    if kind == AliasKind::Organization {
        move_file_states(conn, department_id, source, target).await?;
    }
    let (table, _) = table_and_name(kind);
    execute(
        conn,
        &format!("DELETE FROM {table} WHERE department_id = {department_id} AND id = {source}"),
    )
    .await?;
    Ok(())
}

/// Gives what is known of an organization's files to another one, where that has no such files
/// itself.
async fn move_file_states(
    conn: &mut DbConn,
    department_id: i64,
    from: i64,
    to: i64,
) -> Result<(), DbError> {
    let of_source = format!(
        "file_organizations WHERE department_id = {department_id} AND organization_id = {from}"
    );
    let sql = format!(
        "UPDATE file_organizations SET organization_id = {to} \
         WHERE department_id = {department_id} AND organization_id = {from} AND NOT EXISTS ( \
           SELECT 1 FROM file_organizations o WHERE o.department_id = {department_id} AND o.organization_id = {to} \
             AND o.source = file_organizations.source AND o.path = file_organizations.path)"
    );
    execute(conn, &sql).await?;
    execute(conn, &format!("DELETE FROM {of_source}")).await?;
    Ok(())
}
