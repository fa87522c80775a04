//! Aliases of contracts that hold for one lender only, although their reference identifies the
//! contract for all lenders: what a split by lender makes.

use super::contracts::{ContractAlias, list_aliases_of_key, list_aliases_where};
use super::subject::{execute, ids_of};
use crate::db::aliases::{NewAlias, insert_alias};
use crate::db::{DbConn, DbError};

/// Gives a reference an alias that holds for one name of a lender only, and the operations of that
/// name to that alias. Returns whether there was none yet.
pub(super) async fn scope_to_lender(
    conn: &mut DbConn,
    department_id: i64,
    general: &ContractAlias,
    lender_alias_id: i64,
    contract_id: i64,
) -> Result<bool, DbError> {
    let same = format!(
        "o.id = {} AND a.lender_alias_id = {lender_alias_id}",
        general.organization_alias_id
    );
    if !list_aliases_of_key(conn, department_id, &same, &general.key)
        .await?
        .is_empty()
    {
        return Ok(false);
    }
    let key = (
        general.organization_alias_id,
        lender_alias_id,
        general.key.clone(),
    );
    let new = NewAlias::of_contract(department_id, key, &general.spelling, contract_id);
    let alias = insert_alias(conn, new).await?;
    recognize_by(
        conn,
        department_id,
        general.id,
        (alias.id, contract_id),
        Some(lender_alias_id),
    )
    .await?;
    Ok(true)
}

/// Makes what was recognized by one alias of a contract recognized by another one; with a lender's
/// alias, only what is of that name.
async fn recognize_by(
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
    let of_lender = lender_alias_id
        .map(|id| format!(" AND lender_alias_id = {id}"))
        .unwrap_or_default();
    for table in ["receipts", "expenses", "adjustments"] {
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
    Ok(())
}

/// Makes what an alias of one lender recognizes recognized by the general alias of the same
/// reference again; where there is none, it becomes the general one itself. Returns the contract of
/// the general one that took over.
pub(super) async fn make_general(
    conn: &mut DbConn,
    department_id: i64,
    alias: &ContractAlias,
) -> Result<Option<i64>, DbError> {
    let same = format!(
        "o.id = {} AND a.lender_alias_id = 0",
        alias.organization_alias_id
    );
    let general = list_aliases_of_key(conn, department_id, &same, &alias.key).await?;
    let Some(general) = general.into_iter().next() else {
        execute(
            conn,
            &format!(
                "UPDATE aliases SET lender_alias_id = 0 WHERE id = {}",
                alias.id
            ),
        )
        .await?;
        return Ok(None);
    };
    recognize_by(
        conn,
        department_id,
        alias.id,
        (general.id, general.target_id),
        None,
    )
    .await?;
    execute(
        conn,
        &format!("DELETE FROM aliases WHERE id = {}", alias.id),
    )
    .await?;
    Ok(Some(general.target_id))
}

/// Takes back the aliases that hold for one lender only and are of a contract, those of its split
/// and those that imports made since.
pub(super) async fn take_back(
    conn: &mut DbConn,
    department_id: i64,
    last_alias_id: i64,
    contract_id: i64,
) -> Result<(), DbError> {
    let newer = format!("a.target_id = {contract_id} AND a.id > {last_alias_id}");
    for alias in list_aliases_where(conn, department_id, &newer).await? {
        if alias.is_apart() {
            make_general(conn, department_id, &alias).await?;
        }
    }
    Ok(())
}

/// After organizations or lenders became one, a contract that was split by lender is apart under
/// all of their names: imports would find it under each. Returns the contracts whose operations it
/// takes over.
pub(super) async fn spread(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
) -> Result<Vec<i64>, DbError> {
    let mut left = Vec::new();
    for apart in list_aliases_where(conn, department_id, condition).await? {
        if !apart.is_apart() {
            continue;
        }
        let general = format!(
            "o.target_id = {} AND a.lender_alias_id = 0",
            apart.organization_id
        );
        let names = format!(
            "SELECT id FROM aliases WHERE kind = 'lender' AND target_id = {} ORDER BY id",
            apart.lender_id
        );
        let names = ids_of(conn, &names).await?;
        for general in list_aliases_of_key(conn, department_id, &general, &apart.key).await? {
            for name in &names {
                if scope_to_lender(conn, department_id, &general, *name, apart.target_id).await? {
                    left.extend([general.target_id, apart.target_id]);
                }
            }
        }
    }
    Ok(left)
}
