//! What can go wrong with the database, by kinds on which callers decide.
//!
//! The driver keeps the text of what PostgreSQL says and drops its code; so some kinds are known by
//! their texts, in English and Russian.

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection, or one that broke or fell silent.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// All connections of the pool are in use for longer than one is waited for.
    #[error("all {0} connections to the database are in use: try again in a moment")]
    Exhausted(u32),
    /// A statement took longer than it may.
    #[error("the database took too long: try again later, or ask for less")]
    TimedOut,
    /// The server lacks memory or disk.
    #[error("the database lacks memory or disk space: {0}")]
    OutOfResources(String),
    /// The server takes no writes: a standby, or one that is set so.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
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
    /// A setting does not fit what is stored.
    #[error("{0}")]
    Setting(String),
    /// The schema is not what this program works with.
    #[error("{0}")]
    Migration(String),
}

impl DbError {
    /// Returns whether the same may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            DbError::Unavailable(_)
                | DbError::Exhausted(_)
                | DbError::TimedOut
                | DbError::OutOfResources(_)
                | DbError::ReadOnly(_)
                | DbError::Busy
                | DbError::Locked
        )
    }
}

impl DbError {
    /// Returns a transient error again, for others who waited for the same work.
    pub(crate) fn transient_again(&self) -> Option<DbError> {
        Some(match self {
            DbError::Unavailable(cause) => DbError::Unavailable(cause.clone()),
            DbError::Exhausted(size) => DbError::Exhausted(*size),
            DbError::TimedOut => DbError::TimedOut,
            DbError::OutOfResources(cause) => DbError::OutOfResources(cause.clone()),
            DbError::ReadOnly(cause) => DbError::ReadOnly(cause.clone()),
            DbError::Busy => DbError::Busy,
            DbError::Locked => DbError::Locked,
            _ => return None,
        })
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
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, said) => {
                DbError::ReadOnly(said.message().to_owned())
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
                if is_out_of_resources(said.message()) =>
            {
                DbError::OutOfResources(said.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::Unknown, said)
                if is_canceled(said.message()) =>
            {
                DbError::TimedOut
            }
            Error::DatabaseError(DatabaseErrorKind::Unknown, said)
                if is_shut_down(said.message()) =>
            {
                DbError::Unavailable(said.message().to_owned())
            }
            Error::DatabaseError(_, said) if is_lost_statement(said.message()) => {
                DbError::Setting(format!(
                    "{}: a pooler in transaction mode, such as PgBouncer, stands before PostgreSQL: set DATABASE_POOLER=transaction",
                    said.message()
                ))
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

/// Whether the server says that it ends the connection (57P01) or, a replica, that a statement has to
/// give way to what it replays (40001), in English or Russian: the driver keeps the text alone.
fn is_shut_down(message: &str) -> bool {
    const TEXTS: [&str; 6] = [
        "canceling statement due to conflict with recovery",
        "выполнение оператора отменено из-за конфликта с процессом восстановления",
        "terminating connection",
        "the database system is",
        "закрытие подключения",
        "система баз данных",
    ];
    TEXTS.iter().any(|text| message.starts_with(text))
}

/// Whether the server says that it does not know a prepared statement, or knows it already, in English
/// or Russian: another connection than the one that it was prepared on.
fn is_lost_statement(message: &str) -> bool {
    const TEXTS: [&str; 2] = ["prepared statement \"", "подготовленный оператор \""];
    TEXTS.iter().any(|text| message.starts_with(text))
}

/// Whether the server says that it lacks memory or disk space (53xxx), in English or Russian.
fn is_out_of_resources(message: &str) -> bool {
    const TEXTS: [&str; 5] = [
        "could not extend file",
        "could not write to file",
        "out of memory",
        "не удалось увеличить файл",
        "нехватка памяти",
    ];
    TEXTS.iter().any(|text| message.starts_with(text))
}

/// Whether the server says that it ended a statement at its limit (57014), in English or Russian.
fn is_canceled(message: &str) -> bool {
    const TEXTS: [&str; 2] = [
        "canceling statement due to statement timeout",
        "выполнение оператора отменено из-за тайм-аута",
    ];
    TEXTS.iter().any(|text| message.trim_end() == *text)
}
