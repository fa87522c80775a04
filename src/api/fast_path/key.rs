//! The key of a request on the fast path, and what a handler of figures needs to remember one.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap};
use actix_web::http::{StatusCode, Uri};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::{FastPathCache, Remembered};
use crate::accounts::Credential;
use crate::analytics::PreparedQuery;
use crate::api::caller::Caller;
use crate::api::compression::AcceptedEncoding;
use crate::api::error::ApiError;
use crate::metrics::RouteMetrics;

/// Returns all of a request that decides on its answer, as one key.
pub(super) fn key_of(uri: &Uri, headers: &HeaderMap) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(512);
    key.extend_from_slice(uri.path_and_query()?.as_str().as_bytes());
    for name in [AUTHORIZATION, ACCEPT_ENCODING, ACCEPT] {
        key.push(b'\n');
        for value in headers.get_all(name) {
            key.extend_from_slice(value.as_bytes());
            key.push(b',');
        }
    }
    Some(key)
}

/// An authorized request whose answer may be remembered.
pub struct FastPathKey {
    request: HttpRequest,
    credential: Credential,
}

impl FastPathKey {
    /// The compression that the client accepts.
    pub(in crate::api) fn encoding(&self) -> AcceptedEncoding {
        AcceptedEncoding::of(self.request.headers())
    }

    /// Remembers which query the request means. The key holds no cookie, so that nothing is
    /// remembered of a session.
    pub(in crate::api) fn remember(self, prepared: PreparedQuery) {
        if !self.credential.may_be_remembered() {
            return;
        }
        let cache = self.request.app_data::<Data<FastPathCache>>();
        let key = key_of(self.request.uri(), self.request.headers());
        if let (Some(cache), Some(key)) = (cache, key) {
            let route = self.request.match_pattern().map(String::into_boxed_str);
            let remembered = Remembered {
                metrics: RouteMetrics::new("GET", route.as_deref(), StatusCode::OK.as_u16()),
                prepared,
                encoding: self.encoding(),
                credential: self.credential,
                route,
            };
            cache.remember(key, remembered);
        }
    }
}

impl FromRequest for FastPathKey {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<FastPathKey, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let credential = Caller::allowed(&request).await?.credential;
            Ok(FastPathKey {
                request,
                credential,
            })
        })
    }
}
