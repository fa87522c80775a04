//! What the lists of organizations, bank accounts and lenders have in common.

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

/// Loads a part of the rows that were not merged into others, and the full count.
macro_rules! list_reference_rows {
    ($conn:expr, $table:ident, $name:ident, $row:ty, $filter:expr, $page:expr) => {{
        macro_rules! filtered {
            ($query:expr) => {{
                let mut query = $query.filter($table::merged_into.is_null()).into_boxed();
                if let Some(id) = $filter.department.id() {
                    query = query.filter($table::department_id.eq(id));
                }
                if let Some(is_active) = $filter.is_active {
                    query = query.filter($table::is_active.eq(is_active));
                }
                query
            }};
        }
        let total = on_conn!($conn, |c| filtered!($table::table)
            .count()
            .get_result(c)
            .await)?;
        let rows: Vec<$row> = on_conn!($conn, |c| {
            let rows = filtered!($table::table.select(<$row>::as_select()));
            let rows = match $filter.order {
                ReferenceOrder::Id => rows.order($table::id.asc()),
                ReferenceOrder::IdDescending => rows.order($table::id.desc()),
                ReferenceOrder::Name => rows.order(($table::$name.asc(), $table::id.asc())),
                ReferenceOrder::NameDescending => {
                    rows.order(($table::$name.desc(), $table::id.desc()))
                }
            };
            rows.offset($page.skip).limit($page.limit).load(c).await
        })?;
        (rows, total)
    }};
}
pub(super) use list_reference_rows;
