//! The planner's statistics, kept in step with what an import writes.
//!
//! PostgreSQL counts a table again a minute or so after it has grown. An import of a new database
//! is over by then: until it, joins and checks of foreign keys are planned for empty tables, and
//! cost a hundred times more. SQLite plans by its indexes alone.

use diesel::sql_types::{Array, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{DbConn, DbError};

/// The tables that operations refer to.
const PARTIES: [&str; 5] = [
    "organizations",
    "bank_accounts",
    "lenders",
    "contracts",
    "aliases",
];
/// The tables that grow with operations.
const OPERATIONS: [&str; 10] = [
    "receipts",
    "expenses",
    "expense_details",
    "daily_flows",
    "monthly_flows",
    "yearly_flows",
    "daily_totals",
    "monthly_totals",
    "yearly_totals",
    "daily_findings",
];

/// Those that have twice the pages that the statistics know of, or whose statistics were undone with
/// the transaction that made them (the number of pages stays). What does not change the plans of
/// a small table may be left: it is read whole.
const OUTGROWN: &str = "SELECT c.relname::text AS name FROM pg_class c \
     WHERE c.oid IN (SELECT t::regclass FROM UNNEST($1) t) \
       AND (pg_relation_size(c.oid) > 2 * GREATEST(c.relpages, 1) * current_setting('block_size')::bigint \
         OR c.relpages > 1 AND NOT EXISTS (SELECT 1 FROM pg_stats s WHERE s.tablename = c.relname)) \
     ORDER BY c.relname";

#[derive(diesel::QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Has the database count the tables of organizations, contracts and the like again that have
/// outgrown their statistics: rows that refer to them are checked by these plans.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn analyze_outgrown_parties(conn: &mut DbConn) -> Result<(), DbError> {
    analyze_outgrown(conn, &PARTIES).await
}

/// The same for all tables that an import fills and reads.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn analyze_outgrown_tables(conn: &mut DbConn) -> Result<(), DbError> {
    analyze_outgrown(conn, &PARTIES).await?;
    analyze_outgrown(conn, &OPERATIONS).await
}

/// One that somebody else counts at the moment is left out.
async fn analyze_outgrown(conn: &mut DbConn, tables: &[&str]) -> Result<(), DbError> {
    let DbConn::Postgres(conn) = conn else {
        return Ok(());
    };
    let outgrown: Vec<Table> = diesel::sql_query(OUTGROWN)
        .bind::<Array<Text>, _>(tables)
        .load(conn)
        .await?;
    for Table { name } in outgrown {
        conn.batch_execute(&format!("ANALYZE (SKIP_LOCKED) {name}"))
            .await?;
    }
    Ok(())
}
