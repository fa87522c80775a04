//! Word of changes between processes, over Redis.
//!
//! A message carries the whole change, so that nobody has to ask for it. It is only faster than
//! looking into the database: what is not heard here is found there within the lease.

use std::time::Duration;

use bb8_redis::redis::RedisError;
use futures_util::StreamExt;

use super::redis_servers::Servers;
use super::redis_store::{CHANNEL, RedisFault};
use super::{Cache, Shared};
use crate::config::RedisSettings;
use crate::domain::DataChange;

const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Listens until the cache is dropped, on a task of the current runtime.
pub(super) fn listen(settings: &RedisSettings, cache: &Cache) -> Result<(), RedisFault> {
    let (servers, _) = Servers::open(settings)?;
    let (shared, timeout) = (std::sync::Arc::downgrade(&cache.shared), settings.timeout);
    tokio::spawn(async move {
        while shared.strong_count() > 0 {
            if let Err(err) = subscribed(&servers, timeout, &shared).await {
                log::debug!("No word of changes over Redis: {err}");
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    });
    Ok(())
}

async fn subscribed(
    servers: &Servers,
    timeout: Duration,
    shared: &std::sync::Weak<Shared>,
) -> Result<(), RedisError> {
    let connecting = async {
        let mut pubsub = servers.client().await?.get_async_pubsub().await?;
        pubsub.subscribe(CHANNEL).await?;
        Ok::<_, RedisError>(pubsub)
    };
    let Ok(pubsub) = tokio::time::timeout(timeout, connecting).await else {
        return Ok(());
    };
    let mut messages = pubsub?.into_on_message();
    while let Some(message) = messages.next().await {
        let Some(shared) = shared.upgrade() else {
            return Ok(());
        };
        let change: DataChange = match serde_json::from_slice(message.get_payload_bytes()) {
            Ok(change) => change,
            Err(err) => {
                log::warn!(
                    "Redis carries something on {CHANNEL} that is no word of a change: {err}"
                );
                continue;
            }
        };
        Cache { shared }.apply_change(change);
    }
    Ok(())
}
