//! Splits of a contract by lender: the operations of one lender get a contract of their own. Each reference to the
//! contract gets an alias that holds for that lender only, by which imports go on recognizing it.

use super::changes::Changes;
use super::contracts::{ContractAlias, key_of_lender, list_aliases_of_key, list_aliases_where};
use super::list::MergeRow;
use super::record::{self, Action, Record};
use super::split::insert_contract;
use super::subject::{self, execute, ids_of};
use super::{MergeError, live, stored};
use crate::db::aliases::{NewAlias, insert_alias};
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
        return Err(MergeError::Missing { what: "lender", id: lender_id });
    }
    let names = format!("SELECT id FROM aliases WHERE kind = 'lender' AND target_id = {lender_id} ORDER BY id");
    let names = ids_of(conn, &names).await?;
    check_operations(conn, department_id, id, &names).await?;
    let references = list_aliases_where(conn, department_id, &format!("a.target_id = {id}")).await?;
    let first = references.first().ok_or(DbError::NoSuchReference)?;
    let mut record = Record::begin(conn, &target, &target).await?;
    let mut changes = Changes::new(department_id);
    let new_id = insert_contract(conn, department_id, first, &key_of_lender(&first.key, lender_id)).await?;
    let source = subject::find(conn, AliasKind::Contract, new_id).await?.ok_or(DbError::NoSuchReference)?;
    record.source_name.clone_from(&source.name);
    changes.note(AliasKind::Contract, [id, new_id]);
    // Where the lender's own references are apart already, they go along.
    let own: Vec<i64> = references.iter().filter(|alias| alias.lender_id == lender_id).map(|alias| alias.id).collect();
    changes.repoint(conn, AliasKind::Contract, &own, new_id).await?;
    record.note_aliases(AliasKind::Contract, &own, id);
    for general in references.iter().filter(|alias| alias.lender_alias_id == 0) {
        for name in &names {
            scope_to_lender(conn, department_id, general, *name, new_id).await?;
        }
    }
    record.touched = changes.settle(conn).await?;
    record.touched.entry(AliasKind::Lender).or_default().insert(lender_id);
    let kind = AliasKind::Contract;
    let split_id = record::insert(conn, (kind, Action::Split), &source, &target, &record, author).await?;
    stored(conn, split_id).await
}

/// The operations that belong to a contract, by the aliases of their lenders.
fn operations_of(department_id: i64, id: i64) -> String {
    format!(
        "(SELECT lender_alias_id FROM receipts WHERE department_id = {department_id} AND contract_id = {id} \
          UNION SELECT lender_alias_id FROM expenses WHERE department_id = {department_id} AND contract_id = {id} \
          UNION SELECT e.lender_alias_id FROM expense_details d JOIN expenses e \
            ON e.department_id = d.department_id AND e.operation_id = d.expense_operation_id \
          WHERE d.department_id = {department_id} AND d.contract_id = {id}) AS operations"
    )
}

/// Checks that a contract has operations of a lender, and others.
async fn check_operations(conn: &mut DbConn, department_id: i64, id: i64, names: &[i64]) -> Result<(), MergeError> {
    let sql = format!("SELECT COALESCE(lender_alias_id, 0) AS id FROM {}", operations_of(department_id, id));
    let found = ids_of(conn, &sql).await?;
    let invalid = |detail: &str| Err(MergeError::Invalid { parameter: "lender_id", detail: detail.to_owned() });
    if !found.iter().any(|alias| names.contains(alias)) {
        return invalid("the contract has no operation of this lender");
    }
    if found.iter().all(|alias| names.contains(alias)) {
        return invalid("all operations of the contract are of this lender");
    }
    Ok(())
}

/// Gives a reference an alias that holds for one name of a lender only, and the operations of that name to that
/// alias, unless there is one already.
async fn scope_to_lender(
    conn: &mut DbConn,
    department_id: i64,
    general: &ContractAlias,
    lender_alias_id: i64,
    contract_id: i64,
) -> Result<(), DbError> {
    let same = format!("o.id = {} AND a.lender_alias_id = {lender_alias_id}", general.organization_alias_id);
    if !list_aliases_of_key(conn, department_id, &same, &general.key).await?.is_empty() {
        return Ok(());
    }
    let key = (general.organization_alias_id, lender_alias_id, general.key.clone());
    let new = NewAlias::of_contract(department_id, key, &general.spelling, contract_id);
    let alias = insert_alias(conn, new).await?;
    recognize_by(conn, department_id, general.id, (alias.id, contract_id), Some(lender_alias_id)).await
}

/// Makes what was recognized by one alias of a contract recognized by another one; with a lender's alias, only what
/// is of that name.
pub(super) async fn recognize_by(
    conn: &mut DbConn,
    department_id: i64,
    from: i64,
    (alias_id, contract_id): (i64, i64),
    lender_alias_id: Option<i64>,
) -> Result<(), DbError> {
    let set = format!(
        "SET contract_alias_id = {alias_id}, contract_id = {contract_id} \
         WHERE department_id = {department_id} AND contract_alias_id = {from}"
    );
    let of_lender = lender_alias_id.map(|id| format!(" AND lender_alias_id = {id}")).unwrap_or_default();
    for table in ["receipts", "expenses"] {
        execute(conn, &format!("UPDATE {table} {set}{of_lender}")).await?;
    }
    let of_expenses = match lender_alias_id {
        None => String::new(),
        Some(id) => format!(
            " AND expense_operation_id IN (SELECT operation_id FROM expenses WHERE department_id = {department_id} \
               AND lender_alias_id = {id})"
        ),
    };
    execute(conn, &format!("UPDATE expense_details {set}{of_expenses}")).await?;
    if lender_alias_id.is_none() {
        execute(conn, &format!("UPDATE adjustments {set}")).await?;
    }
    Ok(())
}

/// Takes back the aliases that hold for one lender only, those of a split and those that imports made since: what
/// they recognize is recognized by the general ones again.
pub(super) async fn take_back(
    conn: &mut DbConn,
    department_id: i64,
    record: &Record,
    new_id: i64,
) -> Result<(), DbError> {
    let newer = format!("a.target_id = {new_id} AND a.id > {} AND a.lender_alias_id <> 0", record.last_alias_id);
    for alias in list_aliases_where(conn, department_id, &newer).await? {
        if alias.reference().is_per_counterparty() {
            continue;
        }
        let same = format!("o.id = {} AND a.lender_alias_id = 0", alias.organization_alias_id);
        let general = list_aliases_of_key(conn, department_id, &same, &alias.key).await?;
        match general.first() {
            Some(general) => {
                recognize_by(conn, department_id, alias.id, (general.id, general.target_id), None).await?;
                execute(conn, &format!("DELETE FROM aliases WHERE id = {}", alias.id)).await?;
            }
            None => {
                execute(conn, &format!("UPDATE aliases SET lender_alias_id = 0 WHERE id = {}", alias.id)).await?;
            }
        }
    }
    Ok(())
}
