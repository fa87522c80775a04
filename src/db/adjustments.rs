//! Adjustments of balances: opening balances, set-offs and the like, in the contract's currency.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{adjustments, contracts, lenders, organizations};
use super::{CHUNK, DbConn, DbError, Page, on_conn, utc_now};
use crate::domain::{DateRange, DepartmentScope};

/// The source of adjustments that were entered by hand.
pub const MANUAL: &str = "manual";

/// An adjustment to be stored. The amount is in kopecks; + raises what is owed.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = adjustments)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct NewAdjustment {
    pub department_id: i64,
    pub contract_id: i64,
    pub contract_alias_id: Option<i64>,
    pub lender_alias_id: Option<i64>,
    pub effective_date: NaiveDate,
    pub kind: String,
    pub amount: i64,
    pub comment: Option<String>,
    pub author: String,
    pub source: String,
    pub import_source: Option<String>,
    pub fingerprint: i64,
    pub occurrence: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An adjustment with what its ids mean; the amount in kopecks of the contract's currency.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct AdjustmentRow {
    pub id: i64,
    pub department_id: i64,
    pub contract_id: i64,
    pub contract: String,
    pub organization_id: i64,
    pub organization: String,
    pub counterparty: Option<String>,
    pub currency: Option<String>,
    pub effective_date: NaiveDate,
    pub kind: String,
    pub amount: i64,
    pub comment: Option<String>,
    pub author: String,
    pub source: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub import_source: Option<String>,
}

/// What is to be changed; `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = adjustments)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct AdjustmentChange {
    pub effective_date: Option<NaiveDate>,
    pub kind: Option<String>,
    pub amount: Option<i64>,
    pub comment: Option<Option<String>>,
}

/// Which adjustments are asked for.
#[derive(Clone, Debug)]
pub struct AdjustmentFilter {
    /// Of which department.
    pub department: DepartmentScope,
    /// Their days.
    pub dates: DateRange,
    /// Of one organization's contracts.
    pub organization_id: Option<i64>,
    /// Of one contract.
    pub contract_id: Option<i64>,
    /// Of one kind.
    pub kind: Option<String>,
}

/// Adjustments with the names that belong to them, filtered.
macro_rules! filtered {
    ($filter:expr) => {{
        let mut query = adjustments::table
            .inner_join(
                contracts::table.on(contracts::department_id
                    .eq(adjustments::department_id)
                    .and(contracts::id.eq(adjustments::contract_id))),
            )
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq(adjustments::department_id)
                    .and(organizations::id.eq(contracts::organization_id))),
            )
            .left_join(
                lenders::table.on(lenders::department_id
                    .eq(adjustments::department_id)
                    .and(lenders::id.nullable().eq(contracts::lender_id))),
            )
            .select((
                adjustments::id,
                adjustments::department_id,
                adjustments::contract_id,
                contracts::contract_number,
                contracts::organization_id,
                organizations::name,
                lenders::name.nullable(),
                contracts::currency,
                adjustments::effective_date,
                adjustments::kind,
                adjustments::amount,
                adjustments::comment,
                adjustments::author,
                adjustments::source,
                adjustments::created_at,
                adjustments::updated_at,
                adjustments::import_source,
            ))
            .into_boxed();
        if let Some(id) = $filter.department.id() {
            query = query.filter(adjustments::department_id.eq(id));
        }
        if let Some(from) = $filter.dates.from() {
            query = query.filter(adjustments::effective_date.ge(from));
        }
        if let Some(to) = $filter.dates.to() {
            query = query.filter(adjustments::effective_date.le(to));
        }
        if let Some(id) = $filter.organization_id {
            query = query.filter(contracts::organization_id.eq(id));
        }
        if let Some(id) = $filter.contract_id {
            query = query.filter(adjustments::contract_id.eq(id));
        }
        if let Some(kind) = &$filter.kind {
            query = query.filter(adjustments::kind.eq(kind));
        }
        query
    }};
}

/// Returns a part of the list, newest day first, ties by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_adjustments(
    conn: &mut DbConn,
    filter: &AdjustmentFilter,
    page: Page,
) -> Result<Vec<AdjustmentRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        filtered!(filter)
            .order((adjustments::effective_date.desc(), adjustments::id.desc()))
            .offset(page.skip)
            .limit(page.limit)
            .load(c)
            .await
    })?)
}

/// Returns how many match.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn count_adjustments(
    conn: &mut DbConn,
    filter: &AdjustmentFilter,
) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| filtered!(filter)
        .count()
        .get_result(c)
        .await)?)
}

/// Returns the one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_adjustment(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<AdjustmentRow>, DbError> {
    let all = AdjustmentFilter {
        department: scope,
        dates: DateRange::ALL,
        organization_id: None,
        contract_id: None,
        kind: None,
    };
    Ok(on_conn!(conn, |c| filtered!(all)
        .filter(adjustments::id.eq(id))
        .first(c)
        .await
        .optional())?)
}

/// Stores one adjustment; returns its id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn insert_adjustment(conn: &mut DbConn, row: NewAdjustment) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(adjustments::table)
            .values(row)
            .returning(adjustments::id)
            .get_result(c)
            .await
    })?)
}

/// Stores adjustments.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn insert_adjustments(
    conn: &mut DbConn,
    rows: Vec<NewAdjustment>,
) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            for chunk in rows.chunks(CHUNK) {
                diesel::insert_into(adjustments::table)
                    .values(chunk)
                    .execute(&mut **conn)
                    .await?;
            }
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for row in &rows {
                    diesel::RunQueryDsl::execute(
                        diesel::insert_into(adjustments::table).values(row),
                        conn,
                    )?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}

/// Changes the one of that id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn update_adjustment(
    conn: &mut DbConn,
    department_id: i64,
    id: i64,
    change: &AdjustmentChange,
) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        let row = adjustments::table
            .filter(adjustments::department_id.eq(department_id))
            .filter(adjustments::id.eq(id));
        diesel::update(row)
            .set((change, adjustments::updated_at.eq(utc_now())))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Removes adjustments.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_adjustments(
    conn: &mut DbConn,
    department_id: i64,
    ids: &[i64],
) -> Result<(), DbError> {
    for ids in ids.chunks(CHUNK) {
        on_conn!(conn, |c| {
            diesel::delete(
                adjustments::table
                    .filter(adjustments::department_id.eq(department_id))
                    .filter(adjustments::id.eq_any(ids)),
            )
            .execute(c)
            .await
        })?;
    }
    Ok(())
}

/// A stored adjustment, as far as a file is compared with it.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct KnownAdjustment {
    pub id: i64,
    pub contract_id: i64,
    pub organization_id: i64,
    pub effective_date: NaiveDate,
    pub source: String,
    pub import_source: Option<String>,
    pub fingerprint: i64,
    pub occurrence: i32,
}

/// Returns the adjustments that workbooks brought.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_workbook_adjustments(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<Vec<KnownAdjustment>, DbError> {
    Ok(on_conn!(conn, |c| {
        adjustments::table
            .inner_join(
                contracts::table.on(contracts::department_id
                    .eq(adjustments::department_id)
                    .and(contracts::id.eq(adjustments::contract_id))),
            )
            .filter(adjustments::department_id.eq(department_id))
            .filter(adjustments::source.ne(MANUAL))
            .select((
                adjustments::id,
                adjustments::contract_id,
                contracts::organization_id,
                adjustments::effective_date,
                adjustments::source,
                adjustments::import_source,
                adjustments::fingerprint,
                adjustments::occurrence,
            ))
            .load(c)
            .await
    })?)
}

/// Returns the sources of adjustments that equal one of a file's in contract, day, kind and amount:
/// both count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_sources_of_equal_adjustments(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
) -> Result<Vec<String>, DbError> {
    let other = diesel::alias!(adjustments as other_adjustments);
    let is_equal = other
        .field(adjustments::department_id)
        .eq(adjustments::department_id)
        .and(
            other
                .field(adjustments::contract_id)
                .eq(adjustments::contract_id),
        )
        .and(
            other
                .field(adjustments::effective_date)
                .eq(adjustments::effective_date),
        )
        .and(other.field(adjustments::kind).eq(adjustments::kind))
        .and(other.field(adjustments::amount).eq(adjustments::amount))
        .and(other.field(adjustments::source).ne(adjustments::source));
    Ok(on_conn!(conn, |c| {
        adjustments::table
            .inner_join(other.on(is_equal))
            .filter(adjustments::department_id.eq(department_id))
            .filter(adjustments::source.eq(source))
            .select(other.field(adjustments::source))
            .distinct()
            .order(other.field(adjustments::source))
            .load(c)
            .await
    })?)
}
