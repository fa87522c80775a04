//! Checks over what was imported: rows that contradict each other, or lack what figures need.
//!
//! Every check is one SELECT of the same columns, written once for both databases; what stands at
//! stake is a column, in kopecks.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::flow_rules::balance_measures;
use super::operations::optional_money;
use super::{DbConn, DbError, on_conn};
use crate::domain::{Currency, Money};

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct QualityCheck {
    /// What it looks for.
    pub name: &'static str,
    /// In words.
    pub description: &'static str,
    sql: &'static str,
}

/// Every check, in the order in which they are told. In the SQL, $1 is the department and $2 today.
pub const QUALITY_CHECKS: [QualityCheck; 12] = [
    QualityCheck {
        name: "details_do_not_add_up",
        description: "expenses whose details do not add up to their amount; at stake: the difference",
        sql: "SELECT 'expense' AS kind, e.id, e.operation_id AS name, e.organization_id, e.document_date, e.currency, \
                e.amount, d.total AS compared, e.amount - d.total AS at_stake \
              FROM expenses e JOIN (SELECT expense_operation_id, CAST(SUM(amount) AS BIGINT) AS total \
                FROM expense_details WHERE department_id = $1 GROUP BY expense_operation_id) d \
                ON d.expense_operation_id = e.operation_id \
              WHERE e.department_id = $1 AND e.is_active AND d.total <> e.amount AND $2 = $2",
    },
    QualityCheck {
        name: "expenses_without_details",
        description: "expenses of which nothing tells what they paid; at stake: their amount",
        sql: "SELECT 'expense' AS kind, e.id, e.operation_id AS name, e.organization_id, e.document_date, e.currency, \
                e.amount, CAST(NULL AS BIGINT) AS compared, e.amount AS at_stake FROM expenses e \
              WHERE e.department_id = $1 AND e.is_active AND $2 = $2 AND NOT EXISTS (SELECT 1 FROM expense_details d \
                WHERE d.department_id = e.department_id AND d.expense_operation_id = e.operation_id)",
    },
    QualityCheck {
        name: "details_without_expense",
        description: "details whose expense is not there, or is inactive; at stake: their amount",
        sql: "SELECT 'expense_detail' AS kind, d.id, d.expense_operation_id AS name, \
                CAST(NULL AS BIGINT) AS organization_id, CAST(NULL AS DATE) AS document_date, \
                CAST(NULL AS TEXT) AS currency, d.amount, CAST(NULL AS BIGINT) AS compared, d.amount AS at_stake \
              FROM expense_details d \
              WHERE d.department_id = $1 AND $2 = $2 AND NOT EXISTS (SELECT 1 FROM expenses e \
                WHERE e.department_id = d.department_id AND e.operation_id = d.expense_operation_id AND e.is_active)",
    },
    QualityCheck {
        name: "control_totals_differ",
        description: "files whose own total (Итого) is not the sum of their rows, by their last import; at stake: \
                      the difference",
        sql: "SELECT 'file' AS kind, j.id, j.source_file AS name, CAST(NULL AS BIGINT) AS organization_id, \
                CAST(NULL AS DATE) AS document_date, CAST(NULL AS TEXT) AS currency, j.control_total AS amount, \
                j.rows_total AS compared, j.control_total - j.rows_total AS at_stake FROM import_journal j \
              WHERE j.department_id = $1 AND $2 = $2 AND j.control_total <> j.rows_total AND j.id = \
                (SELECT MAX(l.id) FROM import_journal l WHERE l.department_id = j.department_id \
                 AND l.source_file = j.source_file AND l.status IN ('success', 'partial'))",
    },
    QualityCheck {
        name: "overpaid",
        description: "contracts of which more was repaid than drawn, adjustments included, by today: most likely an \
                      opening balance is missing; at stake: what is too much",
        sql: "SELECT 'contract' AS kind, c.id, c.contract_number AS name, c.organization_id, c.contract_date AS \
                document_date, c.currency, b.raised AS amount, b.repaid AS compared, b.raised - b.repaid AS at_stake \
              FROM contracts c JOIN (SELECT f.contract_id, CAST(SUM(({drawn}) + f.adjustments) AS BIGINT) AS raised, \
                CAST(SUM({repaid}) AS BIGINT) AS repaid FROM daily_flows f JOIN contracts \
                  ON contracts.department_id = f.department_id AND contracts.id = f.contract_id \
                WHERE f.department_id = $1 AND f.period_start <= $2 GROUP BY f.contract_id) b ON b.contract_id = c.id \
              WHERE c.department_id = $1 AND b.raised < b.repaid",
    },
    QualityCheck {
        name: "switched_off_with_balance",
        description: "contracts that are switched off while something is owed; at stake: the balance",
        sql: "SELECT 'contract' AS kind, c.id, c.contract_number AS name, c.organization_id, c.contract_date AS \
                document_date, c.currency, b.raised AS amount, b.repaid AS compared, b.raised - b.repaid AS at_stake \
              FROM contracts c JOIN (SELECT f.contract_id, CAST(SUM(({drawn}) + f.adjustments) AS BIGINT) AS raised, \
                CAST(SUM({repaid}) AS BIGINT) AS repaid FROM daily_flows f JOIN contracts \
                  ON contracts.department_id = f.department_id AND contracts.id = f.contract_id \
                WHERE f.department_id = $1 AND f.period_start <= $2 GROUP BY f.contract_id) b ON b.contract_id = c.id \
              WHERE c.department_id = $1 AND NOT c.is_active AND b.raised <> b.repaid",
    },
    QualityCheck {
        name: "unknown_direction",
        description: "contracts of which neither types nor accounts say whether they are borrowed or lent; they count \
                      as borrowed; at stake: the balance",
        sql: "SELECT 'contract' AS kind, c.id, c.contract_number AS name, c.organization_id, c.contract_date AS \
                document_date, c.currency, b.raised AS amount, b.repaid AS compared, b.raised - b.repaid AS at_stake \
              FROM contracts c JOIN (SELECT f.contract_id, CAST(SUM(({drawn}) + f.adjustments) AS BIGINT) AS raised, \
                CAST(SUM({repaid}) AS BIGINT) AS repaid FROM daily_flows f JOIN contracts \
                  ON contracts.department_id = f.department_id AND contracts.id = f.contract_id \
                WHERE f.department_id = $1 AND f.period_start <= $2 GROUP BY f.contract_id) b ON b.contract_id = c.id \
              WHERE c.department_id = $1 AND c.direction IS NULL",
    },
    QualityCheck {
        name: "unconfirmed_for_days",
        description: "expenses that the bank has not confirmed five days after their date; at stake: their amount",
        sql: "SELECT 'expense' AS kind, e.id, e.operation_id AS name, e.organization_id, e.document_date, e.currency, \
                e.amount, CAST(NULL AS BIGINT) AS compared, e.amount AS at_stake FROM expenses e \
              WHERE e.department_id = $1 AND e.is_active AND e.unconfirmed_by_bank AND e.document_date < {five_days_ago}",
    },
    QualityCheck {
        name: "operations_without_date",
        description: "operations that count in no month; at stake: their amount",
        sql: "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
                r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
              WHERE r.department_id = $1 AND r.is_active AND r.document_date IS NULL AND $2 = $2 \
              UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, \
                e.amount, NULL, e.amount FROM expenses e \
              WHERE e.department_id = $1 AND e.is_active AND e.document_date IS NULL",
    },
    QualityCheck {
        name: "operations_without_contract",
        description: "operations that neither themselves nor their details name a contract; at stake: their amount",
        sql: "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
                r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
              JOIN contracts c ON c.department_id = r.department_id AND c.id = r.contract_id \
              WHERE r.department_id = $1 AND r.is_active AND c.contract_key LIKE 'Бездоговора|%' AND $2 = $2 \
              UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, \
                e.amount, NULL, e.amount FROM expenses e \
              JOIN contracts c ON c.department_id = e.department_id AND c.id = e.contract_id \
              WHERE e.department_id = $1 AND e.is_active AND c.contract_key LIKE 'Бездоговора|%' AND NOT EXISTS (SELECT 1 \
                FROM expense_details d WHERE d.department_id = e.department_id \
                AND d.expense_operation_id = e.operation_id AND d.contract_id IS NOT NULL)",
    },
    QualityCheck {
        name: "dates_in_the_future",
        description: "operations dated after today; at stake: their amount",
        sql: "SELECT 'receipt' AS kind, r.id, r.operation_id AS name, r.organization_id, r.document_date, r.currency, \
                r.amount, CAST(NULL AS BIGINT) AS compared, r.amount AS at_stake FROM receipts r \
              WHERE r.department_id = $1 AND r.is_active AND r.document_date > $2 \
              UNION ALL SELECT 'expense', e.id, e.operation_id, e.organization_id, e.document_date, e.currency, \
                e.amount, NULL, e.amount FROM expenses e \
              WHERE e.department_id = $1 AND e.is_active AND e.document_date > $2",
    },
    QualityCheck {
        name: "failing_files",
        description: "files that can't be imported now, those left alone included: what they hold is in no figure; \
                      GET /freshness says since when, and why",
        sql: "SELECT 'file' AS kind, COALESCE((SELECT MAX(j.id) FROM import_journal j \
                WHERE j.department_id = f.department_id AND j.source = f.source AND j.source_file = f.path), 0) AS id, \
                f.path AS name, CAST(NULL AS BIGINT) AS organization_id, CAST(NULL AS DATE) AS document_date, \
                CAST(NULL AS TEXT) AS currency, CAST(NULL AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS compared, \
                CAST(NULL AS BIGINT) AS at_stake FROM failing_files f WHERE f.department_id = $1 AND $2 = $2",
    },
];

/// How much a check found.
#[derive(Clone, Debug, QueryableByName)]
pub struct QualityTally {
    /// So many rows.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// What stands at stake, in kopecks of the currency asked for and of rows that have none.
    #[diesel(sql_type = BigInt)]
    pub at_stake: i64,
}

/// A row that a check found.
#[derive(Clone, Debug, QueryableByName, Serialize, ToSchema)]
pub struct QualityRow {
    /// `receipt`, `expense`, `expense_detail`, `contract` or `file`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Its id; of a file, that of its journal entry.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Operation id, contract number or file name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whose it is.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub organization_id: Option<i64>,
    /// Its day.
    #[diesel(sql_type = Nullable<Date>)]
    pub document_date: Option<NaiveDate>,
    /// The amounts' currency.
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<String>,
    /// Its amount; of a file its own total, of a contract what was received.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub amount: Option<i64>,
    /// What that is compared with: the sum of details or of rows, or the principal repaid.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub compared: Option<i64>,
    /// What stands at stake.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(serialize_with = "optional_money")]
    #[schema(value_type = Option<Money>)]
    pub at_stake: Option<i64>,
}

/// What a check finds in a department: how much, and the first rows, what matters most first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn check_quality(
    conn: &mut DbConn,
    check: &QualityCheck,
    department_id: i64,
    today: NaiveDate,
    currency: &Currency,
    limit: i64,
) -> Result<(QualityTally, Vec<QualityRow>), DbError> {
    let [drawn, repaid, ..] = balance_measures("f");
    let five_days_ago = match conn {
        DbConn::Postgres(_) => "CAST($2 AS DATE) - 5",
        DbConn::Sqlite(_) => "date($2, '-5 days')",
    };
    let sql =
        check.sql.replace("{drawn}", &drawn).replace("{repaid}", &repaid).replace("{five_days_ago}", five_days_ago);
    // SQLite numbers parameters with question marks.
    let numbered = |sql: String| if matches!(conn, DbConn::Sqlite(_)) { sql.replace('$', "?") } else { sql };
    let tally = numbered(format!(
        "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(CASE WHEN COALESCE(q.currency, $3) = $3 \
           THEN q.at_stake ELSE 0 END), 0) AS BIGINT) AS at_stake FROM ({sql}) q",
    ));
    let rows = numbered(format!("SELECT * FROM ({sql}) q ORDER BY ABS(q.at_stake) DESC, q.kind, q.id LIMIT $3"));
    Ok((
        on_conn!(conn, |c| {
            diesel::sql_query(tally)
                .bind::<BigInt, _>(department_id)
                .bind::<Date, _>(today)
                .bind::<Text, _>(currency.as_str())
                .get_result(c)
                .await
        })?,
        on_conn!(conn, |c| {
            diesel::sql_query(rows)
                .bind::<BigInt, _>(department_id)
                .bind::<Date, _>(today)
                .bind::<BigInt, _>(limit)
                .load(c)
                .await
        })?,
    ))
}
