//! Expenses as they are read back.
//!
//! An expense whose details name several contracts is divided between them as the rollups do
//! (`rollup_insert.sql`): a contract's share is what the details name of it, and for the expense's
//! own contract what the details of others leave.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::{
    ListSegment, OperationFilter, OperationStats, SORTS, SqlConditions, filtered, keys_in_segment,
    operation_keys, order_sql, with_names,
};
use crate::db::flow_rules::{expense_kind, payment_type};
use crate::db::paged_list::{
    PagedList, RowKey, Sort, department_condition, departments_of, in_order_of, key_columns,
};
use crate::db::schema::{bank_accounts, contracts, expenses, lenders, organizations};
use crate::db::text_search::TextSearch;
use crate::db::{DbConn, DbError, Page, on_conn};
use crate::domain::{Currency, DepartmentScope, ListCursor};

/// An expense as stored, with what its ids mean; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = expenses)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ExpenseRow {
    pub id: i64,
    pub operation_id: String,
    pub document_date: Option<NaiveDate>,
    pub document_number: Option<String>,
    pub organization_id: i64,
    #[diesel(select_expression = organizations::name)]
    pub organization: String,
    pub bank_account_id: Option<i64>,
    #[diesel(select_expression = bank_accounts::account_number.nullable())]
    pub bank_account: Option<String>,
    pub contract_id: Option<i64>,
    #[diesel(select_expression = contracts::contract_number.nullable())]
    pub contract: Option<String>,
    /// The lender of the contract; without one, the recipient.
    #[diesel(select_expression = sql::<Nullable<Text>>(COUNTERPARTY))]
    #[diesel(select_expression_type = SqlLiteral<Nullable<Text>>)]
    pub counterparty: Option<String>,
    pub operation_type: Option<String>,
    /// What an expense without details pays, by its type or debit account: `Погашение долга`
    /// (principal), `Уплата процентов` (interest) or `Выдача займа` (a loan given); `null` for
    /// anything else, and where details say it.
    #[diesel(select_expression = resulting_type())]
    #[diesel(select_expression_type = SqlLiteral<Nullable<Text>>)]
    pub payment_type: Option<String>,
    pub account: Option<String>,
    pub recipient: Option<String>,
    pub recipient_account: Option<String>,
    pub debit_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: i64,
    /// The share of the contracts that the list is filtered by; absent without such a filter.
    #[diesel(select_expression = sql::<Nullable<BigInt>>("CAST(NULL AS BIGINT)"))]
    #[diesel(select_expression_type = SqlLiteral<Nullable<BigInt>>)]
    pub contract_amount: Option<i64>,
    pub expense_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub tax_period: Option<String>,
    #[diesel(select_expression = sql::<Bool>(UNCONFIRMED))]
    #[diesel(select_expression_type = SqlLiteral<Bool>)]
    pub unconfirmed_by_bank: bool,
    pub is_active: bool,
    pub department_id: i64,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

const COUNTERPARTY: &str = "COALESCE(lenders.name, contracts.counterparty, expenses.recipient)";

/// The details of an expense.
const DETAILS: &str = "FROM expense_details d WHERE d.department_id = expenses.department_id \
                       AND d.expense_operation_id = expenses.operation_id";

/// What an expense without details pays; NULL of one with details.
fn resulting_type() -> SqlLiteral<Nullable<Text>> {
    let kind = format!(
        "CASE WHEN EXISTS (SELECT 1 {DETAILS}) THEN NULL ELSE {} END",
        expense_kind("expenses")
    );
    sql(&payment_type(&kind, "NULL"))
}

const UNCONFIRMED: &str = "COALESCE(expenses.unconfirmed_by_bank, FALSE)";
const CONFIRMED: &str = "NOT COALESCE(expenses.unconfirmed_by_bank, FALSE)";

const SEARCHED: [&str; 5] = [
    "expenses.payment_purpose",
    "expenses.recipient",
    "expenses.operation_id",
    "expenses.contract_text",
    "expenses.document_number",
];

/// The expenses that a filter leaves.
#[derive(Clone, Debug)]
pub struct Expenses(pub OperationFilter);

impl PagedList for Expenses {
    type Row = ExpenseRow;
    const NAME: &'static str = "expenses";
    const SORTS: &'static [&'static str] = SORTS;
    const DEFAULT_SORT: &'static str = "-document_date";

    operation_keys!(expenses);

    async fn rows(&self, conn: &mut DbConn, keys: &[RowKey]) -> Result<Vec<ExpenseRow>, DbError> {
        let (departments, ids) = key_columns(keys);
        Ok(in_order_of(
            keys,
            load(conn, departments, ids, self.0.contract_share()).await?,
            |row| row.id,
        ))
    }
}

keys_in_segment!(expenses);

fn conditions(conn: &DbConn, filter: &OperationFilter) -> SqlConditions {
    SqlConditions {
        contract: filter.expense_condition(),
        confirmed: filter
            .confirmed
            .map(|confirmed| if confirmed { CONFIRMED } else { UNCONFIRMED }),
        search: filter
            .search
            .as_ref()
            .map(|text| TextSearch::new(conn, &SEARCHED, text)),
    }
}

impl OperationFilter {
    /// Returns the conditions that an expense's own contract and that of a detail `d` are wanted;
    /// `None` when any contract is.
    fn own_and_detail(&self) -> Option<(String, String)> {
        let own = self.contract_condition("expenses.department_id", "expenses.contract_id")?;
        Some((
            own,
            self.contract_condition("d.department_id", "d.contract_id")?,
        ))
    }

    fn expense_condition(&self) -> Option<String> {
        let (own, detail) = self.own_and_detail()?;
        Some(format!(
            "({own} OR EXISTS (SELECT 1 {DETAILS} AND {detail}))"
        ))
    }

    /// Returns the SQL of the wanted contracts' share of an expense.
    fn contract_share(&self) -> Option<String> {
        let (own, detail) = self.own_and_detail()?;
        let named = |condition: &str| {
            format!("(SELECT COALESCE(SUM(d.amount), 0) {DETAILS} AND {condition})")
        };
        let of_others = named(&format!("d.contract_id IS NOT NULL AND NOT {detail}"));
        Some(format!(
            "CAST(CASE WHEN {own} THEN expenses.amount - {of_others} ELSE {} END AS BIGINT)",
            named(&detail)
        ))
    }
}

/// Loads expenses, with the share that `share` computes.
async fn load(
    conn: &mut DbConn,
    departments: Vec<i64>,
    ids: Vec<i64>,
    share: Option<String>,
) -> Result<Vec<ExpenseRow>, DbError> {
    let department = department_condition(conn, "expenses", &departments);
    let share = share.as_deref().unwrap_or("CAST(NULL AS BIGINT)");
    let rows: Vec<(ExpenseRow, Option<i64>)> = on_conn!(conn, |c| {
        with_names!(expenses)
            .filter(sql::<Bool>(&department))
            .filter(expenses::id.eq_any(ids))
            .select((ExpenseRow::as_select(), sql::<Nullable<BigInt>>(share)))
            .load(c)
            .await
    })?;
    let complete = |(row, contract_amount): (ExpenseRow, Option<i64>)| ExpenseRow {
        contract_amount,
        ..row
    };
    Ok(rows.into_iter().map(complete).collect())
}

/// Returns the expense of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_expense(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<ExpenseRow>, DbError> {
    let departments = departments_of(conn, scope).await?;
    Ok(load(conn, departments, vec![id], None).await?.pop())
}

/// Returns how many expenses match, and their sum in one currency: under contracts, of their
/// shares.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn expense_stats(
    conn: &mut DbConn,
    filter: &OperationFilter,
    currency: &Currency,
) -> Result<OperationStats, DbError> {
    let conditions = conditions(conn, filter);
    let amount = filter
        .contract_share()
        .unwrap_or_else(|| "expenses.amount".to_owned());
    let sum = format!("CAST(SUM({amount}) AS BIGINT)");
    let rows: Vec<(String, i64, i64)> = on_conn!(conn, |c| {
        let sums = expenses::table.group_by(expenses::currency).select((
            expenses::currency,
            count_star(),
            sql::<BigInt>(&sum),
        ));
        filtered!(sums, expenses, filter, conditions)
            .order(expenses::currency)
            .load(c)
            .await
    })?;
    Ok(OperationStats::of(rows, currency))
}
