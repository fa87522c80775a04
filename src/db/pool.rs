//! Connections and transactions.
//!
//! A connection that is dropped in the middle of a transaction does not go back to the pool:
//! Diesel's transaction manager marks it broken. Nothing waits longer than the configured time.

use std::time::Duration;

use bb8::{Builder, ManageConnection};
use diesel::SqliteConnection;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection, RunError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;

use super::migrations;
use crate::config::{DatabaseSettings, DatabaseUrl};

pub(super) type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

/// The pool of connections: cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// A PostgreSQL server.
    Postgres(Pool<AsyncPgConnection>),
    /// An SQLite file.
    Sqlite(Pool<AsyncSqlite>),
}

/// One connection, taken from the pool.
#[expect(
    clippy::large_enum_variant,
    reason = "held one at a time, never kept in bulk"
)]
pub enum DbConn {
    /// To PostgreSQL.
    Postgres(PooledConnection<'static, AsyncPgConnection>),
    /// To SQLite.
    Sqlite(PooledConnection<'static, AsyncSqlite>),
}

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection within the configured time.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// An import writes what a change by hand concerns, for longer than this one waits.
    #[error("the data is being written, most likely by an import: try again in a moment")]
    Busy,
    /// Another connection writes to the SQLite file, for longer than this one waits.
    #[error("the database is being written to, most likely by an import: try again in a moment")]
    Locked,
    /// A row with the same natural key exists.
    #[error("a row with this key already exists")]
    Duplicate,
    /// A row that is referred to does not exist.
    #[error("a row that it refers to does not exist")]
    NoSuchReference,
    /// A statement failed.
    #[error("query failed: {0}")]
    Query(diesel::result::Error),
    /// The schema is not what this program works with.
    #[error("{0}")]
    Migration(String),
}

impl DbError {
    /// Returns whether the same may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            DbError::Unavailable(_) | DbError::Busy | DbError::Locked
        )
    }
}

impl From<diesel::result::Error> for DbError {
    fn from(err: diesel::result::Error) -> DbError {
        use diesel::result::{DatabaseErrorKind, Error};
        match err {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => DbError::Duplicate,
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                DbError::NoSuchReference
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, said) => {
                DbError::Unavailable(said.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, said)
                if is_broken(said.message()) =>
            {
                DbError::Unavailable(said.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::Unknown, said)
                if said.message() == SQLITE_LOCKED =>
            {
                DbError::Locked
            }
            Error::DatabaseError(DatabaseErrorKind::Unknown, said)
                if is_shut_down(said.message()) =>
            {
                DbError::Unavailable(said.message().to_owned())
            }
            other => DbError::Query(other),
        }
    }
}

/// What SQLite says when another connection writes.
const SQLITE_LOCKED: &str = "database is locked";

/// Whether the driver says that a connection broke; it has no kind for it.
fn is_broken(message: &str) -> bool {
    ["connection closed", "error communicating with the server"]
        .iter()
        .any(|said| message.starts_with(said))
}

/// Whether the server says that it ends the connection (57P01): the driver keeps the text alone.
fn is_shut_down(message: &str) -> bool {
    message.starts_with("terminating connection")
}

/// What a transaction is for.
#[derive(Clone, Copy)]
enum TransactionMode {
    /// Several reads of one snapshot.
    Snapshot,
    /// Writes, from its start on.
    Write,
    /// The same, of data that imports write, too.
    Change,
}

impl Db {
    /// Opens the pool. With `migrate`, pending migrations are applied first; without, a database
    /// that lacks some is refused.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the database can't be reached, [`DbError::Migration`] when its
    /// schema does not fit.
    pub async fn open(settings: &DatabaseSettings, migrate: bool) -> Result<Db, DbError> {
        if let DatabaseUrl::Sqlite(path) = &settings.url {
            if !migrate && !path.exists() {
                // Connecting would create an empty one.
                return Err(not_migrated());
            }
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|err| DbError::Unavailable(format!("{}: {err}", folder.display())))?;
            }
        }
        if migrate {
            migrations::apply(&settings.url).await?;
        }
        let db = match &settings.url {
            DatabaseUrl::Postgres(url) => {
                let manager =
                    AsyncDieselConnectionManager::new_with_config(url.expose(), postgres_config());
                Db::Postgres(pool(settings).build_unchecked(manager))
            }
            DatabaseUrl::Sqlite(path) => {
                let config = sqlite_config(settings.timeout);
                let manager =
                    AsyncDieselConnectionManager::new_with_config(path.to_string_lossy(), config);
                // No test query at check-out: the pool would drop it when its timeout passes, and a
                // query on a blocking thread can't be dropped on a runtime of one thread (it
                // panics). A file does not hang up.
                Db::Sqlite(
                    pool(settings)
                        .test_on_check_out(false)
                        .build_unchecked(manager),
                )
            }
        };
        if !db.is_migrated().await? {
            return Err(not_migrated());
        }
        Ok(db)
    }

    /// Takes a connection from the pool.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when there is none within the configured time.
    pub async fn conn(&self) -> Result<DbConn, DbError> {
        Ok(match self {
            Db::Postgres(pool) => DbConn::Postgres(pool.get_owned().await.map_err(unavailable)?),
            Db::Sqlite(pool) => DbConn::Sqlite(pool.get_owned().await.map_err(unavailable)?),
        })
    }

    /// Runs `body` over one snapshot of the data: all its reads see the same commit.
    ///
    /// # Errors
    /// The body's, or [`DbError`] when the transaction can't be opened.
    pub async fn snapshot<T, E: From<DbError>>(
        &self,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(TransactionMode::Snapshot, body).await
    }

    /// Runs `body` in one transaction that is committed when it gives `Ok`, and undone otherwise.
    ///
    /// # Errors
    /// The body's, or [`DbError`] when the transaction can't be opened or committed.
    pub async fn write<T, E: From<DbError>>(
        &self,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(TransactionMode::Write, body).await
    }

    /// The same for a change by hand of data that imports write, too.
    ///
    /// # Errors
    /// As [`Db::write`]; [`DbError::Busy`] when the SQLite file is being written to.
    pub async fn change<T, E: From<DbError>>(
        &self,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(TransactionMode::Change, body).await
    }

    /// Whether the database can be reached and has this version's schema.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when it can't be reached.
    pub async fn is_migrated(&self) -> Result<bool, DbError> {
        migrations::is_latest(&mut self.conn().await?).await
    }

    async fn transaction<T, E: From<DbError>>(
        &self,
        mode: TransactionMode,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.conn().await?;
        conn.begin(mode).await.map_err(|err| match (mode, err) {
            (TransactionMode::Change, DbError::Locked) => DbError::Busy,
            (_, err) => err,
        })?;
        match body(&mut conn).await {
            Ok(value) => {
                conn.commit().await?;
                Ok(value)
            }
            Err(err) => {
                if let Err(undo) = conn.rollback().await {
                    log::warn!(
                        "a transaction could not be undone, its connection is given up: {undo}"
                    );
                }
                Err(err)
            }
        }
    }
}

impl DbConn {
    async fn begin(&mut self, mode: TransactionMode) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => {
                let sql = match mode {
                    TransactionMode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    TransactionMode::Write | TransactionMode::Change => "BEGIN",
                };
                AnsiTransactionManager::begin_transaction_sql(&mut **conn, sql).await?;
            }
            DbConn::Sqlite(conn) => {
                // A deferred transaction that turns to writing late fails at once when another
                // writer was faster; an immediate one waits its turn.
                let sql = match mode {
                    TransactionMode::Snapshot => "BEGIN",
                    TransactionMode::Write | TransactionMode::Change => "BEGIN IMMEDIATE",
                };
                conn.spawn_blocking(move |conn| {
                    diesel::connection::AnsiTransactionManager::begin_transaction_sql(conn, sql)
                })
                .await?;
            }
        }
        Ok(())
    }

    async fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => conn.batch_execute(sql).await?,
            DbConn::Sqlite(conn) => conn.batch_execute(sql).await?,
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => commit(&mut **conn).await,
            DbConn::Sqlite(conn) => commit(&mut **conn).await,
        }
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => rollback(&mut **conn).await,
            DbConn::Sqlite(conn) => rollback(&mut **conn).await,
        }
    }
}

/// Marks where a transaction stands, to come back to.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn set_savepoint(conn: &mut DbConn) -> Result<(), DbError> {
    conn.batch("SAVEPOINT dry_run").await
}

/// Undoes what was done since the mark, also when a statement failed.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn undo_to_savepoint(conn: &mut DbConn) -> Result<(), DbError> {
    conn.batch("ROLLBACK TO SAVEPOINT dry_run").await
}

async fn commit<C: AsyncConnection>(conn: &mut C) -> Result<(), DbError> {
    Ok(C::TransactionManager::commit_transaction(conn).await?)
}

async fn rollback<C: AsyncConnection>(conn: &mut C) -> Result<(), DbError> {
    Ok(C::TransactionManager::rollback_transaction(conn).await?)
}

fn pool<C>(settings: &DatabaseSettings) -> Builder<AsyncDieselConnectionManager<C>>
where
    AsyncDieselConnectionManager<C>: ManageConnection,
{
    Pool::<C>::builder()
        .max_size(settings.pool_size)
        .connection_timeout(settings.timeout)
}

/// How every connection to PostgreSQL behaves: no statement is compiled. What the server thinks to
/// be expensive takes it longer to compile than to run.
fn postgres_config() -> ManagerConfig<AsyncPgConnection> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(|url: &str| {
        let url = url.to_owned();
        async move {
            let mut conn = AsyncPgConnection::establish(&url).await?;
            conn.batch_execute("SET jit = off")
                .await
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        }
        .boxed()
    });
    config
}

fn sqlite_config(busy_timeout: Duration) -> ManagerConfig<AsyncSqlite> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(move |path: &str| {
        let path = path.to_owned();
        async move {
            let mut conn = AsyncSqlite::establish(&path).await?;
            conn.batch_execute(&sqlite_pragmas(busy_timeout))
                .await
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        }
        .boxed()
    });
    config
}

/// How every connection to an SQLite file behaves: it waits for a lock instead of failing, reads
/// beside one writer, checks foreign keys, and what it has committed survives a power cut.
pub(super) fn sqlite_pragmas(busy_timeout: Duration) -> String {
    format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        busy_timeout.as_millis()
    )
}

fn not_migrated() -> DbError {
    DbError::Migration(
        "the database's schema is not that of this version: run `credit-portfolio migrate`"
            .to_owned(),
    )
}

fn unavailable(err: RunError) -> DbError {
    match err {
        RunError::User(err) => DbError::Unavailable(err.to_string()),
        RunError::TimedOut => DbError::Unavailable("no connection became free in time".to_owned()),
    }
}
