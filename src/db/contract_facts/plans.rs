//! How PostgreSQL is to read the operations of some contracts.
//!
//! It thinks each contract to hold as many operations as the average one. So for a hundred new
//! contracts with a few each it would read all tables whole, which takes seconds among millions of
//! operations; where they hold most of the rows, as in first imports, that is the faster way.

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::DbError;

/// Up to so many operations are looked up one by one.
const FEW: i64 = 20_000;
/// For the transaction, until [`plan_freely`].
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
const FREELY: &str = "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT; \
     SET LOCAL enable_mergejoin TO DEFAULT";

/// Lets the statements that follow in this transaction look operations up one by one, if contracts
/// (a list of ids) hold few.
pub(super) async fn plan_for(
    conn: &mut AsyncPgConnection,
    department_id: i64,
    ids: &str,
) -> Result<(), DbError> {
    conn.batch_execute(BY_INDEX).await?;
    for table in ["receipts", "expenses", "expense_details"] {
        let counted = format!(
            "(SELECT COUNT(*) FROM (SELECT 1 FROM {table} \
             WHERE department_id = {department_id} AND contract_id IN ({ids}) LIMIT {}) first_rows)",
            FEW + 1
        );
        let select = diesel::select(sql::<BigInt>(&counted));
        let count: i64 = select.get_result(conn).await?;
        if count > FEW {
            return plan_freely(conn).await;
        }
    }
    Ok(())
}

/// Takes [`plan_for`] back.
pub(super) async fn plan_freely(conn: &mut AsyncPgConnection) -> Result<(), DbError> {
    Ok(conn.batch_execute(FREELY).await?)
}
