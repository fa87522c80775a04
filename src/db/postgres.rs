//! How connections to PostgreSQL are opened: TLS as `sslmode` says, keepalives, and a limit to how
//! long a reply may be awaited in silence.
//!
//! The parameters of the URL are libpq's; see PostgreSQL's documentation, "Parameter Key Words" and
//! "SSL Support". Channel binding is not offered.

mod connect_fault;
mod encryption;
mod message_counter;
mod pooled_connection;
mod ssl_parameters;
mod watched_stream;

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use diesel::connection::CacheSize;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::{Client, Config, Connection, Socket};

use crate::config::{DatabaseSettings, Secret};
pub(super) use connect_fault::ConnectFault;
use encryption::{Encryption, PostgresStream, StreamLimits};
pub use pooled_connection::PooledPgConnection;
use ssl_parameters::SslParameters;

/// A silent peer is noticed after this time without traffic, and so many unanswered probes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Data that the peer's system does not acknowledge for so long ends a connection: as long as the
/// probes above take. A server that computes acknowledges meanwhile.
const USER_TIMEOUT: Duration = Duration::from_secs(25);

/// The server ends a statement at its limit and says so; only a server that does not is given up.
const SILENCE_MARGIN: Duration = Duration::from_secs(2);

/// Opens connections to one server.
#[derive(Clone)]
pub(super) struct PostgresConnector {
    config: Config,
    encryption: Encryption,
    /// Bounds the wait for a connection.
    connect_timeout: Duration,
    /// How a connection is set up; behind a pooler each transaction sets itself up.
    session: Option<String>,
}

impl PostgresConnector {
    /// Reads the URL. The settings' `ca_file` stands in for `sslrootcert`.
    ///
    /// # Errors
    /// What can't be used of the URL or of a file that it names; never its password.
    pub fn new(
        url: &Secret,
        settings: &DatabaseSettings,
        connect_timeout: Duration,
        statement_timeout: Duration,
    ) -> Result<PostgresConnector, String> {
        let (url, parameters) = SslParameters::split_off(url.expose())?;
        let mut config = Config::from_str(&url).map_err(|err| err.to_string())?;
        if config.get_hosts().is_empty() {
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        let is_remote = |host: &Host| matches!(host, Host::Tcp(_));
        let (has_remote, has_local) = (
            config.get_hosts().iter().any(is_remote),
            !config.get_hosts().iter().all(is_remote),
        );
        if has_remote && has_local {
            return Err("hosts and Unix sockets can't stand side by side".to_owned());
        }
        // A host that is silent leaves time for the next one.
        let addresses = 2 * u32::try_from(config.get_hosts().len().max(1)).unwrap_or(u32::MAX);
        let address_timeout = connect_timeout / addresses;
        let limits = StreamLimits {
            negotiation: address_timeout,
            silence: statement_timeout + SILENCE_MARGIN,
        };
        let encryption = if has_remote {
            // The encryption negotiates by itself, so that a stream without TLS is watched as well.
            config.ssl_mode(SslMode::Require);
            config.ssl_negotiation(SslNegotiation::Direct);
            parameters.encryption(settings.ca_file.clone(), limits)?
        } else {
            config.ssl_mode(SslMode::Disable);
            Encryption::disabled(limits)
        };
        config
            .connect_timeout(address_timeout)
            .tcp_user_timeout(USER_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES);
        Ok(PostgresConnector {
            config,
            encryption,
            connect_timeout,
            session: (!settings.is_pooled).then(|| setup("SET", statement_timeout)),
        })
    }

    /// Opens a connection and sets it up.
    ///
    /// # Errors
    /// The cause, with the server's host.
    pub async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let limit = self.connect_timeout;
        let opened = tokio::time::timeout(limit, self.open()).await;
        let opened = opened.unwrap_or_else(|_| {
            let cause = format!("no connection within {} ms", limit.as_millis());
            Err(ConnectionError::BadConnection(cause))
        });
        opened.map_err(|err| ConnectionError::BadConnection(format!("{}: {err}", self.servers())))
    }

    /// Opens a connection and closes it.
    ///
    /// # Errors
    /// The cause, with the server's host, and whether it may pass.
    pub async fn probe(&self) -> Result<(), ConnectFault> {
        let opened = self.handshake().await;
        opened.map(drop).map_err(|err| ConnectFault {
            cause: format!("{}: {}", self.servers(), with_causes(&err)),
            may_pass: connect_fault::may_pass(&err),
        })
    }

    /// What is wrong with a server that did not answer within a limit.
    pub fn silent_for(&self, limit: Duration) -> ConnectFault {
        ConnectFault {
            cause: format!(
                "{}: no connection within {} ms",
                self.servers(),
                limit.as_millis()
            ),
            may_pass: true,
        }
    }

    async fn handshake(
        &self,
    ) -> Result<(Client, Connection<Socket, PostgresStream>), tokio_postgres::Error> {
        match self.config.connect(self.encryption.clone()).await {
            Err(err) if self.encryption.is_optional() && is_of_tls(&err) => {
                log::warn!(
                    "No TLS with PostgreSQL, as sslmode=prefer allows: {}",
                    with_causes(&err)
                );
                self.config.connect(self.encryption.without_tls()).await
            }
            other => other,
        }
    }

    async fn open(&self) -> ConnectionResult<AsyncPgConnection> {
        let (client, connection) = self
            .handshake()
            .await
            .map_err(|err| ConnectionError::BadConnection(with_causes(&err)))?;
        if self.session.is_none() {
            // Diesel sets the session up by prepared statements. The first poll sends this ahead of
            // them; a failure shows in theirs.
            let _ = client.batch_execute("BEGIN").now_or_never();
        }
        let mut conn =
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
        let session = self.session.as_deref().unwrap_or_else(|| {
            // The next transaction may meet another connection to the server.
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
            "DEALLOCATE ALL; COMMIT"
        });
        conn.batch_execute(session)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }

    /// The servers that the URL names, for errors.
    fn servers(&self) -> String {
        let (hosts, ports) = (self.config.get_hosts(), self.config.get_ports());
        let server = |(at, host): (usize, &Host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(folder) => format!("{}, port {port}", folder.display()),
            }
        };
        let servers: Vec<String> = hosts.iter().enumerate().map(server).collect();
        servers.join(", ")
    }
}

/// How a session (`SET`) or a transaction (`SET LOCAL`) is set up.
pub(super) fn setup(set: &str, statement_timeout: Duration) -> String {
    // No statement is compiled: what the server thinks to be expensive takes it longer to compile
    // than to run.
    let limit = statement_timeout.as_millis();
    format!("{set} jit = off; {set} statement_timeout = {limit}")
}

/// Whether the handshake failed; the driver has no kind for it.
fn is_of_tls(err: &tokio_postgres::Error) -> bool {
    err.to_string()
        .starts_with("error performing TLS handshake")
}

/// An error with what is behind it: the driver's own text leaves that out.
fn with_causes(err: &dyn Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text = format!("{text}: {err}");
        cause = err.source();
    }
    text
}
