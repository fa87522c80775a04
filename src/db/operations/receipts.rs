//! Receipts as they are read back.

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
use crate::db::paged_list::{
    PagedList, RowKey, Sort, department_condition, departments_of, in_order_of, key_columns,
};
use crate::db::schema::{bank_accounts, contracts, lenders, organizations, receipts};
use crate::db::text_search::TextSearch;
use crate::db::{DbConn, DbError, Page, on_conn};
use crate::domain::{Currency, DepartmentScope, ListCursor};

/// A receipt as stored, with what its ids mean; amounts in kopecks.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = receipts)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct ReceiptRow {
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
    /// The lender of the contract; without one, the payer.
    #[diesel(select_expression = sql::<Nullable<Text>>(COUNTERPARTY))]
    #[diesel(select_expression_type = SqlLiteral<Nullable<Text>>)]
    pub counterparty: Option<String>,
    pub operation_type: Option<String>,
    pub account: Option<String>,
    pub payer: Option<String>,
    pub payer_account: Option<String>,
    pub settlement_account: Option<String>,
    pub contract_text: Option<String>,
    pub contract_date: Option<NaiveDate>,
    pub currency: String,
    pub amount: i64,
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

const COUNTERPARTY: &str = "COALESCE(lenders.name, contracts.counterparty, receipts.payer)";

const SEARCHED: [&str; 5] = [
    "receipts.payment_purpose",
    "receipts.payer",
    "receipts.operation_id",
    "receipts.contract_text",
    "receipts.document_number",
];

/// The receipts that a filter leaves.
#[derive(Clone, Debug)]
pub struct Receipts(pub OperationFilter);

impl PagedList for Receipts {
    type Row = ReceiptRow;
    const NAME: &'static str = "receipts";
    const SORTS: &'static [&'static str] = SORTS;
    const DEFAULT_SORT: &'static str = "-document_date";

    operation_keys!(receipts);

    async fn rows(&self, conn: &mut DbConn, keys: &[RowKey]) -> Result<Vec<ReceiptRow>, DbError> {
        let (departments, ids) = key_columns(keys);
        Ok(in_order_of(
            keys,
            load(conn, departments, ids).await?,
            |row| row.id,
        ))
    }
}

keys_in_segment!(receipts);

fn conditions(conn: &DbConn, filter: &OperationFilter) -> SqlConditions {
    SqlConditions {
        contract: filter.contract_condition("receipts.department_id", "receipts.contract_id"),
        confirmed: None,
        search: filter
            .search
            .as_ref()
            .map(|text| TextSearch::new(conn, &SEARCHED, text)),
    }
}

async fn load(
    conn: &mut DbConn,
    departments: Vec<i64>,
    ids: Vec<i64>,
) -> Result<Vec<ReceiptRow>, DbError> {
    let department = department_condition(conn, "receipts", &departments);
    Ok(on_conn!(conn, |c| {
        with_names!(receipts)
            .filter(sql::<Bool>(&department))
            .filter(receipts::id.eq_any(ids))
            .select(ReceiptRow::as_select())
            .load(c)
            .await
    })?)
}

/// Returns the receipt of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_receipt(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<ReceiptRow>, DbError> {
    let departments = departments_of(conn, scope).await?;
    Ok(load(conn, departments, vec![id]).await?.pop())
}

/// Returns how many receipts match, and their sum in one currency.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn receipt_stats(
    conn: &mut DbConn,
    filter: &OperationFilter,
    currency: &Currency,
) -> Result<OperationStats, DbError> {
    let conditions = conditions(conn, filter);
    let rows: Vec<(String, i64, i64)> = on_conn!(conn, |c| {
        let sums = receipts::table.group_by(receipts::currency).select((
            receipts::currency,
            count_star(),
            sql::<BigInt>("CAST(SUM(receipts.amount) AS BIGINT)"),
        ));
        filtered!(sums, receipts, filter, conditions)
            .order(receipts::currency)
            .load(c)
            .await
    })?;
    Ok(OperationStats::of(rows, currency))
}
