//! `healthcheck`: the exit code says whether the service runs, or whether it is ready.
//!
//! The default is for containers: one whose database is away must not be restarted.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::config::Settings;

const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Healthcheck {
    /// Ask whether requests should be sent to it (/readyz), not only whether it runs (/livez).
    #[arg(long)]
    ready: bool,
    /// The address to ask, instead of the one in BIND.
    #[arg(long, value_name = "URL", conflicts_with = "ready")]
    url: Option<String>,
}

impl Healthcheck {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mut address = settings.web.bind;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let (path, answer) = match self.ready {
            true => ("readyz", "ready"),
            false => ("livez", "alive"),
        };
        let url = self
            .url
            .unwrap_or_else(|| format!("http://{address}/{path}"));
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .timeout_global(Some(TIMEOUT))
                .build(),
        );
        agent
            .get(&url)
            .call()
            .with_context(|| format!("{url} does not answer that all is well"))?;
        println!("{answer}");
        Ok(())
    }
}
