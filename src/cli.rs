//! The command line: one file a subcommand.

mod adopt;
mod config;
mod database;
#[cfg(feature = "demo")]
mod demo;
mod generate;
mod healthcheck;
mod import;
mod man;
mod migrate;
mod openapi;
mod rollups;
mod serve;
mod user;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

use crate::build_info;
use crate::config::{Dotenv, Settings};

/// Exact, cached figures over a holding's loan portfolio, imported from 1C exports.
#[derive(Parser)]
#[command(version = build_info::version_line(), about)]
pub struct Cli {
    /// A settings file (TOML); without it, credit-portfolio.toml in the working directory if it is
    /// there. The environment wins over the file.
    #[arg(long, global = true, env = "CONFIG_FILE", value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the REST interface and import by schedule (the default).
    Serve(serve::Serve),
    /// Import now, from the FTP server or a folder.
    Import(import::Import),
    /// See it work: an invented holding, its FTP server, and the service, all in this process.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Bring the database's schema up to this version.
    Migrate,
    /// Give a database that was copied another id, so that nothing cached for the original is used.
    Adopt,
    /// Fill an empty database with invented operations, to measure with.
    Generate(generate::Generate),
    /// Check the sums that analytics read, or rebuild them.
    Rollups(rollups::Rollups),
    /// Copy a database into another one, or back one up.
    Db(database::Database),
    /// Check the settings, or print them.
    Config(config::Config),
    /// Print the description of the REST interface (OpenAPI 3.1).
    Openapi,
    /// Make users and set passwords.
    User(user::User),
    /// Ask a running service whether it is alive, or ready; for containers.
    Healthcheck(healthcheck::Healthcheck),
    /// Print the manual page, for packages.
    Man(man::Man),
    /// Print completions for a shell, for packages.
    Completions(man::Completions),
}

impl Cli {
    /// Runs the command; `dotenv` is the file that was read into the environment.
    ///
    /// # Errors
    /// What stopped it, in words for the person at the terminal.
    pub async fn run(self, dotenv: Option<&Dotenv>) -> anyhow::Result<()> {
        let settings =
            || -> anyhow::Result<Settings> { Ok(Settings::load(self.config.as_deref())?) };
        match self
            .command
            .unwrap_or(Command::Serve(serve::Serve::default()))
        {
            Command::Serve(serve) => serve.run(&settings()?).await,
            Command::Import(import) => import.run(&settings()?).await,
            #[cfg(feature = "demo")]
            Command::Demo(demo) => demo.run().await,
            Command::Migrate => migrate::run(&settings()?).await,
            Command::Adopt => adopt::run(&settings()?).await,
            Command::Generate(generate) => generate.run(&settings()?).await,
            Command::Rollups(rollups) => rollups.run(&settings()?).await,
            Command::Db(database) => database.run(&settings()?).await,
            Command::Openapi => openapi::run(),
            Command::User(user) => user.run(&settings()?).await,
            Command::Healthcheck(healthcheck) => healthcheck.run(&settings()?),
            Command::Config(config) => config.run(self.config.as_deref(), dotenv),
            Command::Man(man) => man.run(Cli::command()),
            Command::Completions(completions) => completions.run(Cli::command()),
        }
    }
}
