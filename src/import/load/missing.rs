//! Operations that a file no longer names.
//!
//! An export is a full snapshot of its organizations: what it leaves out was deleted in 1C. Organizations that were
//! merged have exports of their own still: of these it is a snapshot of the names that it holds.

use std::collections::BTreeSet;

use super::{LoadError, Loader};
use crate::db::{
    DbConn, OperationTable, OwnersOfOperations, StoredOperation, deactivate_operations, list_active_operations,
    list_details_of, list_merge_targets, note_orphaned_details,
};
use crate::import::workbook::{Kind, SeenIds};

/// Makes the operations inactive that the file's organizations have and the file does not name;
/// refuses the file when they are more than `max_percent` of what the organizations have.
pub(super) async fn deactivate_missing(
    conn: &mut DbConn,
    loader: &mut Loader,
    seen: &SeenIds,
    max_percent: u8,
) -> Result<(), LoadError> {
    let table = match loader.kind {
        Kind::Receipts => OperationTable::Receipts,
        Kind::Expenses => OperationTable::Expenses,
        Kind::Details | Kind::Adjustments => return Ok(()),
    };
    let organizations: Vec<i64> = loader.organizations.keys().copied().collect();
    let alias_ids = loader.directory.organization_alias_ids(&loader.organization_names);
    let merged = list_merge_targets(conn, loader.department_id).await?;
    let (mut missing, mut total, mut after) = (Vec::new(), 0_usize, 0);
    loop {
        let of = OwnersOfOperations { organization_ids: &organizations, merged: &merged, alias_ids: &alias_ids };
        let stored = list_active_operations(conn, table, loader.department_id, &of, after).await?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        total += stored.len();
        for operation in stored {
            if !seen.contains(&operation.operation_id)? {
                missing.push(operation);
            }
        }
    }
    if missing.len() * 100 > total * usize::from(max_percent) {
        let first = missing.first().map(|operation| operation.operation_id.as_str()).unwrap_or_default();
        return Err(LoadError::Refused(format!(
            "{} of the {total} operations of its organizations are missing from the file, the first: {first:?}; \
             that is more than the {max_percent} % that may become inactive at once: export it again, or raise \
             IMPORT_MISSING_ROWS_MAX_PERCENT if they were deleted",
            missing.len()
        )));
    }
    let ids: Vec<i64> = missing.iter().map(|operation| operation.id).collect();
    deactivate_operations(conn, table, loader.department_id, &ids).await?;
    if table == OperationTable::Expenses {
        let paid: Vec<&str> = missing.iter().map(|operation| operation.operation_id.as_str()).collect();
        let details = list_details_of(conn, loader.department_id, &paid).await?;
        loader.touched_contracts.extend(details.iter().filter_map(|detail| detail.contract_id));
        let orphaned: BTreeSet<&str> = details.iter().map(|detail| detail.expense_operation_id.as_str()).collect();
        let orphaned: Vec<&str> = orphaned.into_iter().collect();
        note_orphaned_details(conn, loader.department_id, &orphaned).await?;
    }
    for StoredOperation { organization_id, document_date, contract_id, .. } in missing {
        loader.touched.touch(organization_id, document_date);
        loader.touched_contracts.extend(contract_id);
        loader.counts.deleted += 1;
    }
    Ok(())
}
