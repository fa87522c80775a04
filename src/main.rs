//! The program `credit-portfolio`: reads the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use credit_portfolio::cli::Cli;
use credit_portfolio::{config, logging};

fn main() -> ExitCode {
    if let Err(err) = config::load_dotenv() {
        return failed(&err.into());
    }
    let cli = Cli::parse();
    logging::start();
    match actix_rt::System::new().block_on(cli.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => failed(&err),
    }
}

fn failed(err: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {err:#}");
    ExitCode::FAILURE
}
