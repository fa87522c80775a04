//! Departments, and the version of each department's data.
//!
//! Every commit that changes data raises its department's generation in the same transaction.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::schema::{daily_flows, departments};
use super::{DbConn, DbError, on_conn, utc_now};
use crate::domain::DataVersion;

/// The data version of every department, by its id; without its newest document.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn data_versions(conn: &mut DbConn) -> Result<Vec<(i64, DataVersion)>, DbError> {
    let rows: Vec<(i64, i64, Option<NaiveDateTime>)> = on_conn!(conn, |c| {
        departments::table
            .select((
                departments::id,
                departments::generation,
                departments::data_as_of,
            ))
            .load(c)
            .await
    })?;
    Ok(rows
        .into_iter()
        .map(|(id, generation, as_of)| {
            (
                id,
                DataVersion {
                    generation,
                    as_of,
                    through: None,
                },
            )
        })
        .collect())
}

/// Returns the data version of every department with its newest document, by its id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn data_versions_on(
    conn: &mut DbConn,
    today: NaiveDate,
) -> Result<Vec<(i64, DataVersion)>, DbError> {
    // The first entry of an index for each department. Adjustments are no documents.
    let rows: Vec<(i64, i64, Option<NaiveDateTime>, Option<NaiveDate>)> = on_conn!(conn, |c| {
        let newest = daily_flows::table
            .filter(daily_flows::department_id.eq(departments::id))
            .filter(daily_flows::period_start.le(today))
            .filter(daily_flows::currency.ne(""))
            .order(daily_flows::period_start.desc())
            .select(daily_flows::period_start)
            .limit(1);
        departments::table
            .select((
                departments::id,
                departments::generation,
                departments::data_as_of,
                newest.single_value(),
            ))
            .load(c)
            .await
    })?;
    let version = |(id, generation, as_of, through)| {
        (
            id,
            DataVersion {
                generation,
                as_of,
                through,
            },
        )
    };
    Ok(rows.into_iter().map(version).collect())
}

/// When the data of a department was last looked after.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct DepartmentAge {
    /// The department.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When its data was last known to be complete (UTC).
    pub as_of: Option<NaiveDateTime>,
    /// When all its sources were last looked through (UTC).
    pub checked_at: Option<NaiveDateTime>,
}

/// Returns when the data of the departments was last looked after, by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_department_ages(conn: &mut DbConn) -> Result<Vec<DepartmentAge>, DbError> {
    Ok(on_conn!(conn, |c| {
        departments::table
            .select((
                departments::id,
                departments::name,
                departments::data_as_of,
                departments::checked_at,
            ))
            .order(departments::id)
            .load(c)
            .await
    })?)
}

/// A department as stored.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct DepartmentRow {
    pub id: i64,
    pub name: String,
    pub code: String,
    pub is_active: bool,
}

/// All departments, by id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_departments(conn: &mut DbConn) -> Result<Vec<DepartmentRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        departments::table
            .select((
                departments::id,
                departments::name,
                departments::code,
                departments::is_active,
            ))
            .order(departments::id)
            .load(c)
            .await
    })?)
}

/// Stores a new department; gives its id.
///
/// # Errors
/// [`DbError::Duplicate`] when the name or the code is taken.
pub async fn insert_department(conn: &mut DbConn, name: &str, code: &str) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        departments::name.eq(name),
        departments::code.eq(code),
        // It has no data yet, and no sums.
        departments::totals_generation.eq(0),
        departments::debts_generation.eq(0),
        departments::created_at.eq(now),
        departments::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| diesel::insert_into(departments::table)
        .values(row)
        .returning(departments::id)
        .get_result(c)
        .await)?)
}

/// Makes the finance departments that are missing: the first is `Finance` with the code `FIN`, unless
/// a department has that name already. What others hold stays theirs.
///
/// # Errors
/// [`DbError`] when the database can't answer, or no department can be made of that number.
pub async fn ensure_finance_departments(conn: &mut DbConn, ids: &[i64]) -> Result<(), DbError> {
    let known: Vec<(i64, String, String, i64)> = on_conn!(conn, |c| departments::table
        .select((
            departments::id,
            departments::name,
            departments::code,
            departments::generation,
        ))
        .order(departments::id)
        .load(c)
        .await)?;
    let now = utc_now();
    let is_known = |id: i64| known.iter().any(|(known, ..)| *known == id);
    let is_free = |name: &str, code: &str| known.iter().all(|of| of.1 != name && of.2 != code);
    for (position, id) in ids.iter().enumerate().filter(|(_, id)| !is_known(**id)) {
        let (name, code) = match position == 0 && is_free("Finance", "FIN") {
            true => ("Finance".to_owned(), "FIN".to_owned()),
            false => (format!("Finance {id}"), format!("FIN{id}")),
        };
        if !is_free(&name, &code) {
            return Err(DbError::Setting(format!(
                "FINANCE_DEPARTMENT_ID: there is no department {id}, and none can be made, for another has the name {name} or the code {code}: name an existing department ({}), or rename that one",
                listed(&known)
            )));
        }
        let row = (
            departments::id.eq(*id),
            departments::name.eq(&name),
            departments::code.eq(code),
            departments::created_at.eq(now),
            departments::updated_at.eq(now),
        );
        on_conn!(conn, |c| {
            diesel::insert_into(departments::table)
                .values(row)
                .execute(c)
                .await
        })?;
        log::info!("Made department {id}, {name}");
    }
    for (id, name, _, generation) in &known {
        if *generation > 0 && !ids.contains(id) {
            log::warn!(
                "Department {id} ({name}) holds imported data but is not in FINANCE_DEPARTMENT_ID: its members can't see it, and the next import goes into department {}. To keep both, list both, the one that imports first",
                ids.first().copied().unwrap_or_default()
            );
        }
    }
    if let DbConn::Postgres(conn) = conn {
        // Ids given by hand do not move PostgreSQL's sequence.
        conn.batch_execute(
            "SELECT setval(pg_get_serial_sequence('departments', 'id'), (SELECT max(id) FROM departments))",
        )
        .await?;
    }
    Ok(())
}

/// Departments as an error lists them.
fn listed(departments: &[(i64, String, String, i64)]) -> String {
    let listed: Vec<String> = departments
        .iter()
        .map(|(id, name, ..)| format!("{id} {name}"))
        .collect();
    listed.join(", ")
}
