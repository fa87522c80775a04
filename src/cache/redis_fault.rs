//! Why Redis is not used.

use std::time::Duration;

use bb8_redis::bb8::ManageConnection;
use bb8_redis::redis::RedisError;

use super::redis_servers::Servers;
use crate::config::RedisSettings;

/// Why Redis did not serve.
#[derive(Debug, thiserror::Error)]
pub enum RedisFault {
    /// It is switched off, or out of use since an earlier fault.
    #[error("Redis is not in use")]
    NotUsed,
    /// The budget was spent.
    #[error("no answer within {0} ms")]
    Slow(u128),
    /// The connection or the command failed.
    #[error("{0}")]
    Failed(#[from] RedisError),
    /// No connection could be opened.
    #[error("{0}")]
    Unreachable(String),
    /// `REDIS_URL` can't be read.
    #[error(
        "REDIS_URL can't be used: {0}; write redis://user:password@host:6379/0, rediss://… or redis+sentinel://…"
    )]
    Url(String),
    /// `REDIS_URL` names sentinels in a way that can't be read.
    #[error("REDIS_URL {0}: redis+sentinel://[user:password@]host:port,host:port/master[/db]")]
    Sentinel(&'static str),
    /// It is a cluster, whose keys lie on several servers: what belongs together would be torn apart.
    #[error(
        "Redis is a cluster ({0}), which is not supported: name one server, or sentinels (redis+sentinel://…), or set USE_REDIS=false"
    )]
    Cluster(String),
    /// An entry is not what this program writes.
    #[error("an entry can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// What the servers of a cluster answer to commands about keys.
const OF_CLUSTERS: [&str; 4] = ["MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN"];

impl RedisFault {
    /// The same, or that it is a cluster where the server's answer shows it.
    fn or_cluster(self) -> RedisFault {
        match self {
            RedisFault::Failed(err)
                if err.code().is_some_and(|code| OF_CLUSTERS.contains(&code)) =>
            {
                RedisFault::Cluster(err.to_string())
            }
            other => other,
        }
    }
}

/// For how long the cause of a fault is looked for: longer than the driver tries to connect.
const CAUSE_TIMEOUT: Duration = Duration::from_millis(1500);

/// Returns why Redis can't be used. The pool alone does not say where a connection takes longer than
/// its budget.
pub(super) async fn cause(settings: &RedisSettings, fault: RedisFault) -> RedisFault {
    let cause = async {
        let (servers, _) = Servers::open(settings)?;
        servers.connect().await.map_err(|err| {
            let noted = servers.fault().get();
            noted.map_or(RedisFault::Failed(err), RedisFault::Unreachable)
        })
    };
    match fault {
        RedisFault::Slow(_) => match tokio::time::timeout(CAUSE_TIMEOUT, cause).await {
            Ok(Err(cause)) => cause,
            _ => fault,
        },
        fault => fault.or_cluster(),
    }
}
