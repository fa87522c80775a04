//! Reads of imported data, from a streaming replica where there is one that is not behind.
//!
//! Each snapshot of the replica says which generations of the data it holds. Only one that holds all
//! that this process knows is used, so that nobody reads less than was reported to be imported; a
//! replica that is late, silent or gone costs a detour to the primary and nothing else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::connection::TransactionMode;
use super::data_changes::list_generations;
use super::database_identity::{find_identity, server_identifier};
use super::{Db, DbConn, DbError};
use crate::metrics;

/// The wait for a snapshot of the replica.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// A replica that did not answer is left alone for so long.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A replica that is late for so long is not just behind an import.
const LATE_FOR_LONG: Duration = Duration::from_secs(60);

/// Returns whether a snapshot holds what is known: the database's id, and the generation of each
/// department's data.
pub(crate) type IsCurrent = Arc<dyn Fn(&str, &[(i64, i64)]) -> bool + Send + Sync>;

/// An error of what was read.
pub trait ReadError: From<DbError> {
    /// Whether another server may do what this one did not. A statement that took too long would take
    /// as long there.
    fn is_of_server(&self) -> bool;
}

impl ReadError for DbError {
    fn is_of_server(&self) -> bool {
        matches!(
            self,
            DbError::Unavailable(_) | DbError::OutOfResources(_) | DbError::Query(_)
        )
    }
}

/// Where imported data is read from. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    primary: Db,
    replica: Option<Replica>,
}

#[derive(Clone)]
struct Replica {
    db: Db,
    is_current: IsCurrent,
    /// Until when it is left alone; none while it answers.
    left_alone: Arc<Mutex<Option<Instant>>>,
    /// Since when it has been late at each look, and whether that was logged.
    late: Arc<Mutex<Option<(Instant, bool)>>>,
}

/// Why the replica was not read.
enum Detour {
    /// It lacks a change that is known.
    Late,
    /// It does not answer, or not in time.
    Gone(DbError),
    /// Its connections are in use.
    Busy,
}

impl Reads {
    /// Reads from the primary alone.
    pub fn of_primary(primary: Db) -> Reads {
        Reads {
            primary,
            replica: None,
        }
    }

    /// Reads from a replica whose snapshots hold what `is_current` wants, else from the primary.
    pub(crate) fn new(primary: Db, replica: Option<Db>, is_current: IsCurrent) -> Reads {
        let replica = replica.map(|db| Replica {
            db,
            is_current,
            left_alone: Arc::default(),
            late: Arc::default(),
        });
        Reads { primary, replica }
    }

    /// Runs `body` over one snapshot. What the replica breaks off, as when it is shut down or has to
    /// give way to what it replays, is done once more on the primary.
    ///
    /// # Errors
    /// The body's, or [`DbError`] when the transaction can't be opened.
    pub async fn snapshot<T, E: ReadError>(
        &self,
        body: impl AsyncFn(&mut DbConn) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(conn) = self.begin_on_replica().await {
            match conn.finish(&body).await {
                Err(err) if err.is_of_server() => {
                    metrics::REPLICA_READS.with_label_values(&["failed"]).inc();
                }
                result => return result,
            }
        }
        self.primary.snapshot(body).await
    }

    /// Looks at the start whether the replica can be used; one that does not answer may come later.
    ///
    /// # Errors
    /// [`DbError::Setting`] when it is no copy of the primary.
    pub async fn check(&self) -> Result<(), DbError> {
        let Some(replica) = &self.replica else {
            return Ok(());
        };
        let own = server_identifier(&mut self.primary.conn().await?).await?;
        let looked = timeout(LONGEST_WAIT, async {
            server_identifier(&mut replica.db.conn().await?).await
        });
        match looked.await.unwrap_or(Err(DbError::TimedOut)) {
            Ok(other) if own != other && !own.is_empty() && !other.is_empty() => {
                Err(DbError::Setting(
                    "DATABASE_READ_URL leads to another server than a streaming replica of that of \
                     DATABASE_URL"
                        .to_owned(),
                ))
            }
            Ok(_) => Ok(()),
            Err(cause) => {
                replica.leave_alone(&cause);
                Ok(())
            }
        }
    }

    /// The primary's connections.
    pub fn primary(&self) -> &Db {
        &self.primary
    }

    /// The replica's connections.
    pub fn replica(&self) -> Option<&Db> {
        self.replica.as_ref().map(|replica| &replica.db)
    }

    /// Begins a snapshot of the replica, if there is one that can be used.
    async fn begin_on_replica(&self) -> Option<DbConn> {
        let replica = self.replica.as_ref()?;
        if !replica.may_be_tried() {
            metrics::REPLICA_READS.with_label_values(&["gone"]).inc();
            return None;
        }
        let begun = timeout(LONGEST_WAIT, replica.begin()).await;
        let begun = begun.unwrap_or_else(|_| Err(Detour::Gone(DbError::TimedOut)));
        let (result, conn) = match begun {
            Ok(conn) => ("replica", Some(conn)),
            Err(Detour::Late) => ("late", None),
            Err(Detour::Busy) => ("busy", None),
            Err(Detour::Gone(cause)) => {
                replica.leave_alone(&cause);
                ("gone", None)
            }
        };
        if matches!(result, "replica" | "late") {
            replica.note_answer();
            replica.note_late(result == "late");
        }
        metrics::REPLICA_READS.with_label_values(&[result]).inc();
        conn
    }
}

impl Replica {
    async fn begin(&self) -> Result<DbConn, Detour> {
        let detour = |err| match err {
            DbError::Exhausted(_) => Detour::Busy,
            err => Detour::Gone(err),
        };
        let begun = self.db.begin(TransactionMode::Snapshot).await;
        let mut conn = begun.map_err(detour)?;
        let identity = find_identity(&mut conn).await.map_err(detour)?;
        let generations = list_generations(&mut conn).await.map_err(detour)?;
        if (self.is_current)(&identity.id, &generations) {
            return Ok(conn);
        }
        conn.rollback().await.map_err(detour)?;
        Err(Detour::Late)
    }

    /// Whether it answers, or it is time to try again: then for one who asks, while the others go to
    /// the primary.
    fn may_be_tried(&self) -> bool {
        let mut left_alone = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match *left_alone {
            None => true,
            Some(until) if until > Instant::now() => false,
            Some(_) => {
                *left_alone = Some(Instant::now() + LOOK_AGAIN);
                true
            }
        }
    }

    /// Logs once that it has not been used for long because it is late.
    fn note_late(&self, is_late: bool) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_late {
            *late = None;
            return;
        }
        let (since, is_logged) = late.get_or_insert((Instant::now(), false));
        if !*is_logged && since.elapsed() > LATE_FOR_LONG {
            *is_logged = true;
            log::warn!(
                "The read replica has lacked changes for {} s, the primary answers instead: does DATABASE_READ_URL name a replica of this very database that still receives?",
                LATE_FOR_LONG.as_secs()
            );
        }
    }

    fn leave_alone(&self, cause: &DbError) {
        let until = Instant::now() + LOOK_AGAIN;
        let mut left_alone = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if left_alone.replace(until).is_none() {
            log::warn!("The read replica is left alone, the primary answers instead: {cause}");
        }
    }

    fn note_answer(&self) {
        let mut left_alone = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if left_alone.take().is_some() {
            log::info!("The read replica answers again");
        }
    }
}
