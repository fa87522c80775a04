//! Expense details as they are read back.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::db::flow_rules::{detail_kind, is_derived, payment_type};
use crate::db::paged_list::{
    PagedList, RowKey, Sort, department_condition, in_order_of, key_columns,
};
use crate::db::schema::{contracts, expense_details, expenses, lenders};
use crate::db::{DbConn, DbError, Page, on_conn};
use crate::domain::{DateRange, DepartmentScope, ListCursor};

/// Which details are wanted.
#[derive(Clone, Debug)]
pub struct DetailFilter {
    /// Their departments.
    pub department: DepartmentScope,
    /// Days of their expenses' documents.
    pub dates: DateRange,
    /// One expense.
    pub expense_operation_id: Option<String>,
    /// One contract that they name.
    pub contract_id: Option<i64>,
}

/// An expense detail as stored, with what its ids mean; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = expense_details)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct DetailRow {
    pub id: i64,
    pub expense_operation_id: String,
    /// Of the expense, when that is known.
    #[diesel(select_expression = expenses::document_date.nullable())]
    pub document_date: Option<NaiveDate>,
    pub contract_id: Option<i64>,
    #[diesel(select_expression = contracts::contract_number.nullable())]
    pub contract: Option<String>,
    /// The lender of the contract.
    #[diesel(select_expression = sql::<Nullable<Text>>("COALESCE(lenders.name, contracts.counterparty)"))]
    #[diesel(select_expression_type = SqlLiteral<Nullable<Text>>)]
    pub counterparty: Option<String>,
    pub contract_text: Option<String>,
    pub repayment_type: Option<String>,
    pub settlement_account: Option<String>,
    pub advance_account: Option<String>,
    /// What it pays: what it says, else what its account says, else what its expense says.
    /// `Погашение долга` (principal), `Уплата процентов` (interest), `Выдача займа` (a loan given)
    /// or any other text.
    #[diesel(select_expression = resulting_type())]
    #[diesel(select_expression_type = SqlLiteral<Nullable<Text>>)]
    pub payment_type: Option<String>,
    /// Whether that follows from an account or the expense, because the detail does not say it.
    #[diesel(select_expression = is_type_derived())]
    #[diesel(select_expression_type = SqlLiteral<Bool>)]
    pub payment_type_derived: bool,
    /// What it says, as the export has it.
    #[diesel(select_expression = expense_details::payment_type)]
    pub payment_type_text: Option<String>,
    /// Of the expense, when that is known.
    #[diesel(select_expression = expenses::currency.nullable())]
    pub currency: Option<String>,
    pub amount: i64,
    pub settlement_rate: Option<String>,
    pub settlement_amount: Option<i64>,
    pub vat_amount: Option<i64>,
    pub expense_amount: Option<i64>,
    pub included_vat: Option<i64>,
    pub expense_item: Option<String>,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
}

fn resulting_type() -> SqlLiteral<Nullable<Text>> {
    let kind = detail_kind("expense_details", "expenses");
    sql(&payment_type(
        &kind,
        "NULLIF(expense_details.payment_type, '')",
    ))
}

fn is_type_derived() -> SqlLiteral<Bool> {
    sql(&is_derived(
        "expense_details.payment_type",
        &detail_kind("expense_details", "expenses"),
    ))
}

/// Days that both databases can hold.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");
const LATEST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

/// Applies a filter to a query.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let filter: &DetailFilter = $filter;
        let mut query = $query.into_boxed();
        if let Some(id) = filter.department.id() {
            query = query.filter(expense_details::department_id.eq(id));
        }
        if let Some(id) = filter.expense_operation_id.clone() {
            query = query.filter(expense_details::expense_operation_id.eq(id));
        }
        if let Some(id) = filter.contract_id {
            query = query.filter(expense_details::contract_id.eq(id));
        }
        if !filter.dates.is_all() {
            let from = filter.dates.from().unwrap_or(EARLIEST).max(EARLIEST);
            let to = filter.dates.to().unwrap_or(LATEST).min(LATEST);
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

/// The details that a filter leaves, newest first.
#[derive(Clone, Debug)]
pub struct Details(pub DetailFilter);

impl PagedList for Details {
    type Row = DetailRow;
    const NAME: &'static str = "expense-details";
    const SORTS: &'static [&'static str] = &["amount", "id"];
    const DEFAULT_SORT: &'static str = "-id";

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
        // SQLite would gather all details of a department to sort them. With a plus it reads along
        // the row ids.
        let is_narrow = self.0.contract_id.is_some() || self.0.expense_operation_id.is_some();
        let reads_along_ids = matches!(conn, DbConn::Sqlite(_)) && !is_narrow;
        let department = if reads_along_ids {
            DepartmentScope::All
        } else {
            DepartmentScope::One(department_id)
        };
        let filter = DetailFilter {
            department,
            ..self.0.clone()
        };
        let keys: Vec<(i64, i64)> = on_conn!(conn, |c| {
            let keys = expense_details::table
                .select((expense_details::department_id, expense_details::id));
            let mut query = filtered!(keys, &filter);
            if reads_along_ids {
                query = query.filter(
                    sql::<Bool>("+expense_details.department_id = ")
                        .bind::<BigInt, _>(department_id),
                );
            }
            if let Some(after) = after {
                query = query.filter(expense_details::id.lt(after.id));
            }
            query
                .order(expense_details::id.desc())
                .limit(limit)
                .load(c)
                .await
        })?;
        Ok(keys.into_iter().map(key).collect())
    }

    async fn sorted_keys(
        &self,
        conn: &mut DbConn,
        sort: Option<Sort>,
        page: Page,
    ) -> Result<Vec<RowKey>, DbError> {
        let Sort {
            column,
            is_descending,
        } = sort.unwrap_or(Sort {
            column: "id",
            is_descending: true,
        });
        let direction = if is_descending { "DESC" } else { "ASC" };
        let order = format!("expense_details.{column} {direction}, expense_details.id {direction}");
        let keys: Vec<(i64, i64)> = on_conn!(conn, |c| {
            let keys = expense_details::table
                .select((expense_details::department_id, expense_details::id));
            filtered!(keys, &self.0)
                .order(sql::<Bool>(&order))
                .offset(page.skip)
                .limit(page.limit)
                .load(c)
                .await
        })?;
        Ok(keys.into_iter().map(key).collect())
    }

    async fn rows(&self, conn: &mut DbConn, keys: &[RowKey]) -> Result<Vec<DetailRow>, DbError> {
        let (departments, ids) = key_columns(keys);
        let department = department_condition(conn, "expense_details", &departments);
        let rows: Vec<DetailRow> = on_conn!(conn, |c| {
            expense_details::table
                .left_join(
                    expenses::table.on(expenses::department_id
                        .eq(expense_details::department_id)
                        .and(expenses::operation_id.eq(expense_details::expense_operation_id))),
                )
                .left_join(
                    contracts::table.on(contracts::department_id
                        .eq(expense_details::department_id)
                        .and(contracts::id.nullable().eq(expense_details::contract_id))),
                )
                .left_join(
                    lenders::table.on(lenders::department_id
                        .eq(expense_details::department_id)
                        .and(lenders::id.nullable().eq(contracts::lender_id))),
                )
                .filter(sql::<Bool>(&department))
                .filter(expense_details::id.eq_any(ids))
                .select(DetailRow::as_select())
                .load(c)
                .await
        })?;
        Ok(in_order_of(keys, rows, |row| row.id))
    }

    async fn count(&self, conn: &mut DbConn) -> Result<i64, DbError> {
        let counted = expense_details::table.select(count_star());
        Ok(on_conn!(conn, |c| filtered!(counted, &self.0)
            .first(c)
            .await)?)
    }
}

fn key((department_id, id): (i64, i64)) -> RowKey {
    RowKey::new((department_id, None, id))
}
