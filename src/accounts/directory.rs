//! What every user may do, in this process's memory: requests look here, not into the database.
//!
//! A background task looks twice within a lease whether the number changed that every change of an
//! account raises, and reads all accounts again if so; while nobody asks it looks less often, and the
//! first request looks before it is answered. A change that this process makes counts at once. While
//! the database is away, what was read last holds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use tokio::time::timeout;

use super::api_key::KeyHash;
use crate::cache::{Freshness, Moment};
use crate::db::{self, Db, DbError, utc_now};
use crate::domain::Role;

/// A request waits so long for a look when the last one is older than the lease; then what was read
/// last holds.
const WAIT_FOR_NEXT_LOOK: Duration = Duration::from_millis(600);
/// A request waits so long for a look at an account that this process does not know yet.
const WAIT_FOR_LOOK: Duration = Duration::from_secs(2);

/// A user's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's id.
    pub user_id: i64,
    /// The login name.
    pub username: String,
    /// Raised by every change of the rest and of the password.
    pub version: i64,
    /// Whether the user may log in.
    pub is_active: bool,
    /// The role.
    pub role: Role,
    /// The user's department.
    pub department_id: i64,
}

/// The rights of all users and the API keys that are valid. Cheap to clone.
#[derive(Clone)]
pub struct AccountDirectory {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    known: RwLock<Arc<Known>>,
    /// How the last looks ended. Who waits while one reads the accounts shares what that finds.
    looking: tokio::sync::Mutex<LastLooks>,
    freshness: Freshness,
    /// Whether the last look failed.
    is_failing: AtomicBool,
    /// When keys were used, since that was stored last.
    used_keys: Mutex<HashMap<i64, NaiveDateTime>>,
}

/// How the last looks ended.
#[derive(Default)]
struct LastLooks {
    /// When the accounts were read.
    read_at: Option<Instant>,
    /// When a look failed that can be repeated, and why.
    failure: Option<(Instant, DbError)>,
}

/// When a look reads all accounts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// If any was changed.
    IfChanged,
    /// In any case.
    Anyway,
}

/// What the last look found.
#[derive(Default)]
struct Known {
    generation: i64,
    accounts: HashMap<i64, Arc<Account>>,
    keys: HashMap<String, ValidKey>,
    keys_by_id: HashMap<i64, Option<NaiveDateTime>>,
}

/// An API key that is valid until its end.
#[derive(Clone, Copy)]
struct ValidKey {
    id: i64,
    user_id: i64,
    expires_at: Option<NaiveDateTime>,
}

impl AccountDirectory {
    /// Reads all accounts; later looks use the same connections. For a lease after a look its findings
    /// are relied on.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn open(db: Db, lease: Duration) -> Result<AccountDirectory, DbError> {
        let directory = AccountDirectory {
            shared: Arc::new(Shared {
                db,
                known: RwLock::default(),
                looking: tokio::sync::Mutex::default(),
                freshness: Freshness::new(lease),
                is_failing: AtomicBool::new(false),
                used_keys: Mutex::default(),
            }),
        };
        // Generation 0 is the one of a new database, which this has not read yet.
        directory.read(Reading::Anyway).await?;
        Ok(directory)
    }

    /// Reads the accounts again if any was changed.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn look(&self) -> Result<(), DbError> {
        self.read(Reading::IfChanged).await
    }

    /// Looks if the last look is older than the lease, unless looks fail: then the background looks
    /// alone.
    pub async fn look_if_due(&self) {
        if self.is_fresh() || self.shared.is_failing.load(Ordering::Acquire) {
            return;
        }
        // A task of its own: a read is never cut off, and others wait for the same one.
        let directory = self.clone();
        let look = actix_rt::spawn(async move { directory.look().await });
        // A failure is logged where it is noticed.
        let _ = timeout(WAIT_FOR_NEXT_LOOK, look).await;
    }

    /// Whether the last look is younger than the lease. Who asks this relies on the answer.
    pub fn is_fresh(&self) -> bool {
        self.shared.freshness.is_fresh()
    }

    /// Whether anybody relied on what is known since this was asked last.
    pub fn take_reliance(&self) -> bool {
        self.shared.freshness.take_reliance()
    }

    async fn read(&self, reading: Reading) -> Result<(), DbError> {
        let (began, looked_for) = (Instant::now(), Moment::now());
        let mut last = self.shared.looking.lock().await;
        let is_known = match reading {
            Reading::IfChanged => self.shared.freshness.has_looked_since(looked_for),
            Reading::Anyway => last.read_at.is_some_and(|read| read >= began),
        };
        if is_known {
            return Ok(());
        }
        if let Some((_, err)) = last.failure.as_ref().filter(|(ended, _)| *ended > began)
            && let Some(err) = err.transient_again()
        {
            return Err(err);
        }
        let (moment, looked_at) = (Instant::now(), Moment::now());
        let looked = self.read_from_database(reading).await;
        self.note_end(&looked);
        if looked.is_ok() {
            self.shared.freshness.looked(looked_at);
        }
        match looked {
            Ok(Some(known)) => {
                *self
                    .shared
                    .known
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
                last.read_at = Some(moment);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(err) => {
                let again = err.transient_again();
                last.failure = again.map(|err| (Instant::now(), err));
                Err(err)
            }
        }
    }

    /// Logs once that looks begin to fail, and once that they work again.
    fn note_end(&self, looked: &Result<Option<Known>, DbError>) {
        let was_failing = self
            .shared
            .is_failing
            .swap(looked.is_err(), Ordering::AcqRel);
        match looked {
            Err(err) if !was_failing => {
                log::warn!("The accounts can't be read, what was read last holds: {err}");
            }
            Ok(_) if was_failing => log::info!("The accounts can be read again"),
            _ => {}
        }
    }

    async fn read_from_database(&self, reading: Reading) -> Result<Option<Known>, DbError> {
        let read = self
            .shared
            .db
            .snapshot(async |conn| {
                let generation = db::account_generation(conn).await?;
                if reading == Reading::IfChanged && generation == self.known().generation {
                    return Ok::<_, DbError>(None);
                }
                let accounts = db::list_accounts(conn).await?;
                Ok(Some((
                    generation,
                    accounts,
                    db::list_valid_keys(conn).await?,
                )))
            })
            .await?;
        Ok(read.map(|(generation, accounts, keys)| Known::of(generation, accounts, keys)))
    }

    /// Returns the account of a user as the last look found it.
    pub fn account(&self, user_id: i64) -> Option<Arc<Account>> {
        self.known().accounts.get(&user_id).cloned()
    }

    /// Returns the account of a user if it has that version, after one look if need be: another
    /// process may have made or changed it within the lease.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer in time.
    pub async fn account_of_version(
        &self,
        user_id: i64,
        version: i64,
    ) -> Result<Option<Arc<Account>>, DbError> {
        let known = self.account(user_id);
        let is_newer = known
            .as_ref()
            .is_none_or(|account| account.version < version);
        if is_newer {
            // A task of its own: a read is never cut off.
            let directory = self.clone();
            let look = actix_rt::spawn(async move { directory.read(Reading::Anyway).await });
            let looked = timeout(WAIT_FOR_LOOK, look).await;
            looked.map_err(|_| DbError::TimedOut)?.map_err(|err| {
                DbError::Unavailable(format!("the accounts can't be read: {err}"))
            })??;
        }
        let account = self.account(user_id);
        Ok(account.filter(|account| account.version == version))
    }

    /// Whether a user's account still has that version.
    pub fn is_current(&self, user_id: i64, version: i64) -> bool {
        let known = self.known();
        let account = known.accounts.get(&user_id);
        account.is_some_and(|account| account.version == version && account.is_active)
    }

    /// Returns id and owner of an API key that is valid at this moment, and notes its use.
    pub fn key(&self, hash: &KeyHash) -> Option<(i64, i64)> {
        let key = *self.known().keys.get(hash.as_str())?;
        let is_valid = key.expires_at.is_none_or(|end| end > utc_now());
        is_valid.then(|| {
            self.note_use(key.id);
            (key.id, key.user_id)
        })
    }

    /// Whether an API key is still valid; notes its use.
    pub fn is_valid_key(&self, key_id: i64) -> bool {
        let end = self.known().keys_by_id.get(&key_id).copied();
        let is_valid = end.is_some_and(|end| end.is_none_or(|end| end > utc_now()));
        if is_valid {
            self.note_use(key_id);
        }
        is_valid
    }

    /// Stores when keys were used last.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer; the times are kept for the next try.
    pub async fn store_uses(&self) -> Result<(), DbError> {
        let uses = std::mem::take(&mut *self.used_keys());
        if uses.is_empty() {
            return Ok(());
        }
        let stored = self
            .shared
            .db
            .write(async |conn| {
                for (id, at) in &uses {
                    db::set_key_last_used(conn, *id, *at).await?;
                }
                Ok::<_, DbError>(())
            })
            .await;
        if stored.is_err() {
            let mut used = self.used_keys();
            for (id, at) in uses {
                used.entry(id).or_insert(at);
            }
        }
        stored
    }

    fn note_use(&self, key_id: i64) {
        self.used_keys().insert(key_id, utc_now());
    }

    fn used_keys(&self) -> std::sync::MutexGuard<'_, HashMap<i64, NaiveDateTime>> {
        self.shared
            .used_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Arc<Known> {
        self.shared
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Known {
    fn of(generation: i64, accounts: Vec<db::AccountRow>, keys: Vec<db::ValidKeyRow>) -> Known {
        let account = |row: db::AccountRow| {
            // A role that this version does not know gives no rights.
            let role = row.role.parse().unwrap_or(Role::User);
            let account = Account {
                user_id: row.id,
                username: row.username,
                version: row.version,
                is_active: row.is_active,
                role,
                department_id: row.department_id,
            };
            (row.id, Arc::new(account))
        };
        Known {
            generation,
            accounts: accounts.into_iter().map(account).collect(),
            keys_by_id: keys.iter().map(|key| (key.id, key.expires_at)).collect(),
            keys: keys
                .into_iter()
                .map(|key| {
                    let valid = ValidKey {
                        id: key.id,
                        user_id: key.user_id,
                        expires_at: key.expires_at,
                    };
                    (key.key_hash, valid)
                })
                .collect(),
        }
    }
}
