//! Word of changes between processes, over Redis.
//!
//! A message carries the whole change, so that nobody has to ask for it. It is only faster than
//! looking into the database: what is not heard here is found there within the lease.

use std::time::Duration;

use bb8_redis::redis::RedisError;
use futures_util::StreamExt;

use super::announcement::Announcement;
use super::redis_fault::RedisFault;
use super::redis_servers::Servers;
use super::redis_store::CHANNEL;
use super::{Cache, Shared};
use crate::config::RedisSettings;

const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Listens until the cache is dropped, on a task of the current runtime.
pub(super) fn listen(settings: &RedisSettings, cache: &Cache) -> Result<(), RedisFault> {
    let (servers, _) = Servers::open(settings)?;
    let (shared, timeout) = (std::sync::Arc::downgrade(&cache.shared), settings.timeout);
    tokio::spawn(async move {
        let mut last_fault = String::new();
        while shared.strong_count() > 0 {
            if let Err(err) = subscribed(&servers, timeout, &shared).await {
                let fault = err.to_string();
                // What is wrong with the server as a whole is said where answers are kept.
                if fault != last_fault && err.code() == Some("NOPERM") {
                    log::warn!("No word of changes over Redis: {fault}");
                }
                last_fault = fault;
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
        // Who takes Redis into use probes whether this works.
        if message.get_payload_bytes().is_empty() {
            continue;
        }
        let announcement: Announcement = match serde_json::from_slice(message.get_payload_bytes()) {
            Ok(announcement) => announcement,
            Err(err) => {
                log::warn!(
                    "Redis carries something on {CHANNEL} that is no word of a change: {err}"
                );
                continue;
            }
        };
        let cache = Cache { shared };
        if cache.is_of_database(&announcement.database) {
            cache.apply_change(announcement.change.into_owned());
        }
    }
    Ok(())
}
