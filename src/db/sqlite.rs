//! SQLite files: how they are made and how connections to them behave.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use diesel::{ConnectionError, SqliteConnection};
use diesel_async::pooled_connection::ManagerConfig;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

use super::DbError;

/// A connection to an SQLite file, whose statements run on a blocking thread.
pub(super) type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

/// Makes an SQLite file that only its owner reads, unless there is one: it holds figures and password
/// hashes. SQLite gives the files beside it the same mode.
pub(super) fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(err) if err.kind() != std::io::ErrorKind::AlreadyExists => Err(err),
        _ => Ok(()),
    }
}

/// Says that a database file can't be made, and what to do.
pub(super) fn not_made(path: &Path, err: &std::io::Error) -> DbError {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    DbError::Setting(format!(
        "the database file {} can't be made: {err}: its folder must be writable for this program's user ({}): change its owner, or name another file (in a container, mount a volume)",
        path.display(),
        rustix::process::geteuid().as_raw()
    ))
}

/// Returns how the pool opens connections to an SQLite file.
pub(super) fn pool_config(busy_timeout: Duration) -> ManagerConfig<AsyncSqlite> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(move |path: &str| {
        let path = path.to_owned();
        async move {
            let mut conn = AsyncSqlite::establish(&path)
                .await
                .map_err(|err| ConnectionError::BadConnection(format!("{path}: {err}")))?;
            conn.batch_execute(&pragmas(busy_timeout))
                .await
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        }
        .boxed()
    });
    config
}

/// How every connection to an SQLite file behaves: it waits for a lock instead of failing, reads
/// beside one writer, checks foreign keys, and what it has committed survives a power cut.
pub(super) fn pragmas(busy_timeout: Duration) -> String {
    format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        busy_timeout.as_millis()
    )
}
