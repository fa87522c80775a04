//! The program put together: pools, cache, import actor and routes; start and graceful stop.
//!
//! `serve`, `demo` and the tests all start it here.

mod background;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::accounts::{AccountDirectory, Devices, LoginThrottle, Sessions, Tokens};
use crate::analytics::Analytics;
use crate::api;
use crate::cache::Cache;
use crate::config::Settings;
use crate::db::{self, Db, PoolPurpose};
use crate::import::actor::ImportHandle;
use crate::import::{ImportContext, Source, forget_lost_files, refresh_gauges};
use crate::state::{AppState, ListCounts};
use crate::web;
use background::BackgroundTasks;

/// Requests that are being answered get so much time at a stop.
const SHUTDOWN_SECONDS: u64 = 30;
/// What has not stopped by then is left to the end of the process.
const STOP_LIMIT: Duration = Duration::from_secs(SHUTDOWN_SECONDS + 10);

/// The running program.
pub struct RunningApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub state: AppState,
    /// Stops the web server.
    pub server: ServerHandle,
    served: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
    background: BackgroundTasks,
}

/// Opens the database for work that may take long, with what it must hold before anything works: the
/// finance departments, aliases and rollups.
///
/// # Errors
/// When the database can't be reached or its schema does not fit.
pub async fn open_database(settings: &Settings, migrate: bool) -> anyhow::Result<Db> {
    Db::open(&settings.database, migrate).await?;
    let db = Db::pool(&settings.database, PoolPurpose::Imports)?;
    db.write(async |conn| {
        db::ensure_finance_departments(conn, &settings.finance_departments).await?;
        db::ensure_aliases(conn).await?;
        db::ensure_rollups(conn).await?;
        db::ensure_findings(conn).await
    })
    .await?;
    Ok(db)
}

/// The import's surroundings, as the settings say.
pub fn import_context(settings: &Settings, db: Db, cache: Cache) -> ImportContext {
    ImportContext {
        db,
        dry_runs: Arc::new(Semaphore::new(1)),
        cache,
        base_currency: settings.base_currency.clone(),
        max_file_bytes: settings.import.max_file_bytes,
        is_scoped: settings.cache.is_scoped,
        configured_sources: settings
            .import
            .sources
            .iter()
            .map(|source| (source.department_id, source.name.clone()))
            .collect(),
    }
}

impl RunningApp {
    /// Starts everything: database, cache, import actor, web server.
    ///
    /// # Errors
    /// When the address is taken, or the database can't be used.
    pub async fn start(settings: &Settings, migrate: bool) -> anyhow::Result<RunningApp> {
        let imports = open_database(settings, migrate).await?;
        let db = Db::pool(&settings.database, PoolPurpose::Requests)?;
        let checks = Db::pool(&settings.database, PoolPurpose::Checks)?;
        let cache = Cache::open(&settings.cache).await?;
        let context = import_context(settings, imports, cache.clone());
        let (base_currency, sources) = (
            settings.base_currency.clone(),
            context.configured_sources.clone(),
        );
        let analytics = Analytics::new(
            (db.clone(), checks.clone()),
            cache.clone(),
            base_currency,
            sources,
        );
        analytics.look_for_first_changes().await?;
        let state = AppState {
            import: ImportHandle::start(context.clone(), &settings.import, analytics.clone()),
            import_context: context,
            import_sources: settings
                .import
                .sources
                .iter()
                .map(Source::configured)
                .collect(),
            import_policy: settings.import.policy.clone(),
            analytics,
            tokens: Tokens::new(&settings.auth.secret_keys(), settings.auth.token_lifetime),
            accounts: AccountDirectory::open(checks.clone()).await?,
            sessions: Sessions::new(db.clone()),
            login_throttle: LoginThrottle::default(),
            devices: Devices::new(&settings.auth.secret_keys()),
            are_cookies_secure: settings.auth.are_cookies_secure,
            trusted_proxies: settings.web.trusted_proxies.clone(),
            list_counts: ListCounts::default(),
            finance_departments: settings.finance_departments.clone(),
            import_department: settings.import_department(),
            base_currency: settings.base_currency.clone(),
            is_scoped: settings.cache.is_scoped,
            retention: settings.retention.clone(),
            db,
            checks,
            cache,
        };
        background::register_replica(&state.db, &state).await?;
        forget_lost_files(&state.import_context).await?;
        refresh_gauges(&state.import_context.db).await?;
        let listener = TcpListener::bind(settings.web.bind)
            .with_context(|| format!("BIND: {} can't be listened on", settings.web.bind))?;
        let address = listener.local_addr()?;
        let data = Data::new(state.clone());
        let origins = settings.web.cors_allowed_origins.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                // Each worker remembers its own.
                .app_data(Data::new(api::FastPathCache::default()))
                .wrap(from_fn(api::conditional))
                .wrap(from_fn(api::compress))
                .wrap(Condition::new(!origins.is_empty(), api::cors(&origins)))
                .wrap(from_fn(api::frame))
                .configure(api::configure)
                // Its scope takes every path that is left.
                .configure(web::configure)
        })
        // Without it an answer in two packets waits for the acknowledgement of the first: 40 ms.
        .tcp_nodelay(true)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        // An import must stop first: clients may be waiting for its end.
        .disable_signals()
        .listen(listener)?
        .run();
        let background = BackgroundTasks::start(&state);
        let handle = server.handle();
        let served = actix_web::rt::spawn(server);
        Ok(RunningApp {
            address,
            state,
            server: handle,
            served,
            background,
        })
    }

    /// Waits for SIGTERM, SIGINT or SIGHUP, or until the web server has failed, then stops
    /// everything. A second signal ends requests that are still being answered.
    ///
    /// # Errors
    /// When the web server failed, or signals can't be waited for.
    pub async fn ended(mut self) -> anyhow::Result<()> {
        let mut signals = StopSignals::new()?;
        tokio::select! {
            served = &mut self.served => {
                served??;
                return self.end_rest().await;
            }
            () = signals.next() => log::info!("Stopping"),
        }
        let server = self.server.clone();
        let impatient = actix_web::rt::spawn(async move {
            signals.next().await;
            server.stop(false).await;
        });
        let stopped = self.stop().await;
        impatient.abort();
        stopped
    }

    /// Stops everything: of an import that is running, the file that is not finished is undone.
    ///
    /// # Errors
    /// When the web server failed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        tokio::join!(
            bounded("The import", self.state.import.stop()),
            bounded("The web server", self.server.stop(true)),
        );
        if let Some(served) = bounded("The web server's task", &mut self.served).await {
            served??;
        }
        self.end_rest().await
    }

    /// Ends what goes on beside the web server.
    async fn end_rest(self) -> anyhow::Result<()> {
        bounded("The import", self.state.import.stop()).await;
        bounded("The work in the background", self.background.stop()).await;
        let replica_id = self.state.cache.replica_id();
        if let Err(err) = self
            .state
            .checks
            .write(async |conn| db::forget_replica(conn, replica_id).await)
            .await
        {
            log::debug!("This process can't be taken off the register: {err}");
        }
        log::info!("Stopped");
        Ok(())
    }
}

/// Waits for a part to stop; one that does not is named in the log.
async fn bounded<T>(part: &str, stopping: impl Future<Output = T>) -> Option<T> {
    let stopped = timeout(STOP_LIMIT, stopping).await.ok();
    if stopped.is_none() {
        log::error!("{part} did not stop within {} s", STOP_LIMIT.as_secs());
    }
    stopped
}

/// The signals that end the program.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<StopSignals> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
