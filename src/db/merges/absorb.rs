//! One row takes over all that belongs to another one: its aliases, and with them its operations;
//! its contracts; what was set by hand to it. The other row itself is left as it is.

use super::changes::Changes;
use super::contracts::{list_aliases_where, plan, update_place};
use super::record::Record;
use super::scoped::spread;
use super::subject::{execute, ids_of};
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError};

/// Gives all that belongs to `source` to `target`, and records it. Contracts that exports refer to
/// in the same way become one. `split` is the record of the split that is undone by this.
pub(super) async fn absorb(
    conn: &mut DbConn,
    changes: &mut Changes,
    record: &mut Record,
    kind: AliasKind,
    (source, target): (i64, i64),
    split: Option<&Record>,
) -> Result<(), DbError> {
    let department_id = changes.department_id();
    // What becomes of contracts follows from how aliases stand before.
    let moves = plan(conn, department_id, kind, (source, target), split).await?;
    if kind != AliasKind::Contract {
        let aliases = changes.repoint_all(conn, kind, source, target).await?;
        record.note_aliases(kind, &aliases, source);
        changes.note(kind, [source, target]);
    }
    // Those that only move get their aliases back as well, whatever became of these meanwhile.
    let of_moves = format!(
        "a.target_id IN ({})",
        id_list(moves.iter().map(|step| &step.id))
    );
    for alias in list_aliases_where(conn, department_id, &of_moves).await? {
        record.note_aliases(AliasKind::Contract, &[alias.id], alias.target_id);
    }
    for step in &moves {
        changes.note(AliasKind::Contract, [step.id]);
        if let Some(survivor) = step.survivor() {
            changes
                .repoint_all(conn, AliasKind::Contract, step.id, survivor)
                .await?;
            let moved = move_adjustments(conn, department_id, step.id, survivor).await?;
            record
                .adjustments
                .extend(moved.into_iter().map(|id| (id, step.id)));
        }
    }
    // A contract may get the key that a merged one leaves.
    let (merged, others): (Vec<_>, Vec<_>) =
        moves.iter().partition(|step| step.survivor().is_some());
    for step in merged.into_iter().chain(others) {
        update_place(conn, step.id, &step.now).await?;
    }
    record.contracts = moves;
    let scope = match kind {
        AliasKind::Organization => "o",
        AliasKind::Lender => "l",
        AliasKind::BankAccount | AliasKind::Contract => return Ok(()),
    };
    let left = spread(
        conn,
        department_id,
        &format!("{scope}.target_id = {target}"),
    )
    .await?;
    changes.note(AliasKind::Contract, left);
    if kind == AliasKind::Lender {
        record.lenders_by_hand = move_lenders_by_hand(conn, department_id, source, target).await?;
    }
    Ok(())
}

/// Moves the adjustments of a contract that no alias places; returns their ids.
async fn move_adjustments(
    conn: &mut DbConn,
    department_id: i64,
    from: i64,
    to: i64,
) -> Result<Vec<i64>, DbError> {
    let sql = format!(
        "SELECT id FROM adjustments WHERE department_id = {department_id} AND contract_id = {from} \
           AND contract_alias_id IS NULL ORDER BY id"
    );
    let ids = ids_of(conn, &sql).await?;
    let list = id_list(&ids);
    let sql = format!(
        "UPDATE adjustments SET contract_id = {to} WHERE department_id = {department_id} AND id IN ({list})"
    );
    execute(conn, &sql).await?;
    Ok(ids)
}

/// Gives the contracts whose lender was set by hand another one; returns their ids.
async fn move_lenders_by_hand(
    conn: &mut DbConn,
    department_id: i64,
    from: i64,
    to: i64,
) -> Result<Vec<i64>, DbError> {
    let sql = format!(
        "SELECT id FROM contracts WHERE department_id = {department_id} AND lender_id = {from} \
           AND is_lender_manual ORDER BY id"
    );
    let ids = ids_of(conn, &sql).await?;
    execute(
        conn,
        &format!(
            "UPDATE contracts SET lender_id = {to} WHERE id IN ({})",
            id_list(&ids)
        ),
    )
    .await?;
    Ok(ids)
}
