//! Connections and transactions.
//!
//! A connection that is dropped in the middle of a transaction does not go back to the pool:
//! Diesel's transaction manager marks it broken. Nothing waits longer than the configured time.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bb8::{Builder, ManageConnection};
use diesel::QueryResult;
use diesel_async::pooled_connection::bb8::{Pool, RunError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use prometheus::IntCounter;

use super::connect_faults::ConnectFaults;
use super::connection::{DbConn, TransactionMode};
use super::pool_purpose::{PoolLimits, PoolPurpose, PoolUsage};
use super::postgres::{PooledPgConnection, PostgresConnector, setup};
use super::sqlite::{self, AsyncSqlite};
use super::transfer::is_incomplete_copy;
use super::{DbError, migrations};
use crate::config::{DatabaseSettings, DatabaseUrl};
use crate::metrics;

/// Whether a database that answers can be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseReadiness {
    /// It can.
    Ready,
    /// It lacks migrations of this version.
    NotMigrated,
    /// It takes no writes: a standby, or a server that is set so.
    ReadOnly,
}

/// A pool of connections: cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: BackendPool,
    purpose: PoolPurpose,
    /// How many connections it opens at most.
    size: u32,
    /// Waits that were given up while all connections were in use.
    timeouts: IntCounter,
    /// Why the last connection could not be opened.
    faults: ConnectFaults,
    /// Behind a pooler: how each transaction sets itself up.
    transaction_setup: Option<Arc<str>>,
}

#[derive(Clone)]
enum BackendPool {
    Postgres(Pool<AsyncPgConnection>),
    Sqlite(Pool<AsyncSqlite>),
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
            sqlite::create_private(path).map_err(|err| sqlite::not_made(path, &err))?;
        }
        if migrate {
            migrations::apply(settings).await?;
        }
        let db = Db::pool(settings, PoolPurpose::Requests)?;
        let mut conn = db.conn().await?;
        if !migrations::is_latest(&mut conn).await? {
            return Err(not_migrated());
        }
        if is_incomplete_copy(&mut conn).await? {
            return Err(DbError::Setting(
                "a copy into this database is not complete: run `credit-portfolio db copy` again"
                    .to_owned(),
            ));
        }
        drop(conn);
        Ok(db)
    }

    /// Brings the schema of a database up to this version that is to be copied into.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_for_copy(settings: &DatabaseSettings) -> Result<(), DbError> {
        migrations::apply(settings).await
    }

    /// Writes an SQLite database as it is now into a new file, while it is in use.
    ///
    /// # Errors
    /// [`DbError`] when the file can't be written; [`DbError::Setting`] of PostgreSQL, which has its own
    /// tools.
    pub async fn back_up(&self, file: &Path) -> Result<(), DbError> {
        let DbConn::Sqlite(mut conn) = self.idle_conn().await? else {
            return Err(DbError::Setting(
                "PostgreSQL is backed up by pg_dump".to_owned(),
            ));
        };
        sqlite::create_private(file).map_err(|err| sqlite::not_made(file, &err))?;
        // An empty file is filled, and keeps its mode.
        diesel::sql_query("VACUUM INTO ?")
            .bind::<diesel::sql_types::Text, _>(file.to_string_lossy())
            .execute(&mut conn)
            .await?;
        Ok(())
    }

    /// Makes a pool, without a connection yet.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the URL can't be used.
    pub fn pool(settings: &DatabaseSettings, purpose: PoolPurpose) -> Result<Db, DbError> {
        let (limits, faults) = (purpose.limits(settings), ConnectFaults::default());
        let pool = match &settings.url {
            DatabaseUrl::Postgres(url) => {
                let connector =
                    PostgresConnector::new(url, settings, limits.connect, limits.statement)
                        .map_err(|err| {
                            DbError::Unavailable(format!("{}: {err}", purpose.setting()))
                        })?;
                let config = postgres_config(connector, limits.wait / 2);
                let manager = AsyncDieselConnectionManager::new_with_config("", config);
                BackendPool::Postgres(builder(&limits, &faults).build_unchecked(manager))
            }
            DatabaseUrl::Sqlite(path) => {
                let config = sqlite::pool_config(settings.timeout);
                let manager =
                    AsyncDieselConnectionManager::new_with_config(path.to_string_lossy(), config);
                // No test query at check-out: the pool would drop it when its timeout passes, and a
                // query on a blocking thread can't be dropped on a runtime of one thread (it
                // panics). A file does not hang up.
                let builder = builder(&limits, &faults).test_on_check_out(false);
                BackendPool::Sqlite(builder.build_unchecked(manager))
            }
        };
        let is_pooled = settings.is_pooled && matches!(pool, BackendPool::Postgres(_));
        let transaction_setup = is_pooled.then(|| setup("SET LOCAL", limits.statement).into());
        Ok(Db {
            pool,
            purpose,
            size: limits.size,
            timeouts: metrics::POOL_TIMEOUTS.with_label_values(&[purpose.name()]),
            faults,
            transaction_setup,
        })
    }

    /// Takes a connection from the pool, to read.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when there is none within the configured time,
    /// [`DbError::Exhausted`] when all are in use.
    pub async fn conn(&self) -> Result<DbConn, DbError> {
        let mut conn = self.idle_conn().await?;
        if let (DbConn::Postgres(conn), Some(setup)) = (&mut conn, &self.transaction_setup) {
            conn.begin_reading(setup).await?;
        }
        Ok(conn)
    }

    /// Takes a connection that is in no transaction.
    async fn idle_conn(&self) -> Result<DbConn, DbError> {
        let began = Instant::now();
        let taken = match &self.pool {
            BackendPool::Postgres(pool) => pool
                .get_owned()
                .await
                .map(|conn| DbConn::Postgres(PooledPgConnection::new(conn))),
            BackendPool::Sqlite(pool) => pool.get_owned().await.map(DbConn::Sqlite),
        };
        taken.map_err(|err| match (err, self.faults.since(began)) {
            (RunError::User(err), _) => DbError::Unavailable(err.to_string()),
            (RunError::TimedOut, Some(cause)) => DbError::Unavailable(cause),
            (RunError::TimedOut, None) if self.is_full() => {
                self.timeouts.inc();
                DbError::Exhausted(self.size)
            }
            (RunError::TimedOut, None) => DbError::Unavailable(format!(
                "no connection within {} ms",
                began.elapsed().as_millis()
            )),
        })
    }

    /// Whether all connections that there may be are open and in use.
    fn is_full(&self) -> bool {
        let usage = self.usage();
        usage.open >= usage.limit && usage.idle == 0
    }

    /// Returns how many connections there are, and what for.
    pub fn usage(&self) -> PoolUsage {
        let state = match &self.pool {
            BackendPool::Postgres(pool) => pool.state(),
            BackendPool::Sqlite(pool) => pool.state(),
        };
        PoolUsage {
            pool: self.purpose.name(),
            open: state.connections,
            idle: state.idle_connections,
            limit: self.size,
        }
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

    /// Returns whether the database can be worked with.
    ///
    /// # Errors
    /// [`DbError`] when it can't be reached.
    pub async fn readiness(&self) -> Result<DatabaseReadiness, DbError> {
        self.snapshot(async |conn| {
            if !migrations::is_latest(conn).await? {
                return Ok(DatabaseReadiness::NotMigrated);
            }
            match conn.is_read_only().await? {
                true => Ok(DatabaseReadiness::ReadOnly),
                false => Ok(DatabaseReadiness::Ready),
            }
        })
        .await
    }

    async fn transaction<T, E: From<DbError>>(
        &self,
        mode: TransactionMode,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin(mode).await?.finish(body).await
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self, mode: TransactionMode) -> Result<DbConn, DbError> {
        let mut conn = self.idle_conn().await?;
        let setup = self.transaction_setup.as_deref();
        let begun = conn.begin(mode, setup).await;
        begun.map_err(|err| match (mode, err) {
            (TransactionMode::Change, DbError::Locked) => DbError::Busy,
            (_, err) => err,
        })?;
        Ok(conn)
    }
}

fn builder<C>(
    limits: &PoolLimits,
    faults: &ConnectFaults,
) -> Builder<AsyncDieselConnectionManager<C>>
where
    AsyncDieselConnectionManager<C>: ManageConnection<Error = PoolError>,
    C: PoolableConnection + 'static,
{
    Pool::<C>::builder()
        .max_size(limits.size)
        .connection_timeout(limits.wait)
        .error_sink(Box::new(faults.clone()))
}

/// Opens connections by a connector, and tests them with a query that may take `test_limit`: one
/// whose server is gone is given up, and another is opened.
fn postgres_config(
    connector: PostgresConnector,
    test_limit: Duration,
) -> ManagerConfig<AsyncPgConnection> {
    let mut config = ManagerConfig::default();
    config.recycling_method =
        RecyclingMethod::CustomFunction(Box::new(move |conn: &mut AsyncPgConnection| {
            test(conn, test_limit).boxed()
        }));
    config.custom_setup = Box::new(move |_| {
        let connector = connector.clone();
        async move { connector.connect().await }.boxed()
    });
    config
}

async fn test(conn: &mut AsyncPgConnection, limit: Duration) -> QueryResult<()> {
    let tested = tokio::time::timeout(limit, conn.batch_execute("SELECT 1")).await;
    tested.unwrap_or_else(|_| {
        let cause = format!("a connection was silent for {} ms", limit.as_millis());
        Err(diesel::result::Error::DatabaseError(
            diesel::result::DatabaseErrorKind::ClosedConnection,
            Box::new(cause),
        ))
    })
}

fn not_migrated() -> DbError {
    DbError::Migration(
        "the database's schema is not that of this version: run `credit-portfolio migrate`"
            .to_owned(),
    )
}
