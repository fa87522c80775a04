//! Opening a session: connection, TLS, login, encoding of names, folder.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use suppaftp::{Encoding, FtpError, FtpResult, Mode};
use tokio::net::TcpStream;

use super::reply::{Reply, StepError, within};
use super::socket::{Client, Connector, TelnetMode};
use super::{FtpSession, tls};
use crate::config::{FtpSettings, FtpTls};
use crate::domain::NameEncoding;
use crate::import::sources::SourceError;

/// Commands as bytes: a character of the text is a byte of the line.
#[derive(Debug)]
pub(super) struct RawBytes;

impl Encoding for RawBytes {
    fn decode(&self, bytes: &[u8]) -> String {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    fn encode(&self, text: &str) -> io::Result<Vec<u8>> {
        let bytes = text.chars().map(|c| {
            u8::try_from(c).map_err(|err| io::Error::new(io::ErrorKind::InvalidInput, err))
        });
        bytes.collect()
    }
}

impl FtpSession {
    /// Connects, logs in and goes to the folder.
    pub(crate) async fn open(
        settings: &FtpSettings,
        encoding: NameEncoding,
    ) -> Result<FtpSession, SourceError> {
        FtpSession::open_by(settings, encoding, Mode::ExtendedPassive).await
    }

    /// The same, with data connections of that mode.
    pub(super) async fn open_by(
        settings: &FtpSettings,
        encoding: NameEncoding,
        mode: Mode,
    ) -> Result<FtpSession, SourceError> {
        let timeout = settings.timeout;
        let server = format!("{}:{}", settings.host, settings.port);
        let telnet = TelnetMode::standard();
        let mut client = connect(settings, &server, &telnet).await?;
        // Behind NAT a server announces an address that can't be reached: the data connection
        // goes where the control connection went.
        client.set_passive_nat_workaround(true);
        client.set_mode(mode);
        let is_reached = Arc::new(AtomicBool::new(false));
        let client = with_data_timeout(client, timeout / 2, is_reached.clone());
        let mut session = FtpSession {
            client,
            settings: settings.clone(),
            timeout,
            encoding,
            telnet,
            is_reached,
            mode,
            home: None,
            tells_times: true,
            resumes: true,
            is_usable: true,
        };
        session.log_in(settings, &server).await?;
        // From here on names are sent and read as they are.
        session.client.set_encoding(RawBytes).await;
        let folder = settings.remote_dir.as_str();
        session
            .agree_on_names()
            .await
            .map_err(|err| err.context(format!("the FTP server {server} fails")))?;
        session.accepted(b"TYPE I").await.map_err(|err| {
            err.context(format!("the FTP server {server} refuses binary transfers"))
        })?;
        session.enter(folder).await.map_err(|err| {
            err.context(format!(
                "the FTP server {server} has no folder {folder} for this user; check FTP_REMOTE_DIR"
            ))
        })?;
        Ok(session)
    }

    async fn log_in(&mut self, settings: &FtpSettings, server: &str) -> Result<(), SourceError> {
        if settings.tls == FtpTls::Implicit {
            for command in [b"PBSZ 0", b"PROT P"] {
                self.accepted(command).await.map_err(|err| {
                    err.context(format!(
                        "the FTP server {server} does not encrypt transfers"
                    ))
                })?;
            }
        }
        let login = self
            .client
            .login(settings.user.as_str(), settings.password.expose());
        match within(self.timeout, login).await {
            Ok(()) => Ok(()),
            // No password is needed.
            Err(StepError::Refused(reply)) if reply.code() == 202 => Ok(()),
            Err(StepError::Refused(reply)) if matches!(reply.code(), 430 | 530) => {
                Err(SourceError::permanent(format!(
                    "the FTP server {server} does not accept the user {} with this password; check FTP_USER and FTP_PASSWORD",
                    settings.user
                )))
            }
            Err(err) => Err(err.context(format!("the login to the FTP server {server} failed"))),
        }
    }

    /// Asks for names in UTF-8 where the server has a choice. Some write another encoding all the
    /// same.
    async fn agree_on_names(&mut self) -> Result<(), StepError> {
        let features = self.command(b"FEAT").await?;
        let has_utf8 = features.is_done() && features.text().to_uppercase().contains("UTF8");
        if has_utf8 && self.encoding.allows_utf8() {
            self.command(b"OPTS UTF8 ON").await?;
        }
        Ok(())
    }

    /// Goes to the folder, written in each of the encodings that it may have on the server.
    async fn enter(&mut self, folder: &str) -> Result<(), StepError> {
        let mut refused = Reply::of(b"553 FTP_ENCODING has no such characters".to_vec());
        for name in self.encoding.encode(folder) {
            let reply = self.command_on("CWD", &name).await?;
            if reply.is_done() {
                let place = self.command(b"PWD").await?;
                self.home = quoted(place.bytes()).filter(|_| place.code() == 257);
                return Ok(());
            }
            refused = reply;
        }
        Err(StepError::Refused(refused))
    }
}

/// Bounds the wait for a data connection, and notes when there is one.
fn with_data_timeout(client: Client, timeout: Duration, is_reached: Arc<AtomicBool>) -> Client {
    client.passive_stream_builder(move |address| {
        let is_reached = is_reached.clone();
        Box::pin(async move {
            let slow = |_| FtpError::ConnectionError(io::ErrorKind::TimedOut.into());
            let connected = tokio::time::timeout(timeout, TcpStream::connect(address))
                .await
                .map_err(slow)?;
            let stream = connected.map_err(FtpError::ConnectionError)?;
            is_reached.store(true, Ordering::Relaxed);
            FtpResult::Ok(stream)
        })
    })
}

async fn connect(
    settings: &FtpSettings,
    server: &str,
    telnet: &TelnetMode,
) -> Result<Client, SourceError> {
    // An IPv6 address may be written as in a URL.
    let host = settings.host.trim_start_matches('[').trim_end_matches(']');
    let address = (host, settings.port);
    let unreachable = |err: StepError| {
        err.context(format!(
            "no connection to the FTP server {server}; check FTP_HOST and FTP_PORT"
        ))
    };
    let untrusted = |err: StepError| {
        err.context(format!(
            "no TLS connection to the FTP server {server}; check FTP_TLS, and FTP_CA_FILE for a certificate of your own"
        ))
    };
    let encrypted = match settings.tls {
        FtpTls::None => None,
        FtpTls::Explicit | FtpTls::Implicit => Some(tls::connector(settings)?),
    };
    let connector = Connector {
        tls: encrypted,
        telnet: telnet.clone(),
    };
    match settings.tls {
        FtpTls::Explicit => {
            let plain = within(settings.timeout, Client::connect(address))
                .await
                .map_err(unreachable)?;
            within(settings.timeout, plain.into_secure(connector, host))
                .await
                .map_err(untrusted)
        }
        // The connector's sockets from the first byte on; without TLS they are plain.
        FtpTls::None | FtpTls::Implicit => {
            let connected = Client::connect_secure_implicit(address, connector, host);
            let explain = |err| {
                if settings.tls == FtpTls::None {
                    unreachable(err)
                } else {
                    untrusted(err)
                }
            };
            within(settings.timeout, connected).await.map_err(explain)
        }
    }
}

/// The text between the first and the last quote of a reply; quotes within are doubled.
fn quoted(reply: &[u8]) -> Option<Vec<u8>> {
    let start = memchr::memchr(b'"', reply)? + 1;
    let end = memchr::memrchr(b'"', reply).filter(|end| *end > start)?;
    let mut text = reply[start..end].to_vec();
    text.dedup_by(|next, last| {
        *next == *last && matches!(*next, b'"' | super::socket::TELNET_COMMAND)
    });
    Some(text)
}
