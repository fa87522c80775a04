//! Questions that were asked before, word for word, by the same token: answered out of memory
//! ahead of routing, parsing and authorization.
//!
//! All that depends on the request alone (who may, which filter, which compression) was decided
//! when it was first asked and is the same now; the token's end and the entry's validity are
//! checked each time. Each worker remembers its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, IF_NONE_MATCH, ORIGIN,
};
use actix_web::web::Data;

use super::conditional::set_cache_headers;
use super::figures::{AcceptedEncoding, figures};
use crate::analytics::PreparedQuery;
use crate::state::AppState;

/// So many questions are remembered; then all are forgotten.
const MOST_REMEMBERED: usize = 10_000;

/// What a worker remembers.
#[derive(Default)]
pub struct FastPathCache {
    requests: RefCell<HashMap<Vec<u8>, Rc<Remembered>>>,
}

/// A question that was answered before.
struct Remembered {
    prepared: PreparedQuery,
    encoding: AcceptedEncoding,
    /// When the token ends, in Unix seconds.
    token_ends: i64,
}

impl FastPathCache {
    /// Remembers a question that was answered out of memory.
    pub(super) fn remember(
        &self,
        request: Vec<u8>,
        prepared: PreparedQuery,
        encoding: AcceptedEncoding,
        token_ends: i64,
    ) {
        let mut requests = self.requests.borrow_mut();
        if requests.len() >= MOST_REMEMBERED {
            requests.clear();
        }
        requests.insert(
            request,
            Rc::new(Remembered {
                prepared,
                encoding,
                token_ends,
            }),
        );
    }
}

/// All of a request that decides on its answer, as one key.
pub(super) fn key_of(uri: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut key = Vec::with_capacity(512);
    key.extend_from_slice(uri.as_bytes());
    for name in [AUTHORIZATION, ACCEPT_ENCODING, ACCEPT] {
        key.push(b'\n');
        for value in headers.get_all(name) {
            key.extend_from_slice(value.as_bytes());
            key.push(b',');
        }
    }
    key
}

/// The answer, if the question was asked before and the answer is in memory and valid.
pub(super) fn respond_from_fast_path(request: &ServiceRequest) -> Option<HttpResponse> {
    let headers = request.headers();
    let is_plain = request.method() == Method::GET
        && !headers.contains_key(IF_NONE_MATCH)
        && !headers.contains_key(ORIGIN);
    let cache = request
        .app_data::<Data<FastPathCache>>()
        .filter(|_| is_plain)?;
    let uri = request.uri().path_and_query()?.as_str();
    let remembered = cache.requests.borrow().get(&key_of(uri, headers))?.clone();
    if remembered.token_ends <= chrono::Utc::now().timestamp() {
        return None;
    }
    let state = request.app_data::<Data<AppState>>()?;
    let answer = state.analytics.answer_from_memory(&remembered.prepared)?;
    let mut response = figures(state, &remembered.prepared, &answer, remembered.encoding).ok()?;
    set_cache_headers(response.headers_mut());
    Some(response)
}
