//! What is wrong with dated expenses and their details, counted by day with the rollups.
//!
//! The counts are refreshed in the transaction that changes the rows. A question adds them up, and
//! reads only the days that hold the rows with most at stake; so it costs the same however many
//! operations there are.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use diesel_async::RunQueryDsl;

use super::data_quality::{QualityFindings, QualityRow};
use super::flow_rules::with_rules;
use super::locks::lock_import;
use super::schema::{daily_findings, departments, organizations};
use super::sql_text::numbered;
use super::{DbConn, DbError, on_conn, record_change};
use crate::domain::{ChangedData, Currency};

const EXPENSE_ROWS: &str = include_str!("expense_rows.sql");
const ROW_FINDINGS: &str = include_str!("row_findings.sql");
const INSERT: &str = "INSERT INTO daily_findings (department_id, organization_id, period_start, check_name, currency, \
     row_count, at_stake, largest)";
const COUNTED: &str = "SELECT $1 AS department_id, organization_id, day AS period_start, check_name, currency, \
       COUNT(*) AS row_count, CAST(SUM(ABS(at_stake)) AS BIGINT) AS at_stake, MAX(ABS(at_stake)) AS largest \
     FROM ({row_findings}) AS found GROUP BY organization_id, day, check_name, currency";
/// The days of one organization: `$2` is the organization, `$3` the first day, `$4` the one after
/// the last.
pub(super) const SOME_DAYS: &str =
    "e.organization_id = $2 AND e.document_date >= $3 AND e.document_date < $4";
/// All dated expenses of the organization `$2`.
const ALL_DAYS: &str = "e.organization_id = $2 AND e.document_date IS NOT NULL";

/// What a check found on a day of an organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, QueryableByName)]
#[diesel(table_name = daily_findings)]
#[expect(missing_docs, reason = "the columns name themselves")]
pub struct FindingRow {
    pub department_id: i64,
    pub organization_id: i64,
    pub period_start: NaiveDate,
    pub check_name: String,
    pub currency: String,
    pub row_count: i64,
    pub at_stake: i64,
    pub largest: i64,
}

/// Returns the common table expressions `spent` and `paid`: the active expenses of the department
/// `$1` that `scope` selects out of `expenses` (an expense is `e`), and their details.
pub(super) fn expense_rows(expenses: &str, scope: &str) -> String {
    with_rules(
        &EXPENSE_ROWS
            .replace("{expenses}", expenses)
            .replace("{scope}", scope),
    )
}

/// Returns the statement that counts the findings in the rows of `spent` and `paid`.
pub(super) fn insert_findings() -> String {
    format!("{INSERT} {}", select_findings())
}

fn select_findings() -> String {
    COUNTED.replace("{row_findings}", ROW_FINDINGS)
}

/// Returns a whole statement that computes the counts of the expenses that `scope` selects and
/// stores nothing.
pub(super) fn select_findings_in(scope: &str) -> String {
    format!(
        "WITH {} {}",
        expense_rows("expenses e", scope),
        select_findings()
    )
}

/// Returns a whole statement that counts the findings in the expenses that `scope` selects.
pub(super) fn insert_findings_in(scope: &str) -> String {
    format!(
        "WITH {} {}",
        expense_rows("expenses e", scope),
        insert_findings()
    )
}

/// Counts the findings of the departments whose rows are older than the counts.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ensure_findings(conn: &mut DbConn) -> Result<(), DbError> {
    for department_id in list_uncounted_departments(conn).await? {
        // Another process may be at the same step.
        lock_import(conn, department_id).await?;
        if !list_uncounted_departments(conn)
            .await?
            .contains(&department_id)
        {
            continue;
        }
        let of_department =
            daily_findings::table.filter(daily_findings::department_id.eq(department_id));
        on_conn!(conn, |c| diesel::delete(of_department).execute(c).await)?;
        let organizations: Vec<i64> = on_conn!(conn, |c| {
            organizations::table
                .filter(organizations::department_id.eq(department_id))
                .select(organizations::id)
                .load(c)
                .await
        })?;
        for organization_id in organizations {
            on_conn!(conn, |c| {
                diesel::sql_query(insert_findings_in(ALL_DAYS))
                    .bind::<BigInt, _>(department_id)
                    .bind::<BigInt, _>(organization_id)
                    .execute(c)
                    .await
            })?;
        }
        let own = departments::table.filter(departments::id.eq(department_id));
        on_conn!(conn, |c| diesel::update(own)
            .set(departments::has_findings.eq(true))
            .execute(c)
            .await)?;
        record_change(conn, department_id, ChangedData::default()).await?;
    }
    Ok(())
}

async fn list_uncounted_departments(conn: &mut DbConn) -> Result<Vec<i64>, DbError> {
    Ok(on_conn!(conn, |c| {
        departments::table
            .filter(departments::has_findings.eq(false))
            .order(departments::id)
            .select(departments::id)
            .load(c)
            .await
    })?)
}

#[derive(QueryableByName)]
struct CheckCount {
    #[diesel(sql_type = Text)]
    check_name: String,
    #[diesel(sql_type = BigInt)]
    row_count: i64,
    #[diesel(sql_type = BigInt)]
    at_stake: i64,
}

#[derive(QueryableByName)]
struct CheckedDay {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = Date)]
    period_start: NaiveDate,
}

#[derive(QueryableByName)]
struct CheckedRow {
    #[diesel(sql_type = Text)]
    check_name: String,
    #[diesel(embed)]
    quality_row: QualityRow,
}

const COUNTS: &str = "SELECT check_name, CAST(SUM(row_count) AS BIGINT) AS row_count, \
     CAST(SUM(CASE WHEN currency = $2 THEN at_stake ELSE 0 END) AS BIGINT) AS at_stake \
     FROM daily_findings WHERE department_id = $1 GROUP BY check_name";
/// The `n` rows with most at stake are within the `n` days whose largest amounts are the largest.
const LARGEST_DAYS: &str = "SELECT DISTINCT organization_id, period_start FROM (SELECT organization_id, period_start, \
       ROW_NUMBER() OVER (PARTITION BY check_name ORDER BY largest DESC, period_start, organization_id, currency) \
         AS place \
       FROM daily_findings WHERE department_id = $1) AS placed WHERE place <= $2 \
     ORDER BY organization_id, period_start";
const ROWS: &str = "WITH days (organization_id, day) AS (VALUES {days}), {expense_rows} \
     SELECT found.check_name, found.kind, found.id, e.operation_id AS name, found.organization_id, \
       found.day AS document_date, found.currency, found.amount, found.compared, found.at_stake \
     FROM (SELECT f.*, ROW_NUMBER() OVER (PARTITION BY f.check_name ORDER BY ABS(f.at_stake) DESC, f.kind, f.id) \
       AS place FROM ({row_findings}) AS f) AS found \
     JOIN spent e ON e.id = found.expense_id WHERE found.place <= $2 ORDER BY found.check_name, found.place";

/// Returns what the checks find in the dated expenses of a department and in their details, by the
/// name of the check: with the first `limit` rows each, those with most at stake first. Sums are of
/// `currency`, without netting.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_daily_findings(
    conn: &mut DbConn,
    department_id: i64,
    currency: &Currency,
    limit: i64,
) -> Result<Vec<(String, QualityFindings)>, DbError> {
    let counts = numbered(conn, COUNTS);
    let counts: Vec<CheckCount> = on_conn!(conn, |c| {
        diesel::sql_query(counts)
            .bind::<BigInt, _>(department_id)
            .bind::<Text, _>(currency.as_str())
            .load(c)
            .await
    })?;
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let days = numbered(conn, LARGEST_DAYS);
    let days: Vec<CheckedDay> = on_conn!(conn, |c| {
        diesel::sql_query(days)
            .bind::<BigInt, _>(department_id)
            .bind::<BigInt, _>(limit)
            .load(c)
            .await
    })?;
    let date = match conn {
        DbConn::Postgres(_) => "DATE ",
        DbConn::Sqlite(_) => "",
    };
    let days: Vec<String> = days
        .iter()
        .map(|day| format!("({}, {date}'{}')", day.organization_id, day.period_start))
        .collect();
    // SQLite takes the tables of a CROSS JOIN in their order.
    let rows_of_days = expense_rows(
        "days CROSS JOIN expenses e",
        "e.organization_id = days.organization_id AND e.document_date = days.day",
    );
    let sql = ROWS
        .replace("{days}", &days.join(", "))
        .replace("{expense_rows}", &rows_of_days)
        .replace("{row_findings}", ROW_FINDINGS);
    let sql = numbered(conn, &sql);
    let rows: Vec<CheckedRow> = on_conn!(conn, |c| {
        diesel::sql_query(sql)
            .bind::<BigInt, _>(department_id)
            .bind::<BigInt, _>(limit)
            .load(c)
            .await
    })?;
    let mut found: Vec<(String, QualityFindings)> = counts
        .into_iter()
        .map(|check| {
            let CheckCount {
                check_name,
                row_count,
                at_stake,
            } = check;
            (
                check_name,
                QualityFindings {
                    count: row_count,
                    at_stake,
                    rows: Vec::new(),
                },
            )
        })
        .collect();
    for CheckedRow {
        check_name,
        quality_row,
    } in rows
    {
        if let Some((_, findings)) = found.iter_mut().find(|(name, _)| *name == check_name) {
            findings.rows.push(quality_row);
        }
    }
    Ok(found)
}
