//! Merges and splits as they are listed.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::record::StoredMerge;
use crate::db::schema::merges;
use crate::db::{AliasKind, DbConn, DbError, Page, on_conn};
use crate::domain::DepartmentScope;

/// A merge or split. The names are those of its time.
#[derive(Clone, Debug)]
pub struct MergeRow {
    /// Its id.
    pub id: i64,
    /// `organization`, `bank_account`, `lender` or `contract`.
    pub kind: String,
    /// `merge` or `split`.
    pub action: String,
    /// The row that was merged into the target, or that the split made.
    pub source_id: i64,
    /// Its name.
    pub source: String,
    /// The row that took the other one over, or that was split.
    pub target_id: i64,
    /// Its name.
    pub target: String,
    /// The department.
    pub department_id: i64,
    /// Who did it.
    pub created_by: String,
    /// When (UTC).
    pub created_at: NaiveDateTime,
    /// When it was undone (UTC); absent while it holds.
    pub undone_at: Option<NaiveDateTime>,
}

impl MergeRow {
    fn of(row: StoredMerge) -> Result<MergeRow, DbError> {
        let record = row.record()?;
        Ok(MergeRow {
            id: row.id,
            kind: row.kind,
            action: row.action,
            source_id: row.source_id,
            source: record.source_name,
            target_id: row.target_id,
            target: record.target_name,
            department_id: row.department_id,
            created_by: row.created_by,
            created_at: row.created_at,
            undone_at: row.undone_at,
        })
    }
}

/// Returns a part of the merges and splits, newest first, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_merges(
    conn: &mut DbConn,
    scope: DepartmentScope,
    page: Page,
) -> Result<(Vec<MergeRow>, i64), DbError> {
    macro_rules! filtered {
        ($query:expr) => {{
            let mut query = $query.into_boxed();
            if let Some(id) = scope.id() {
                query = query.filter(merges::department_id.eq(id));
            }
            query
        }};
    }
    let total = on_conn!(conn, |c| filtered!(merges::table)
        .count()
        .get_result(c)
        .await)?;
    let rows: Vec<StoredMerge> = on_conn!(conn, |c| {
        filtered!(merges::table.select(StoredMerge::as_select()))
            .order(merges::id.desc())
            .offset(page.skip)
            .limit(page.limit)
            .load(c)
            .await
    })?;
    Ok((
        rows.into_iter()
            .map(MergeRow::of)
            .collect::<Result<_, _>>()?,
        total,
    ))
}

/// Returns the merges into a row that hold, newest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn merges_into(
    conn: &mut DbConn,
    kind: AliasKind,
    target_id: i64,
) -> Result<Vec<MergeRow>, DbError> {
    let rows: Vec<StoredMerge> = on_conn!(conn, |c| {
        merges::table
            .filter(merges::kind.eq(kind.as_str()))
            .filter(merges::action.eq("merge"))
            .filter(merges::target_id.eq(target_id))
            .filter(merges::undone_at.is_null())
            .order(merges::id.desc())
            .select(StoredMerge::as_select())
            .load(c)
            .await
    })?;
    rows.into_iter().map(MergeRow::of).collect()
}

/// Returns the one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_merge(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<MergeRow>, DbError> {
    let row = find_by_id(conn, id).await?;
    Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
}

/// Returns the one of that id.
pub(super) async fn find_by_id(conn: &mut DbConn, id: i64) -> Result<Option<MergeRow>, DbError> {
    let row: Option<StoredMerge> = on_conn!(conn, |c| {
        merges::table
            .filter(merges::id.eq(id))
            .select(StoredMerge::as_select())
            .first(c)
            .await
            .optional()
    })?;
    row.map(MergeRow::of).transpose()
}
