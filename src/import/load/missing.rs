//! Operations, and details of expenses, that a file no longer names.
//!
//! An export is a full snapshot of its organizations: what it leaves out was deleted in 1C.
//! Organizations that were merged have exports of their own still: of these it is a snapshot of the
//! names that it holds.

use std::collections::{BTreeSet, HashSet};

use super::{LoadError, Loader};
use crate::db::{
    DbConn, KnownDetail, OperationTable, OwnersOfOperations, StoredOperation,
    deactivate_operations, delete_expense_details, list_active_operations, list_detailed_expenses,
    list_details_of, list_merge_targets, note_orphaned_details,
};
use crate::import::workbook::SeenIds;

/// Makes the operations inactive that the file's organizations have and the file does not name,
/// unless they are newer than the file; refuses the file when they are more than `max_percent` of
/// what the organizations have.
pub(super) async fn deactivate_missing(
    conn: &mut DbConn,
    loader: &mut Loader,
    table: OperationTable,
    seen: &SeenIds,
    max_percent: u8,
) -> Result<(), LoadError> {
    let organizations: Vec<i64> = loader.organizations.keys().copied().collect();
    let alias_ids = loader
        .directory
        .organization_alias_ids(&loader.organization_names);
    let merged = list_merge_targets(conn, loader.department_id).await?;
    let (mut missing, mut total, mut after) = (Vec::new(), 0_usize, 0);
    loop {
        let of = OwnersOfOperations {
            organization_ids: &organizations,
            merged: &merged,
            alias_ids: &alias_ids,
        };
        let stored = list_active_operations(conn, table, loader.department_id, &of, after).await?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        total += stored.len();
        let mut unseen = stored;
        unseen.retain(|operation| !seen.contains(&operation.operation_id));
        loader
            .snapshot
            .learn(conn, unseen.iter().map(|operation| operation.version))
            .await?;
        missing.extend(
            unseen
                .into_iter()
                .filter(|operation| !loader.snapshot.is_older_than(operation.version)),
        );
    }
    let first = missing
        .first()
        .map(|operation| operation.operation_id.as_str());
    check_share(
        missing.len(),
        total,
        first,
        max_percent,
        "operations of its organizations",
        "become inactive",
    )?;
    let ids: Vec<i64> = missing.iter().map(|operation| operation.id).collect();
    deactivate_operations(
        conn,
        table,
        loader.department_id,
        &ids,
        loader.snapshot.version(),
    )
    .await?;
    if table == OperationTable::Expenses {
        let paid: Vec<&str> = missing
            .iter()
            .map(|operation| operation.operation_id.as_str())
            .collect();
        let details = list_details_of(conn, loader.department_id, &paid).await?;
        loader
            .touched_contracts
            .extend(details.iter().filter_map(|detail| detail.contract_id));
        let orphaned: BTreeSet<&str> = details
            .iter()
            .map(|detail| detail.expense_operation_id.as_str())
            .collect();
        let orphaned: Vec<&str> = orphaned.into_iter().collect();
        note_orphaned_details(conn, loader.department_id, &orphaned).await?;
    }
    for StoredOperation {
        organization_id,
        document_date,
        contract_id,
        ..
    } in missing
    {
        loader.touched.touch(organization_id, document_date);
        loader.touched_contracts.extend(contract_id);
        loader.counts.deactivated += 1;
    }
    Ok(())
}

/// Removes the details of expenses that the file's organizations have and the file does not name,
/// unless they are newer than the file; refuses the file when these are more than `max_percent` of
/// the expenses with details.
pub(super) async fn remove_missing_details(
    conn: &mut DbConn,
    loader: &mut Loader,
    max_percent: u8,
) -> Result<(), LoadError> {
    let department_id = loader.department_id;
    let organizations: Vec<i64> = loader.organizations.keys().copied().collect();
    let alias_ids: Vec<i64> = loader.detail_alias_ids.iter().copied().collect();
    let merged = list_merge_targets(conn, department_id).await?;
    let of = OwnersOfOperations {
        organization_ids: &organizations,
        merged: &merged,
        alias_ids: &alias_ids,
    };
    let (mut missing, mut details, mut total, mut after) = (Vec::new(), Vec::new(), 0_usize, 0);
    loop {
        let stored = list_detailed_expenses(conn, department_id, &of, after).await?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        total += stored.len();
        let mut unseen = stored;
        unseen.retain(|expense| !loader.detailed_expenses.contains(&expense.operation_id));
        let ids: Vec<&str> = unseen
            .iter()
            .map(|expense| expense.operation_id.as_str())
            .collect();
        let of_unseen = list_details_of(conn, department_id, &ids).await?;
        loader
            .snapshot
            .learn(conn, of_unseen.iter().map(|detail| detail.version))
            .await?;
        let is_newer = |detail: &&KnownDetail| loader.snapshot.is_older_than(detail.version);
        let newer: HashSet<String> = of_unseen
            .iter()
            .filter(is_newer)
            .map(|detail| detail.expense_operation_id.clone())
            .collect();
        missing.extend(
            unseen
                .into_iter()
                .filter(|expense| !newer.contains(&expense.operation_id)),
        );
        details.extend(
            of_unseen
                .into_iter()
                .filter(|detail| !newer.contains(&detail.expense_operation_id)),
        );
    }
    let first = missing.first().map(|expense| expense.operation_id.as_str());
    check_share(
        missing.len(),
        total,
        first,
        max_percent,
        "expenses with details",
        "lose them",
    )?;
    let ids: Vec<i64> = details.iter().map(|detail| detail.id).collect();
    delete_expense_details(conn, department_id, &ids).await?;
    loader.counts.deleted += details.len();
    loader
        .touched_contracts
        .extend(details.iter().filter_map(|detail| detail.contract_id));
    for StoredOperation {
        organization_id,
        document_date,
        contract_id,
        ..
    } in missing
    {
        loader.touched.touch(organization_id, document_date);
        loader.touched_contracts.extend(contract_id);
    }
    Ok(())
}

/// Refuses a file that lacks too large a share of what is stored.
fn check_share(
    missing: usize,
    total: usize,
    first: Option<&str>,
    max_percent: u8,
    what: &str,
    loss: &str,
) -> Result<(), LoadError> {
    if missing * 100 <= total * usize::from(max_percent) {
        return Ok(());
    }
    let first = first.unwrap_or_default();
    Err(LoadError::Refused(format!(
        "{missing} of the {total} {what} are missing from the file, the first: {first:?}; that is more than the \
         {max_percent} % that may {loss} at once: export it again, or raise IMPORT_MISSING_ROWS_MAX_PERCENT if they \
         were deleted"
    )))
}
