//! `db`: copy a database into another one, and back one up.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

mod copy;

use crate::config::{DatabaseSettings, DatabaseUrl, Settings};
use crate::db::{Db, PoolPurpose};

#[derive(Args)]
pub struct Database {
    #[command(subcommand)]
    command: DatabaseCommand,
}

#[derive(Subcommand)]
enum DatabaseCommand {
    /// Copy an SQLite database into an empty one of PostgreSQL, and compare every figure of the two. A
    /// copy that was broken off goes on where it stopped. Stop the service before.
    Copy(copy::Copy),
    /// Write a copy of the SQLite database of DATABASE_URL into a new file, also while it is in use.
    Backup(Backup),
}

#[derive(Args)]
struct Backup {
    /// The file, which must not be there yet.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
}

impl Database {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.command {
            DatabaseCommand::Copy(copy) => copy.run(settings).await,
            DatabaseCommand::Backup(backup) => backup.run(&settings.database).await,
        }
    }
}

impl Backup {
    async fn run(self, settings: &DatabaseSettings) -> anyhow::Result<()> {
        let DatabaseUrl::Sqlite(file) = &settings.url else {
            bail!(
                "this database is PostgreSQL, which brings its own: pg_dump --format=custom --file={} \"${{DATABASE_URL:?}}\"",
                self.to.display()
            );
        };
        if self.to.exists() {
            bail!("{} is there already: name a new file", self.to.display());
        }
        if !file.exists() {
            bail!("there is no database {}", file.display());
        }
        // Whatever its schema: before an upgrade it is that of the version before.
        let database = Db::pool(settings, PoolPurpose::Imports)?;
        let written = database.back_up(&self.to).await;
        if written.is_err() {
            // What is there is not the database.
            let _ = std::fs::remove_file(&self.to);
        }
        written.with_context(|| format!("{} can't be written", self.to.display()))?;
        println!("{} holds the database as it was now.", self.to.display());
        Ok(())
    }
}
