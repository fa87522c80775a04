//! Details of an older database that state a rate but no amount in their contract's currency.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::RunQueryDsl;

use crate::db::schema::expense_details;
use crate::db::{CHUNK, DbConn, DbError, on_conn};
use crate::domain::{Money, settled_amount};

/// Gives such details of a department what they repay in their contract's currency.
pub(super) async fn settle_details(conn: &mut DbConn, department_id: i64) -> Result<(), DbError> {
    let mut after = 0;
    loop {
        let rows: Vec<(i64, i64, Option<String>)> = on_conn!(conn, |c| {
            expense_details::table
                .filter(expense_details::department_id.eq(department_id))
                .filter(expense_details::id.gt(after))
                .filter(
                    expense_details::settled_amount
                        .is_null()
                        .or(expense_details::settled_amount.eq(0)),
                )
                .filter(expense_details::settlement_rate.is_not_null())
                .order(expense_details::id)
                .limit(CHUNK as i64)
                .select((
                    expense_details::id,
                    expense_details::amount,
                    expense_details::settlement_rate,
                ))
                .load(c)
                .await
        })?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        let settled = |(id, amount, rate): (i64, i64, Option<String>)| {
            let settled = settled_amount(Money::from_kopecks(amount), None, rate.as_deref())?;
            Some((id, settled.kopecks()))
        };
        update(
            conn,
            department_id,
            rows.into_iter().filter_map(settled).collect(),
        )
        .await?;
    }
}

async fn update(
    conn: &mut DbConn,
    department_id: i64,
    rows: Vec<(i64, i64)>,
) -> Result<(), DbError> {
    match conn {
        DbConn::Postgres(conn) => {
            let (ids, amounts): (Vec<i64>, Vec<i64>) = rows.into_iter().unzip();
            let sql = "UPDATE expense_details d SET settled_amount = n.settled_amount \
                       FROM unnest($2, $3) AS n (id, settled_amount) WHERE d.department_id = $1 AND d.id = n.id";
            let query = diesel::sql_query(sql).bind::<BigInt, _>(department_id);
            query
                .bind::<Array<BigInt>, _>(ids)
                .bind::<Array<BigInt>, _>(amounts)
                .execute(&mut **conn)
                .await?;
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for (id, amount) in rows {
                    let detail = expense_details::table.filter(expense_details::id.eq(id));
                    let update =
                        diesel::update(detail).set(expense_details::settled_amount.eq(amount));
                    diesel::RunQueryDsl::execute(update, conn)?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
