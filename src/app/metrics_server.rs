//! The metrics on an address of their own (`METRICS_BIND`), which only monitoring can reach.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context;

use super::{bounded, listen};
use crate::api;
use crate::state::AppState;

/// A server of metrics alone.
pub(super) struct MetricsServer {
    address: SocketAddr,
    handle: ServerHandle,
}

impl MetricsServer {
    /// Starts it on the current thread's runtime.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn start(bind: SocketAddr, state: &AppState) -> anyhow::Result<MetricsServer> {
        let listener = listen("METRICS_BIND", bind)?;
        let address = listener.local_addr()?;
        let data = Data::new(state.clone());
        let server: Server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .configure(api::configure_metrics)
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .context("METRICS_BIND")?
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        log::info!("Metrics on http://{address}/metrics");
        Ok(MetricsServer { address, handle })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it; a scrape that is under way is cut off.
    pub async fn stop(self, limit: Duration) {
        bounded("The server of metrics", limit, self.handle.stop(false)).await;
    }
}
