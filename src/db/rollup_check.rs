//! The rollups as they are stored, and as the rows make them: what `rollups verify` compares.
//!
//! Both only read, so that one read-only snapshot gives both. Months and years are added up here
//! from the days, not by the statements that keep them.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use diesel_async::RunQueryDsl;

use super::daily_findings::{FindingRow, SOME_DAYS, select_findings_in};
use super::kept_sums::{Kept, list_left_behind};
use super::month_spans::list_spans;
use super::monthly_debts::MonthlyDebtRow;
use super::orphaned_details::ORPHANED;
use super::rollups::{FlowRow, select_days_sql, span_query};
use super::schema::{
    contracts, daily_findings, daily_flows, daily_totals, monthly_debts, monthly_flows,
    monthly_totals, orphaned_details, yearly_flows, yearly_totals,
};
use super::{DbConn, DbError, on_conn};
use crate::domain::{Direction, Month};

/// All that is computed from the rows and kept beside them, each in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollups {
    /// Sums by day.
    pub days: Vec<FlowRow>,
    /// Sums by month.
    pub months: Vec<FlowRow>,
    /// Sums by year.
    pub years: Vec<FlowRow>,
    /// Sums of all contracts: by day, by month, by year. Without departments whose totals were left
    /// behind by an older version: these are not read.
    pub totals: [Vec<TotalRow>; 3],
    /// How what is owed changed in each month; without departments where that was left behind.
    pub debts: Vec<MonthlyDebtRow>,
    /// What checks find in dated expenses and their details, counted by day.
    pub findings: Vec<FindingRow>,
    /// Department and operation id of expenses that details name and that are not there.
    pub orphaned: Vec<(i64, String)>,
}

/// Returns all rollups as they are stored.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_rollups(conn: &mut DbConn) -> Result<Rollups, DbError> {
    let mut days: Vec<FlowRow> = on_conn!(conn, |c| daily_flows::table.load(c).await)?;
    let mut months: Vec<FlowRow> = on_conn!(conn, |c| monthly_flows::table.load(c).await)?;
    let mut years: Vec<FlowRow> = on_conn!(conn, |c| yearly_flows::table.load(c).await)?;
    let mut totals: [Vec<TotalRow>; 3] = [
        on_conn!(conn, |c| daily_totals::table.load(c).await)?,
        on_conn!(conn, |c| monthly_totals::table.load(c).await)?,
        on_conn!(conn, |c| yearly_totals::table.load(c).await)?,
    ];
    let mut findings: Vec<FindingRow> = on_conn!(conn, |c| daily_findings::table.load(c).await)?;
    let mut orphaned: Vec<(i64, String)> =
        on_conn!(conn, |c| orphaned_details::table.load(c).await)?;
    days.sort();
    months.sort();
    years.sort();
    let left_behind = list_left_behind(conn, Kept::Totals).await?;
    for rows in &mut totals {
        rows.retain(|row| !left_behind.contains(&row.department_id));
        rows.sort();
    }
    let mut debts: Vec<MonthlyDebtRow> = on_conn!(conn, |c| monthly_debts::table.load(c).await)?;
    let left_behind = list_left_behind(conn, Kept::Debts).await?;
    debts.retain(|row| !left_behind.contains(&row.department_id));
    debts.sort();
    findings.sort();
    orphaned.sort();
    Ok(Rollups {
        days,
        months,
        years,
        totals,
        debts,
        findings,
        orphaned,
    })
}

/// One row of totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct TotalRow {
    pub department_id: i64,
    pub organization_id: i64,
    pub bank_account_id: i64,
    pub currency: String,
    pub is_confirmed: bool,
    pub period_start: NaiveDate,
    pub receipts: i64,
    pub commission: i64,
    pub returned: i64,
    pub expenses: i64,
    pub principal: i64,
    pub interest: i64,
    pub given: i64,
    pub receipt_count: i64,
    pub expense_count: i64,
    pub payment_count: i64,
    pub last_payment: Option<NaiveDate>,
}

#[derive(QueryableByName)]
struct OrphanedRow {
    #[diesel(sql_type = BigInt)]
    department_id: i64,
    #[diesel(sql_type = Text)]
    expense_operation_id: String,
}

/// Computes all rollups from the rows; stores nothing.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn compute_rollups(conn: &mut DbConn) -> Result<Rollups, DbError> {
    let (mut days, mut findings) = (Vec::new(), Vec::new());
    for span in list_spans(conn).await? {
        let of_span: Vec<FlowRow> =
            on_conn!(conn, |c| span_query!(select_days_sql(), span).load(c).await)?;
        days.extend(of_span);
        let of_span: Vec<FindingRow> =
            on_conn!(conn, |c| span_query!(select_findings_in(SOME_DAYS), span)
                .load(c)
                .await)?;
        findings.extend(of_span);
    }
    let orphaned: Vec<OrphanedRow> = on_conn!(conn, |c| diesel::sql_query(ORPHANED).load(c).await)?;
    let mut orphaned: Vec<(i64, String)> = orphaned
        .into_iter()
        .map(|row| (row.department_id, row.expense_operation_id))
        .collect();
    days.sort();
    findings.sort();
    orphaned.sort();
    let months = by_period(&days, |day| Month::of(day).first_day());
    let years = by_period(&days, |day| {
        NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day)
    });
    let left_behind = list_left_behind(conn, Kept::Totals).await?;
    let totals = [&days, &months, &years].map(|rows| {
        let mut totals = of_all_contracts(rows);
        totals.retain(|row| !left_behind.contains(&row.department_id));
        totals
    });
    let mut debts = debts_of(&months, &list_counted(conn).await?);
    let left_behind = list_left_behind(conn, Kept::Debts).await?;
    debts.retain(|row| !left_behind.contains(&row.department_id));
    Ok(Rollups {
        days,
        months,
        years,
        totals,
        debts,
        findings,
        orphaned,
    })
}

/// What a contract is, as far as debts are made of it: direction and currency.
type Counted = (Direction, Option<String>);

async fn list_counted(conn: &mut DbConn) -> Result<BTreeMap<i64, Counted>, DbError> {
    let rows: Vec<(i64, Option<String>, Option<String>)> = on_conn!(conn, |c| contracts::table
        .select((contracts::id, contracts::direction, contracts::currency))
        .load(c)
        .await)?;
    let counted = rows.into_iter().map(|(id, direction, currency)| {
        let direction = direction.as_deref().and_then(Direction::of_name);
        (id, (direction.unwrap_or_default(), currency))
    });
    Ok(counted.collect())
}

/// Carries the balance of each contract from month to month, in order.
fn debts_of(months: &[FlowRow], contracts: &BTreeMap<i64, Counted>) -> Vec<MonthlyDebtRow> {
    let mut moves: BTreeMap<(i64, NaiveDate), (&FlowRow, [i64; 3])> = BTreeMap::new();
    for row in months {
        let Some((direction, currency)) = contracts.get(&row.contract_id) else {
            continue;
        };
        let is_settled = currency
            .as_ref()
            .is_some_and(|currency| *currency != row.currency);
        let (drawn, repaid) = match (direction, is_settled) {
            (Direction::Borrowed, false) => (row.drawn, row.principal),
            (Direction::Borrowed, true) => (row.drawn_settled, row.principal_settled),
            (Direction::Lent, false) => (row.given, row.returned),
            (Direction::Lent, true) => (row.given_settled, row.returned_settled),
        };
        let (_, sums) = moves
            .entry((row.contract_id, row.period_start))
            .or_insert((row, [0; 3]));
        sums.iter_mut()
            .zip([drawn, repaid, row.adjustments])
            .for_each(|(sum, moved)| *sum += moved);
    }
    let mut balances: BTreeMap<i64, i64> = BTreeMap::new();
    let mut debts: BTreeMap<_, MonthlyDebtRow> = BTreeMap::new();
    for ((contract_id, period_start), (row, [drawn, repaid, adjustments])) in moves {
        let balance = balances.entry(contract_id).or_default();
        let before = *balance;
        *balance += drawn - repaid + adjustments;
        let Some((direction, currency)) = contracts.get(&contract_id) else {
            continue;
        };
        let currency = currency.clone().unwrap_or_default();
        let key = (
            (row.department_id, row.organization_id),
            direction.as_str(),
            currency.clone(),
            period_start,
        );
        let debt = debts.entry(key).or_insert_with(|| MonthlyDebtRow {
            department_id: row.department_id,
            organization_id: row.organization_id,
            direction: direction.as_str().to_owned(),
            currency,
            period_start,
            drawn: 0,
            repaid: 0,
            adjustments: 0,
            debt: 0,
            overpaid: 0,
        });
        debt.drawn += drawn;
        debt.repaid += repaid;
        debt.adjustments += adjustments;
        debt.debt += (*balance).max(0) - before.max(0);
        debt.overpaid += (-*balance).max(0) - (-before).max(0);
    }
    let mut debts: Vec<MonthlyDebtRow> = debts.into_values().collect();
    debts.sort();
    debts
}

/// Adds contracts up, in order.
fn of_all_contracts(rows: &[FlowRow]) -> Vec<TotalRow> {
    let mut totals: BTreeMap<_, TotalRow> = BTreeMap::new();
    for row in rows {
        let key = (
            (row.department_id, row.organization_id, row.bank_account_id),
            (row.currency.clone(), row.is_confirmed, row.period_start),
        );
        let total = totals.entry(key).or_insert_with(|| TotalRow {
            department_id: row.department_id,
            organization_id: row.organization_id,
            bank_account_id: row.bank_account_id,
            currency: row.currency.clone(),
            is_confirmed: row.is_confirmed,
            period_start: row.period_start,
            ..TotalRow::default()
        });
        total.receipts += row.receipts;
        total.commission += row.commission;
        total.returned += row.returned;
        total.expenses += row.expenses;
        total.principal += row.principal;
        total.interest += row.interest;
        total.given += row.given;
        total.receipt_count += row.receipt_count;
        total.expense_count += row.expense_count;
        total.payment_count += row.payment_count;
        total.last_payment = total.last_payment.max(row.last_payment);
    }
    let mut totals: Vec<TotalRow> = totals.into_values().collect();
    totals.sort();
    totals
}

/// Adds days up to periods, in order.
fn by_period(days: &[FlowRow], first_day: impl Fn(NaiveDate) -> NaiveDate) -> Vec<FlowRow> {
    let mut periods: BTreeMap<_, FlowRow> = BTreeMap::new();
    for day in days {
        let period_start = first_day(day.period_start);
        let key = (
            (
                day.department_id,
                day.organization_id,
                day.bank_account_id,
                day.contract_id,
            ),
            (day.currency.clone(), day.is_confirmed, period_start),
        );
        match periods.get_mut(&key) {
            Some(period) => {
                period
                    .measures_mut()
                    .into_iter()
                    .zip(day.measures())
                    .for_each(|(sum, measure)| *sum += measure);
                period.last_payment = period.last_payment.max(day.last_payment);
            }
            None => drop(periods.insert(
                key,
                FlowRow {
                    period_start,
                    ..day.clone()
                },
            )),
        }
    }
    let mut periods: Vec<FlowRow> = periods.into_values().collect();
    periods.sort();
    periods
}
