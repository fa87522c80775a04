//! An FTP server inside the program: loopback only, one user, files of one folder.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use libunftp::ServerBuilder;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

use crate::config::Secret;

/// Serves until it is dropped.
pub struct DemoFtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct OneUser {
    name: String,
    password: Secret,
}

impl DemoFtpServer {
    /// Serves a folder on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start(
        folder: PathBuf,
        name: &str,
        password: &Secret,
    ) -> std::io::Result<DemoFtpServer> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let user = Arc::new(OneUser {
            name: name.to_owned(),
            password: password.clone(),
        });
        let accepting = tokio::spawn(accept(listener, folder, user));
        Ok(DemoFtpServer { address, accepting })
    }
}

impl Drop for DemoFtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, folder: PathBuf, user: Arc<OneUser>) {
    while let Ok((stream, _)) = listener.accept().await {
        let folder = folder.clone();
        let storage = Box::new(move || match Filesystem::new(folder.clone()) {
            Ok(storage) => storage,
            // The folder vanished: an empty one in its place lists nothing.
            Err(_) => {
                Filesystem::new(std::env::temp_dir()).unwrap_or_else(|_| std::process::exit(1))
            }
        });
        match ServerBuilder::new(storage)
            .authenticator(user.clone())
            .build()
        {
            Ok(server) => drop(tokio::spawn(server.service(stream))),
            Err(err) => log::warn!("The demo's FTP server can't serve: {err}"),
        }
    }
}

#[async_trait]
impl Authenticator for OneUser {
    async fn authenticate(
        &self,
        username: &str,
        credentials: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        let password = credentials.password.as_deref().unwrap_or_default();
        if username != self.name {
            Err(AuthenticationError::BadUser)
        } else if password != self.password.expose() {
            Err(AuthenticationError::BadPassword)
        } else {
            Ok(Principal {
                username: username.to_owned(),
            })
        }
    }
}
