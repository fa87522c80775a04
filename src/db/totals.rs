//! Sums over all contracts, by day, month and year, from which flows are read when a question names
//! no contract: with 5,000 contracts a hundredth of the rows.
//!
//! They are made of the rollups, in the same transaction, and read while they hold
//! ([`super::kept_sums`]); else the rollups are read. The next import, change by hand or start of the
//! program makes again what was left behind: these, and what is owed by month.

use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::kept_sums::{Kept, hold, list_left_behind, mark};
use super::locks::try_lock_import;
use super::month_spans::MonthSpan;
use super::monthly_debts::make_all_debts;
use super::rollups::{Sums, remake_periods};
use super::schema::{daily_flows, daily_totals, monthly_totals, yearly_totals};
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
    for (period, fine, coarse) in [
        ("day", "daily_flows", "daily_totals"),
        ("month", "daily_totals", "monthly_totals"),
        ("year", "monthly_totals", "yearly_totals"),
    ] {
        remake_periods(conn, span, period, (fine, coarse), &TOTALS).await?;
    }
    Ok(())
}

/// Makes the sums of a department again that were left behind. Called under its import lock: who
/// changes rollups has it.
pub(super) async fn catch_up(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    let scope = DepartmentScope::One(department_id);
    if !hold(conn, Kept::Totals, scope).await? {
        make_totals(conn, department_id).await?;
        mark(conn, Kept::Totals, department_id).await?;
    }
    if !hold(conn, Kept::Debts, scope).await? {
        make_all_debts(conn, department_id).await?;
        mark(conn, Kept::Debts, department_id).await?;
    }
    Ok(())
}

/// Makes the sums that were left behind: after an upgrade, those of all departments. Where an import
/// has the lock, its end or the next one does it.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ensure_totals(conn: &mut DbConn) -> Result<(), DbError> {
    let mut left_behind = list_left_behind(conn, Kept::Totals).await?;
    left_behind.extend(list_left_behind(conn, Kept::Debts).await?);
    left_behind.sort_unstable();
    left_behind.dedup();
    for department_id in left_behind {
        if try_lock_import(conn, department_id).await? {
            catch_up(conn, department_id).await?;
        }
    }
    Ok(())
}

/// Makes all totals of a department from its days.
async fn make_totals(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
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
