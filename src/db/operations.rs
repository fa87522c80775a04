//! Operations as they are read back: receipts, expenses and expense details.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::schema::{expense_details, expenses, receipts};
use super::{DbConn, DbError, Page, on_conn};
use crate::domain::{Currency, DateRange, DepartmentScope, Money};

/// Which receipts or expenses are asked for; active ones only.
#[derive(Clone, Debug)]
pub struct OperationFilter {
    /// Of which department.
    pub department: DepartmentScope,
    /// Days of their documents.
    pub dates: DateRange,
    /// Of one organization.
    pub organization_id: Option<i64>,
    /// Of one bank account.
    pub bank_account_id: Option<i64>,
    /// Of one contract. An expense is of every contract that it or its details name.
    pub contract_id: Option<i64>,
}

/// Which details are asked for.
#[derive(Clone, Debug)]
pub struct DetailFilter {
    /// Of which department.
    pub department: DepartmentScope,
    /// Days of their expenses' documents.
    pub dates: DateRange,
    /// Of one expense.
    pub expense_operation_id: Option<String>,
    /// Of one contract.
    pub contract_id: Option<i64>,
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

/// A receipt as stored; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = receipts)]
#[expect(missing_docs, reason = "the columns name themselves")]
#[schema(as = Receipt)]
pub struct ReceiptRow {
    pub id: i64,
    pub operation_id: String,
    pub document_date: Option<NaiveDate>,
    pub document_number: Option<String>,
    pub organization_id: i64,
    pub bank_account_id: Option<i64>,
    pub contract_id: Option<i64>,
    pub operation_type: Option<String>,
    pub account: Option<String>,
    pub payer: Option<String>,
    pub payer_account: Option<String>,
    pub settlement_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    #[serde(serialize_with = "money")]
    #[schema(value_type = Money)]
    pub amount: i64,
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub commission: Option<i64>,
    pub income_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An expense as stored; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = expenses)]
#[expect(missing_docs, reason = "the columns name themselves")]
#[schema(as = Expense)]
pub struct ExpenseRow {
    pub id: i64,
    pub operation_id: String,
    pub document_date: Option<NaiveDate>,
    pub document_number: Option<String>,
    pub organization_id: i64,
    pub bank_account_id: Option<i64>,
    pub contract_id: Option<i64>,
    pub operation_type: Option<String>,
    pub account: Option<String>,
    pub recipient: Option<String>,
    pub recipient_account: Option<String>,
    pub debit_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    #[serde(serialize_with = "money")]
    #[schema(value_type = Money)]
    pub amount: i64,
    pub expense_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub tax_period: Option<String>,
    pub unconfirmed_by_bank: Option<bool>,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An expense detail as stored; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = expense_details)]
#[expect(missing_docs, reason = "the columns name themselves")]
#[schema(as = ExpenseDetail)]
pub struct DetailRow {
    pub id: i64,
    pub expense_operation_id: String,
    pub contract_id: Option<i64>,
    pub contract_text: Option<String>,
    pub repayment_type: Option<String>,
    pub settlement_account: Option<String>,
    pub advance_account: Option<String>,
    pub payment_type: Option<String>,
    #[serde(serialize_with = "money")]
    #[schema(value_type = Money)]
    pub amount: i64,
    pub settlement_rate: Option<String>,
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub settlement_amount: Option<i64>,
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub vat_amount: Option<i64>,
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub expense_amount: Option<i64>,
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub included_vat: Option<i64>,
    pub expense_item: Option<String>,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
}

/// Tells a column of kopecks as money.
fn money<S: Serializer>(kopecks: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    Money::from_kopecks(*kopecks).serialize(serializer)
}

/// The same of a column that may be empty.
pub(super) fn optional_money<S: Serializer>(kopecks: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    kopecks.map(Money::from_kopecks).serialize(serializer)
}

/// Applies what both kinds of operation are filtered by, all but the contract.
macro_rules! restricted {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query = $query.filter($table::is_active.eq(true)).into_boxed();
        if let Some(id) = $filter.department.id() {
            query = query.filter($table::department_id.eq(id));
        }
        if let Some(from) = $filter.dates.from() {
            query = query.filter($table::document_date.ge(from));
        }
        if let Some(to) = $filter.dates.to() {
            query = query.filter($table::document_date.le(to));
        }
        if let Some(id) = $filter.organization_id {
            query = query.filter($table::organization_id.eq(id));
        }
        if let Some(id) = $filter.bank_account_id {
            query = query.filter($table::bank_account_id.eq(id));
        }
        query
    }};
}

macro_rules! of_receipts {
    ($query:expr, $filter:expr) => {{
        let mut query = restricted!($query, receipts, $filter);
        if let Some(id) = $filter.contract_id {
            query = query.filter(receipts::contract_id.eq(id));
        }
        query
    }};
}

macro_rules! of_expenses {
    ($query:expr, $filter:expr) => {{
        let mut query = restricted!($query, expenses, $filter);
        if let Some(id) = $filter.contract_id {
            let named = expense_details::table
                .filter(expense_details::department_id.eq(expenses::department_id))
                .filter(expense_details::expense_operation_id.eq(expenses::operation_id))
                .filter(expense_details::contract_id.eq(id));
            query = query.filter(expenses::contract_id.eq(id).or(exists(named)));
        }
        query
    }};
}

/// Expands to a list, its count, a find by id and the statistics of one kind of operation.
macro_rules! reading {
    ($table:ident, $row:ident, $filtered:ident, $list:ident, $find:ident, $stats:ident) => {
        /// A part of the list, newest document first, ties by id.
        ///
        /// # Errors
        /// [`DbError`] when the database can't answer.
        pub async fn $list(conn: &mut DbConn, filter: &OperationFilter, page: Page) -> Result<Vec<$row>, DbError> {
            Ok(on_conn!(conn, |c| {
                $filtered!($table::table.select($row::as_select()), filter)
                    .order(($table::document_date.desc(), $table::id.desc()))
                    .offset(page.skip)
                    .limit(page.limit)
                    .load(c)
                    .await
            })?)
        }

        /// The one of that id within a scope.
        ///
        /// # Errors
        /// [`DbError`] when the database can't answer.
        pub async fn $find(conn: &mut DbConn, scope: DepartmentScope, id: i64) -> Result<Option<$row>, DbError> {
            let row: Option<$row> = on_conn!(conn, |c| {
                $table::table.filter($table::id.eq(id)).select($row::as_select()).first(c).await.optional()
            })?;
            Ok(row.filter(|row| scope.id().is_none_or(|id| id == row.department_id)))
        }

        /// How many match, and their sum in one currency.
        ///
        /// # Errors
        /// [`DbError`] when the database can't answer.
        pub async fn $stats(
            conn: &mut DbConn,
            filter: &OperationFilter,
            currency: &Currency,
        ) -> Result<OperationStats, DbError> {
            let rows: Vec<(String, i64, i64)> = on_conn!(conn, |c| {
                let query = $table::table.group_by($table::currency).select((
                    $table::currency,
                    count_star(),
                    sql::<BigInt>("CAST(SUM(amount) AS BIGINT)"),
                ));
                $filtered!(query, filter).order($table::currency).load(c).await
            })?;
            Ok(OperationStats::of(rows, currency))
        }
    };
}

reading!(receipts, ReceiptRow, of_receipts, list_receipts, find_receipt, receipt_stats);
reading!(expenses, ExpenseRow, of_expenses, list_expenses, find_expense, expense_stats);

/// A part of the list, newest first, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_details(
    conn: &mut DbConn,
    filter: &DetailFilter,
    page: Page,
) -> Result<(Vec<DetailRow>, i64), DbError> {
    macro_rules! filtered {
        ($query:expr) => {{
            let mut query = $query.into_boxed();
            if let Some(id) = filter.department.id() {
                query = query.filter(expense_details::department_id.eq(id));
            }
            if let Some(id) = &filter.expense_operation_id {
                query = query.filter(expense_details::expense_operation_id.eq(id));
            }
            if let Some(id) = filter.contract_id {
                query = query.filter(expense_details::contract_id.eq(id));
            }
            if !filter.dates.is_all() {
                let from = filter.dates.from().unwrap_or(NaiveDate::MIN);
                let to = filter.dates.to().unwrap_or(NaiveDate::MAX);
                let (from, to) = (from.max(EARLIEST), to.min(LATEST));
                let dated = expenses::table
                    .filter(expenses::department_id.eq(expense_details::department_id))
                    .filter(expenses::operation_id.eq(expense_details::expense_operation_id))
                    .filter(expenses::document_date.ge(from))
                    .filter(expenses::document_date.le(to));
                query = query.filter(exists(dated));
            }
            query
        }};
    }
    let total = on_conn!(conn, |c| filtered!(expense_details::table).count().get_result(c).await)?;
    let rows = on_conn!(conn, |c| {
        filtered!(expense_details::table.select(DetailRow::as_select()))
            .order(expense_details::id.desc())
            .offset(page.skip)
            .limit(page.limit)
            .load(c)
            .await
    })?;
    Ok((rows, total))
}

/// Days that both databases can hold.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");
const LATEST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

impl OperationStats {
    fn of(rows: Vec<(String, i64, i64)>, currency: &Currency) -> OperationStats {
        let own = |name: &str| name == currency.as_str();
        OperationStats {
            total_records: rows.iter().map(|(_, count, _)| count).sum(),
            total_amount: rows.iter().filter(|row| own(&row.0)).map(|row| Money::from_kopecks(row.2)).sum(),
            other_currencies: rows.iter().filter(|row| !own(&row.0)).map(|row| row.0.clone()).collect(),
        }
    }
}
