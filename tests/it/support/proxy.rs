//! A TCP proxy that can break the connection to a server in the middle, or fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::app::{Backend, TestApp};
use super::servers::Postgres;

/// Listens on a port of its own and passes everything on.
pub struct Proxy {
    pub port: u16,
    target: u16,
    passing: Option<JoinHandle<()>>,
    /// Bytes of answers until a connection breaks; 0: none does.
    until_break: Arc<AtomicUsize>,
    /// Nothing is passed on, and connections stay open.
    is_silent: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn start(target: u16) -> Proxy {
        let mut proxy = Proxy {
            port: 0,
            target,
            passing: None,
            until_break: Arc::default(),
            is_silent: Arc::default(),
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

    /// Keeps every connection open and takes new ones, but passes nothing on while it is set.
    pub fn be_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Lets connections through (again).
    pub async fn restore(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let (target, until_break, is_silent) = (
            self.target,
            self.until_break.clone(),
            self.is_silent.clone(),
        );
        self.passing = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let (until_break, is_silent) = (until_break.clone(), is_silent.clone());
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await {
                        let (mut answers, mut requests) = server.split();
                        let (mut from_client, mut to_client) = client.split();
                        let never = AtomicUsize::new(0);
                        tokio::select! {
                            () = pass_on(&mut from_client, &mut requests, &never, &is_silent) => {}
                            () = pass_on(&mut answers, &mut to_client, &until_break, &is_silent) => {}
                        }
                    }
                });
            }
        }));
    }
}

/// A database behind a proxy.
pub async fn proxied(settings: &[(&str, &str)]) -> (TestApp, Proxy) {
    let url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    let (host, name) = url.rsplit_once('/').unwrap();
    let port: u16 = host.rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = Proxy::start(port).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", proxy.port);
    let settings: Vec<_> = [("USE_REDIS", "false"), ("DATABASE_URL", url.as_str())]
        .into_iter()
        .chain(settings.iter().copied())
        .collect();
    (TestApp::start_with(Backend::Sqlite, &settings).await, proxy)
}

/// Passes bytes on until the connection ends or has to break.
async fn pass_on(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    until_break: &AtomicUsize,
    is_silent: &AtomicBool,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        while is_silent.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
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
