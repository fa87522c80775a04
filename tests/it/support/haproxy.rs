//! HAProxy, which asks for readiness as in production.

use super::eventually;
use super::processes::{Server, free_port, program, wait_for_port};
use super::servers::{keep, text};

/// HAProxy before two ports, with a page that says which are up.
pub struct HaProxy {
    pub port: u16,
    stats_port: u16,
    _server: Server,
}

impl HaProxy {
    pub fn start(targets: [u16; 2]) -> HaProxy {
        let folder = keep(tempfile::Builder::new().prefix("cp-haproxy-"));
        let (port, stats_port) = (free_port(), free_port());
        let [one, two] = targets;
        let settings = format!(
            "defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend portfolio
  bind 127.0.0.1:{port}
  default_backend instances
backend instances
  balance roundrobin
  option httpchk GET /readyz
  default-server check inter 500ms fall 2 rise 2
  server one 127.0.0.1:{one}
  server two 127.0.0.1:{two}
listen stats
  bind 127.0.0.1:{stats_port}
  stats enable
  stats uri /
"
        );
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, settings).unwrap();
        let server = Server::start(&folder, &[&program("haproxy"), "-db", "-f", &text(&file)]);
        wait_for_port(port, "HAProxy");
        HaProxy {
            port,
            stats_port,
            _server: server,
        }
    }

    /// Waits until it sends requests to both.
    pub async fn both_up(&self) {
        eventually("both instances are up", async || self.are_both_up().await).await;
    }

    /// Whether it sends requests to both.
    pub async fn are_both_up(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/;csv", self.stats_port);
        let page = reqwest::get(&url).await.unwrap().text().await.unwrap();
        let is_up = |name: &str| {
            let line = format!("instances,{name},");
            page.lines()
                .any(|row| row.starts_with(&line) && row.contains(",UP,"))
        };
        is_up("one") && is_up("two")
    }
}
