//! Whole months of an organization: what rollups are recomputed by.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{adjustments, contracts, expenses, organizations, receipts};
use super::{DbConn, DbError, on_conn};
use crate::domain::Month;

/// Returns the months of each organization that hold all of its operations and adjustments.
pub(super) async fn list_spans(conn: &mut DbConn) -> Result<Vec<MonthSpan>, DbError> {
    let organizations: Vec<(i64, i64)> = on_conn!(conn, |c| {
        organizations::table
            .select((organizations::department_id, organizations::id))
            .order(organizations::id)
            .load(c)
            .await
    })?;
    let mut spans = Vec::new();
    for (department_id, organization_id) in organizations {
        if let Some((first, last)) = dates_of(conn, department_id, organization_id).await? {
            let (start, end) = (
                Month::of(first).first_day(),
                Month::of(last).next().first_day(),
            );
            spans.push(MonthSpan {
                department_id,
                organization_id,
                start,
                end,
            });
        }
    }
    Ok(spans)
}

async fn dates_of(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
) -> Result<Option<(NaiveDate, NaiveDate)>, DbError> {
    use diesel::dsl::{max, min};
    let received: (Option<NaiveDate>, Option<NaiveDate>) = on_conn!(conn, |c| {
        receipts::table
            .filter(receipts::department_id.eq(department_id))
            .filter(receipts::organization_id.eq(organization_id))
            .select((min(receipts::document_date), max(receipts::document_date)))
            .first(c)
            .await
    })?;
    let spent: (Option<NaiveDate>, Option<NaiveDate>) = on_conn!(conn, |c| {
        expenses::table
            .filter(expenses::department_id.eq(department_id))
            .filter(expenses::organization_id.eq(organization_id))
            .select((min(expenses::document_date), max(expenses::document_date)))
            .first(c)
            .await
    })?;
    let adjusted: (Option<NaiveDate>, Option<NaiveDate>) = on_conn!(conn, |c| {
        adjustments::table
            .inner_join(
                contracts::table.on(contracts::department_id
                    .eq(adjustments::department_id)
                    .and(contracts::id.eq(adjustments::contract_id))),
            )
            .filter(adjustments::department_id.eq(department_id))
            .filter(contracts::organization_id.eq(organization_id))
            .select((
                min(adjustments::effective_date),
                max(adjustments::effective_date),
            ))
            .first(c)
            .await
    })?;
    let first = [received.0, spent.0, adjusted.0]
        .into_iter()
        .flatten()
        .min();
    Ok(first.zip(
        [received.1, spent.1, adjusted.1]
            .into_iter()
            .flatten()
            .max(),
    ))
}

/// Whole months of an organization, from the first day up to the one after the last.
pub(super) struct MonthSpan {
    pub department_id: i64,
    pub organization_id: i64,
    pub start: NaiveDate,
    pub end: NaiveDate,
}

impl MonthSpan {
    /// The years that it touches.
    pub(super) fn years(&self) -> MonthSpan {
        let first_day = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1);
        let last = self.end.pred_opt().unwrap_or(self.end);
        MonthSpan {
            start: first_day(self.start.year()).unwrap_or(self.start),
            end: first_day(last.year() + 1).unwrap_or(self.end),
            ..*self
        }
    }
}

/// The rows of a span, to be deleted.
macro_rules! rows_in_span {
    ($table:ident, $span:expr) => {
        diesel::delete(
            $table::table
                .filter($table::department_id.eq($span.department_id))
                .filter($table::organization_id.eq($span.organization_id))
                .filter($table::period_start.ge($span.start))
                .filter($table::period_start.lt($span.end)),
        )
    };
}

pub(super) use rows_in_span;
