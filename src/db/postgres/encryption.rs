//! The negotiation of TLS with a PostgreSQL server, and the stream that comes of it.
//!
//! The driver would negotiate by itself, but gives a stream without TLS no chance to be watched.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsConnector, client};
use tokio_util::either::Either;

use super::watched_stream::WatchedStream;
use crate::tls::{ClientIdentity, Trust, client_config};

/// The message `SSLRequest`. Source: PostgreSQL's documentation, "Message Formats".
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// What the server answers if it will.
const WILLING: u8 = b'S';

/// Whether and how connections are encrypted.
#[derive(Clone)]
pub(super) struct Encryption {
    /// `None`: no TLS.
    tls: Option<TlsConnector>,
    /// Whether a server without TLS is accepted.
    is_optional: bool,
    limits: StreamLimits,
}

/// What bounds a stream.
#[derive(Clone, Copy)]
pub(super) struct StreamLimits {
    /// The negotiation of TLS.
    pub negotiation: Duration,
    /// The silence while a reply is awaited.
    pub silence: Duration,
}

impl Encryption {
    /// No TLS.
    pub fn disabled(limits: StreamLimits) -> Encryption {
        Encryption {
            tls: None,
            is_optional: true,
            limits,
        }
    }

    /// TLS with that trust.
    ///
    /// # Errors
    /// Which file can't be used, and why.
    pub fn new(
        trust: &Trust,
        identity: Option<&ClientIdentity>,
        is_optional: bool,
        limits: StreamLimits,
    ) -> Result<Encryption, String> {
        let config = client_config(trust, identity)?;
        Ok(Encryption {
            tls: Some(TlsConnector::from(Arc::new(config))),
            is_optional,
            limits,
        })
    }

    /// Whether TLS is tried, but not demanded.
    pub fn is_optional(&self) -> bool {
        self.is_optional && self.tls.is_some()
    }

    /// The same without TLS.
    pub fn without_tls(&self) -> Encryption {
        Encryption::disabled(self.limits)
    }

    async fn negotiate(self, mut socket: Socket, server: String) -> io::Result<PostgresStream> {
        let Some(tls) = self.tls else {
            return Ok(WatchedStream::new(
                Either::Left(socket),
                self.limits.silence,
            ));
        };
        socket.write_all(&SSL_REQUEST).await?;
        // Nothing may stand behind the answer: it would be taken for encrypted (CVE-2021-23222).
        let answer = socket.read_u8().await?;
        if answer != WILLING {
            return match self.is_optional {
                true => Ok(WatchedStream::new(
                    Either::Left(socket),
                    self.limits.silence,
                )),
                false => Err(io::Error::other(
                    "the server speaks no TLS, and sslmode demands it",
                )),
            };
        }
        let name = ServerName::try_from(server).map_err(io::Error::other)?;
        let stream = tls.connect(name, socket).await?;
        Ok(WatchedStream::new(
            Either::Right(Box::new(stream)),
            self.limits.silence,
        ))
    }
}

impl MakeTlsConnect<Socket> for Encryption {
    type Stream = PostgresStream;
    type TlsConnect = Negotiation;
    type Error = io::Error;

    fn make_tls_connect(&mut self, server: &str) -> io::Result<Negotiation> {
        Ok(Negotiation {
            encryption: self.clone(),
            server: server.to_owned(),
        })
    }
}

/// The negotiation with one server.
pub(super) struct Negotiation {
    encryption: Encryption,
    server: String,
}

impl TlsConnect<Socket> for Negotiation {
    type Stream = PostgresStream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<PostgresStream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let limit = self.encryption.limits.negotiation;
        let negotiation = timeout(limit, self.encryption.negotiate(socket, self.server));
        Box::pin(async move {
            negotiation.await.unwrap_or_else(|_| {
                let limit = limit.as_millis();
                let cause = format!("the server did not answer within {limit} ms");
                Err(io::Error::new(io::ErrorKind::TimedOut, cause))
            })
        })
    }
}

/// A stream to a server, with or without TLS.
pub(super) type PostgresStream = WatchedStream<Either<Socket, Box<client::TlsStream<Socket>>>>;

impl TlsStream for PostgresStream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}
