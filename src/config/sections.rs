//! The sections of the settings, and how each is checked.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::reader::Reader;
use crate::domain::{Clock, Currency};

/// A text that must not be seen: `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "(not set)"
        } else {
            "(hidden)"
        })
    }
}

/// The HTTP side.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `BIND`, default `0.0.0.0:8000`: the address that is listened on.
    pub bind: SocketAddr,
    /// `METRICS_BIND`, default none: the address that metrics are served on, and nowhere else then.
    pub metrics_bind: Option<SocketAddr>,
    /// `CORS_ALLOWED_ORIGINS`, default none, several with commas between: pages of these origins
    /// may call the interface from a browser.
    pub cors_allowed_origins: Vec<String>,
    /// `TRUSTED_PROXIES`, default none: networks of proxies whose header says where a request comes
    /// from.
    pub trusted_proxies: Vec<IpNet>,
    /// `FORWARDED_HEADER`, default `x-forwarded-for`: the header that they set. The other one may be
    /// a client's and is not read.
    pub forwarded_header: ForwardedHeader,
    /// `UPLOAD_TIMEOUT_SECONDS`, default 300: within this time files that are handed in have to
    /// arrive; a body of JSON within 10 s of it.
    pub upload_timeout: Duration,
    /// `SHUTDOWN_DELAY_SECONDS`, default 5: for how long requests are still taken after a signal to
    /// stop, so that load balancers notice that this process is no longer ready.
    pub shutdown_delay: Duration,
}

/// The header by which proxies say where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Tokens.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// `SECRET_KEY`, no default: signs the access tokens; at least 32 characters.
    pub secret_key: Secret,
    /// `SECRET_KEY_PREVIOUS`, no default: the key before, whose tokens are still accepted.
    pub previous_secret_key: Secret,
    /// `COOKIE_SECURE`, default true: cookies are sent over HTTPS only (browsers take localhost for
    /// it, too).
    pub are_cookies_secure: bool,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`, default 480.
    pub token_lifetime: Duration,
}

impl AuthSettings {
    /// The keys that tokens are accepted of; the first one signs.
    pub fn secret_keys(&self) -> Vec<&Secret> {
        [&self.secret_key, &self.previous_secret_key]
            .into_iter()
            .filter(|key| !key.expose().is_empty())
            .collect()
    }

    /// Whether tokens can be signed safely.
    ///
    /// # Errors
    /// What is wrong with the key, and how to make a good one.
    pub fn check_secret_key(&self) -> Result<(), String> {
        let length = self.secret_key.expose().chars().count();
        if length >= 32 {
            return Ok(());
        }
        let what = if length == 0 {
            "is not set".to_owned()
        } else {
            format!("has {length} characters, too few")
        };
        Err(format!(
            "SECRET_KEY {what}: it signs the access tokens and needs at least 32 random characters; `openssl rand -hex 32` makes one"
        ))
    }
}

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A PostgreSQL server: the whole URL, password included.
    Postgres(Secret),
    /// An SQLite file.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads the backend from the URL's scheme. A text without a known scheme is refused: a typo
    /// must not create an empty database somewhere.
    ///
    /// # Errors
    /// What the text should look like.
    pub fn parse(text: &str) -> Result<DatabaseUrl, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let authority = text.split_once("://").map_or("", |(_, rest)| rest);
            let authority = authority.split(['/', '?']).next().unwrap_or_default();
            if authority.matches('@').count() > 1 {
                return Err("in user and password write @ as %40, / as %2F, : as %3A".to_owned());
            }
            return Ok(DatabaseUrl::Postgres(Secret::new(text)));
        }
        match text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
        {
            Some(path) if !path.is_empty() => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
            _ => Err(
                "write postgres://user:password@host:5432/name or sqlite://path/to/file.db"
                    .to_owned(),
            ),
        }
    }
}

/// Where the rows are kept.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`, default `sqlite://credit-portfolio.db`.
    pub url: DatabaseUrl,
    /// `DATABASE_READ_URL`, no default: a streaming replica of that PostgreSQL, which answers what is only
    /// read while it is not behind.
    pub read_url: Option<Secret>,
    /// `DATABASE_POOL_SIZE`, default 10: open connections at most.
    pub pool_size: u32,
    /// `DATABASE_TIMEOUT_MS`, default 5000: the wait for a connection, and SQLite's for its lock.
    pub timeout: Duration,
    /// `DATABASE_START_TIMEOUT_SECONDS`, default 60: for how long `serve` waits for a database that
    /// can't be reached yet.
    pub start_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_MS`, default 30000: the longest statement of a request in
    /// PostgreSQL; a server that says nothing for two seconds longer is given up.
    pub statement_timeout: Duration,
    /// `DATABASE_CA_FILE`, no default: the authorities (PEM) that PostgreSQL's certificate must be
    /// signed by; as `sslrootcert` in the URL.
    pub ca_file: Option<PathBuf>,
    /// `DATABASE_POOLER`: `none` (default) or `transaction`: a pooler such as PgBouncer stands before
    /// PostgreSQL and gives each transaction any connection to it.
    pub is_pooled: bool,
}

impl DatabaseSettings {
    /// The same for the replica, if there is one.
    pub fn of_replica(&self) -> Option<DatabaseSettings> {
        let url = DatabaseUrl::Postgres(self.read_url.clone()?);
        Some(DatabaseSettings {
            url,
            read_url: None,
            ..self.clone()
        })
    }

    /// The defaults for a database.
    pub fn of(url: DatabaseUrl) -> DatabaseSettings {
        DatabaseSettings {
            url,
            read_url: None,
            pool_size: 10,
            timeout: Duration::from_secs(5),
            start_timeout: Duration::from_secs(60),
            statement_timeout: Duration::from_secs(30),
            ca_file: None,
            is_pooled: false,
        }
    }
}

/// Cached answers.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// `CACHE_TTL_SECONDS`, default 300: how long an answer may be used.
    pub ttl: Duration,
    /// `CACHE_MEMORY_MB`, default 64: the bound of the cache in this process; 0 keeps nothing.
    pub memory_bytes: u64,
    /// `CACHE_LEASE_MS`, default 1000: for how long this process relies on what it knows of
    /// other processes' changes.
    pub lease: Duration,
    /// `CACHE_STALE_IF_ERROR_SECONDS`, default 3600: for how long after its end an answer may be
    /// served while the database can't be asked.
    pub stale_if_error: Duration,
    /// `CACHE_INVALIDATION`: `scoped` (default) drops what a change concerns, `namespace` all.
    pub is_scoped: bool,
    /// The shared cache; `None` when `USE_REDIS` is false.
    pub redis: Option<RedisSettings>,
    /// Says which day it is: an answer is valid on the day that it was computed on. In the time
    /// zone of `IMPORT_TIMEZONE`.
    pub clock: Clock,
}

/// The shared cache.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `REDIS_URL`, such as `rediss://user:password@host:6379/0`; instead of the settings below.
    pub url: Secret,
    /// `REDIS_HOST`, default `localhost`.
    pub host: String,
    /// `REDIS_PORT`, default 6379.
    pub port: u16,
    /// `REDIS_DB`, default 0.
    pub db: i64,
    /// `REDIS_PASSWORD`, default none.
    pub password: Secret,
    /// `REDIS_TIMEOUT_MS`, default 50, at most 250: the budget of one whole cache step.
    pub timeout: Duration,
}

/// An address with a port.
fn address(reader: &mut Reader, env: &str) -> Option<SocketAddr> {
    let text = reader.text(env);
    let address = text.parse().ok();
    if address.is_none() {
        reader.problem(
            env,
            &format!("{text:?} is not an address with a port, such as 0.0.0.0:8000"),
        );
    }
    address
}

pub(super) fn web(reader: &mut Reader) -> WebSettings {
    let bind = address(reader, "BIND").unwrap_or(SocketAddr::from(([0, 0, 0, 0], 8000)));
    let metrics_bind = match reader.text("METRICS_BIND").is_empty() {
        true => None,
        false => address(reader, "METRICS_BIND"),
    };
    if metrics_bind == Some(bind) && bind.port() != 0 {
        reader.problem(
            "METRICS_BIND",
            "it is the address of BIND: give it another port",
        );
    }
    let origins = reader.text("CORS_ALLOWED_ORIGINS");
    let origins = origins
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty());
    let cors_allowed_origins: Vec<String> = origins
        .map(|origin| origin.trim_end_matches('/').to_owned())
        .collect();
    let is_origin =
        |origin: &String| origin.starts_with("http://") || origin.starts_with("https://");
    if let Some(other) = cors_allowed_origins
        .iter()
        .find(|origin| !is_origin(origin))
    {
        reader.problem(
            "CORS_ALLOWED_ORIGINS",
            &format!("{other:?} is not an origin such as https://finance.example.org"),
        );
    }
    let networks = reader.text("TRUSTED_PROXIES");
    let networks = networks
        .split(',')
        .map(str::trim)
        .filter(|net| !net.is_empty());
    let mut trusted_proxies = Vec::new();
    for text in networks {
        let network = text.parse::<IpNet>();
        match network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => trusted_proxies.push(network),
            Err(_) => reader.problem(
                "TRUSTED_PROXIES",
                &format!("{text:?} is no address or network such as 10.0.0.0/8"),
            ),
        }
    }
    WebSettings {
        bind,
        metrics_bind,
        cors_allowed_origins,
        trusted_proxies,
        forwarded_header: match reader.choice("FORWARDED_HEADER", ["x-forwarded-for", "forwarded"])
        {
            "forwarded" => ForwardedHeader::Forwarded,
            _ => ForwardedHeader::XForwardedFor,
        },
        upload_timeout: Duration::from_secs(reader.number("UPLOAD_TIMEOUT_SECONDS", 1, 86_400)),
        shutdown_delay: Duration::from_secs(reader.number("SHUTDOWN_DELAY_SECONDS", 0, 3600)),
    }
}

pub(super) fn auth(reader: &mut Reader) -> AuthSettings {
    let previous_secret_key = Secret::new(reader.text("SECRET_KEY_PREVIOUS"));
    let length = previous_secret_key.expose().chars().count();
    if (1..32).contains(&length) {
        reader.problem(
            "SECRET_KEY_PREVIOUS",
            &format!("has {length} characters, too few to be a key"),
        );
    }
    AuthSettings {
        secret_key: Secret::new(reader.text("SECRET_KEY")),
        previous_secret_key,
        are_cookies_secure: reader.switch("COOKIE_SECURE"),
        token_lifetime: Duration::from_secs(
            60 * reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 1, 525_600),
        ),
    }
}

pub(super) fn database(reader: &mut Reader) -> DatabaseSettings {
    // The text itself may hold a password: the message does without it.
    let url = DatabaseUrl::parse(&reader.text("DATABASE_URL")).unwrap_or_else(|advice| {
        reader.problem("DATABASE_URL", &format!("is of no known kind: {advice}"));
        DatabaseUrl::Sqlite(PathBuf::new())
    });
    let read_url = read_url(reader, &url);
    DatabaseSettings {
        url,
        read_url,
        pool_size: reader.number("DATABASE_POOL_SIZE", 2, 1000) as u32,
        timeout: Duration::from_millis(reader.number("DATABASE_TIMEOUT_MS", 100, 600_000)),
        start_timeout: Duration::from_secs(reader.number(
            "DATABASE_START_TIMEOUT_SECONDS",
            0,
            86_400,
        )),
        statement_timeout: Duration::from_millis(reader.number(
            "DATABASE_STATEMENT_TIMEOUT_MS",
            100,
            86_400_000,
        )),
        ca_file: reader.path("DATABASE_CA_FILE"),
        is_pooled: reader.choice("DATABASE_POOLER", ["none", "transaction"]) == "transaction",
    }
}

fn read_url(reader: &mut Reader, primary: &DatabaseUrl) -> Option<Secret> {
    let text = reader.text("DATABASE_READ_URL");
    if text.is_empty() {
        return None;
    }
    match (DatabaseUrl::parse(&text), primary) {
        (Ok(DatabaseUrl::Postgres(url)), DatabaseUrl::Postgres(_)) => return Some(url),
        (Ok(_), _) => reader.problem(
            "DATABASE_READ_URL",
            "is for a replica of PostgreSQL: both URLs have to begin with postgres://",
        ),
        (Err(advice), _) => {
            reader.problem(
                "DATABASE_READ_URL",
                &format!("is of no known kind: {advice}"),
            );
        }
    }
    None
}

pub(super) fn cache(reader: &mut Reader) -> CacheSettings {
    let redis = RedisSettings {
        url: Secret::new(reader.text("REDIS_URL")),
        host: reader.text("REDIS_HOST"),
        port: reader.number("REDIS_PORT", 1, 65_535) as u16,
        db: reader.number("REDIS_DB", 0, 1_000_000) as i64,
        password: Secret::new(reader.text("REDIS_PASSWORD")),
        timeout: Duration::from_millis(reader.number("REDIS_TIMEOUT_MS", 1, 250)),
    };
    CacheSettings {
        ttl: Duration::from_secs(reader.number("CACHE_TTL_SECONDS", 1, 31_536_000)),
        memory_bytes: 1024 * 1024 * reader.number("CACHE_MEMORY_MB", 0, 1_048_576),
        lease: Duration::from_millis(reader.number("CACHE_LEASE_MS", 10, 60_000)),
        stale_if_error: Duration::from_secs(reader.number(
            "CACHE_STALE_IF_ERROR_SECONDS",
            0,
            31_536_000,
        )),
        is_scoped: reader.choice("CACHE_INVALIDATION", ["scoped", "namespace"]) == "scoped",
        redis: reader.switch("USE_REDIS").then_some(redis),
        clock: Clock::default(),
    }
}

pub(super) fn finance_departments(reader: &mut Reader) -> Vec<i64> {
    let text = reader.text("FINANCE_DEPARTMENT_ID");
    let ids: Result<Vec<i64>, _> = text.split(',').map(|id| id.trim().parse()).collect();
    match ids {
        Ok(ids) if ids.iter().all(|id| *id > 0) => ids,
        _ => {
            reader.problem(
                "FINANCE_DEPARTMENT_ID",
                &format!("{text:?} is not a department's number, or several with commas between"),
            );
            Vec::new()
        }
    }
}

pub(super) fn base_currency(reader: &mut Reader) -> Currency {
    let text = reader.text("BASE_CURRENCY");
    Currency::parse(&text).unwrap_or_else(|| {
        reader.problem(
            "BASE_CURRENCY",
            &format!("{text:?} is not a currency code, such as RUB"),
        );
        Currency::default()
    })
}
