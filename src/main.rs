//! The program `credit-portfolio`: reads the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use credit_portfolio::cli::Cli;
use credit_portfolio::{config, logging};

fn main() -> ExitCode {
    let dotenv = match config::load_dotenv() {
        Ok(file) => file,
        Err(err) => return failed(&err.into()),
    };
    let cli = Cli::parse();
    logging::start();
    if let Some(file) = &dotenv {
        config::warn_if_readable_by_others(file.path());
    }
    let system = actix_rt::System::new();
    let code = match system.block_on(cli.run(dotenv.as_ref())) {
        Ok(()) => 0,
        Err(err) => {
            failed(&err);
            1
        }
    };
    // What did not stop in time must not hold the process: a runtime waits for its blocking threads.
    std::process::exit(code)
}

fn failed(err: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {err:#}");
    ExitCode::FAILURE
}
