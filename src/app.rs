//! The program put together: pools, cache, import actor and routes; start and graceful stop.
//!
//! `serve`, `demo` and the tests all start it here.

mod background;
mod disk_space;
mod metrics_server;
mod signals;
mod startup;

use std::io::IsTerminal;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context;
use tokio::signal::unix::SignalKind;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::accounts::{AccountDirectory, Devices, LoginThrottle, Sessions, Tokens};
use crate::analytics::{self, Analytics};
use crate::api;
use crate::build_info;
use crate::cache::Cache;
use crate::config::{DatabaseUrl, Settings};
use crate::db::{self, Db, DbConn, PoolPurpose, Reads};
use crate::import::actor::ImportHandle;
use crate::import::{ImportContext, Source, forget_lost_files, refresh_gauges};
use crate::metrics;
use crate::state::{
    AppState, DatabaseHealth, ExportQueue, ListCounts, PendingUploads, Shutdown, UploadLimits,
};
use crate::web;
use background::BackgroundTasks;
use disk_space::WatchedFolders;
use metrics_server::MetricsServer;
use signals::StopSignals;
pub(crate) use startup::start;

/// Requests that are being answered get so much time at a stop.
const SHUTDOWN_SECONDS: u64 = 7;
/// Requests and the import that have not stopped by then are left to the end of the process.
const STOP_LIMIT: Duration = Duration::from_secs(SHUTDOWN_SECONDS + 1);
/// The same for the little that goes on beside them: ten seconds in all.
const END_LIMIT: Duration = Duration::from_millis(600);

/// The running program.
pub struct RunningApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub state: AppState,
    /// Stops the web server.
    pub server: ServerHandle,
    served: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
    shutdown_delay: Duration,
    metrics_server: Option<MetricsServer>,
    background: BackgroundTasks,
}

/// Opens the database for work that may take long, with what it must hold before anything works: its
/// id, the finance departments, aliases and rollups.
///
/// # Errors
/// When the database can't be reached or its schema does not fit.
pub async fn open_database(settings: &Settings, migrate: bool) -> anyhow::Result<Db> {
    Db::open(&settings.database, migrate).await?;
    let db = Db::pool(&settings.database, PoolPurpose::Imports)?;
    db.write(async |conn| {
        db::ensure_identity(conn).await?;
        db::ensure_finance_departments(conn, &settings.finance_departments).await?;
        db::ensure_aliases(conn).await?;
        db::ensure_rollups(conn).await?;
        db::ensure_totals(conn).await?;
        db::ensure_findings(conn).await
    })
    .await?;
    Ok(db)
}

/// The same of a database that is there: a mistyped path must not make an empty one.
///
/// # Errors
/// When there is no such file, and as [`open_database`].
pub async fn open_existing_database(settings: &Settings) -> anyhow::Result<Db> {
    if let DatabaseUrl::Sqlite(path) = &settings.database.url
        && !path.exists()
    {
        anyhow::bail!(
            "there is no database at {}: correct DATABASE_URL, or make one there by `credit-portfolio migrate`",
            path.display()
        );
    }
    open_database(settings, true).await
}

/// The import's surroundings, as the settings say, with heartbeats over the same connections.
pub fn import_context(settings: &Settings, db: Db, cache: Cache) -> ImportContext {
    ImportContext {
        leases: db.clone(),
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
        let context = ImportContext {
            leases: Db::pool(&settings.database, PoolPurpose::Leases)?,
            ..import_context(settings, imports, cache.clone())
        };
        let (base_currency, sources) = (
            settings.base_currency.clone(),
            context.configured_sources.clone(),
        );
        let reads = reads(settings, (db.clone(), PoolPurpose::Replica), &cache)?;
        reads.check().await?;
        let exports = Db::pool(&settings.database, PoolPurpose::Exports)?;
        let exports = self::reads(settings, (exports, PoolPurpose::ReplicaExports), &cache)?;
        let figures = Db::pool(&settings.database, PoolPurpose::Figures)?;
        let figures = self::reads(settings, (figures, PoolPurpose::ReplicaFigures), &cache)?;
        let analytics = Analytics::new(
            (figures, checks.clone()),
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
            accounts: AccountDirectory::open(checks.clone(), settings.cache.lease).await?,
            sessions: Sessions::new(db.clone()),
            login_throttle: LoginThrottle::default(),
            devices: Devices::new(&settings.auth.secret_keys()),
            are_cookies_secure: settings.auth.are_cookies_secure,
            trusted_proxies: settings.web.trusted_proxies.clone(),
            forwarded_header: settings.web.forwarded_header,
            exports: ExportQueue::start(exports),
            list_counts: ListCounts::default(),
            uploads: UploadLimits::new(settings.web.upload_timeout),
            pending_uploads: PendingUploads::default(),
            finance_departments: settings.finance_departments.clone(),
            import_department: settings.import_department(),
            base_currency: settings.base_currency.clone(),
            is_scoped: settings.cache.is_scoped,
            retention: settings.retention.clone(),
            shutdown: Shutdown::default(),
            database_health: DatabaseHealth::default(),
            changes: Db::pool(&settings.database, PoolPurpose::Changes)?,
            db,
            reads,
            checks,
            cache,
        };
        background::register_replica(&state.db, &state).await?;
        state.database_status().await;
        forget_lost_files(&state.import_context).await?;
        refresh_gauges(&state.import_context.db).await?;
        declare_metrics(settings);
        let folders = WatchedFolders::new(&settings.database);
        folders.measure().await;
        let listener = listen("BIND", settings.web.bind)?;
        let address = listener.local_addr()?;
        let metrics_server = match settings.web.metrics_bind {
            Some(bind) => Some(MetricsServer::start(bind, &state)?),
            None => None,
        };
        let has_metrics = metrics_server.is_none();
        let data = Data::new(state.clone());
        let origins = settings.web.cors_allowed_origins.clone();
        let pages = web::Shared::default();
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
                .configure(|config| {
                    if has_metrics {
                        api::configure_metrics(config);
                    }
                })
                // Its scope takes every path that is left.
                .configure(|config| web::configure(config, &pages))
        })
        // Without it an answer in two packets waits for the acknowledgement of the first: 40 ms.
        .tcp_nodelay(true)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        // An import must stop first: clients may be waiting for its end.
        .disable_signals()
        .listen(listener)?
        .run();
        let background = BackgroundTasks::start(&state, folders);
        let handle = server.handle();
        let served = actix_web::rt::spawn(server);
        Ok(RunningApp {
            address,
            state,
            server: handle,
            served,
            shutdown_delay: settings.web.shutdown_delay,
            metrics_server,
            background,
        })
    }

    /// Waits for SIGTERM, SIGINT or SIGHUP, or until the web server has failed, then stops
    /// everything. Until the delay is over, the program only counts as not ready: load balancers
    /// send their next requests elsewhere. A second signal ends the delay, a third one requests that
    /// are still being answered; at a terminal there is no delay.
    ///
    /// # Errors
    /// When the web server failed, or signals can't be waited for.
    pub async fn ended(self) -> anyhow::Result<()> {
        let signals = StopSignals::new()?;
        self.ended_by(signals).await
    }

    /// As [`RunningApp::ended`], with signals that are listened for already.
    ///
    /// # Errors
    /// When the web server failed.
    pub(crate) async fn ended_by(mut self, mut signals: StopSignals) -> anyhow::Result<()> {
        tokio::select! {
            served = &mut self.served => {
                // The import is closed all the same: another process need not wait for it.
                let rest = self.end_rest(STOP_LIMIT).await;
                served??;
                return rest;
            }
            signal = signals.next() => self.leave(signal, &mut signals).await,
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

    /// Answers on, no longer ready, until the delay is over or another signal comes.
    async fn leave(&self, signal: SignalKind, signals: &mut StopSignals) {
        self.state.shutdown.begin_leaving();
        let is_at_terminal = signal == SignalKind::interrupt() && std::io::stderr().is_terminal();
        if self.shutdown_delay.is_zero() || is_at_terminal {
            log::info!("Stopping");
            return;
        }
        log::info!(
            "Stopping in {} s: no longer ready, requests are still answered",
            self.shutdown_delay.as_secs()
        );
        // Who sends a second signal is in a hurry.
        let _ = timeout(self.shutdown_delay, signals.next()).await;
        log::info!("Stopping now");
    }

    /// Where the metrics are served, if not with the rest.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_server.as_ref().map(MetricsServer::address)
    }

    /// Stops everything: of an import that is running, the file that is not finished is undone.
    ///
    /// # Errors
    /// When the web server failed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.state.shutdown.begin_leaving();
        self.state.shutdown.begin_stopping();
        tokio::join!(
            bounded("The import", STOP_LIMIT, self.state.import.stop()),
            bounded("The web server", STOP_LIMIT, self.server.stop(true)),
        );
        let served = bounded("The web server's task", END_LIMIT, &mut self.served).await;
        let rest = self.end_rest(END_LIMIT).await;
        if let Some(served) = served {
            served??;
        }
        rest
    }

    /// Ends what goes on beside the web server.
    async fn end_rest(self, import_limit: Duration) -> anyhow::Result<()> {
        self.state.shutdown.begin_stopping();
        bounded("The import", import_limit, self.state.import.stop()).await;
        if let Some(server) = self.metrics_server {
            server.stop(END_LIMIT).await;
        }
        let (state, background) = (&self.state, self.background);
        let forgetting = async {
            background.stop().await;
            let replica_id = state.cache.replica_id();
            let forgotten = async |conn: &mut DbConn| db::forget_replica(conn, replica_id).await;
            if let Err(err) = state.checks.write(forgotten).await {
                log::debug!("This process can't be taken off the register: {err}");
            }
        };
        bounded("The work in the background", END_LIMIT, forgetting).await;
        log::info!("Stopped");
        Ok(())
    }
}

/// Returns where imported data is read from: the replica of the settings, if there is one, with
/// connections of that purpose; else the primary.
fn reads(
    settings: &Settings,
    (primary, purpose): (Db, PoolPurpose),
    cache: &Cache,
) -> anyhow::Result<Reads> {
    let replica = settings.database.of_replica();
    let replica = replica.map(|settings| Db::pool(&settings, purpose));
    let cache = cache.clone();
    // What is known counts only while it is fresh: another process may have reported a change since.
    let is_current = move |id: &str, generations: &[(i64, i64)]| {
        cache.is_fresh() && cache.is_all_in(id, generations)
    };
    Ok(Reads::new(
        primary,
        replica.transpose()?,
        Arc::new(is_current),
    ))
}

/// Listens on the address of a setting.
fn listen(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{setting}: {address} can't be listened on"))
}

/// Makes the metrics that have to be there before their first event.
fn declare_metrics(settings: &Settings) {
    metrics::declare(
        analytics::ENDPOINTS,
        build_info::VERSION,
        build_info::COMMIT,
    );
    // An import by schedule that was never completed is one that monitoring has to see.
    let scheduled = settings.import.sources.iter();
    for source in scheduled.filter(|source| source.schedule.is_some()) {
        metrics::IMPORT_CHECKED_AT.with_label_values(&[&source.department_id.to_string()]);
    }
}

/// Waits for a part to stop; one that does not is named in the log.
async fn bounded<T>(part: &str, limit: Duration, stopping: impl Future<Output = T>) -> Option<T> {
    let stopped = timeout(limit, stopping).await.ok();
    if stopped.is_none() {
        log::error!("{part} did not stop within {} ms", limit.as_millis());
    }
    stopped
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::RunningApp;
    use crate::config::Settings;
    use crate::import::actor::ActorState;

    #[actix_rt::test]
    async fn the_import_is_stopped_also_when_the_web_server_failed() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let values = [
            ("DATABASE_URL", url.as_str()),
            ("SECRET_KEY", "a secret key that only tests know of"),
            ("USE_REDIS", "false"),
            ("IMPORT_ENABLED", "false"),
            ("BIND", "127.0.0.1:0"),
        ];
        let value = |name: &str| values.iter().find(|(known, _)| *known == name);
        let settings = Settings::from_sources(None, |name| {
            value(name).map(|(_, value)| (*value).to_owned())
        });
        let mut app = RunningApp::start(&settings.unwrap(), true).await.unwrap();
        let import = app.state.import.clone();
        app.served =
            actix_web::rt::spawn(async { Err(std::io::Error::other("no more descriptors")) });
        let err = app.ended().await.unwrap_err();
        assert_eq!(err.to_string(), "no more descriptors");
        assert_eq!(import.state(), ActorState::Stopped);
    }
}
