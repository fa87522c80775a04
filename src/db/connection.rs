//! One connection of either database, and its transaction.

use diesel_async::pooled_connection::bb8::PooledConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};

use super::DbError;
use super::postgres::PooledPgConnection;
use super::sqlite::AsyncSqlite;

/// One connection, taken from the pool.
#[expect(
    clippy::large_enum_variant,
    reason = "held one at a time, never kept in bulk"
)]
pub enum DbConn {
    /// To PostgreSQL.
    Postgres(PooledPgConnection),
    /// To SQLite.
    Sqlite(PooledConnection<'static, AsyncSqlite>),
}

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(super) enum TransactionMode {
    /// Several reads of one snapshot.
    Snapshot,
    /// Writes, from its start on.
    Write,
    /// The same, of data that imports write, too.
    Change,
}

impl DbConn {
    /// Runs `body` in the transaction that was begun, and ends it: commits what gives `Ok`, undoes the
    /// rest.
    pub(super) async fn finish<T, E: From<DbError>>(
        mut self,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        match body(&mut self).await {
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
            Err(err) => {
                if let Err(undo) = self.rollback().await {
                    log::warn!(
                        "a transaction could not be undone, its connection is given up: {undo}"
                    );
                }
                Err(err)
            }
        }
    }

    pub(super) async fn begin(
        &mut self,
        mode: TransactionMode,
        setup: Option<&str>,
    ) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => {
                let sql = match mode {
                    TransactionMode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    TransactionMode::Write | TransactionMode::Change => "BEGIN",
                };
                let sql = match setup {
                    Some(setup) => &format!("{sql}; {setup}"),
                    None => sql,
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

    /// Whether the server refuses writes. An SQLite file that can't be written to is noticed when it
    /// is opened.
    pub(super) async fn is_read_only(&mut self) -> Result<bool, DbError> {
        let DbConn::Postgres(conn) = self else {
            return Ok(false);
        };
        let setting = diesel::sql_query(
            // Not of this transaction, which may be one for reading.
            "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' \
             AS is_read_only",
        );
        let setting: ReadOnlySetting = setting.get_result(&mut **conn).await?;
        Ok(setting.is_read_only)
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

    pub(super) async fn rollback(&mut self) -> Result<(), DbError> {
        match self {
            DbConn::Postgres(conn) => rollback(&mut **conn).await,
            DbConn::Sqlite(conn) => rollback(&mut **conn).await,
        }
    }
}

#[derive(diesel::QueryableByName)]
struct ReadOnlySetting {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_read_only: bool,
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
