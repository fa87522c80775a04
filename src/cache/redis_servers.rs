//! Where Redis is: one server, or the master that sentinels name; and connections to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bb8_redis::bb8::ManageConnection;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use bb8_redis::redis::{self, Client, ConnectionAddr, IntoConnectionInfo, RedisError};

use super::redis_fault::RedisFault;
use crate::config::RedisSettings;

const SENTINEL_SCHEME: &str = "redis+sentinel://";
const SENTINEL_PORT: u16 = 26_379;

/// Where connections are opened, and why the last one could not be.
pub(super) struct Servers {
    place: Place,
    /// For errors, without any secret.
    address: String,
    fault: ConnectFault,
}

/// One server, or several sentinels that know which server it is.
enum Place {
    One(Box<Client>),
    Sentinels(Box<tokio::sync::Mutex<SentinelClient>>),
}

/// Why the last connection could not be opened: the pool says only that none came in time.
#[derive(Clone, Default)]
pub(super) struct ConnectFault(Arc<Mutex<Option<String>>>);

impl ConnectFault {
    /// Returns the cause; `None` when a connection was opened since.
    pub(super) fn get(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, cause: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }
}

/// A connection that many steps share at once, each with its own answer.
#[derive(Clone)]
pub(super) struct Link {
    pub connection: MultiplexedConnection,
    /// A step on it broke off: nobody else should begin one.
    is_broken: Arc<AtomicBool>,
}

impl Link {
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    pub(super) fn break_off(&self) {
        self.is_broken.store(true, Ordering::Release);
    }
}

impl Servers {
    /// What `REDIS_URL` or the plain settings name. Gives its address, too, without any secret.
    pub(super) fn open(settings: &RedisSettings) -> Result<(Servers, String), RedisFault> {
        let url = settings.url.expose();
        if let Some(rest) = url.strip_prefix(SENTINEL_SCHEME) {
            let (client, address) = sentinels(rest)?;
            let place = Place::Sentinels(Box::new(tokio::sync::Mutex::new(client)));
            return Ok((Servers::at(place, &address), address));
        }
        let info = if url.is_empty() {
            let mut redis_settings = redis::RedisConnectionInfo::default().set_db(settings.db);
            if !settings.password.expose().is_empty() {
                redis_settings = redis_settings.set_password(settings.password.expose());
            }
            (settings.host.as_str(), settings.port)
                .into_connection_info()?
                .set_redis_settings(redis_settings)
        } else {
            url.into_connection_info()
                .map_err(|err| RedisFault::Url(err.to_string()))?
        };
        let address = info.addr().to_string();
        let place = Place::One(Box::new(Client::open(info)?));
        Ok((Servers::at(place, &address), address))
    }

    fn at(place: Place, address: &str) -> Servers {
        Servers {
            place,
            address: address.to_owned(),
            fault: ConnectFault::default(),
        }
    }

    fn uses_tls(&self) -> bool {
        let Place::One(client) = &self.place else {
            return false;
        };
        matches!(
            client.get_connection_info().addr(),
            ConnectionAddr::TcpTls { .. }
        )
    }

    /// Why the last connection could not be opened; it goes on being noted there.
    pub(super) fn fault(&self) -> ConnectFault {
        self.fault.clone()
    }

    /// The client of the server that takes writes now.
    pub(super) async fn client(&self) -> Result<Client, RedisError> {
        match &self.place {
            Place::One(client) => Ok(Client::clone(client)),
            Place::Sentinels(client) => client.lock().await.async_get_client().await,
        }
    }
}

impl ManageConnection for Servers {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        let connecting = async {
            let client = self.client().await?;
            client.get_multiplexed_async_connection().await
        };
        let connected: Result<_, RedisError> = connecting.await;
        self.fault.note(connected.as_ref().err().map(|err| {
            let advice = match err.is_timeout() && self.uses_tls() {
                true => "; does the server speak TLS?",
                false => "",
            };
            format!("{}: {err}{advice}", self.address)
        }));
        Ok(Link {
            connection: connected?,
            is_broken: Arc::default(),
        })
    }

    async fn is_valid(&self, link: &mut Link) -> Result<(), RedisError> {
        redis::cmd("PING").query_async(&mut link.connection).await
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.is_broken()
    }
}

/// Reads `[user[:password]@]host[:port][,host[:port]…]/master[/db]`.
fn sentinels(rest: &str) -> Result<(SentinelClient, String), RedisFault> {
    let (login, places) = rest
        .rsplit_once('@')
        .map_or((None, rest), |(login, places)| (Some(login), places));
    let (hosts, path) = places
        .split_once('/')
        .ok_or(RedisFault::Sentinel("names no master"))?;
    let (master, db) = path
        .split_once('/')
        .map_or((path, "0"), |(master, db)| (master, db));
    let addresses: Option<Vec<ConnectionAddr>> = hosts
        .split(',')
        .map(|host| match host.rsplit_once(':') {
            Some((name, port)) => Some(ConnectionAddr::Tcp(name.to_owned(), port.parse().ok()?)),
            None => Some(ConnectionAddr::Tcp(host.to_owned(), SENTINEL_PORT)),
        })
        .collect();
    let addresses = addresses.ok_or(RedisFault::Sentinel("has a port that is no number"))?;
    let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
        .set_client_to_redis_db(
            db.parse()
                .map_err(|_| RedisFault::Sentinel("has a database that is no number"))?,
        );
    if let Some(login) = login {
        let (user, password) = login.split_once(':').unwrap_or(("", login));
        if !user.is_empty() {
            builder = builder.set_client_to_redis_username(decoded(user));
        }
        builder = builder.set_client_to_redis_password(decoded(password));
    }
    Ok((builder.build()?, format!("the master {master} of {hosts}")))
}

/// Decodes `%40` and the like (RFC 3986); `+` stands for itself.
fn decoded(text: &str) -> String {
    let query = format!("text={}", text.replace('+', "%2B").replace('&', "%26"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&query).unwrap_or_default();
    pairs
        .into_iter()
        .next()
        .map_or_else(|| text.to_owned(), |(_, text)| text)
}
