//! Whether there are operations: at all, of a department, of a contract.

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{adjustments, expense_details, expenses, receipts};
use crate::db::{DbConn, DbError, OperationTable, on_conn};

/// Returns whether the database holds any operation or adjustment.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_operations(conn: &mut DbConn) -> Result<bool, DbError> {
    let received: Option<i64> = on_conn!(conn, |c| receipts::table
        .select(receipts::id)
        .limit(1)
        .first(c)
        .await
        .optional())?;
    let spent: Option<i64> = on_conn!(conn, |c| expenses::table
        .select(expenses::id)
        .limit(1)
        .first(c)
        .await
        .optional())?;
    let adjusted: Option<i64> = on_conn!(conn, |c| adjustments::table
        .select(adjustments::id)
        .limit(1)
        .first(c)
        .await
        .optional())?;
    Ok(received.or(spent).or(adjusted).is_some())
}

/// Returns whether a department has any operations of one table.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_operations_in(
    conn: &mut DbConn,
    which: OperationTable,
    department_id: i64,
) -> Result<bool, DbError> {
    let received = receipts::table.filter(receipts::department_id.eq(department_id));
    let spent = expenses::table.filter(expenses::department_id.eq(department_id));
    Ok(on_conn!(conn, |c| match which {
        OperationTable::Receipts => diesel::select(exists(received)).get_result(c).await,
        OperationTable::Expenses => diesel::select(exists(spent)).get_result(c).await,
    })?)
}

/// Returns whether any receipt, expense, detail or adjustment belongs to a contract, inactive ones
/// included.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_operations_of_contract(
    conn: &mut DbConn,
    department_id: i64,
    id: i64,
) -> Result<bool, DbError> {
    macro_rules! any_in {
        ($($table:ident),+) => {
            $(on_conn!(conn, |c| {
                let of_department = $table::table.filter($table::department_id.eq(department_id));
                let of_contract = of_department.filter($table::contract_id.eq(id)).select($table::id);
                let first: Result<Option<i64>, _> = of_contract.first(c).await.optional();
                first
            })?.is_some())||+
        };
    }
    Ok(any_in!(receipts, expenses, expense_details, adjustments))
}

/// Returns whether a contract has active operations on a day or before, or shares of expenses of
/// other contracts: its opening balance would count what they hold twice.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_operations_until(
    conn: &mut DbConn,
    department_id: i64,
    contract_id: i64,
    day: NaiveDate,
) -> Result<bool, DbError> {
    macro_rules! any {
        ($table:ident) => {
            exists(
                $table::table
                    .filter($table::department_id.eq(department_id))
                    .filter($table::contract_id.eq(contract_id))
                    .filter($table::is_active.eq(true))
                    .filter($table::document_date.le(day)),
            )
        };
    }
    let received: bool = on_conn!(conn, |c| diesel::select(any!(receipts)).get_result(c).await)?;
    let spent: bool = on_conn!(conn, |c| diesel::select(any!(expenses)).get_result(c).await)?;
    let shared: bool = on_conn!(conn, |c| {
        let shares = expense_details::table
            .inner_join(
                expenses::table.on(expenses::department_id
                    .eq(expense_details::department_id)
                    .and(expenses::operation_id.eq(expense_details::expense_operation_id))),
            )
            .filter(expense_details::department_id.eq(department_id))
            .filter(expense_details::contract_id.eq(contract_id))
            .filter(expenses::is_active.eq(true))
            .filter(expenses::document_date.le(day));
        diesel::select(exists(shares)).get_result(c).await
    })?;
    Ok(received || spent || shared)
}
