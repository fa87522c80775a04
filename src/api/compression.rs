//! Which compression an answer goes out in.
//!
//! Cached figures are kept compressed: [`AcceptedEncoding`] chooses among those forms. Every other
//! answer is compressed on its way out by [`compress`], unless its handler marked it with
//! [`NoCompression`].

use actix_http::encoding::Encoder;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CONTENT_TYPE, ContentEncoding, Encoding as Coding, HeaderMap,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};

use crate::cache::Encoding;

/// Marks a response, among its extensions, that goes out as its handler made it.
pub(super) struct NoCompression;

/// The compression that a client accepts, of those that answers are kept in.
#[derive(Clone, Copy)]
pub(super) struct AcceptedEncoding(pub(super) Option<Encoding>);

impl AcceptedEncoding {
    /// Reads a request's `Accept-Encoding`.
    pub(super) fn of(headers: &HeaderMap) -> AcceptedEncoding {
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let takes = |name: &str| {
            accepted
                .into_iter()
                .flat_map(|all| all.split(','))
                .any(|one| {
                    let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
                    coding.trim().eq_ignore_ascii_case(name)
                        && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00")
                })
        };
        AcceptedEncoding(match () {
            () if takes("br") => Some(Encoding::Brotli),
            () if takes("gzip") => Some(Encoding::Gzip),
            () => None,
        })
    }
}

/// The middleware: compresses bodies as they are sent, as actix-web's `Compress` does, whose
/// handlers can only keep it off by a `Content-Encoding` that must not reach the client.
///
/// # Errors
/// The handler's.
pub async fn compress(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(coding) = negotiated(&request) else {
        return Ok(request.into_response(HttpResponse::NotAcceptable().finish()));
    };
    let response = next.call(request).await?;
    let head = response.response();
    if coding == ContentEncoding::Identity
        || head.extensions().contains::<NoCompression>()
        || is_compressed_media(head.headers())
    {
        return Ok(response.map_into_boxed_body());
    }
    Ok(response
        .map_body(|head, body| Encoder::response(coding, head, body))
        .map_into_boxed_body())
}

/// Returns the coding to use; `None` when the client accepts none of ours, not even plain bytes.
fn negotiated(request: &ServiceRequest) -> Option<ContentEncoding> {
    let Some(accepted) = request.get_header::<AcceptEncoding>() else {
        return Some(ContentEncoding::Identity);
    };
    let ours = [
        Coding::identity(),
        Coding::brotli(),
        Coding::gzip(),
        Coding::deflate(),
    ];
    match accepted.negotiate(ours.iter())? {
        Coding::Known(coding) => Some(coding),
        Coding::Unknown(_) => Some(ContentEncoding::Identity),
    }
}

/// Whether the body is an image or a film, in a format that is compressed by itself.
fn is_compressed_media(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| {
        kind.starts_with("video/") || (kind.starts_with("image/") && !kind.starts_with("image/svg"))
    })
}
