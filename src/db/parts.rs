//! The parts behind a figure: receipts, expense details, what details leave of an expense,
//! adjustments.
//!
//! They are selected and valued by the same rules as the rollups (`flow_rules`), so the parts of a
//! figure always add up to it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::contract_conditions::contract_condition;
use super::flow_rules::{balance_measures, with_rules};
use super::sql_text::{id_list, quoted};
use super::{DbConn, DbError, Page, on_conn};
use crate::domain::{Money, PortfolioFilter};

const PARTS: &str = include_str!("parts_select.sql");

/// What is read of each part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartValue {
    /// A measure of flows, in the currency of its payment: those in the filter's currency; of these
    /// contracts, if any are named.
    Flow(FlowMeasure, Option<Vec<i64>>),
    /// A measure of balances, in its contract's currency, of these contracts.
    Balance(BalanceMeasure, Vec<i64>),
}

/// A measure of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the figure of that name")]
pub enum FlowMeasure {
    Receipts,
    Commission,
    Returned,
    Expenses,
    Unconfirmed,
    Principal,
    Interest,
    Given,
    Other,
    /// Receipts and expenses alike.
    Amount,
    /// Principal and interest.
    Paid,
    /// Receipts − expenses.
    Net,
}

/// A measure of balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the figure of that name")]
pub enum BalanceMeasure {
    Drawn,
    Repaid,
    Adjustments,
    Interest,
    Other,
    Unconfirmed,
    /// Drawn − repaid + adjustments.
    Change,
}

/// A part, and what it counts; amounts in kopecks.
#[derive(Clone, Debug, QueryableByName)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct PartRow {
    /// `receipt`, `detail`, `rest` or `adjustment`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// The id of the receipt, the expense or the adjustment.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The id of the detail; 0 for other kinds.
    #[diesel(sql_type = BigInt)]
    pub detail_id: i64,
    #[diesel(sql_type = Text)]
    pub operation_id: String,
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub organization_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub organization: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub bank_account_id: i64,
    #[diesel(sql_type = BigInt)]
    pub contract_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub contract: Option<String>,
    #[diesel(sql_type = Text)]
    pub currency: String,
    #[diesel(sql_type = Bool)]
    pub is_confirmed: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub operation_type: Option<String>,
    /// `principal`, `interest`, `given` or `other`; of payments only.
    #[diesel(sql_type = Nullable<Text>)]
    pub payment_kind: Option<String>,
    /// Whether that follows from an account or the expense's type, because no detail says it.
    #[diesel(sql_type = Bool)]
    pub payment_type_derived: bool,
    /// What the part counts in the figure.
    #[diesel(sql_type = BigInt)]
    pub value: i64,
}

/// What moved the balance of a contract, line by line; amounts in kopecks of the contract's
/// currency.
#[derive(Clone, Debug, QueryableByName)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct LedgerRow {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub operation_id: String,
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(sql_type = Nullable<Text>)]
    pub operation_type: Option<String>,
    #[diesel(sql_type = Bool)]
    pub is_confirmed: bool,
    #[diesel(sql_type = BigInt)]
    pub drawn: i64,
    #[diesel(sql_type = BigInt)]
    pub repaid: i64,
    #[diesel(sql_type = BigInt)]
    pub adjustments: i64,
    #[diesel(sql_type = BigInt)]
    pub interest: i64,
    #[diesel(sql_type = BigInt)]
    pub other: i64,
}

impl LedgerRow {
    /// How much more is owed than before the line.
    pub fn change(&self) -> Money {
        Money::from_kopecks(self.drawn - self.repaid + self.adjustments)
    }
}

/// How many parts there are, and what they add up to.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct PartTotals {
    /// Parts that count anything.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// The figure, in kopecks.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    /// The oldest day among them.
    #[diesel(sql_type = Nullable<Date>)]
    pub first_day: Option<NaiveDate>,
    /// The newest one.
    #[diesel(sql_type = Nullable<Date>)]
    pub last_day: Option<NaiveDate>,
}

impl PartTotals {
    /// Those of no parts.
    pub const NONE: PartTotals = PartTotals {
        count: 0,
        total: 0,
        first_day: None,
        last_day: None,
    };
}

/// The operations of a filter that count anything, each as `v` with its value.
fn valued(filter: &PortfolioFilter, value: &PartValue) -> String {
    let valued = format!(
        "SELECT p.*, contracts.contract_number AS contract, o.name AS organization, \
           CAST({} AS BIGINT) AS value FROM ({}) p \
         LEFT JOIN contracts ON contracts.department_id = p.department_id AND contracts.id = p.contract_id \
         LEFT JOIN organizations o ON o.department_id = p.department_id AND o.id = p.organization_id {}",
        value.expression(),
        parts(filter),
        outer_filter(filter, value)
    );
    format!("({valued}) v WHERE v.value <> 0")
}

/// Returns what the parts of a figure add up to.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn total_parts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    value: &PartValue,
) -> Result<PartTotals, DbError> {
    let totals = format!(
        "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(v.value), 0) AS BIGINT) AS total, \
           MIN(v.day) AS first_day, MAX(v.day) AS last_day FROM {}",
        valued(filter, value)
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(totals)
        .get_result(c)
        .await)?)
}

/// Returns the parts of a figure that count anything, newest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_parts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    value: &PartValue,
    page: Page,
) -> Result<Vec<PartRow>, DbError> {
    let rows = format!(
        "SELECT * FROM {} ORDER BY v.day DESC, v.kind, v.id DESC, v.detail_id DESC \
         LIMIT {} OFFSET {}",
        valued(filter, value),
        page.limit,
        page.skip
    );
    let mut rows: Vec<PartRow> = on_conn!(conn, |c| diesel::sql_query(rows).load(c).await)?;
    // What counts in a balance is in the currency of its contract, whatever it was paid in.
    if matches!(value, PartValue::Balance(..)) {
        rows.iter_mut()
            .for_each(|row| row.currency = filter.currency.to_string());
    }
    Ok(rows)
}

/// Returns everything that a filter leaves of the operations and adjustments of one contract,
/// oldest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_ledger(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
) -> Result<Vec<LedgerRow>, DbError> {
    let [drawn, repaid, adjustments, interest, other, _] =
        balance_measures("p").map(|measure| format!("CAST({measure} AS BIGINT)"));
    let sql = format!(
        "SELECT p.kind, p.id, p.operation_id, p.day, p.operation_type, p.is_confirmed, {drawn} AS drawn, \
           {repaid} AS repaid, {adjustments} AS adjustments, {interest} AS interest, {other} AS other FROM ({}) p \
         JOIN contracts ON contracts.department_id = p.department_id AND contracts.id = p.contract_id {} \
         ORDER BY p.day, p.kind DESC, p.id, p.detail_id",
        parts(filter),
        conditions(&portfolio_conditions(filter))
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?)
}

impl PartValue {
    /// What a part counts, of a part `p` that is joined with its contract.
    fn expression(&self) -> String {
        let balance = |at: usize| balance_measures("p")[at].clone();
        match self {
            PartValue::Flow(measure, _) => match measure {
                FlowMeasure::Receipts => "p.receipts",
                FlowMeasure::Commission => "p.commission",
                FlowMeasure::Returned => "p.returned",
                FlowMeasure::Expenses => "p.expenses",
                FlowMeasure::Unconfirmed => "CASE WHEN p.is_confirmed THEN 0 ELSE p.expenses END",
                FlowMeasure::Principal => "p.principal",
                FlowMeasure::Interest => "p.interest",
                FlowMeasure::Given => "p.given",
                FlowMeasure::Other => "p.expenses - p.principal - p.interest - p.given",
                FlowMeasure::Amount => "p.receipts + p.expenses",
                FlowMeasure::Paid => "p.principal + p.interest",
                FlowMeasure::Net => "p.receipts - p.expenses",
            }
            .to_owned(),
            PartValue::Balance(measure, _) => match measure {
                BalanceMeasure::Drawn => balance(0),
                BalanceMeasure::Repaid => balance(1),
                BalanceMeasure::Adjustments => balance(2),
                BalanceMeasure::Interest => balance(3),
                BalanceMeasure::Other => balance(4),
                BalanceMeasure::Unconfirmed => balance(5),
                BalanceMeasure::Change => {
                    format!("({}) - ({}) + ({})", balance(0), balance(1), balance(2))
                }
            },
        }
    }
}

/// The parts that a filter leaves, by what their operations themselves say. Only whole numbers,
/// dates and fixed words are put into the text.
fn parts(filter: &PortfolioFilter) -> String {
    // What names no contract is left out before it is valued, so that a contract costs what it
    // holds.
    let of_contract = filter.contract_id.map(|id| {
        format!(
            " AND (e.contract_id = {id} OR (e.department_id, e.operation_id) IN (\
               SELECT n.department_id, n.expense_operation_id FROM expense_details n WHERE n.contract_id = {id}))"
        )
    });
    let of = |table: &str, day: &str, organization: &str| {
        let mut conditions = String::new();
        match (table, filter.contract_id) {
            (_, None) => {}
            ("e", _) => conditions += of_contract.as_deref().unwrap_or_default(),
            (_, Some(id)) => conditions += &format!(" AND {table}.contract_id = {id}"),
        }
        if let Some(id) = filter.department.id() {
            conditions += &format!(" AND {table}.department_id = {id}");
        }
        if let Some(id) = filter.organization_id {
            conditions += &format!(" AND {organization}.organization_id = {id}");
        }
        if let Some(from) = filter.dates.from() {
            conditions += &format!(" AND {table}.{day} >= '{from}'");
        }
        if let Some(to) = filter.dates.to() {
            conditions += &format!(" AND {table}.{day} <= '{to}'");
        }
        conditions
    };
    with_rules(PARTS)
        .replace("{receipts_filter}", &of("r", "document_date", "r"))
        .replace("{expenses_filter}", &of("e", "document_date", "e"))
        .replace("{adjustments_filter}", &of("a", "effective_date", "c"))
}

fn outer_filter(filter: &PortfolioFilter, value: &PartValue) -> String {
    let mut all = portfolio_conditions(filter);
    let contracts = match value {
        PartValue::Flow(_, contracts) => {
            all.push(format!("p.currency = {}", quoted(filter.currency.as_str())));
            contracts.as_ref()
        }
        PartValue::Balance(_, contracts) => Some(contracts),
    };
    all.extend(contracts.map(|ids| format!("p.contract_id IN ({})", id_list(ids))));
    conditions(&all)
}

fn portfolio_conditions(filter: &PortfolioFilter) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(
        filter
            .bank_account_id
            .map(|id| format!("p.bank_account_id = {id}")),
    );
    all.extend(filter.contract_id.map(|id| format!("p.contract_id = {id}")));
    all.extend(filter.confirmed.map(|is_confirmed| match is_confirmed {
        true => "p.is_confirmed".to_owned(),
        false => "NOT p.is_confirmed".to_owned(),
    }));
    all.extend(contract_condition(filter, "p.contract_id"));
    all
}

fn conditions(all: &[String]) -> String {
    if all.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", all.join(" AND "))
    }
}
