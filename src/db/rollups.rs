//! The rollups: sums by day, month and year that the import keeps in its own transaction.
//!
//! A refresh recomputes one organization's days of some months from the rows, the months from the
//! days, the years from the months, and the totals ([`super::totals`]) from all three; so rows and
//! rollups can't disagree. Analytics read nothing else.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use diesel_async::RunQueryDsl;

use super::contract_facts::refresh_contract_facts;
use super::contracts::list_contracts;
use super::daily_findings::{SOME_DAYS, expense_rows, insert_findings, insert_findings_in};
use super::flow_rules::{MEASURES, sums, with_rules};
use super::kept_sums::{Kept, mark};
use super::locks::lock_import;
use super::month_spans::{MonthSpan, list_spans, rows_in_span};
use super::monthly_debts::{make_all_debts, refresh_debts};
use super::orphaned_details::recount_orphaned_details;
use super::schema::{
    daily_findings, daily_flows, daily_totals, departments, monthly_flows, monthly_totals,
    yearly_flows, yearly_totals,
};
use super::totals::{catch_up, refresh_totals};
use super::{DbConn, DbError, on_conn, record_change};
use crate::domain::{ChangedData, ChangedDays, TouchedMonths};

const DAYS: &str = include_str!("rollup_days.sql");
const INSERT_DAYS: &str = "INSERT INTO daily_flows (department_id, organization_id, bank_account_id, contract_id, \
     currency, is_confirmed, period_start, {measures}, last_payment)";

/// What sums are kept by, and what of.
pub(super) struct Sums {
    pub keys: &'static str,
    pub measures: &'static [&'static str],
}

const FLOWS: Sums = Sums {
    keys: "department_id, organization_id, bank_account_id, contract_id, currency, is_confirmed",
    measures: &MEASURES,
};

/// Makes the periods of one rollup from those of a finer one.
const INSERT_PERIODS: &str = "
INSERT INTO {coarse} ({keys}, period_start, {measures}, last_payment)
SELECT {keys}, {first_day}, {sums}, MAX(last_payment)
FROM {fine}
WHERE {span}
GROUP BY {keys}, {first_day}";
const DELETE_PERIODS: &str = "DELETE FROM {coarse} WHERE {span}";
/// The rows of a span.
const IN_SPAN: &str =
    "department_id = $1 AND organization_id = $2 AND period_start >= $3 AND period_start < $4";

/// One row of a rollup.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Queryable, QueryableByName)]
#[diesel(table_name = daily_flows)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct FlowRow {
    pub department_id: i64,
    pub organization_id: i64,
    pub bank_account_id: i64,
    pub contract_id: i64,
    pub currency: String,
    pub is_confirmed: bool,
    pub period_start: NaiveDate,
    pub receipts: i64,
    pub commission: i64,
    pub drawn: i64,
    pub drawn_settled: i64,
    pub returned: i64,
    pub returned_settled: i64,
    pub expenses: i64,
    pub expenses_settled: i64,
    pub principal: i64,
    pub principal_settled: i64,
    pub interest: i64,
    pub interest_settled: i64,
    pub given: i64,
    pub given_settled: i64,
    pub adjustments: i64,
    pub receipt_count: i64,
    pub expense_count: i64,
    pub payment_count: i64,
    pub last_payment: Option<NaiveDate>,
}

impl FlowRow {
    /// The measures, in the order of [`MEASURES`].
    pub(super) fn measures(&self) -> [i64; MEASURES.len()] {
        [
            self.receipts,
            self.commission,
            self.drawn,
            self.drawn_settled,
            self.returned,
            self.returned_settled,
            self.expenses,
            self.expenses_settled,
            self.principal,
            self.principal_settled,
            self.interest,
            self.interest_settled,
            self.given,
            self.given_settled,
            self.adjustments,
            self.receipt_count,
            self.expense_count,
            self.payment_count,
        ]
    }

    /// The same, to be changed.
    pub(super) fn measures_mut(&mut self) -> [&mut i64; MEASURES.len()] {
        [
            &mut self.receipts,
            &mut self.commission,
            &mut self.drawn,
            &mut self.drawn_settled,
            &mut self.returned,
            &mut self.returned_settled,
            &mut self.expenses,
            &mut self.expenses_settled,
            &mut self.principal,
            &mut self.principal_settled,
            &mut self.interest,
            &mut self.interest_settled,
            &mut self.given,
            &mut self.given_settled,
            &mut self.adjustments,
            &mut self.receipt_count,
            &mut self.expense_count,
            &mut self.payment_count,
        ]
    }
}

/// Recomputes the rollups of the months that an import touched, under the import lock; gives the days whose sums are
/// others now. Of a change that is not `small` it gives whole months: to compare every sum of a
/// large one takes long, and memory.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn refresh_rollups(
    conn: &mut DbConn,
    department_id: i64,
    touched: &TouchedMonths,
    is_small: bool,
) -> Result<ChangedDays, DbError> {
    let (mut changed, mut organizations) = (ChangedDays::default(), BTreeSet::new());
    for (organization_id, first, last) in touched.ranges() {
        let (start, end) = (first.first_day(), last.next().first_day());
        let span = MonthSpan {
            department_id,
            organization_id,
            start,
            end,
        };
        if !is_small {
            delete_days(conn, &span).await?;
            insert_days(conn, &span).await?;
            changed.note_stretch(organization_id, start, end.pred_opt().unwrap_or(end));
        } else {
            let before: HashSet<FlowRow> = delete_and_list_days(conn, &span)
                .await?
                .into_iter()
                .collect();
            let after: HashSet<FlowRow> = insert_and_list_days(conn, &span)
                .await?
                .into_iter()
                .collect();
            for row in before.symmetric_difference(&after) {
                changed.note(
                    row.organization_id,
                    row.bank_account_id,
                    row.contract_id,
                    row.period_start,
                );
            }
        }
        refresh_periods(conn, &span).await?;
        organizations.insert(organization_id);
    }
    for organization_id in organizations {
        refresh_debts(conn, department_id, organization_id).await?;
    }
    catch_up(conn, department_id).await?;
    Ok(changed)
}

/// Computes what is derived from the rows, contract facts and rollups, of a database whose rows are
/// older.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ensure_rollups(conn: &mut DbConn) -> Result<(), DbError> {
    let rollup: Option<i64> = on_conn!(conn, |c| monthly_flows::table
        .select(monthly_flows::department_id)
        .limit(1)
        .first(c)
        .await
        .optional())?;
    if rollup.is_some() || !super::has_operations(conn).await? {
        return Ok(());
    }
    log::info!("Computing contract facts and rollups from the operations that are stored already");
    let departments: Vec<i64> = on_conn!(conn, |c| departments::table
        .select(departments::id)
        .load(c)
        .await)?;
    for department_id in &departments {
        lock_import(conn, *department_id).await?;
        let ids: Vec<i64> = list_contracts(conn, *department_id)
            .await?
            .iter()
            .map(|contract| contract.id)
            .collect();
        refresh_contract_facts(conn, *department_id, &ids).await?;
        record_change(conn, *department_id, ChangedData::everything()).await?;
    }
    rebuild_rollups(conn).await
}

/// Recomputes all rollups from the rows.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn rebuild_rollups(conn: &mut DbConn) -> Result<(), DbError> {
    macro_rules! emptied {
        ($($table:ident),+) => {
            $(on_conn!(conn, |c| diesel::delete($table::table).execute(c).await)?;)+
        };
    }
    emptied!(daily_flows, monthly_flows, yearly_flows);
    emptied!(daily_totals, monthly_totals, yearly_totals, daily_findings);
    recount_orphaned_details(conn).await?;
    for span in list_spans(conn).await? {
        insert_days(conn, &span).await?;
        refresh_periods(conn, &span).await?;
    }
    let ids: Vec<i64> = on_conn!(conn, |c| departments::table
        .select(departments::id)
        .load(c)
        .await)?;
    for department_id in ids {
        make_all_debts(conn, department_id).await?;
        mark(conn, Kept::Totals, department_id).await?;
        mark(conn, Kept::Debts, department_id).await?;
    }
    Ok(())
}

/// A statement about a span.
macro_rules! span_query {
    ($sql:expr, $span:expr) => {
        diesel::sql_query($sql)
            .bind::<BigInt, _>($span.department_id)
            .bind::<BigInt, _>($span.organization_id)
            .bind::<Date, _>($span.start)
            .bind::<Date, _>($span.end)
    };
}

pub(super) use span_query;

async fn delete_days(conn: &mut DbConn, span: &MonthSpan) -> Result<(), DbError> {
    on_conn!(conn, |c| rows_in_span!(daily_flows, span).execute(c).await)?;
    Ok(())
}

async fn delete_and_list_days(
    conn: &mut DbConn,
    span: &MonthSpan,
) -> Result<Vec<FlowRow>, DbError> {
    Ok(on_conn!(conn, |c| rows_in_span!(daily_flows, span)
        .get_results(c)
        .await)?)
}

async fn insert_days(conn: &mut DbConn, span: &MonthSpan) -> Result<(), DbError> {
    recount_findings(conn, span).await?;
    let sql = insert_days_sql(conn);
    on_conn!(conn, |c| span_query!(sql, span).execute(c).await)?;
    Ok(())
}

async fn insert_and_list_days(
    conn: &mut DbConn,
    span: &MonthSpan,
) -> Result<Vec<FlowRow>, DbError> {
    recount_findings(conn, span).await?;
    let sql = format!(
        "{} RETURNING {}, period_start, {}, last_payment",
        insert_days_sql(conn),
        FLOWS.keys,
        MEASURES.join(", ")
    );
    Ok(on_conn!(conn, |c| span_query!(sql, span)
        .get_results(c)
        .await)?)
}

/// The statement that makes the days of a span. In PostgreSQL it also counts what is wrong with its
/// rows, which it reads anyway; SQLite has no insertion within a WITH.
fn insert_days_sql(conn: &DbConn) -> String {
    let findings = match conn {
        DbConn::Postgres(_) => format!(",\nfound AS ({})", insert_findings()),
        DbConn::Sqlite(_) => String::new(),
    };
    days_sql(&findings, INSERT_DAYS)
}

/// Returns the statement that computes the days of a span and does nothing else.
pub(super) fn select_days_sql() -> String {
    days_sql("", "")
}

fn days_sql(findings: &str, insert: &str) -> String {
    let sql = DAYS.replace("{expense_rows}", &expense_rows("expenses e", SOME_DAYS));
    with_rules(
        &sql.replace("{findings}", findings)
            .replace("{insert}", insert),
    )
}

/// Deletes what was counted of a span, and counts it again where the statement of its days does
/// not.
async fn recount_findings(conn: &mut DbConn, span: &MonthSpan) -> Result<(), DbError> {
    on_conn!(conn, |c| rows_in_span!(daily_findings, span)
        .execute(c)
        .await)?;
    if let DbConn::Sqlite(conn) = conn {
        span_query!(insert_findings_in(SOME_DAYS), span)
            .execute(&mut **conn)
            .await?;
    }
    Ok(())
}

/// Makes the months of a span from its days, the years that it touches from their months, and the
/// totals of all three.
async fn refresh_periods(conn: &mut DbConn, span: &MonthSpan) -> Result<(), DbError> {
    remake_periods(
        conn,
        span,
        "month",
        ("daily_flows", "monthly_flows"),
        &FLOWS,
    )
    .await?;
    remake_periods(
        conn,
        span,
        "year",
        ("monthly_flows", "yearly_flows"),
        &FLOWS,
    )
    .await?;
    refresh_totals(conn, span).await
}

/// Makes the periods (`day`, `month` or `year`) that a span touches from the rows of a finer table.
pub(super) async fn remake_periods(
    conn: &mut DbConn,
    span: &MonthSpan,
    period: &str,
    (fine, coarse): (&str, &str),
    kept: &Sums,
) -> Result<(), DbError> {
    let years = span.years();
    let span = if period == "year" { &years } else { span };
    let first_day = match conn {
        DbConn::Postgres(_) => format!("CAST(date_trunc('{period}', period_start) AS DATE)"),
        DbConn::Sqlite(_) => format!("date(period_start, 'start of {period}')"),
    };
    for statement in [DELETE_PERIODS, INSERT_PERIODS] {
        let sql = statement
            .replace("{keys}", kept.keys)
            .replace("{measures}", &kept.measures.join(", "))
            .replace("{sums}", &sums(kept.measures))
            .replace("{first_day}", &first_day)
            .replace("{fine}", fine)
            .replace("{coarse}", coarse)
            .replace("{span}", IN_SPAN);
        on_conn!(conn, |c| span_query!(sql, span).execute(c).await)?;
    }
    Ok(())
}
