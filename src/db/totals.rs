//! Sums over all contracts, by day, month and year: what questions are answered from that name no
//! contract. They cost the same however many contracts there are.
//!
//! They are made of the rollups, in the same transaction. A process of an older version, which may
//! run beside this one during an upgrade, changes rollups and does not know of totals. So a
//! department's totals count only while `departments.totals_generation` is its generation; the next
//! change by a process that knows of them makes them again.

use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::month_spans::{MonthSpan, rows_in_span};
use super::rollups::{Sums, insert_periods};
use super::schema::{daily_flows, daily_totals, departments, monthly_totals, yearly_totals};
use super::{DbConn, DbError, on_conn};
use crate::domain::{DepartmentScope, Month};

/// What totals are kept by, and what of.
const TOTALS: Sums = Sums {
    keys: "department_id, organization_id, bank_account_id, currency, is_confirmed",
    measures: &[
        "receipts",
        "commission",
        "returned",
        "expenses",
        "principal",
        "interest",
        "given",
        "receipt_count",
        "expense_count",
        "payment_count",
    ],
};

/// Makes the totals of a span from its days, and those of the years that it touches.
pub(super) async fn refresh_totals(conn: &mut DbConn, span: &MonthSpan) -> Result<(), DbError> {
    let years = span.years();
    on_conn!(conn, |c| rows_in_span!(daily_totals, span).execute(c).await)?;
    insert_periods(conn, span, "day", "daily_flows", "daily_totals", &TOTALS).await?;
    on_conn!(conn, |c| rows_in_span!(monthly_totals, span)
        .execute(c)
        .await)?;
    insert_periods(
        conn,
        span,
        "month",
        "daily_totals",
        "monthly_totals",
        &TOTALS,
    )
    .await?;
    on_conn!(conn, |c| rows_in_span!(yearly_totals, years)
        .execute(c)
        .await)?;
    insert_periods(
        conn,
        &years,
        "year",
        "monthly_totals",
        "yearly_totals",
        &TOTALS,
    )
    .await
}

/// Makes all totals of a department from its days.
pub(super) async fn rebuild_totals(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    macro_rules! emptied {
        ($($table:ident),+) => {
            $(on_conn!(conn, |c| diesel::delete(
                $table::table.filter($table::department_id.eq(department_id))
            )
            .execute(c)
            .await)?;)+
        };
    }
    emptied!(daily_totals, monthly_totals, yearly_totals);
    let stretches: Vec<(i64, Option<NaiveDate>, Option<NaiveDate>)> = on_conn!(conn, |c| {
        daily_flows::table
            .filter(daily_flows::department_id.eq(department_id))
            .group_by(daily_flows::organization_id)
            .select((
                daily_flows::organization_id,
                min(daily_flows::period_start),
                max(daily_flows::period_start),
            ))
            .load(c)
            .await
    })?;
    for (organization_id, first, last) in stretches {
        if let Some((first, last)) = first.zip(last) {
            let span = MonthSpan {
                department_id,
                organization_id,
                start: Month::of(first).first_day(),
                end: Month::of(last).next().first_day(),
            };
            refresh_totals(conn, &span).await?;
        }
    }
    Ok(())
}

/// Whether the totals of these departments are of the data that is stored.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn totals_hold(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<bool, DbError> {
    let left_behind: Vec<i64> = on_conn!(conn, |c| departments::table
        .filter(departments::totals_generation.ne(departments::generation))
        .select(departments::id)
        .load(c)
        .await)?;
    Ok(match scope {
        DepartmentScope::All => left_behind.is_empty(),
        DepartmentScope::One(id) => !left_behind.contains(&id),
    })
}
