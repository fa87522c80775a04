//! What the id in a filter identifies, by name.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{bank_accounts, contracts, departments, lenders, organizations};
use super::{DbConn, DbError, on_conn};

/// Returns the name of the row that a parameter's id identifies: of `department_id`, `organization_id`,
/// `bank_account_id`, `contract_id` or `lender_id`.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_name(conn: &mut DbConn, parameter: &str, id: i64) -> Result<Option<String>, DbError> {
    macro_rules! name {
        ($table:ident, $column:ident) => {
            on_conn!(conn, |c| {
                $table::table.filter($table::id.eq(id)).select($table::$column).first(c).await.optional()
            })?
        };
    }
    Ok(match parameter {
        "department_id" => name!(departments, name),
        "organization_id" => name!(organizations, name),
        "bank_account_id" => name!(bank_accounts, account_number),
        "contract_id" => name!(contracts, contract_number),
        "lender_id" => name!(lenders, name),
        _ => None,
    })
}
