//! Which database this is: a random id that no other database has, not even one that was restored
//! from a backup of this one.
//!
//! Beside its id the row says where it was written. In PostgreSQL that is the server's system
//! identifier, the timeline, the database's oid, and the transaction: a restored dump was written by
//! another transaction, a promoted standby or a point-in-time recovery has another timeline. What
//! neither shows (a copy of files) shows by generations that went backwards, which is for the
//! caller to see.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use super::locks::lock_identity;
use super::schema::database_identity;
use super::{DbConn, DbError, on_conn};

/// The id of a database, and whether the row came from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseIdentity {
    /// Random; empty while the database has none.
    pub id: String,
    /// It was written elsewhere: by a backup, or before a failover.
    pub is_copy: bool,
}

#[derive(QueryableByName)]
struct StoredIdentity {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    server: String,
    #[diesel(sql_type = Bool)]
    is_here: bool,
}

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    identifier: String,
}

/// The timeline and the database's oid; a standby has no timeline to write on.
const PLACE: &str = "CASE WHEN pg_is_in_recovery() THEN '' \
     ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END || ' ' || \
     (SELECT oid FROM pg_database WHERE datname = current_database())";
/// The current transaction as a row's `xmin` has it.
const TRANSACTION: &str = "txid_current() % 4294967296";

/// Returns the database's identity, without asking for the server's.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_identity(conn: &mut DbConn) -> Result<DatabaseIdentity, DbError> {
    Ok(match stored(conn).await? {
        Some(stored) => DatabaseIdentity {
            id: stored.id,
            is_copy: !stored.is_here,
        },
        None => DatabaseIdentity {
            id: String::new(),
            is_copy: true,
        },
    })
}

/// Gives a database an id that has none, or that of another database.
///
/// # Errors
/// [`DbError`] when the database can't be written to.
pub async fn ensure_identity(conn: &mut DbConn) -> Result<(), DbError> {
    lock_identity(conn).await?;
    let server = server_identifier(conn).await?;
    match stored(conn).await? {
        None => replace(conn, &server).await.map(drop),
        Some(stored) => {
            // A role that may not read the identifier takes the rest for proof.
            let is_known = !server.is_empty() && !stored.server.is_empty();
            if stored.is_here && (!is_known || server == stored.server) {
                return Ok(());
            }
            let id = replace(conn, &server).await?;
            log::warn!(
                "The database was restored from a backup or moved: its id is {id} from now on, and answers cached before are not used"
            );
            Ok(())
        }
    }
}

/// Gives the database another id, unless it has another one than `known` already; returns its id.
///
/// # Errors
/// [`DbError`] when the database can't be written to.
pub async fn renew_identity(conn: &mut DbConn, known: &str) -> Result<String, DbError> {
    lock_identity(conn).await?;
    match stored(conn).await? {
        Some(stored) if stored.id != known && stored.is_here => Ok(stored.id),
        _ => {
            let server = server_identifier(conn).await?;
            replace(conn, &server).await
        }
    }
}

async fn stored(conn: &mut DbConn) -> Result<Option<StoredIdentity>, DbError> {
    let is_here = match conn {
        DbConn::Postgres(_) => {
            format!("place = {PLACE} AND written_by = xmin::text::bigint")
        }
        DbConn::Sqlite(_) => "TRUE".to_owned(),
    };
    let query = format!("SELECT id, server, ({is_here}) AS is_here FROM database_identity");
    Ok(on_conn!(conn, |c| diesel::sql_query(query)
        .get_result(c)
        .await
        .optional())?)
}

/// Writes a new identity in place of any.
async fn replace(conn: &mut DbConn, server: &str) -> Result<String, DbError> {
    let id = format!("{:032x}", rand::random::<u128>());
    let (place, transaction) = match conn {
        DbConn::Postgres(_) => (PLACE, TRANSACTION),
        DbConn::Sqlite(_) => ("''", "0"),
    };
    let row = (
        database_identity::id.eq(&id),
        database_identity::server.eq(server),
        database_identity::place.eq(diesel::dsl::sql::<Text>(place)),
        database_identity::written_by.eq(diesel::dsl::sql::<BigInt>(transaction)),
    );
    on_conn!(conn, |c| {
        diesel::delete(database_identity::table).execute(c).await?;
        diesel::insert_into(database_identity::table)
            .values(row)
            .execute(c)
            .await
    })?;
    Ok(id)
}

/// The identifier that PostgreSQL gave its files when they were made; empty where this role may not
/// read it, and for SQLite.
pub(super) async fn server_identifier(conn: &mut DbConn) -> Result<String, DbError> {
    let DbConn::Postgres(conn) = conn else {
        return Ok(String::new());
    };
    let may_read = diesel::dsl::sql::<Bool>(
        "has_function_privilege('pg_catalog.pg_control_system()', 'execute')",
    );
    if !diesel::select(may_read)
        .get_result::<bool>(&mut **conn)
        .await?
    {
        return Ok(String::new());
    }
    let query = "SELECT system_identifier::text AS identifier FROM pg_catalog.pg_control_system()";
    let server: Server = diesel::sql_query(query).get_result(&mut **conn).await?;
    Ok(server.identifier)
}
