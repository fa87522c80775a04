//! Operations as they are read back: receipts, expenses and expense details.
//!
//! A filter means the same in a list, its count, its statistics and its file: it is applied by one
//! macro.

mod details;
mod existence;
mod expenses;
mod receipts;

use chrono::NaiveDate;

use super::contract_conditions::lender_condition;
use super::paged_list::Sort;
use super::text_search::TextSearch;
use crate::domain::{ContractType, Currency, DateRange, DepartmentScope, ListCursor, Money};

pub use details::{DetailFilter, DetailRow, Details};
pub use existence::{
    has_operations, has_operations_in, has_operations_of_contract, has_operations_until,
};
pub use expenses::{ExpenseRow, Expenses, expense_stats, find_expense};
pub use receipts::{ReceiptRow, Receipts, find_receipt, receipt_stats};

/// Which receipts or expenses are wanted; active ones only. What is not set does not restrict.
#[derive(Clone, Debug)]
pub struct OperationFilter {
    /// Their departments.
    pub department: DepartmentScope,
    /// Days of their documents.
    pub dates: DateRange,
    /// One organization.
    pub organization_id: Option<i64>,
    /// One bank account.
    pub bank_account_id: Option<i64>,
    /// One contract. An expense is of every contract that it or its details name.
    pub contract_id: Option<i64>,
    /// The lender of such a contract.
    pub lender_id: Option<i64>,
    /// The type of such a contract.
    pub contract_type: Option<ContractType>,
    /// The smallest amount, in the operation's currency.
    pub amount_from: Option<Money>,
    /// The largest amount, in the operation's currency.
    pub amount_to: Option<Money>,
    /// A part of purpose, other party, operation id, contract or document number, in any letter
    /// case.
    pub search: Option<String>,
    /// Whether the bank has confirmed it; expenses only.
    pub confirmed: Option<bool>,
}

/// Counts and sums of the operations that match.
#[derive(Clone, Debug)]
pub struct OperationStats {
    /// How many there are, in any currency.
    pub total_records: i64,
    /// The sum of those in the currency asked for.
    pub total_amount: Money,
    /// The other currencies among them, in order.
    pub other_currencies: Vec<String>,
}

impl OperationFilter {
    /// Everything of a scope.
    pub fn all(department: DepartmentScope) -> OperationFilter {
        OperationFilter {
            department,
            dates: DateRange::ALL,
            organization_id: None,
            bank_account_id: None,
            contract_id: None,
            lender_id: None,
            contract_type: None,
            amount_from: None,
            amount_to: None,
            search: None,
            confirmed: None,
        }
    }

    /// Returns the condition that a column refers to a wanted contract of a department; `None` when
    /// any contract is wanted. Everything in it comes from numbers and constants.
    fn contract_condition(&self, department_column: &str, contract_column: &str) -> Option<String> {
        let id = self
            .contract_id
            .map(|id| format!("{contract_column} = {id}"));
        let lender = self.lender_id.map(lender_condition);
        let kind = self
            .contract_type
            .map(|kind| format!("c.contract_type = '{}'", kind.as_str()));
        let facts: Vec<String> = lender.into_iter().chain(kind).collect();
        let facts = (!facts.is_empty()).then(|| {
            let facts = facts.join(" AND ");
            format!(
                "EXISTS (SELECT 1 FROM contracts c WHERE c.department_id = {department_column} \
                 AND c.id = {contract_column} AND {facts})"
            )
        });
        let conditions: Vec<String> = id.into_iter().chain(facts).collect();
        (!conditions.is_empty()).then(|| format!("({})", conditions.join(" AND ")))
    }
}

impl OperationStats {
    fn of(rows: Vec<(String, i64, i64)>, currency: &Currency) -> OperationStats {
        let own = |name: &str| name == currency.as_str();
        OperationStats {
            total_records: rows.iter().map(|(_, count, _)| count).sum(),
            total_amount: rows
                .iter()
                .filter(|row| own(&row.0))
                .map(|row| Money::from_kopecks(row.2))
                .sum(),
            other_currencies: rows
                .iter()
                .filter(|row| !own(&row.0))
                .map(|row| row.0.clone())
                .collect(),
        }
    }
}

/// The conditions of a filter that are written in SQL.
struct SqlConditions {
    contract: Option<String>,
    confirmed: Option<&'static str>,
    search: Option<TextSearch>,
}

/// Applies a filter to a query of one kind of operation.
macro_rules! filtered {
    ($query:expr, $table:ident, $filter:expr, $conditions:expr) => {{
        let (filter, conditions): (&OperationFilter, SqlConditions) = ($filter, $conditions);
        let mut query = $query.filter($table::is_active.eq(true)).into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter($table::department_id.eq(id));
        }
        if let Some(from) = filter.dates.from() {
            query = query.filter($table::document_date.ge(from));
        }
        if let Some(to) = filter.dates.to() {
            query = query.filter($table::document_date.le(to));
        }
        if let Some(id) = filter.organization_id {
            query = query.filter($table::organization_id.eq(id));
        }
        if let Some(id) = filter.bank_account_id {
            query = query.filter($table::bank_account_id.eq(id));
        }
        if let Some(amount) = filter.amount_from {
            query = query.filter($table::amount.ge(amount.kopecks()));
        }
        if let Some(amount) = filter.amount_to {
            query = query.filter($table::amount.le(amount.kopecks()));
        }
        if let Some(condition) = conditions.contract {
            query = query.filter(sql::<Bool>(&condition));
        }
        if let Some(condition) = conditions.confirmed {
            query = query.filter(sql::<Bool>(condition));
        }
        if let Some(search) = conditions.search {
            query = query.filter(
                sql::<Bool>(&search.sql)
                    .bind::<Text, _>(search.pattern)
                    .sql(")"),
            );
        }
        query
    }};
}
use filtered;

/// Joins the operations of one table with the rows that their ids refer to.
macro_rules! with_names {
    ($table:ident) => {
        $table::table
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq($table::department_id)
                    .and(organizations::id.eq($table::organization_id))),
            )
            .left_join(
                bank_accounts::table.on(bank_accounts::department_id
                    .eq($table::department_id)
                    .and(bank_accounts::id.nullable().eq($table::bank_account_id))),
            )
            .left_join(
                contracts::table.on(contracts::department_id
                    .eq($table::department_id)
                    .and(contracts::id.nullable().eq($table::contract_id))),
            )
            .left_join(
                lenders::table.on(lenders::department_id
                    .eq($table::department_id)
                    .and(lenders::id.nullable().eq(contracts::lender_id))),
            )
    };
}
use with_names;

/// The columns of operations that a list may be sorted by.
const SORTS: &[&str] = &["document_date", "amount", "document_number", "id"];

/// Which segment of the default order a page is read from: newest document first, ties by id, those
/// without a date last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListSegment {
    /// The whole.
    Whole,
    /// The dated ones after a place.
    Dated(NaiveDate, i64),
    /// Those without a date, after an id.
    Undated(Option<i64>),
}

impl ListSegment {
    fn after(place: Option<ListCursor>) -> ListSegment {
        match place {
            None => ListSegment::Whole,
            Some(ListCursor {
                document_date: Some(date),
                id,
            }) => ListSegment::Dated(date, id),
            Some(ListCursor {
                document_date: None,
                id,
            }) => ListSegment::Undated(Some(id)),
        }
    }
}

/// Returns the text of an order; ties go the same way by id.
fn order_sql(table: &str, sort: Option<Sort>) -> String {
    let Sort {
        column,
        is_descending,
    } = sort.unwrap_or(Sort {
        column: "document_date",
        is_descending: true,
    });
    let direction = if is_descending { "DESC" } else { "ASC" };
    format!("{table}.{column} {direction} NULLS LAST, {table}.id {direction}")
}

/// Implements the keys and the count of `PagedList` for the operations of one table.
macro_rules! operation_keys {
    ($table:ident) => {
        fn department(&self) -> DepartmentScope {
            self.0.department
        }

        async fn keys_after(
            &self,
            conn: &mut DbConn,
            department_id: i64,
            after: Option<ListCursor>,
            limit: i64,
        ) -> Result<Vec<RowKey>, DbError> {
            let filter = OperationFilter {
                department: DepartmentScope::One(department_id),
                ..self.0.clone()
            };
            let segment = ListSegment::after(after);
            let mut keys = keys_in(conn, &filter, segment, limit).await?;
            let left = limit - keys.len() as i64;
            if matches!(segment, ListSegment::Dated(..)) && left > 0 {
                keys.extend(keys_in(conn, &filter, ListSegment::Undated(None), left).await?);
            }
            Ok(keys)
        }

        async fn sorted_keys(
            &self,
            conn: &mut DbConn,
            sort: Option<Sort>,
            page: Page,
        ) -> Result<Vec<RowKey>, DbError> {
            let conditions = conditions(conn, &self.0);
            let order = order_sql(stringify!($table), sort);
            let keys: Vec<_> = on_conn!(conn, |c| {
                let keys = $table::table.select((
                    $table::department_id,
                    $table::document_date,
                    $table::id,
                ));
                filtered!(keys, $table, &self.0, conditions)
                    .order(sql::<Bool>(&order))
                    .offset(page.skip)
                    .limit(page.limit)
                    .load(c)
                    .await
            })?;
            Ok(keys.into_iter().map(RowKey::new).collect())
        }

        async fn count(&self, conn: &mut DbConn) -> Result<i64, DbError> {
            let conditions = conditions(conn, &self.0);
            Ok(on_conn!(conn, |c| {
                filtered!(
                    $table::table.select(count_star()),
                    $table,
                    &self.0,
                    conditions
                )
                .first(c)
                .await
            })?)
        }
    };
}
use operation_keys;

/// Defines `keys_in`, which reads keys of a segment of the default order, for one table.
macro_rules! keys_in_segment {
    ($table:ident) => {
        async fn keys_in(
            conn: &mut DbConn,
            filter: &OperationFilter,
            segment: ListSegment,
            limit: i64,
        ) -> Result<Vec<RowKey>, DbError> {
            let conditions = conditions(conn, filter);
            let order = order_sql(stringify!($table), None);
            let keys: Vec<_> = on_conn!(conn, |c| {
                let keys = $table::table.select((
                    $table::department_id,
                    $table::document_date,
                    $table::id,
                ));
                let mut query = filtered!(keys, $table, filter, conditions);
                match segment {
                    ListSegment::Whole => {}
                    ListSegment::Dated(date, id) => {
                        let place = concat!(
                            "(",
                            stringify!($table),
                            ".document_date, ",
                            stringify!($table),
                            ".id) < ("
                        );
                        let place = sql::<Bool>(place)
                            .bind::<Date, _>(date)
                            .sql(", ")
                            .bind::<BigInt, _>(id)
                            .sql(")");
                        query = query.filter(place);
                    }
                    ListSegment::Undated(after) => {
                        query = query.filter($table::document_date.is_null());
                        if let Some(id) = after {
                            query = query.filter($table::id.lt(id));
                        }
                    }
                }
                query.order(sql::<Bool>(&order)).limit(limit).load(c).await
            })?;
            Ok(keys.into_iter().map(RowKey::new).collect())
        }
    };
}
use keys_in_segment;
