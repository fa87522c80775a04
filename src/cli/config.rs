//! `config`: whether the settings can be used, and what they are.

use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::cache::Cache;
use crate::config::{DatabaseSettings, Dotenv, Settings, misspelt_variables};
use crate::db::{Db, DbError, PoolPurpose};
use crate::import::Source;

#[derive(Args)]
pub struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Name everything that is wrong with the settings, as `serve` would; nothing is connected to.
    Check,
    /// Print every setting with its value and where that comes from, and the sources of imports; secrets
    /// are not shown.
    Show,
}

impl Config {
    pub fn run(self, file: Option<&Path>, dotenv: Option<&Dotenv>) -> anyhow::Result<()> {
        match self.command {
            ConfigCommand::Check => check(file),
            ConfigCommand::Show => show(file, dotenv),
        }
    }
}

fn check(file: Option<&Path>) -> anyhow::Result<()> {
    for warning in misspelt_variables() {
        println!("warning: {warning}");
    }
    let mut problems = Settings::problems(file);
    if problems.is_empty() {
        problems = unusable(&Settings::load(file)?);
    }
    for problem in &problems {
        println!("problem: {problem}");
    }
    match problems.len() {
        0 => println!("The settings can be used."),
        count => bail!("{count} problem(s) with the settings"),
    }
    Ok(())
}

/// What servers could not be reached by, whether or not they are there.
fn unusable(settings: &Settings) -> Vec<String> {
    let of_database = |settings: &DatabaseSettings, purpose| Db::pool(settings, purpose).err();
    let primary = of_database(&settings.database, PoolPurpose::Checks);
    let replica = settings.database.of_replica();
    let replica = replica.and_then(|replica| of_database(&replica, PoolPurpose::Replica));
    let redis = Cache::check(&settings.cache).err();
    let databases = primary.into_iter().chain(replica).map(|err| match err {
        DbError::Unavailable(cause) => cause,
        other => other.to_string(),
    });
    databases
        .chain(redis.map(|fault| fault.to_string()))
        .collect()
}

fn show(file: Option<&Path>, dotenv: Option<&Dotenv>) -> anyhow::Result<()> {
    let settings = Settings::inspect(file, dotenv)?;
    let width = settings.iter().map(|setting| setting.env.len()).max();
    for setting in &settings {
        println!(
            "{:width$}  {}  [{}]",
            setting.env,
            setting.value,
            setting.source,
            width = width.unwrap_or_default()
        );
    }
    // Settings that can't be used have no sources: `check` says why.
    if let Ok(settings) = Settings::load(file) {
        println!("\nImports come from:");
        for source in &settings.import.sources {
            println!(
                "{}, department {}: {}",
                source.name,
                source.department_id,
                Source::configured(source).describe()
            );
        }
        if settings.import.sources.is_empty() {
            println!(
                "nowhere: neither FTP_HOST nor [[import.sources]] of the settings file is set"
            );
        }
    }
    Ok(())
}
