//! The start of the service: a database that is not there yet is waited for, and a signal to stop
//! ends the start.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::time::sleep;

use super::RunningApp;
use super::signals::StopSignals;
use crate::config::{DatabaseSettings, Settings};
use crate::db;

/// How often a missing database is looked for.
const PROBE_INTERVAL: Duration = Duration::from_millis(250);
/// How often a line of the log says that it is waited for.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Waits for the database, then starts everything. Returns `None` when a signal to stop came before
/// the start was over; what was begun then ends with the process.
///
/// # Errors
/// When the database does not come within its time or can't be used, and as [`RunningApp::start`].
pub(crate) async fn start(
    settings: &Settings,
    migrate: bool,
) -> anyhow::Result<Option<(RunningApp, StopSignals)>> {
    let mut signals = StopSignals::new()?;
    let settings = settings.clone();
    // A task of its own: what is dropped in the middle of a query to SQLite panics.
    let started = actix_web::rt::spawn(async move {
        wait_for_database(&settings.database).await?;
        RunningApp::start(&settings, migrate).await
    });
    tokio::select! {
        started = started => Ok(Some((started.context("the start broke off")??, signals))),
        _ = signals.next() => Ok(None),
    }
}

/// Waits until a connection to the database can be opened. What can't pass, such as a wrong
/// password, is not waited for.
async fn wait_for_database(settings: &DatabaseSettings) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut logged: Option<Instant> = None;
    loop {
        let Err(fault) = db::probe(settings).await else {
            return Ok(());
        };
        if !fault.may_pass {
            bail!("the database can't be used: {}", fault.cause);
        }
        let left = settings.start_timeout.saturating_sub(began.elapsed());
        if left.is_zero() {
            bail!(
                "the database did not come within {} s (DATABASE_START_TIMEOUT_SECONDS): {}",
                settings.start_timeout.as_secs(),
                fault.cause
            );
        }
        if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            log::warn!(
                "Waiting for the database for {} s more: {}",
                left.as_secs(),
                fault.cause
            );
            logged = Some(Instant::now());
        }
        sleep(PROBE_INTERVAL.min(left)).await;
    }
}
