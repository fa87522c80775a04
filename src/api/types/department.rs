//! A department.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DepartmentRow;

/// A department as stored.
#[derive(Clone, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the fields name themselves")]
pub struct Department {
    pub id: i64,
    pub name: String,
    pub code: String,
    pub is_active: bool,
}

impl From<DepartmentRow> for Department {
    fn from(row: DepartmentRow) -> Department {
        Department {
            id: row.id,
            name: row.name,
            code: row.code,
            is_active: row.is_active,
        }
    }
}
