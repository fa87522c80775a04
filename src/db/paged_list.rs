//! Lists that are read a page at a time: a page first as keys, in order, then the rows of these
//! keys.
//!
//! In its default order a page begins after a place (`ListCursor`) and costs the same wherever it
//! lies. Names that stand in other tables are looked up for the rows of the page only, not for
//! those passed over.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{departments, expense_details, organizations};
use super::sql_text::id_list;
use super::{DbConn, DbError, Page, on_conn};
use crate::domain::{DepartmentScope, ListCursor};

/// Identifies a row of a list, and its place in the default order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowKey {
    /// The row's department.
    pub department_id: i64,
    /// The row's place.
    pub place: ListCursor,
}

/// An order other than the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// One of the list's [`PagedList::SORTS`]. Rows without a value come last.
    pub column: &'static str,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// A list with its filter. `Debug` has to show all of the filter: counts are cached by it.
pub trait PagedList: Debug {
    /// A row of it.
    type Row;
    /// The list's name in file names.
    const NAME: &'static str;
    /// The columns to sort by.
    const SORTS: &'static [&'static str];
    /// The default order: its first column, after a minus if the largest comes first.
    const DEFAULT_SORT: &'static str;

    /// The departments that the list covers.
    fn department(&self) -> DepartmentScope;

    /// Returns the next keys of one department in the default order.
    fn keys_after(
        &self,
        conn: &mut DbConn,
        department_id: i64,
        after: Option<ListCursor>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<RowKey>, DbError>>;

    /// Returns the keys of a page in that order, by default the default one.
    fn sorted_keys(
        &self,
        conn: &mut DbConn,
        sort: Option<Sort>,
        page: Page,
    ) -> impl Future<Output = Result<Vec<RowKey>, DbError>>;

    /// Returns the rows of these keys, in their order.
    fn rows(
        &self,
        conn: &mut DbConn,
        keys: &[RowKey],
    ) -> impl Future<Output = Result<Vec<Self::Row>, DbError>>;

    /// Returns how many rows the whole list has.
    fn count(&self, conn: &mut DbConn) -> impl Future<Output = Result<i64, DbError>>;
}

impl RowKey {
    pub(super) fn new((department_id, document_date, id): (i64, Option<NaiveDate>, i64)) -> RowKey {
        RowKey {
            department_id,
            place: ListCursor { document_date, id },
        }
    }
}

/// Returns the next keys of a list in its default order: greatest place first, a place without a
/// date being the least. Several departments are merged, so that each is read along its own index.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_next_keys<L: PagedList>(
    list: &L,
    conn: &mut DbConn,
    after: Option<ListCursor>,
    limit: i64,
) -> Result<Vec<RowKey>, DbError> {
    let mut keys = Vec::new();
    for department_id in departments_of(conn, list.department()).await? {
        keys.extend(list.keys_after(conn, department_id, after, limit).await?);
    }
    keys.sort_by_key(|key| Reverse(key.place));
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(keys)
}

/// Returns the departments of a scope that can have rows: those with an organization, which every
/// operation has, or with details that wait for their expense.
pub(super) async fn departments_of(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<Vec<i64>, DbError> {
    if let DepartmentScope::One(id) = scope {
        return Ok(vec![id]);
    }
    let with_organizations =
        organizations::table.filter(organizations::department_id.eq(departments::id));
    let with_details =
        expense_details::table.filter(expense_details::department_id.eq(departments::id));
    let departments =
        departments::table.filter(exists(with_organizations).or(exists(with_details)));
    Ok(on_conn!(conn, |c| departments
        .select(departments::id)
        .load(c)
        .await)?)
}

/// Puts rows into the order of their keys.
pub(super) fn in_order_of<T>(keys: &[RowKey], rows: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
    let mut by_id: HashMap<i64, T> = rows.into_iter().map(|row| (id(&row), row)).collect();
    keys.iter()
        .filter_map(|key| by_id.remove(&key.place.id))
        .collect()
}

/// Returns the condition that rows, which are looked up by their ids, are of some departments. In
/// SQLite, where ids alone are unique, it would otherwise look through a whole department by an
/// index: the plus keeps it from that.
pub(super) fn department_condition(conn: &DbConn, table: &str, departments: &[i64]) -> String {
    let sign = match conn {
        DbConn::Sqlite(_) => "+",
        DbConn::Postgres(_) => "",
    };
    format!("{sign}{table}.department_id IN ({})", id_list(departments))
}

/// Splits keys into the columns that rows are looked up by: departments (each once) and ids.
pub(super) fn key_columns(keys: &[RowKey]) -> (Vec<i64>, Vec<i64>) {
    let mut departments: Vec<i64> = keys.iter().map(|key| key.department_id).collect();
    departments.sort_unstable();
    departments.dedup();
    (departments, keys.iter().map(|key| key.place.id).collect())
}
