//! The embedded migrations: `migrations/postgres` and `migrations/sqlite`, same names.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::postgres::{PostgresConnector, setup};
use super::{DbConn, DbError, on_conn, sqlite};
use crate::config::{DatabaseSettings, DatabaseUrl};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number that no other program is likely to lock: replicas that start together take turns, one
/// migration at a time. It ends with the transaction, so that it holds behind a pooler, too.
const MIGRATION_LOCK: &str = "SET LOCAL lock_timeout = '300s'; SELECT pg_advisory_xact_lock(47112001); \
     SET LOCAL lock_timeout = 0";
/// As `lock_timeout` has it, less what clocks may differ by.
const LOCK_WAIT: Duration = Duration::from_secs(295);
/// The longest statement of a migration.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60 * 60);
const SQLITE_WAIT: Duration = Duration::from_secs(30);
const SQLITE_PAUSE: Duration = Duration::from_millis(20);

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// Applies what is pending.
pub(super) async fn apply(settings: &DatabaseSettings) -> Result<(), DbError> {
    let migrated = match &settings.url {
        DatabaseUrl::Postgres(url) => {
            let conn = PostgresConnector::new(url, settings, settings.timeout, STATEMENT_TIMEOUT)
                .map_err(|err| DbError::Unavailable(format!("DATABASE_URL: {err}")))?
                .connect()
                .await
                .map_err(no_connection)?;
            tokio::task::spawn_blocking(|| apply_postgres(conn)).await
        }
        DatabaseUrl::Sqlite(path) => {
            let path = path.clone();
            tokio::task::spawn_blocking(move || apply_sqlite(&path)).await
        }
    };
    migrated.map_err(|err| DbError::Migration(format!("the migrations stopped: {err}")))?
}

fn apply_postgres(conn: AsyncPgConnection) -> Result<(), DbError> {
    let mut conn = AsyncConnectionWrapper::<AsyncPgConnection>::from(conn);
    while let Some(version) = conn.transaction(apply_next)? {
        log::info!("Applied migration {version}");
    }
    Ok(())
}

/// Applies the next migration that is pending, under the lock.
fn apply_next(
    conn: &mut AsyncConnectionWrapper<AsyncPgConnection>,
) -> Result<Option<String>, DbError> {
    let began = Instant::now();
    conn.batch_execute(&setup("SET LOCAL", STATEMENT_TIMEOUT))?;
    conn.batch_execute(MIGRATION_LOCK)
        .map_err(|err| match began.elapsed() >= LOCK_WAIT {
            true => DbError::Migration(format!(
                "another process has been migrating the database for five minutes: {err}"
            )),
            false => err.into(),
        })?;
    if !conn.has_pending_migration(POSTGRES).map_err(failed)? {
        return Ok(None);
    }
    let applied = conn.run_next_migration(POSTGRES).map_err(failed)?;
    Ok(Some(applied.to_string()))
}

fn apply_sqlite(path: &Path) -> Result<(), DbError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())
        .map_err(|err| DbError::Unavailable(format!("{}: {err}", path.display())))?;
    set_up_sqlite(&mut conn)?;
    // Processes that start together take turns, one migration at a time.
    while let Some(version) = conn.immediate_transaction(apply_next_to_sqlite)? {
        log::info!("Applied migration {version}");
    }
    Ok(())
}

fn apply_next_to_sqlite(conn: &mut SqliteConnection) -> Result<Option<String>, DbError> {
    if !conn.has_pending_migration(SQLITE).map_err(failed)? {
        return Ok(None);
    }
    let applied = conn.run_next_migration(SQLITE).map_err(failed)?;
    Ok(Some(applied.to_string()))
}

/// Sets a connection up. SQLite does not wait while another process turns the same new file to
/// write-ahead logging: it says at once that the file is locked.
fn set_up_sqlite(conn: &mut SqliteConnection) -> Result<(), DbError> {
    let began = Instant::now();
    loop {
        match conn
            .batch_execute(&sqlite::pragmas(SQLITE_WAIT))
            .map_err(DbError::from)
        {
            Err(DbError::Locked) if began.elapsed() < SQLITE_WAIT => {
                std::thread::sleep(SQLITE_PAUSE);
            }
            other => return other,
        }
    }
}

fn no_connection(err: ConnectionError) -> DbError {
    DbError::Unavailable(err.to_string())
}

fn failed(err: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Migration(format!("a migration failed: {err}"))
}

/// Whether the newest migration has been applied. Both databases have the same names.
pub(super) async fn is_latest(conn: &mut DbConn) -> Result<bool, DbError> {
    let newest = MigrationSource::<Pg>::migrations(&POSTGRES)
        .map_err(failed)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .max()
        .unwrap_or_default();
    let applied = on_conn!(conn, |c| {
        __diesel_schema_migrations::table
            .filter(__diesel_schema_migrations::version.eq(newest))
            .count()
            .get_result::<i64>(c)
            .await
    });
    match applied {
        Ok(count) => Ok(count == 1),
        Err(err) => match DbError::from(err) {
            // No table of migrations: nothing was ever applied.
            DbError::Query(diesel::result::Error::DatabaseError(_, _)) => Ok(false),
            other => Err(other),
        },
    }
}
