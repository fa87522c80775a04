//! Ends connections whose client goes on to send a body that nobody reads.
//!
//! The web server reads a chunked body to its end when its reader is dropped, however long that
//! takes; while the reader lives, it closes the connection after the response. So the reader is kept
//! until the response is sent. Bodies of an announced length are treated so by itself.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::web::Bytes;
use futures_util::{Stream, stream};

/// The reader of a chunked body; `None` of any other request.
pub(super) struct UnreadBody(Option<Rc<RefCell<Payload>>>);

impl UnreadBody {
    /// Keeps the reader of a request's body, which the request goes on to read.
    pub fn of(request: &mut ServiceRequest) -> UnreadBody {
        if !request.chunked().unwrap_or(false) {
            return UnreadBody(None);
        }
        let kept = Rc::new(RefCell::new(request.take_payload()));
        let shared = kept.clone();
        let pieces =
            stream::poll_fn(move |context| Pin::new(&mut *shared.borrow_mut()).poll_next(context));
        request.set_payload(Payload::Stream {
            payload: Box::pin(pieces),
        });
        UnreadBody(Some(kept))
    }

    /// Keeps the reader until the response is sent.
    pub fn keep_until_sent(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let Some(reader) = self.0 else {
            return response;
        };
        response.map_body(|_, body| {
            BoxBody::new(KeptBody {
                body,
                _reader: reader,
            })
        })
    }
}

/// The body of a response, with the reader of its request's.
struct KeptBody {
    body: BoxBody,
    _reader: Rc<RefCell<Payload>>,
}

impl MessageBody for KeptBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
