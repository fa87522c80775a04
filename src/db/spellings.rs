//! The spellings by which exports recognize the rows of an answer.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::aliases::AliasKind;
use super::schema::aliases;
use super::{DbConn, DbError, id_chunk, on_conn};
use crate::domain::DepartmentScope;

/// A name that exports recognize a row by.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Spelling {
    /// The alias's id.
    pub id: i64,
    /// As it was first written.
    pub spelling: String,
}

/// Returns rows of one kind, each with the spellings that it is recognized by, in order.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn with_aliases<T>(
    conn: &mut DbConn,
    scope: DepartmentScope,
    kind: AliasKind,
    rows: Vec<T>,
    id: impl Fn(&T) -> i64,
) -> Result<Vec<(T, Vec<Spelling>)>, DbError> {
    let ids: Vec<i64> = rows.iter().map(&id).collect();
    let mut spellings: HashMap<i64, Vec<Spelling>> = HashMap::new();
    for ids in ids.chunks(id_chunk(conn)) {
        let found: Vec<(i64, Spelling)> = on_conn!(conn, |c| {
            let mut query = aliases::table
                .filter(aliases::kind.eq(kind.as_str()))
                .filter(aliases::target_id.eq_any(ids))
                .select((aliases::target_id, (aliases::id, aliases::spelling)))
                .order(aliases::id)
                .into_boxed();
            if let Some(id) = scope.id() {
                query = query.filter(aliases::department_id.eq(id));
            }
            query.load(c).await
        })?;
        for (target_id, spelling) in found {
            spellings.entry(target_id).or_default().push(spelling);
        }
    }
    let aliased = |row: T| {
        let aliases = spellings.remove(&id(&row)).unwrap_or_default();
        (row, aliases)
    };
    Ok(rows.into_iter().map(aliased).collect())
}
