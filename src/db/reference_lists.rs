//! What the tables of organizations, bank accounts and lenders have in common.

use std::future::Future;

use super::aliases::AliasKind;
use super::{DbConn, DbError, Page};
use crate::domain::DepartmentScope;

/// Which rows of reference data are wanted, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceFilter {
    /// Their departments.
    pub department: DepartmentScope,
    /// Those that are switched on, or off.
    pub is_active: Option<bool>,
    /// Their order.
    pub order: ReferenceOrder,
}

/// The order of a list of reference data; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceOrder {
    /// By id.
    #[default]
    Id,
    /// By id, the newest first.
    IdDescending,
    /// By name or account number.
    Name,
    /// By name or account number, the last first.
    NameDescending,
}

impl ReferenceOrder {
    /// The orders, as a query names them.
    pub const NAMES: [&str; 4] = ["id", "-id", "name", "-name"];

    /// The order of that name.
    pub fn of_name(name: &str) -> Option<ReferenceOrder> {
        match name {
            "id" => Some(ReferenceOrder::Id),
            "-id" => Some(ReferenceOrder::IdDescending),
            "name" => Some(ReferenceOrder::Name),
            "-name" => Some(ReferenceOrder::NameDescending),
            _ => None,
        }
    }
}

impl ReferenceFilter {
    /// All rows of a scope.
    pub fn all(department: DepartmentScope) -> ReferenceFilter {
        ReferenceFilter {
            department,
            is_active: None,
            order: ReferenceOrder::Id,
        }
    }
}

/// A row of reference data: an organization, a bank account or a lender.
pub trait ReferenceRow: Sized {
    /// What is to be changed of one; `None` leaves a field as it is.
    type Change;
    /// What it is.
    const KIND: AliasKind;

    /// Returns its id.
    fn id(&self) -> i64;

    /// Returns its department.
    fn department_id(&self) -> i64;

    /// Returns the row that it was merged into.
    fn merged_into(&self) -> Option<i64>;

    /// Returns a part of the rows that were not merged into others, and the full count.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    fn list(
        conn: &mut DbConn,
        filter: &ReferenceFilter,
        page: Page,
    ) -> impl Future<Output = Result<(Vec<Self>, i64), DbError>>;

    /// Returns the one of that id within a scope.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    fn find(
        conn: &mut DbConn,
        scope: DepartmentScope,
        id: i64,
    ) -> impl Future<Output = Result<Option<Self>, DbError>>;

    /// Changes the one of that id.
    ///
    /// # Errors
    /// [`DbError::Duplicate`] when the new key is taken, [`DbError::NoSuchReference`] when there is
    /// none or it was merged into another one.
    fn update(
        conn: &mut DbConn,
        id: i64,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), DbError>>;
}

/// Implements [`ReferenceRow`] for a table; `$name` is the column of its natural key.
///
/// A macro, because in Diesel each table and each column is a type of its own: the bounds of a
/// function over them, once for each database, would be longer than the queries.
macro_rules! reference_table {
    ($row:ident, $change:ident, $table:ident, $name:ident, $kind:expr) => {
        impl ReferenceRow for $row {
            type Change = $change;
            const KIND: AliasKind = $kind;

            fn id(&self) -> i64 {
                self.id
            }

            fn department_id(&self) -> i64 {
                self.department_id
            }

            fn merged_into(&self) -> Option<i64> {
                self.merged_into
            }

            async fn list(
                conn: &mut DbConn,
                filter: &ReferenceFilter,
                page: Page,
            ) -> Result<(Vec<$row>, i64), DbError> {
                macro_rules! filtered {
                    ($query:expr) => {{
                        let mut query = $query.filter($table::merged_into.is_null()).into_boxed();
                        if let Some(id) = filter.department.id() {
                            query = query.filter($table::department_id.eq(id));
                        }
                        if let Some(is_active) = filter.is_active {
                            query = query.filter($table::is_active.eq(is_active));
                        }
                        query
                    }};
                }
                let total = on_conn!(conn, |c| filtered!($table::table)
                    .count()
                    .get_result(c)
                    .await)?;
                let rows = on_conn!(conn, |c| {
                    let rows = filtered!($table::table.select($row::as_select()));
                    let rows = match filter.order {
                        ReferenceOrder::Id => rows.order($table::id.asc()),
                        ReferenceOrder::IdDescending => rows.order($table::id.desc()),
                        ReferenceOrder::Name => rows.order(($table::$name.asc(), $table::id.asc())),
                        ReferenceOrder::NameDescending => {
                            rows.order(($table::$name.desc(), $table::id.desc()))
                        }
                    };
                    rows.offset(page.skip).limit(page.limit).load(c).await
                })?;
                Ok((rows, total))
            }

            async fn find(
                conn: &mut DbConn,
                scope: DepartmentScope,
                id: i64,
            ) -> Result<Option<$row>, DbError> {
                let row: Option<$row> = on_conn!(conn, |c| {
                    $table::table
                        .filter($table::id.eq(id))
                        .select($row::as_select())
                        .first(c)
                        .await
                        .optional()
                })?;
                Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
            }

            async fn update(conn: &mut DbConn, id: i64, change: &$change) -> Result<(), DbError> {
                let changed = on_conn!(conn, |c| {
                    diesel::update(
                        $table::table
                            .filter($table::id.eq(id))
                            .filter($table::merged_into.is_null()),
                    )
                    .set((change, $table::updated_at.eq(utc_now())))
                    .execute(c)
                    .await
                })?;
                if changed == 0 {
                    Err(DbError::NoSuchReference)
                } else {
                    Ok(())
                }
            }
        }
    };
}
pub(super) use reference_table;
