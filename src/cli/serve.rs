//! `serve`: the service itself.

use anyhow::bail;
use clap::Args;

use crate::app;
use crate::config::{Settings, misspelt_variables};
use crate::db;

#[derive(Args, Default)]
pub struct Serve {
    /// Refuse to start instead of migrating a database that is behind.
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Err(problem) = settings.auth.check_secret_key() {
            bail!(problem);
        }
        for warning in misspelt_variables() {
            log::warn!("{warning}");
        }
        let Some((app, signals)) = app::start(settings, !self.no_migrate).await? else {
            log::info!("Stopped before the start was over");
            return Ok(());
        };
        if db::count_users(&mut app.state.db.conn().await?).await? == 0 {
            log::warn!(
                "There are no users yet: make one with `credit-portfolio user create --username admin --role ADMIN`"
            );
        }
        log::info!("Listening on http://{}", app.address);
        app.ended_by(signals).await
    }
}
