//! Clients that ask a server over connections that stay open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const CONNECTIONS: usize = 32;

/// A server to ask, and what to send.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) request: Arc<Vec<u8>>,
}

impl Target {
    pub(crate) fn new(address: std::net::SocketAddr, path: &str, token: &str) -> Target {
        Target::with_headers(address, path, &format!("Authorization: Bearer {token}\r\n"))
    }

    /// `headers`: whole lines.
    pub(crate) fn with_headers(address: std::net::SocketAddr, path: &str, headers: &str) -> Target {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        Target {
            address,
            request: Arc::new(request.into_bytes()),
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            request: self.request.clone(),
            buffer: vec![0; 256 * 1024],
        }
    }

    /// Asks over all connections for a time; gives how long each answer took, in order.
    pub(crate) async fn load(&self, time: Duration) -> Vec<Duration> {
        let end = Instant::now() + time;
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut client = self.connect().await;
            clients.push(tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    let started = Instant::now();
                    client.ask().await;
                    times.push(started.elapsed());
                }
                times
            }));
        }
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.await.unwrap());
        }
        times.sort();
        times
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    pub(crate) request: Arc<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Client {
    /// The answer's head and body; it must be 200.
    pub(crate) async fn ask(&mut self) -> (String, Vec<u8>) {
        self.stream.write_all(&self.request).await.unwrap();
        let mut filled = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert!(count > 0, "the server closed the connection");
            filled += count;
            let Some(head) = self.buffer[..filled]
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            else {
                continue;
            };
            let text = String::from_utf8_lossy(&self.buffer[..head]).to_lowercase();
            assert!(text.starts_with("http/1.1 200"), "{text}");
            let body = &self.buffer[head + 4..filled];
            let is_whole = match text.split("content-length: ").nth(1) {
                Some(rest) => {
                    let length = rest.split("\r\n").next().unwrap();
                    body.len() >= length.parse::<usize>().unwrap()
                }
                // In chunks, of which the last is empty.
                None => body.ends_with(b"\r\n0\r\n\r\n"),
            };
            if is_whole {
                return (text, body.to_vec());
            }
        }
    }
}
