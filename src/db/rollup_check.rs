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
use super::orphaned_details::ORPHANED;
use super::rollups::{FlowRow, insert_days_query, list_spans, select_days_sql};
use super::schema::{daily_findings, daily_flows, monthly_flows, orphaned_details, yearly_flows};
use super::{DbConn, DbError, on_conn};
use crate::domain::Month;

/// All that is computed from the rows and kept beside them, each in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollups {
    /// Sums by day.
    pub days: Vec<FlowRow>,
    /// Sums by month.
    pub months: Vec<FlowRow>,
    /// Sums by year.
    pub years: Vec<FlowRow>,
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
    let mut findings: Vec<FindingRow> = on_conn!(conn, |c| daily_findings::table.load(c).await)?;
    let mut orphaned: Vec<(i64, String)> =
        on_conn!(conn, |c| orphaned_details::table.load(c).await)?;
    days.sort();
    months.sort();
    years.sort();
    findings.sort();
    orphaned.sort();
    Ok(Rollups {
        days,
        months,
        years,
        findings,
        orphaned,
    })
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
            on_conn!(conn, |c| insert_days_query!(select_days_sql(), span)
                .load(c)
                .await)?;
        days.extend(of_span);
        let of_span: Vec<FindingRow> = on_conn!(conn, |c| insert_days_query!(
            select_findings_in(SOME_DAYS),
            span
        )
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
    Ok(Rollups {
        days,
        months,
        years,
        findings,
        orphaned,
    })
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
