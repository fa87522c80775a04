//! `healthcheck`: the exit code says whether the service is ready.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::config::Settings;

const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Healthcheck {
    /// The address to ask, instead of the one in BIND.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Healthcheck {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mut address = settings.web.bind;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let url = self
            .url
            .unwrap_or_else(|| format!("http://{address}/readyz"));
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .timeout_global(Some(TIMEOUT))
                .build(),
        );
        agent
            .get(&url)
            .call()
            .with_context(|| format!("{url} is not ready"))?;
        println!("ready");
        Ok(())
    }
}
