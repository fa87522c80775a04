//! The database's clock, by which processes see of each other who is alive: their own clocks may
//! differ.

use std::time::Duration;

use diesel::expression::SqlLiteral;
use diesel::sql_types::{Nullable, Timestamp};

use super::DbConn;

/// Returns the SQL of the database's time (UTC) so long ago, as the statement runs: within a
/// transaction, too.
pub(super) fn database_time_sql(conn: &DbConn, ago: Duration) -> String {
    let ms = ago.as_millis();
    match conn {
        DbConn::Postgres(_) => {
            format!("(clock_timestamp() AT TIME ZONE 'UTC') - INTERVAL '{ms} milliseconds'")
        }
        DbConn::Sqlite(_) => {
            format!(
                "strftime('%Y-%m-%d %H:%M:%f', 'now', '-{}.{:03} seconds')",
                ms / 1000,
                ms % 1000
            )
        }
    }
}

/// Returns the same as an expression.
pub(super) fn database_time(conn: &DbConn, ago: Duration) -> SqlLiteral<Nullable<Timestamp>> {
    diesel::dsl::sql(&database_time_sql(conn, ago))
}
