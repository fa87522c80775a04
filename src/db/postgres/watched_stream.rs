//! A stream to PostgreSQL that notices silence.
//!
//! While a reply is awaited and no byte arrives for as long as the limit, reading and writing fail.
//! This bounds every statement, commit and rollback at once, whatever runs above. A connection that
//! awaits nothing may be silent for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// The end of a reply: the message `ReadyForQuery`, without the transaction's state behind it.
/// Source: PostgreSQL's documentation, "Message Formats".
const READY_FOR_QUERY: [u8; 5] = [b'Z', 0, 0, 0, 5];

pub(super) struct WatchedStream<S> {
    stream: S,
    limit: Duration,
    /// Whether something was sent since the last reply ended.
    is_awaiting: bool,
    last_byte_at: Instant,
    /// The last bytes that were read.
    tail: [u8; 6],
    timer: Pin<Box<Sleep>>,
}

impl<S> WatchedStream<S> {
    pub fn new(stream: S, limit: Duration) -> WatchedStream<S> {
        WatchedStream {
            stream,
            limit,
            is_awaiting: false,
            last_byte_at: Instant::now(),
            tail: [0; 6],
            timer: Box::pin(sleep(limit)),
        }
    }

    fn note_sent(&mut self) {
        if !self.is_awaiting {
            self.is_awaiting = true;
            self.last_byte_at = Instant::now();
        }
    }

    fn note_received(&mut self, bytes: &[u8]) {
        self.last_byte_at = Instant::now();
        let new = &bytes[bytes.len().saturating_sub(self.tail.len())..];
        let kept = self.tail.len() - new.len();
        self.tail.rotate_left(new.len());
        self.tail[kept..].copy_from_slice(new);
        if self.tail.starts_with(&READY_FOR_QUERY) {
            self.is_awaiting = false;
        }
    }

    /// Fails when a reply has been awaited in silence for too long.
    fn check(&mut self, context: &mut Context<'_>) -> Result<(), io::Error> {
        while self.is_awaiting {
            let end = self.last_byte_at + self.limit;
            if self.timer.deadline() != end {
                self.timer.as_mut().reset(end);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                break;
            }
            if self.last_byte_at.elapsed() >= self.limit {
                let limit = self.limit.as_millis();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the server was silent for {limit} ms while a reply was awaited"),
                ));
            }
        }
        Ok(())
    }
}

fn fail<T>(err: io::Error) -> Poll<io::Result<T>> {
    Poll::Ready(Err(err))
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Pending => this.check(context).map_or_else(fail, |()| Poll::Pending),
            ready => {
                this.note_received(&buffer.filled()[before..]);
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.note_sent();
        match Pin::new(&mut this.stream).poll_write(context, bytes) {
            Poll::Pending => this.check(context).map_or_else(fail, |()| Poll::Pending),
            ready => {
                // Has the timer wake this task, although nothing is read yet.
                this.check(context)?;
                ready
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_flush(context) {
            Poll::Pending => this.check(context).map_or_else(fail, |()| Poll::Pending),
            ready => ready,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(30);
    const QUERY: &[u8] = b"Q\0\0\0\x0dSELECT 1\0";
    const REPLY: &[u8] = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

    #[tokio::test]
    async fn a_reply_that_never_comes_is_an_error() {
        let (near, _far) = duplex(1024);
        let mut stream = WatchedStream::new(near, LIMIT);
        stream.write_all(QUERY).await.unwrap();
        let err = stream.read_u8().await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
        assert!(err.to_string().contains("30 ms"), "{err}");
    }

    #[tokio::test]
    async fn a_reply_that_stops_in_the_middle_is_an_error() {
        let (near, mut far) = duplex(1024);
        let mut stream = WatchedStream::new(near, LIMIT);
        stream.write_all(QUERY).await.unwrap();
        far.write_all(&REPLY[..REPLY.len() - 1]).await.unwrap();
        let mut received = vec![0; REPLY.len()];
        let err = stream.read_exact(&mut received).await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_an_error() {
        let (near, _far) = duplex(16);
        let mut stream = WatchedStream::new(near, LIMIT);
        let err = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_stream_that_awaits_nothing_may_be_silent() {
        let (near, mut far) = duplex(1024);
        let mut stream = WatchedStream::new(near, LIMIT);
        stream.write_all(QUERY).await.unwrap();
        // Split within the end of the reply.
        let (head, tail) = REPLY.split_at(REPLY.len() - 3);
        let mut received = vec![0; REPLY.len()];
        far.write_all(head).await.unwrap();
        stream
            .read_exact(&mut received[..head.len()])
            .await
            .unwrap();
        far.write_all(tail).await.unwrap();
        stream
            .read_exact(&mut received[head.len()..])
            .await
            .unwrap();
        assert_eq!(received, REPLY);
        let silence = timeout(LIMIT * 4, stream.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");

        stream.write_all(QUERY).await.unwrap();
        let err = stream.read_u8().await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
    }
}
