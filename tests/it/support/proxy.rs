//! A TCP proxy that can break the connection to a server in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Listens on a port of its own and passes everything on.
pub struct Proxy {
    pub port: u16,
    target: u16,
    passing: Option<JoinHandle<()>>,
    /// Bytes of answers until a connection breaks; 0: none does.
    until_break: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn start(target: u16) -> Proxy {
        let mut proxy = Proxy {
            port: 0,
            target,
            passing: None,
            until_break: Arc::default(),
        };
        proxy.restore().await;
        proxy
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(passing) = self.passing.take() {
            passing.abort();
            let _ = passing.await;
        }
    }

    /// Breaks the connection over which so many bytes of answers have come from now on, once.
    pub fn break_after(&self, bytes: usize) {
        self.until_break.store(bytes, Ordering::SeqCst);
    }

    /// Lets connections through (again).
    pub async fn restore(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let (target, until_break) = (self.target, self.until_break.clone());
        self.passing = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let until_break = until_break.clone();
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await {
                        let (mut answers, mut requests) = server.split();
                        let (mut from_client, mut to_client) = client.split();
                        tokio::select! {
                            _ = tokio::io::copy(&mut from_client, &mut requests) => {}
                            () = pass_on(&mut answers, &mut to_client, &until_break) => {}
                        }
                    }
                });
            }
        }));
    }
}

/// Passes answers on until the connection ends or has to break.
async fn pass_on(
    answers: &mut (impl AsyncReadExt + Unpin),
    to_client: &mut (impl AsyncWriteExt + Unpin),
    until_break: &AtomicUsize,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = answers.read(&mut buffer).await else {
            return;
        };
        if to_client.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        let left = until_break.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            Some(left.saturating_sub(read))
        });
        if left.is_ok_and(|left| left > 0 && left <= read) {
            return;
        }
    }
}
