//! `migrate`: the database's schema.

use crate::app::open_database;
use crate::config::Settings;

pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    open_database(settings, true).await?;
    println!("The database has this version's schema.");
    Ok(())
}
