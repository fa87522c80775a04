//! What is made uniform before routing: a trailing slash and HEAD.
//!
//! Below the prefix a path means the same with a trailing slash as without. A HEAD is handled as a
//! GET whose body stays behind: same status, same headers, and the length where it is known.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, Uri};
use actix_web::web::Bytes;

use super::PREFIX;

/// Removes the trailing slashes of the path.
pub(super) fn trim_slash(request: &mut ServiceRequest) {
    let path = request.path();
    if !path.ends_with('/') || !path.starts_with(PREFIX) {
        return;
    }
    let path = path.trim_end_matches('/');
    let query = request.query_string();
    let trimmed = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    let Ok(uri) = trimmed.parse::<Uri>() else {
        return;
    };
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
}

/// Turns a HEAD into a GET; returns whether it was one.
pub(super) fn take_head(request: &mut ServiceRequest) -> bool {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        request.head_mut().method = Method::GET;
    }
    is_head
}

/// The response without its body, whose length is still sent.
pub(super) fn without_body(response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
    let size = response.body().size();
    response.set_body(BoxBody::new(NoBody(size)))
}

/// Nothing, in place of a body of that size. The server writes no body in answer to a HEAD.
struct NoBody(BodySize);

impl MessageBody for NoBody {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
