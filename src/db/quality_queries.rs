//! The checks of the imported data that are one SELECT each, along indexes and sums.
//!
//! A CROSS JOIN keeps SQLite, whose tables have no statistics, from beginning with the large table.
//! All give the columns of [`QualityRow`], in one text for both databases. `$1` is the department,
//! `$2` today, `$3` the currency of the sum, `$4` the number of rows, `$5` the base currency, which
//! totals of files and details of unknown expenses are in, and `$6` the names of the department's
//! sources in the settings, as a JSON array. What stands at stake is in kopecks.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use diesel_async::RunQueryDsl;

use super::data_quality::{QualityFindings, QualityRow};
use super::flow_rules::with_rules;
use super::kept_sums::{Kept, hold};
use super::sql_text::numbered;
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, DepartmentScope};

/// Each statement with the name of its check. What an organization did in a year is read from the
/// totals over its contracts, or added up from these.
const QUERIES: [(&str, &str); 13] = [
    (
        "details_without_expense",
        "SELECT 'expense_detail' AS kind, d.id, d.expense_operation_id AS name, CAST(NULL AS BIGINT) AS organization_id, \
           {no_date} AS document_date, COALESCE((SELECT e.currency FROM expenses e WHERE e.department_id = $1 \
             AND e.operation_id = d.expense_operation_id), $5) AS currency, d.amount, \
           CAST(NULL AS BIGINT) AS compared, d.amount AS at_stake \
         FROM orphaned_details o CROSS JOIN expense_details d \
         WHERE o.department_id = $1 AND d.department_id = $1 AND d.expense_operation_id = o.expense_operation_id",
    ),
    (
        "control_totals_differ",
        "WITH latest AS ({latest_entries}) SELECT 'file' AS kind, j.id, j.source_file AS name, CAST(NULL AS BIGINT) AS organization_id, \
           {no_date} AS document_date, $5 AS currency, j.control_total AS amount, \
           j.rows_total AS compared, j.control_total - j.rows_total AS at_stake FROM latest \
         JOIN import_journal j ON j.department_id = $1 AND j.id = latest.id \
         LEFT JOIN imported_files f ON f.department_id = $1 AND f.source = j.source AND f.path = j.source_file \
         WHERE j.control_total <> j.rows_total AND {is_current}",
    ),
    (
        "rejected_rows_still_stored",
        "WITH latest AS ({latest_entries}) SELECT 'file' AS kind, j.id, j.source_file AS name, \
           CAST(NULL AS BIGINT) AS organization_id, {no_date} AS document_date, CAST(NULL AS TEXT) AS currency, \
           CAST(NULL AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, CAST(NULL AS BIGINT) AS at_stake FROM latest \
         JOIN import_journal j ON j.department_id = $1 AND j.id = latest.id \
         LEFT JOIN imported_files f ON f.department_id = $1 AND f.source = j.source AND f.path = j.source_file \
         WHERE j.rejected_still_stored > 0 AND {is_current}",
    ),
    (
        "failing_files",
        "SELECT 'file' AS kind, COALESCE((SELECT MAX(j.id) FROM import_journal j \
             WHERE j.department_id = f.department_id AND j.source = f.source AND j.source_file = f.path), 0) AS id, \
           f.path AS name, CAST(NULL AS BIGINT) AS organization_id, {no_date} AS document_date, \
           CAST(NULL AS TEXT) AS currency, CAST(NULL AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, \
           CAST(NULL AS BIGINT) AS at_stake FROM failing_files f WHERE f.department_id = $1",
    ),
    (
        "organizations_without_expenses",
        "SELECT 'organization' AS kind, o.id, o.name, o.id AS organization_id, {no_date} AS document_date, f.currency, \
           CAST(SUM(f.receipts) AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, \
           CAST(SUM(f.receipts) AS BIGINT) AS at_stake FROM {organization_years} f \
         JOIN organizations o ON o.department_id = f.department_id AND o.id = f.organization_id \
         WHERE f.department_id = $1 AND f.receipt_count > 0 AND f.organization_id IN (SELECT s.organization_id \
           FROM {organization_years} s WHERE s.department_id = $1 GROUP BY s.organization_id HAVING SUM(s.expense_count) = 0) \
         GROUP BY o.id, o.name, f.currency",
    ),
    (
        "organizations_without_receipts",
        "SELECT 'organization' AS kind, o.id, o.name, o.id AS organization_id, {no_date} AS document_date, f.currency, \
           CAST(SUM(f.expenses) AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, \
           CAST(SUM(f.expenses) AS BIGINT) AS at_stake FROM {organization_years} f \
         JOIN organizations o ON o.department_id = f.department_id AND o.id = f.organization_id \
         WHERE f.department_id = $1 AND f.currency <> '' AND f.organization_id IN (SELECT s.organization_id \
           FROM {organization_years} s WHERE s.department_id = $1 GROUP BY s.organization_id \
           HAVING SUM(s.receipt_count) = 0 AND SUM(s.expense_count) > 0) GROUP BY o.id, o.name, f.currency",
    ),
    (
        // The types of receipts without an account are walked along an index, one step a type.
        "receipts_of_unknown_kind",
        "WITH RECURSIVE types (operation_type) AS ( \
             SELECT (SELECT COALESCE(r.operation_type, '') FROM receipts r WHERE r.department_id = $1 AND {lacks_account} \
               ORDER BY COALESCE(r.operation_type, '') LIMIT 1) \
             UNION ALL SELECT (SELECT COALESCE(r.operation_type, '') FROM receipts r \
               WHERE r.department_id = $1 AND {lacks_account} AND COALESCE(r.operation_type, '') > t.operation_type \
               ORDER BY COALESCE(r.operation_type, '') LIMIT 1) FROM types t WHERE t.operation_type IS NOT NULL) \
         SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
           r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake \
         FROM (SELECT operation_type AS unknown_type FROM types WHERE operation_type IS NOT NULL AND NOT {says_kind}) AS u \
         CROSS JOIN receipts r WHERE r.department_id = $1 AND {lacks_account} \
           AND COALESCE(r.operation_type, '') = u.unknown_type",
    ),
    (
        // A day whose sum in the contract's currency is zero is unsettled; only where no day is are
        // the rows read.
        "amounts_in_another_currency",
        "WITH mixed AS (SELECT f.contract_id, f.currency, CAST(SUM(f.receipts) AS BIGINT) AS received, \
             CAST(SUM(f.expenses) AS BIGINT) AS paid FROM yearly_flows f \
           JOIN contracts c ON c.department_id = f.department_id AND c.id = f.contract_id \
           WHERE f.department_id = $1 AND f.currency <> '' AND c.currency <> f.currency \
           GROUP BY f.contract_id, f.currency HAVING SUM(f.receipts) <> 0 OR SUM(f.expenses) <> 0) \
         SELECT 'contract' AS kind, c.id, c.contract_number AS name, c.organization_id, c.contract_date AS document_date, \
           m.currency, m.received AS amount, m.paid AS compared, ABS(m.received) + ABS(m.paid) AS at_stake FROM mixed m \
         JOIN contracts c ON c.department_id = $1 AND c.id = m.contract_id \
         WHERE CASE WHEN (SELECT 1 FROM daily_flows f WHERE f.department_id = $1 \
             AND f.contract_id = m.contract_id AND f.currency = m.currency AND (f.drawn <> 0 AND f.drawn_settled = 0 \
               OR f.returned <> 0 AND f.returned_settled = 0 OR f.expenses <> 0 AND f.expenses_settled = 0) LIMIT 1) = 1 \
             THEN TRUE \
           WHEN (SELECT 1 FROM receipts r WHERE r.department_id = $1 AND r.contract_id = m.contract_id \
             AND r.currency = m.currency AND r.is_active AND r.settled_amount IS NULL \
             AND ({draws} OR {returns}) LIMIT 1) = 1 THEN TRUE \
           WHEN (SELECT 1 FROM expense_details d JOIN expenses e ON e.department_id = $1 \
               AND e.operation_id = d.expense_operation_id AND e.currency = m.currency AND e.is_active \
             WHERE d.department_id = $1 AND d.contract_id = m.contract_id AND d.settled_amount IS NULL LIMIT 1) = 1 \
             THEN TRUE \
           ELSE COALESCE((SELECT 1 FROM expenses e LEFT JOIN expense_details d ON d.department_id = $1 \
               AND d.expense_operation_id = e.operation_id \
             WHERE e.department_id = $1 AND e.contract_id = m.contract_id AND e.currency = m.currency AND e.is_active \
               AND d.contract_id IS NULL AND d.settled_amount IS NULL LIMIT 1), 0) = 1 END",
    ),
    (
        "unconfirmed_for_days",
        "SELECT 'expense' AS kind, e.id, e.operation_id AS name, e.organization_id, e.document_date, e.currency, \
           e.amount, CAST(NULL AS BIGINT) AS compared, e.amount AS at_stake FROM expenses e \
         WHERE e.department_id = $1 AND e.unconfirmed_by_bank AND e.is_active AND e.document_date < {five_days_ago}",
    ),
    (
        "operations_without_date",
        "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
           r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
         WHERE r.department_id = $1 AND r.is_active AND r.document_date IS NULL \
         UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, e.amount, \
           NULL, e.amount FROM expenses e \
         WHERE e.department_id = $1 AND e.is_active AND e.document_date IS NULL",
    ),
    (
        // Dated expenses are counted by day.
        "operations_without_contract",
        "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
           r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
         WHERE r.department_id = $1 AND r.is_active AND {receipt_names_no_contract} \
         UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, e.amount, \
           NULL, e.amount FROM expenses e \
         WHERE e.department_id = $1 AND e.is_active AND e.document_date IS NULL AND {expense_names_no_contract} \
           AND NOT EXISTS (SELECT 1 FROM expense_details d WHERE d.department_id = $1 \
             AND d.expense_operation_id = e.operation_id AND NOT {detail_names_no_contract})",
    ),
    (
        "dates_in_the_future",
        "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
           r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
         WHERE r.department_id = $1 AND r.is_active AND r.document_date > $2 \
         UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, e.amount, \
           NULL, e.amount FROM expenses e \
         WHERE e.department_id = $1 AND e.is_active AND e.document_date > $2",
    ),
    (
        // The lenders that a contract's operations name are walked along an index, one step a
        // lender. Details are read of the contracts only that have more payments than expenses:
        // those that details of others' expenses pay.
        "contract_with_two_lenders",
        "WITH RECURSIVE received (contract_id, alias_id) AS ( \
             SELECT c.id, (SELECT MIN(r.lender_alias_id) FROM receipts r WHERE r.department_id = $1 \
               AND r.contract_id = c.id AND r.is_active) FROM {dated_contracts} c \
             UNION ALL SELECT n.contract_id, (SELECT MIN(r.lender_alias_id) FROM receipts r WHERE r.department_id = $1 \
               AND r.contract_id = n.contract_id AND r.is_active AND r.lender_alias_id > n.alias_id) \
             FROM received n WHERE n.alias_id IS NOT NULL), \
           paid (contract_id, alias_id) AS ( \
             SELECT c.id, (SELECT MIN(e.lender_alias_id) FROM expenses e WHERE e.department_id = $1 \
               AND e.contract_id = c.id AND e.is_active) FROM {dated_contracts} c \
             UNION ALL SELECT n.contract_id, (SELECT MIN(e.lender_alias_id) FROM expenses e WHERE e.department_id = $1 \
               AND e.contract_id = n.contract_id AND e.is_active AND e.lender_alias_id > n.alias_id) \
             FROM paid n WHERE n.alias_id IS NOT NULL), \
           shared (contract_id) AS ( \
             SELECT f.contract_id FROM yearly_flows f JOIN {dated_contracts} c ON c.id = f.contract_id \
             WHERE f.department_id = $1 AND f.payment_count > f.expense_count GROUP BY f.contract_id), \
           detailed (contract_id, alias_id) AS ( \
             SELECT DISTINCT d.contract_id, e.lender_alias_id FROM shared s CROSS JOIN expense_details d \
             CROSS JOIN expenses e WHERE d.department_id = $1 AND d.contract_id = s.contract_id \
               AND e.department_id = $1 AND e.operation_id = d.expense_operation_id AND e.is_active \
               AND COALESCE(e.contract_id, 0) <> d.contract_id \
             UNION SELECT d.contract_id, e.lender_alias_id FROM expenses e CROSS JOIN expense_details d \
             CROSS JOIN {dated_contracts} c WHERE e.department_id = $1 AND e.document_date IS NULL AND e.is_active \
               AND d.department_id = $1 AND d.expense_operation_id = e.operation_id AND c.id = d.contract_id) \
         SELECT 'contract' AS kind, c.id, c.contract_number AS name, c.organization_id, c.contract_date AS document_date, \
           c.currency, CAST(NULL AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, \
           CAST(NULL AS BIGINT) AS at_stake FROM contracts c \
         JOIN (SELECT n.contract_id FROM (SELECT * FROM received UNION ALL SELECT * FROM paid \
             UNION ALL SELECT * FROM detailed) AS n \
             JOIN aliases a ON a.department_id = $1 AND a.id = n.alias_id \
             GROUP BY n.contract_id HAVING COUNT(DISTINCT a.target_id) > 1) AS several ON several.contract_id = c.id \
         WHERE c.department_id = $1",
    ),
];

/// The last entry of each file that went in.
const LATEST_ENTRIES: &str = "SELECT l.source, l.source_file, MAX(l.id) AS id FROM import_journal l \
     WHERE l.department_id = $1 AND l.status IN ('success', 'partial') GROUP BY l.source, l.source_file";

/// Of a file that was handed in, or is of a source that the settings do not name, the last import
/// of its name from anywhere counts: nobody looks whether it is still offered. Of others those that
/// are offered count.
const IS_CURRENT: &str = "CASE WHEN NOT f.is_offered THEN FALSE WHEN f.is_offered AND {is_configured} THEN TRUE \
     ELSE NOT EXISTS (SELECT 1 FROM latest o WHERE o.source_file = j.source_file AND o.id > j.id) END";

/// Contracts of one lender each; what was set by hand is no finding.
const DATED_CONTRACTS: &str = "(SELECT id FROM contracts WHERE department_id = $1 AND contract_date IS NOT NULL \
     AND NOT is_lender_manual)";

/// The condition of the index `receipts_without_account`.
const LACKS_ACCOUNT: &str = "r.is_active AND COALESCE(r.settlement_account, '') = ''";

#[derive(QueryableByName)]
struct CountedRow {
    #[diesel(embed)]
    quality_row: QualityRow,
    #[diesel(sql_type = BigInt)]
    found_count: i64,
    #[diesel(sql_type = BigInt)]
    found_at_stake: i64,
}

/// Returns what each of the statements finds in a department, by the name of its check: with the
/// first `limit` rows, those with most at stake first. Sums are of `currency`, without netting.
/// `sources` are those that the settings name for the department.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_query_findings(
    conn: &mut DbConn,
    department_id: i64,
    today: NaiveDate,
    currency: &Currency,
    base_currency: &Currency,
    sources: &[&str],
    limit: i64,
) -> Result<Vec<(&'static str, QualityFindings)>, DbError> {
    let sources = serde_json::Value::from(sources).to_string();
    let has_totals = hold(conn, Kept::Totals, DepartmentScope::One(department_id)).await?;
    let organization_years = if has_totals {
        "yearly_totals"
    } else {
        "yearly_flows"
    };
    let mut found = Vec::with_capacity(QUERIES.len());
    for (name, sql) in QUERIES {
        let sql = sql.replace("{organization_years}", organization_years);
        let sql = statement(conn, &sql);
        let rows: Vec<CountedRow> = on_conn!(conn, |c| {
            diesel::sql_query(sql)
                .bind::<BigInt, _>(department_id)
                .bind::<Date, _>(today)
                .bind::<Text, _>(currency.as_str())
                .bind::<BigInt, _>(limit)
                .bind::<Text, _>(base_currency.as_str())
                .bind::<Text, _>(&sources)
                .load(c)
                .await
        })?;
        let (count, at_stake) = rows
            .as_slice()
            .first()
            .map_or((0, 0), |row| (row.found_count, row.found_at_stake));
        let rows = rows.into_iter().map(|row| row.quality_row).collect();
        found.push((
            name,
            QualityFindings {
                count,
                at_stake,
                rows,
            },
        ));
    }
    Ok(found)
}

/// The first rows of a statement, each with the count and the sum of all.
fn statement(conn: &DbConn, sql: &str) -> String {
    let (no_date, five_days_ago, is_configured) = match conn {
        DbConn::Postgres(_) => (
            "CAST(NULL AS DATE)",
            "$2 - 5",
            "j.source IN (SELECT jsonb_array_elements_text(CAST($6 AS jsonb)))",
        ),
        DbConn::Sqlite(_) => (
            "NULL",
            "date($2, '-5 days')",
            "j.source IN (SELECT value FROM json_each($6))",
        ),
    };
    let sql = sql
        .replace("{no_date}", no_date)
        .replace("{five_days_ago}", five_days_ago)
        .replace("{latest_entries}", LATEST_ENTRIES)
        .replace("{is_current}", IS_CURRENT)
        .replace("{is_configured}", is_configured)
        .replace("{lacks_account}", LACKS_ACCOUNT)
        .replace("{dated_contracts}", DATED_CONTRACTS);
    let sql = format!(
        "SELECT q.*, COUNT(*) OVER () AS found_count, CAST(COALESCE(SUM(CASE WHEN q.currency = $3 \
           THEN ABS(q.at_stake) ELSE 0 END) OVER (), 0) AS BIGINT) AS found_at_stake \
         FROM ({sql}) AS q WHERE $2 IS NOT NULL AND $5 IS NOT NULL \
           AND $6 IS NOT NULL ORDER BY ABS(COALESCE(q.at_stake, 0)) DESC, q.kind, q.id LIMIT $4"
    );
    numbered(conn, &with_rules(&sql))
}
