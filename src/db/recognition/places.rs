//! Where the operations of an older database belong, as a temporary table that they are joined
//! with: one statement places all rows of a table, however many references there are.

use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;

use crate::db::{CHUNK, DbConn, DbError, on_conn};

/// A way to refer to a contract, and the alias that it is recognized by. 0 and the empty text stand
/// for what an operation does not have.
pub(super) struct Place {
    pub organization_alias_id: i64,
    pub lender_alias_id: i64,
    pub contract_text: String,
    /// As ISO date.
    pub contract_day: String,
    pub contract_id: i64,
    pub alias_id: i64,
}

const CREATE: &str = "
CREATE TEMPORARY TABLE known_places (
    organization_alias_id BIGINT NOT NULL,
    lender_alias_id BIGINT NOT NULL,
    contract_text TEXT NOT NULL,
    contract_day TEXT NOT NULL,
    contract_id BIGINT NOT NULL,
    alias_id BIGINT NOT NULL,
    PRIMARY KEY (organization_alias_id, lender_alias_id, contract_text, contract_day)
)";

/// Makes the temporary table `known_places`; of equal references it takes one.
pub(super) async fn insert_places(conn: &mut DbConn, places: Vec<Place>) -> Result<(), DbError> {
    on_conn!(conn, |c| diesel::sql_query(CREATE).execute(c).await)?;
    match conn {
        DbConn::Postgres(conn) => {
            for chunk in places.chunks(CHUNK) {
                let ids = |id: fn(&Place) -> i64| chunk.iter().map(id).collect::<Vec<_>>();
                let texts = |text: fn(&Place) -> &str| chunk.iter().map(text).collect::<Vec<_>>();
                diesel::sql_query(
                    "INSERT INTO known_places SELECT * FROM unnest($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                )
                .bind::<Array<BigInt>, _>(ids(|place| place.organization_alias_id))
                .bind::<Array<BigInt>, _>(ids(|place| place.lender_alias_id))
                .bind::<Array<Text>, _>(texts(|place| &place.contract_text))
                .bind::<Array<Text>, _>(texts(|place| &place.contract_day))
                .bind::<Array<BigInt>, _>(ids(|place| place.contract_id))
                .bind::<Array<BigInt>, _>(ids(|place| place.alias_id))
                .execute(&mut **conn)
                .await?;
            }
        }
        DbConn::Sqlite(conn) => {
            conn.spawn_blocking(move |conn| {
                for place in places {
                    let insert = diesel::sql_query(
                        "INSERT OR IGNORE INTO known_places VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )
                    .bind::<BigInt, _>(place.organization_alias_id)
                    .bind::<BigInt, _>(place.lender_alias_id)
                    .bind::<Text, _>(place.contract_text)
                    .bind::<Text, _>(place.contract_day)
                    .bind::<BigInt, _>(place.contract_id)
                    .bind::<BigInt, _>(place.alias_id);
                    diesel::RunQueryDsl::execute(insert, conn)?;
                }
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}
