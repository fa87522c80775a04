//! The fast path: a request that was answered before, byte for byte and with the same token, is
//! answered ahead of routing, parsing and authorization.
//!
//! # What is remembered
//! For each such request, under the bytes that decide on its answer (path and query,
//! `Authorization`, `Accept-Encoding`, `Accept`): the prepared query with its cache key, the
//! accepted compression, and when the token ends; for the access log also the user and the route, and for
//! monitoring the route's metrics.
//! The answer itself is not here: it stays in the cache, so that nothing is kept twice and nothing
//! outlives its entry. A request is remembered when it has gone the whole way and its answer came
//! out of this process's memory. Each web worker remembers its own requests, without a lock.
//!
//! # Why it is right
//! Which query a request means, and whether its caller may ask it, follows from those bytes and
//! from settings that stand still while the program runs, and from the account's version: whatever
//! changes what a user may do raises it. What can change is checked each time, by the code that the
//! long way uses:
//! - the token or API key is still accepted, and the account has the same version;
//! - the cache may be relied on: this process has looked for changes within a lease;
//! - the entry is still in memory, its life has not ended, and no change since concerns it.
//!
//! If one does not hold, the request goes the long way, which also finds the words for a refusal.
//! A test compares the answers of both ways, header by header.
//!
//! # What it leaves out
//! - Anything but GET (HEAD counts as one): nothing is changed ahead of authorization.
//! - `If-None-Match`, which may end in a 304, and `Origin`, which CORS answers: other middleware
//!   decides on these.
//! - Answers that are not cached figures (lists, files, errors), and those out of Redis or the
//!   database: the first hit in memory makes the request known.
//! - Sessions of the dashboard: no cookie is part of the key.
//! - Compression on the way out: figures are kept in the forms that clients accept.
//!
//! The frame around every request (its id, HEAD, the access log) holds for these answers too.
//!
//! # When it forgets
//! Never one request alone: an entry without its answer in the cache is harmless, and is of use
//! again when the answer is back. After [`MOST_REMEMBERED`] requests a worker forgets all of
//! them, and it remembers none whose key is long, so that made-up requests can't fill the memory; the next hits are remembered again. A
//! restart forgets everything.

mod key;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{IF_NONE_MATCH, ORIGIN};
use actix_web::web::Data;

use super::compression::AcceptedEncoding;
use super::conditional::set_cache_headers;
use super::figures::figures;
use crate::accounts::Credential;
use crate::analytics::PreparedQuery;
use crate::metrics::RouteMetrics;
use crate::state::AppState;
pub use key::FastPathKey;
use key::key_of;

/// A worker that remembers this many requests forgets them all before the next.
const MOST_REMEMBERED: usize = 10_000;

/// A request with a longer key is not remembered: what clients send must not fill the memory.
const LONGEST_KEY: usize = 4096;

/// What a worker remembers.
#[derive(Default)]
pub struct FastPathCache {
    requests: RefCell<HashMap<Vec<u8>, Rc<Remembered>>>,
}

/// A request that was answered before.
struct Remembered {
    prepared: PreparedQuery,
    encoding: AcceptedEncoding,
    credential: Credential,
    /// The template that the path matched.
    route: Option<Box<str>>,
    /// Looked up once.
    metrics: RouteMetrics,
}

/// An answer of the fast path.
pub(super) struct Hit {
    pub(super) response: HttpResponse,
    remembered: Rc<Remembered>,
}

impl Hit {
    /// The template that the path matched.
    pub(super) fn route(&self) -> Option<&str> {
        self.remembered.route.as_deref()
    }

    /// Counts the answer, which took so long.
    pub(super) fn record(&self, duration: Duration) {
        self.remembered.metrics.record(duration);
    }

    /// Whom the token names.
    pub(super) fn user_id(&self) -> i64 {
        self.remembered.credential.user_id
    }
}

impl FastPathCache {
    fn remember(&self, key: Vec<u8>, remembered: Remembered) {
        if key.len() > LONGEST_KEY {
            return;
        }
        let mut requests = self.requests.borrow_mut();
        if requests.len() >= MOST_REMEMBERED {
            requests.clear();
        }
        requests.insert(key, Rc::new(remembered));
    }
}

/// Returns the answer if the request was answered before and its answer is in memory and valid.
pub(super) fn respond_from_fast_path(request: &ServiceRequest) -> Option<Hit> {
    let headers = request.headers();
    let is_plain = request.method() == Method::GET
        && !headers.contains_key(IF_NONE_MATCH)
        && !headers.contains_key(ORIGIN);
    let cache = request
        .app_data::<Data<FastPathCache>>()
        .filter(|_| is_plain)?;
    let key = key_of(request.uri(), headers)?;
    let remembered = cache.requests.borrow().get(&key)?.clone();
    let state = request.app_data::<Data<AppState>>()?;
    let now = chrono::Utc::now().timestamp();
    if !remembered.credential.is_accepted(&state.accounts, now) {
        return None;
    }
    let answer = state.analytics.answer_from_memory(&remembered.prepared)?;
    let mut response = figures(state, &remembered.prepared, &answer, remembered.encoding).ok()?;
    set_cache_headers(response.headers_mut());
    Some(Hit {
        response,
        remembered,
    })
}
