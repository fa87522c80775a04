//! Sessions of the dashboard: who is behind a cookie.
//!
//! A cookie holds 256 random bits; the table has its SHA-256. A session holds for one version of
//! its user's account, so that whatever raises the version (another password, deactivation, log-out
//! everywhere) ends it. What was read last is believed for [`BELIEVED_FOR`], and longer while the
//! database is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use moka::sync::Cache;
use tokio::time::timeout;

use super::digest::hex_sha256 as hash;
use crate::db::{self, Db, DbError, NewSession, SessionRow, UserRow, utc_now};

/// What a process believes of a session without another look: a sign-out elsewhere counts after.
const BELIEVED_FOR: Duration = Duration::from_secs(2);
/// A request waits so long for another look at a session that was seen before …
const WAIT_FOR_NEXT_LOOK: Duration = Duration::from_millis(600);
/// … and so long for the first.
const WAIT_FOR_FIRST_LOOK: Duration = Duration::from_secs(5);
/// What it believes while the database can't answer.
const BELIEVED_WITHOUT_DATABASE: Duration = Duration::from_secs(15 * 60);
/// A session that nobody uses ends after so long …
const UNUSED_FOR: TimeDelta = TimeDelta::days(7);
/// … and any one after so long.
const LONGEST: TimeDelta = TimeDelta::days(30);
/// The end is moved on when it would move so far at least.
const STEP: TimeDelta = TimeDelta::minutes(10);
/// A link that signs in once ends after so long.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// What is remembered at most.
const MOST_REMEMBERED: u64 = 10_000;
/// 32 bytes in base64 without padding.
const COOKIE_LENGTH: usize = 43;

/// A session that has not ended, with what pages show of its user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose it is.
    pub user_id: i64,
    /// The version of the account that it holds for.
    pub version: i64,
    /// The user's full name.
    pub full_name: String,
    /// The language that the user chose.
    pub language: Option<String>,
    /// The theme that the user chose.
    pub theme: Option<String>,
    /// What every form of the session must carry.
    pub form_token: String,
}

/// The sessions that this process looked at lately. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    known: Cache<String, Known>,
    /// New ends of sessions that were used, since they were stored last.
    used: Mutex<HashMap<String, NaiveDateTime>>,
    /// Users of links that sign in once, by the hash of the link's token.
    links: Cache<String, (i64, NaiveDateTime)>,
}

#[derive(Clone)]
struct Known {
    session: Arc<Session>,
    created_at: NaiveDateTime,
    ends_at: NaiveDateTime,
    read_at: Instant,
}

impl Sessions {
    /// Sessions of that database.
    pub fn new(db: Db) -> Sessions {
        let known = Cache::builder()
            .max_capacity(MOST_REMEMBERED)
            .time_to_live(BELIEVED_WITHOUT_DATABASE)
            .build();
        Sessions {
            shared: Arc::new(Shared {
                db,
                known,
                used: Mutex::default(),
                links: Cache::builder().max_capacity(MOST_REMEMBERED).build(),
            }),
        }
    }

    /// Begins a session for a user and returns the cookie's value.
    ///
    /// # Errors
    /// [`DbError`] when it can't be stored.
    pub async fn begin(&self, user: &UserRow) -> Result<String, DbError> {
        let cookie = random_token();
        let now = utc_now();
        let session = NewSession {
            cookie_hash: hash(&cookie),
            user_id: user.id,
            version: user.version,
            created_at: now,
            last_seen_at: now,
            ends_at: now + UNUSED_FOR,
        };
        let db = &self.shared.db;
        db.write(async |conn| db::insert_session(conn, session).await)
            .await?;
        Ok(cookie)
    }

    /// Returns the session of a cookie if it has not ended; whether its user may still sign in is
    /// the directory's to say.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer and nothing is known of it.
    pub async fn find(&self, cookie: &str) -> Result<Option<Arc<Session>>, DbError> {
        if cookie.len() != COOKIE_LENGTH {
            return Ok(None);
        }
        let key = hash(cookie);
        let known = match self.shared.known.get(&key) {
            Some(known) if known.read_at.elapsed() < BELIEVED_FOR => Some(known),
            before => match (self.look(cookie, &key, before.is_some()).await, before) {
                (Ok(read), _) => read,
                (Err(err), None) => return Err(err),
                (Err(_), before) => before,
            },
        };
        let known = known.filter(|known| known.ends_at > utc_now());
        Ok(known.map(|known| {
            self.note_use(key, &known);
            known.session
        }))
    }

    /// Reads a session on a task of its own: a request that is refused meanwhile cuts no query off.
    async fn look(
        &self,
        cookie: &str,
        key: &str,
        was_seen: bool,
    ) -> Result<Option<Known>, DbError> {
        let wait = match was_seen {
            true => WAIT_FOR_NEXT_LOOK,
            false => WAIT_FOR_FIRST_LOOK,
        };
        let (sessions, cookie, key) = (self.clone(), cookie.to_owned(), key.to_owned());
        let look = actix_rt::spawn(async move { sessions.read(&cookie, &key).await });
        let looked = timeout(wait, look).await;
        looked
            .map_err(|_| DbError::TimedOut)?
            .map_err(|err| DbError::Unavailable(format!("a session can't be read: {err}")))?
    }

    async fn read(&self, cookie: &str, key: &str) -> Result<Option<Known>, DbError> {
        let row = db::find_session(&mut self.shared.db.conn().await?, key).await?;
        let known = row.map(|row| Known::of(row, cookie));
        match &known {
            Some(known) => self.shared.known.insert(key.to_owned(), known.clone()),
            None => self.shared.known.invalidate(key),
        }
        Ok(known)
    }

    /// Ends the session of a cookie.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn end(&self, cookie: &str) -> Result<(), DbError> {
        let key = hash(cookie);
        let db = &self.shared.db;
        db.write(async |conn| db::delete_session(conn, &key).await)
            .await?;
        self.shared.known.invalidate(&key);
        Ok(())
    }

    /// Stores what a user prefers; see [`Session`]. `None` leaves one as it is.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn prefer(
        &self,
        cookie: &str,
        user_id: i64,
        language: Option<&str>,
        theme: Option<Option<&str>>,
    ) -> Result<(), DbError> {
        let db = &self.shared.db;
        db.write(async |conn| db::update_preferences(conn, user_id, language, theme).await)
            .await?;
        self.shared.known.invalidate(&hash(cookie));
        Ok(())
    }

    /// Returns the token of a link that signs a user in once, in this process.
    pub fn link_for(&self, user_id: i64) -> String {
        let token = random_token();
        let ends_at = utc_now() + LINK_LIFETIME;
        self.shared.links.insert(hash(&token), (user_id, ends_at));
        token
    }

    /// Takes a link and returns its user, unless it was used or its time is over.
    pub fn take_link(&self, token: &str) -> Option<i64> {
        let (user_id, ends_at) = self.shared.links.remove(&hash(token))?;
        (ends_at > utc_now()).then_some(user_id)
    }

    /// Stores when sessions were used last.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer; the times are lost, and the next use notes them.
    pub async fn store_uses(&self) -> Result<(), DbError> {
        let used = std::mem::take(&mut *self.used());
        if used.is_empty() {
            return Ok(());
        }
        let now = utc_now();
        let db = &self.shared.db;
        db.write(async |conn| {
            for (key, ends_at) in &used {
                db::set_session_seen(conn, key, now, *ends_at).await?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes the sessions that have ended.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn delete_ended(&self) -> Result<(), DbError> {
        let db = &self.shared.db;
        db.write(async |conn| db::delete_ended_sessions(conn, utc_now()).await)
            .await
    }

    fn note_use(&self, key: String, known: &Known) {
        let ends_at = (utc_now() + UNUSED_FOR).min(known.created_at + LONGEST);
        if ends_at - known.ends_at >= STEP {
            self.used().insert(key, ends_at);
        }
    }

    fn used(&self) -> std::sync::MutexGuard<'_, HashMap<String, NaiveDateTime>> {
        self.shared
            .used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(row: SessionRow, cookie: &str) -> Known {
        let session = Session {
            user_id: row.user_id,
            version: row.version,
            full_name: row.full_name,
            language: row.language,
            theme: row.theme,
            // It can't be computed without the cookie, which no script can read.
            form_token: hash(&format!("form:{cookie}")),
        };
        Known {
            session: Arc::new(session),
            created_at: row.created_at,
            ends_at: row.ends_at,
            read_at: Instant::now(),
        }
    }
}

fn random_token() -> String {
    let bits: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bits)
}
