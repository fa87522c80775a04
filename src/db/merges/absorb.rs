//! One row takes over all that belongs to another one: its aliases, and with them its operations; its contracts;
//! what was set by hand to it. The other row itself is left as it is.

use std::collections::BTreeMap;

use super::changes::Changes;
use super::contracts::{plan, update_place};
use super::record::Record;
use super::scoped::spread;
use super::subject::{execute, id_list, ids_of};
use crate::db::{AliasKind, DbConn, DbError};

/// Gives all that belongs to `source` to `target`, and records it. Contracts that exports refer to in the same way
/// become one, and so do the pairs of `copies`.
pub(super) async fn absorb(
    conn: &mut DbConn,
    changes: &mut Changes,
    record: &mut Record,
    kind: AliasKind,
    (source, target): (i64, i64),
    copies: &BTreeMap<i64, i64>,
) -> Result<(), DbError> {
    let department_id = changes.department_id();
    // What becomes of contracts follows from how aliases stand before.
    let moves = plan(conn, department_id, kind, source, target, copies).await?;
    if kind != AliasKind::Contract {
        let aliases = changes.repoint_all(conn, kind, source, target).await?;
        record.note_aliases(kind, &aliases, source);
        changes.note(kind, [source, target]);
    }
    for step in &moves {
        changes.note(AliasKind::Contract, [step.id]);
        if let Some(survivor) = step.survivor() {
            let aliases = changes.repoint_all(conn, AliasKind::Contract, step.id, survivor).await?;
            record.note_aliases(AliasKind::Contract, &aliases, step.id);
            let moved = move_adjustments(conn, department_id, step.id, survivor).await?;
            record.adjustments.extend(moved.into_iter().map(|id| (id, step.id)));
        }
    }
    for step in &moves {
        update_place(conn, step.id, &step.now).await?;
    }
    record.contracts = moves;
    let scope = match kind {
        AliasKind::Organization => "o",
        AliasKind::Lender => "l",
        AliasKind::BankAccount | AliasKind::Contract => return Ok(()),
    };
    let left = spread(conn, department_id, &format!("{scope}.target_id = {target}")).await?;
    changes.note(AliasKind::Contract, left);
    if kind == AliasKind::Lender {
        record.lenders_by_hand = move_lenders_by_hand(conn, department_id, source, target).await?;
    }
    Ok(())
}

/// Moves the adjustments of a contract that no alias places; returns their ids.
async fn move_adjustments(conn: &mut DbConn, department_id: i64, from: i64, to: i64) -> Result<Vec<i64>, DbError> {
    let sql = format!(
        "SELECT id FROM adjustments WHERE department_id = {department_id} AND contract_id = {from} \
           AND contract_alias_id IS NULL ORDER BY id"
    );
    let ids = ids_of(conn, &sql).await?;
    let list = id_list(&ids);
    let sql =
        format!("UPDATE adjustments SET contract_id = {to} WHERE department_id = {department_id} AND id IN ({list})");
    execute(conn, &sql).await?;
    Ok(ids)
}

/// Gives the contracts whose lender was set by hand another one; returns their ids.
async fn move_lenders_by_hand(conn: &mut DbConn, department_id: i64, from: i64, to: i64) -> Result<Vec<i64>, DbError> {
    let sql = format!(
        "SELECT id FROM contracts WHERE department_id = {department_id} AND lender_id = {from} \
           AND is_lender_manual ORDER BY id"
    );
    let ids = ids_of(conn, &sql).await?;
    execute(conn, &format!("UPDATE contracts SET lender_id = {to} WHERE id IN ({})", id_list(&ids))).await?;
    Ok(ids)
}
