//! Splits of a contract by lender: the operations of one lender get a contract of their own. Each
//! reference to the contract gets an alias that holds for that lender only, by which imports go on
//! recognizing it.

use super::changes::Changes;
use super::contracts::{key_of_lender, list_aliases_where};
use super::list::MergeRow;
use super::record::{self, Action, Record};
use super::scoped::scope_to_lender;
use super::split::insert_contract;
use super::subject::{self, ids_of};
use super::{MergeError, live, stored};
use crate::db::{AliasKind, DbConn, DbError};

/// Splits the operations of a lender off a contract. Returns the split.
///
/// # Errors
/// [`MergeError`] when they can't be split off; nothing is changed then.
pub async fn split_contract_by_lender(
    conn: &mut DbConn,
    id: i64,
    lender_id: i64,
    author: &str,
) -> Result<MergeRow, MergeError> {
    let target = live(conn, AliasKind::Contract, id).await?;
    let lender = live(conn, AliasKind::Lender, lender_id).await?;
    let department_id = target.department_id;
    if lender.department_id != department_id {
        return Err(MergeError::Missing {
            what: "lender",
            id: lender_id,
        });
    }
    let names = format!(
        "SELECT id FROM aliases WHERE kind = 'lender' AND target_id = {lender_id} ORDER BY id"
    );
    let names = ids_of(conn, &names).await?;
    check_operations(conn, department_id, id, &names).await?;
    let references =
        list_aliases_where(conn, department_id, &format!("a.target_id = {id}")).await?;
    let first = references.first().ok_or(DbError::NoSuchReference)?;
    let mut record = Record::begin(conn, &target, &target).await?;
    let mut changes = Changes::new(department_id);
    let new_id = insert_contract(
        conn,
        department_id,
        first,
        &key_of_lender(&first.key, lender_id),
    )
    .await?;
    let source = subject::find(conn, AliasKind::Contract, new_id)
        .await?
        .ok_or(DbError::NoSuchReference)?;
    record.source_name.clone_from(&source.name);
    changes.note(AliasKind::Contract, [id, new_id]);
    // Where the lender's own references are apart already, they go along.
    let own: Vec<i64> = references
        .iter()
        .filter(|alias| alias.lender_id == lender_id)
        .map(|alias| alias.id)
        .collect();
    changes
        .repoint(conn, AliasKind::Contract, &own, new_id)
        .await?;
    record.note_aliases(AliasKind::Contract, &own, id);
    for general in references.iter().filter(|alias| alias.lender_alias_id == 0) {
        for name in &names {
            scope_to_lender(conn, department_id, general, *name, new_id).await?;
        }
    }
    record.touched = changes.settle(conn).await?;
    record
        .touched
        .entry(AliasKind::Lender)
        .or_default()
        .insert(lender_id);
    let kind = AliasKind::Contract;
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

/// The operations that belong to a contract, by the aliases of their lenders.
fn operations_of(department_id: i64, id: i64) -> String {
    format!(
        "(SELECT lender_alias_id FROM receipts WHERE department_id = {department_id} AND contract_id = {id} \
          UNION SELECT lender_alias_id FROM expenses WHERE department_id = {department_id} AND contract_id = {id} \
          UNION SELECT lender_alias_id FROM adjustments WHERE department_id = {department_id} AND contract_id = {id} \
            AND contract_alias_id IS NOT NULL \
          UNION SELECT e.lender_alias_id FROM expense_details d JOIN expenses e \
            ON e.department_id = d.department_id AND e.operation_id = d.expense_operation_id \
          WHERE d.department_id = {department_id} AND d.contract_id = {id}) AS operations"
    )
}

/// Checks that a contract has operations of a lender, and others.
async fn check_operations(
    conn: &mut DbConn,
    department_id: i64,
    id: i64,
    names: &[i64],
) -> Result<(), MergeError> {
    let sql = format!(
        "SELECT COALESCE(lender_alias_id, 0) AS id FROM {}",
        operations_of(department_id, id)
    );
    let found = ids_of(conn, &sql).await?;
    let refuse = |detail: &str| Err(MergeError::Refused(detail.to_owned()));
    if !found.iter().any(|alias| names.contains(alias)) {
        return refuse("the contract has no operation of this lender");
    }
    if found.iter().all(|alias| names.contains(alias)) {
        return refuse("all operations of the contract are of this lender");
    }
    Ok(())
}
