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

use super::message_counter::{MessageCounter, READY_FOR_QUERY, REPLIED_TO};

pub(super) struct WatchedStream<S> {
    stream: S,
    limit: Duration,
    sent: MessageCounter,
    received: MessageCounter,
    /// How many replies have not ended. A statement that is given up sends messages of its own, so
    /// there may be several.
    replies_due: u64,
    /// Whether what is to be sent waits for the server to take it.
    is_blocked: bool,
    last_byte_at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S> WatchedStream<S> {
    pub fn new(stream: S, limit: Duration) -> WatchedStream<S> {
        WatchedStream {
            stream,
            limit,
            sent: MessageCounter::from_startup(),
            received: MessageCounter::default(),
            replies_due: 0,
            is_blocked: false,
            last_byte_at: Instant::now(),
            timer: Box::pin(sleep(limit)),
        }
    }

    /// Whether the server has to do something.
    fn is_awaiting(&self) -> bool {
        self.replies_due > 0 || self.is_blocked
    }

    fn note_received(&mut self, bytes: &[u8]) {
        self.last_byte_at = Instant::now();
        let ended = self.received.ended_in(bytes, &[READY_FOR_QUERY]);
        self.replies_due = self.replies_due.saturating_sub(ended);
    }

    /// Fails when a reply has been awaited in silence for too long.
    fn check(&mut self, context: &mut Context<'_>) -> Result<(), io::Error> {
        while self.is_awaiting() {
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
        if !this.is_awaiting() {
            this.last_byte_at = Instant::now();
        }
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.is_blocked = written.is_pending();
        if let Poll::Ready(Ok(length)) = &written {
            this.replies_due += this.sent.ended_in(&bytes[..*length], &REPLIED_TO);
        }
        // Has the timer wake this task, although nothing is read yet.
        this.check(context)?;
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.is_awaiting() {
            this.last_byte_at = Instant::now();
        }
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.is_blocked = flushed.is_pending();
        this.check(context)?;
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(30);
    const QUERY: &[u8] = b"Q\0\0\0\x0dSELECT 1\0";
    const REPLY: &[u8] = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

    const STARTUP_MESSAGE: &[u8] = b"\0\0\0\x08\0\x03\0\0";
    const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    const CLOSE_AND_SYNC: &[u8] = b"C\0\0\0\x08Ss1\0S\0\0\0\x04";
    const CLOSED: &[u8] = b"3\0\0\0\x04Z\0\0\0\x05T";

    /// Both ends of a connection that is open.
    async fn opened(capacity: usize) -> (WatchedStream<DuplexStream>, DuplexStream) {
        let (near, mut far) = duplex(capacity);
        let mut stream = WatchedStream::new(near, LIMIT);
        stream.write_all(STARTUP_MESSAGE).await.unwrap();
        pass(&mut far, &mut stream, WELCOME).await;
        far.read_exact(&mut [0; STARTUP_MESSAGE.len()])
            .await
            .unwrap();
        (stream, far)
    }

    async fn pass(far: &mut DuplexStream, stream: &mut WatchedStream<DuplexStream>, bytes: &[u8]) {
        far.write_all(bytes).await.unwrap();
        let mut received = vec![0; bytes.len()];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(received, bytes);
    }

    async fn assert_given_up(stream: &mut WatchedStream<DuplexStream>) {
        // Without the limit it would wait for ever.
        let read = timeout(LIMIT * 100, stream.read_u8()).await.unwrap();
        let err = read.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
        assert!(err.to_string().contains("30 ms"), "{err}");
    }

    #[tokio::test]
    async fn a_reply_that_never_comes_is_an_error() {
        let (mut stream, _far) = opened(1024).await;
        stream.write_all(QUERY).await.unwrap();
        assert_given_up(&mut stream).await;
    }

    #[tokio::test]
    async fn a_server_that_never_lets_in_is_an_error() {
        let (near, _far) = duplex(1024);
        let mut stream = WatchedStream::new(near, LIMIT);
        stream.write_all(STARTUP_MESSAGE).await.unwrap();
        assert_given_up(&mut stream).await;
    }

    #[tokio::test]
    async fn a_reply_that_stops_in_the_middle_is_an_error() {
        let (mut stream, mut far) = opened(1024).await;
        stream.write_all(QUERY).await.unwrap();
        pass(&mut far, &mut stream, &REPLY[..REPLY.len() - 1]).await;
        assert_given_up(&mut stream).await;
    }

    #[tokio::test]
    async fn the_end_of_one_reply_does_not_end_the_watch_over_the_next() {
        let (mut stream, mut far) = opened(1024).await;
        // As a statement that is dropped closes itself ahead of a COMMIT.
        stream.write_all(CLOSE_AND_SYNC).await.unwrap();
        stream.write_all(QUERY).await.unwrap();
        pass(&mut far, &mut stream, CLOSED).await;
        assert_given_up(&mut stream).await;
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_an_error() {
        let (mut stream, _far) = opened(16).await;
        // The beginning of a `Bind`, to which nothing is replied yet.
        let mut long = vec![0; 64];
        long[..5].copy_from_slice(b"B\0\0\0\x7f");
        let err = stream.write_all(&long).await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_stream_that_awaits_nothing_may_be_silent() {
        let (mut stream, mut far) = opened(1024).await;
        for (sent, reply) in [
            (QUERY.to_vec(), REPLY.to_vec()),
            ([CLOSE_AND_SYNC, QUERY].concat(), [CLOSED, REPLY].concat()),
        ] {
            stream.write_all(&sent).await.unwrap();
            // Split within the end of the reply.
            let (head, tail) = reply.split_at(reply.len() - 3);
            pass(&mut far, &mut stream, head).await;
            pass(&mut far, &mut stream, tail).await;
            let silence = timeout(LIMIT * 4, stream.read_u8()).await;
            assert!(silence.is_err(), "{silence:?}");
        }
        stream.write_all(QUERY).await.unwrap();
        assert_given_up(&mut stream).await;
    }
}
