//! The sockets below the FTP client: plain or TLS, one type for both.
//!
//! The client doubles the byte 0xFF in commands, as the Telnet protocol demands of the control
//! connection. Servers that do not speak Telnet take both for the name, in which CP1251 writes `я`
//! so: the socket can undo it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use suppaftp::tokio::{AsyncTlsConnector, ImplAsyncFtpStream, TokioTlsStream};
use suppaftp::tokio_rustls::TlsConnector;
use suppaftp::tokio_rustls::client::TlsStream;
use suppaftp::tokio_rustls::rustls::pki_types::ServerName;
use suppaftp::{FtpError, FtpResult};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The FTP client over [`Socket`]s.
pub(super) type Client = ImplAsyncFtpStream<Socket>;

/// The byte that begins a command of the Telnet protocol.
pub(super) const TELNET_COMMAND: u8 = 0xFF;

/// Whether the control connection follows the Telnet protocol; shared with its sockets.
#[derive(Clone, Debug)]
pub(super) struct TelnetMode(Arc<AtomicBool>);

impl TelnetMode {
    /// The mode that the standard demands.
    pub(super) fn standard() -> TelnetMode {
        TelnetMode(Arc::new(AtomicBool::new(true)))
    }

    /// Switches to the other mode.
    pub(super) fn toggle(&self) {
        self.0.fetch_xor(true, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Opens the sockets of a connection.
pub(super) struct Connector {
    /// What encrypts them; `None`: nothing does.
    pub tls: Option<TlsConnector>,
    /// The mode of the control connection.
    pub telnet: TelnetMode,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("telnet", &self.telnet)
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl AsyncTlsConnector for Connector {
    type Stream = Socket;

    async fn connect(&self, domain: &str, stream: TcpStream) -> FtpResult<Socket> {
        let wire = match &self.tls {
            None => Wire::Plain(stream),
            Some(tls) => {
                let name = ServerName::try_from(domain.to_owned());
                let name = name.map_err(|err| FtpError::SecureError(err.to_string()))?;
                let stream = tls.connect(name, stream).await;
                let stream = stream.map_err(|err| FtpError::SecureError(err.to_string()))?;
                Wire::Tls(Box::new(stream))
            }
        };
        Ok(Socket {
            wire,
            telnet: self.telnet.clone(),
            is_within_pair: false,
        })
    }
}

/// A socket, and how bytes are written to it.
#[derive(Debug)]
pub(super) struct Socket {
    wire: Wire,
    telnet: TelnetMode,
    /// The first byte of a doubled 0xFF was written.
    is_within_pair: bool,
}

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl TokioTlsStream for Socket {
    type InnerStream = Wire;

    fn tcp_stream(self) -> FtpResult<TcpStream> {
        Ok(match self.wire {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => stream.into_inner().0,
        })
    }

    fn get_ref(&self) -> &TcpStream {
        match &self.wire {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => stream.get_ref().0,
        }
    }

    fn mut_ref(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    /// Writes at most up to the first 0xFF, so that its double can be left out of what follows.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.telnet.is_on() {
            return Pin::new(&mut self.wire).poll_write(cx, buf);
        }
        if std::mem::take(&mut self.is_within_pair) {
            return Poll::Ready(Ok(1));
        }
        let end = buf
            .iter()
            .position(|byte| *byte == TELNET_COMMAND)
            .map_or(buf.len(), |at| at + 1);
        let written = ready!(Pin::new(&mut self.wire).poll_write(cx, &buf[..end]))?;
        self.is_within_pair = written > 0 && buf[written - 1] == TELNET_COMMAND;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
