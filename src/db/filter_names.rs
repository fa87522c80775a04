//! What the id in a filter identifies, by name.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{bank_accounts, contracts, departments, lenders, organizations};
use super::{DbConn, DbError, on_conn};
use crate::domain::DepartmentScope;

/// Returns the name of the row of a scope that a parameter's id identifies: of `department_id`,
/// `organization_id`, `bank_account_id`, `contract_id` or `lender_id`.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_name(
    conn: &mut DbConn,
    scope: DepartmentScope,
    parameter: &str,
    id: i64,
) -> Result<Option<String>, DbError> {
    macro_rules! name {
        ($table:ident, $department:ident, $column:ident) => {{
            let row: Option<(i64, String)> = on_conn!(conn, |c| {
                let query = $table::table
                    .filter($table::id.eq(id))
                    .select(($table::$department, $table::$column));
                query.first(c).await.optional()
            })?;
            row.filter(|(department_id, _)| scope.id().is_none_or(|id| id == *department_id))
                .map(|(_, name)| name)
        }};
    }
    Ok(match parameter {
        "department_id" => name!(departments, id, name),
        "organization_id" => name!(organizations, department_id, name),
        "bank_account_id" => name!(bank_accounts, department_id, account_number),
        "contract_id" => name!(contracts, department_id, contract_number),
        "lender_id" => name!(lenders, department_id, name),
        _ => None,
    })
}
