//! What a merge or a split concerns. A later one of the same rows has to be undone first: its
//! record says how they stand since then. Contracts and aliases that imports made in between are
//! found by the rows that they hang on, so both sides are compared as they are at the time of the
//! undoing.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::MergeError;
use super::contracts::{list_aliases_where, list_contracts_where};
use super::record::{Record, StoredMerge};
use crate::db::schema::merges;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError, on_conn};

/// Ids of rows, by kind.
pub(super) type Rows = BTreeMap<AliasKind, BTreeSet<i64>>;

/// Adds rows to others.
fn extend(rows: &mut Rows, more: &Rows) {
    for (kind, ids) in more {
        rows.entry(*kind).or_default().extend(ids);
    }
}

/// Returns the organizations and lenders that the aliases of some contracts hang on.
pub(super) async fn parties_of<'i>(
    conn: &mut DbConn,
    department_id: i64,
    contracts: impl IntoIterator<Item = &'i i64>,
) -> Result<Rows, DbError> {
    let mut parties = Rows::new();
    let of_contracts = format!("a.target_id IN ({})", id_list(contracts));
    for alias in list_aliases_where(conn, department_id, &of_contracts).await? {
        parties
            .entry(AliasKind::Organization)
            .or_default()
            .insert(alias.organization_id);
        if alias.lender_alias_id != 0 {
            parties
                .entry(AliasKind::Lender)
                .or_default()
                .insert(alias.lender_id);
        }
    }
    Ok(parties)
}

/// Checks that no later merge or split that holds concerns the same rows as this one of a kind.
pub(super) async fn check_later(
    conn: &mut DbConn,
    kind: AliasKind,
    merge: &StoredMerge,
    record: &Record,
) -> Result<(), MergeError> {
    let later: Vec<StoredMerge> = on_conn!(conn, |c| {
        merges::table
            .filter(merges::department_id.eq(merge.department_id))
            .filter(merges::id.gt(merge.id))
            .filter(merges::undone_at.is_null())
            .order(merges::id.desc())
            .select(StoredMerge::as_select())
            .load(c)
            .await
    })
    .map_err(DbError::from)?;
    if later.is_empty() {
        return Ok(());
    }
    let rows = present_rows(conn, kind, merge, record).await?;
    for other in later {
        let later_record = other.record()?;
        // Two merges of lenders, for instance, may concern contracts of the same organization and
        // yet have nothing to do with each other.
        let kinds = [
            Some(AliasKind::Contract),
            Some(kind),
            AliasKind::of_name(&other.kind),
        ];
        let meets = |kind: AliasKind| match (rows.get(&kind), later_record.touched.get(&kind)) {
            (Some(ids), Some(others)) => !ids.is_disjoint(others),
            _ => false,
        };
        if kinds.into_iter().flatten().any(meets) {
            return Err(MergeError::Refused(format!(
                "{} {} ({:?} and {:?}) is later and concerns the same rows: undo it first",
                other.action, other.id, later_record.source_name, later_record.target_name
            )));
        }
    }
    Ok(())
}

/// Returns the rows that a merge or split concerned when it was made, and those that it concerns by
/// now.
async fn present_rows(
    conn: &mut DbConn,
    kind: AliasKind,
    merge: &StoredMerge,
    record: &Record,
) -> Result<Rows, DbError> {
    let pair = [merge.source_id, merge.target_id];
    let mut rows = record.touched.clone();
    rows.entry(kind).or_default().extend(pair);
    let list = id_list(&pair);
    let (of_aliases, of_contracts) = match kind {
        AliasKind::Organization => (
            format!("o.target_id IN ({list})"),
            format!("organization_id IN ({list})"),
        ),
        AliasKind::Lender => {
            let [source, target] = pair.map(|id| format!("contract_key LIKE '%@{id}'"));
            (
                format!("l.target_id IN ({list})"),
                format!("({source} OR {target})"),
            )
        }
        AliasKind::Contract => (
            format!("a.target_id IN ({list})"),
            format!("id IN ({list})"),
        ),
        AliasKind::BankAccount => return Ok(rows),
    };
    let department_id = merge.department_id;
    let aliases = list_aliases_where(conn, department_id, &of_aliases).await?;
    let contracts = list_contracts_where(conn, department_id, &of_contracts).await?;
    let concerned = rows.entry(AliasKind::Contract).or_default();
    concerned.extend(aliases.iter().map(|alias| alias.target_id));
    concerned.extend(contracts.iter().map(|contract| contract.id));
    let concerned = concerned.clone();
    extend(
        &mut rows,
        &parties_of(conn, department_id, &concerned).await?,
    );
    Ok(rows)
}
