//! A connection taken from the pool.
//!
//! Behind a pooler in transaction mode, reads outside of a transaction get one, too: a statement is
//! prepared and executed in two steps, which may otherwise meet two connections to the server. It
//! ends when the connection goes back.

use std::ops::{Deref, DerefMut};

use diesel_async::pooled_connection::bb8::PooledConnection;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

use crate::db::DbError;

/// A connection to PostgreSQL, or to a pooler before it.
pub struct PooledPgConnection {
    conn: PooledConnection<'static, AsyncPgConnection>,
    is_reading: bool,
}

impl PooledPgConnection {
    /// Wraps a connection that is in no transaction.
    pub fn new(conn: PooledConnection<'static, AsyncPgConnection>) -> PooledPgConnection {
        PooledPgConnection {
            conn,
            is_reading: false,
        }
    }

    /// Begins a transaction for reading that ends with this value.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn begin_reading(&mut self, setup: &str) -> Result<(), DbError> {
        // Before it begins, for the answer may be lost.
        self.is_reading = true;
        let begin = format!("BEGIN READ ONLY; {setup}");
        Ok(self.conn.batch_execute(&begin).await?)
    }
}

impl Deref for PooledPgConnection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.conn
    }
}

impl DerefMut for PooledPgConnection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.conn
    }
}

impl Drop for PooledPgConnection {
    fn drop(&mut self) {
        if self.is_reading {
            // The first poll sends it; nobody waits for the answer, and what comes next on this
            // connection comes after it.
            let _ = self.conn.batch_execute("ROLLBACK").now_or_never();
        }
    }
}
