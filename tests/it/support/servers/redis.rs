//! Redis, one for each test that needs it, and a sentinel.

use std::path::PathBuf;
use std::process::Command;

use super::{keep, text};
use crate::support::processes::{Server, free_port, program, wait_for_port};

/// A Redis of its own.
pub struct Redis {
    pub port: u16,
    extra: Vec<String>,
    password: &'static str,
    folder: PathBuf,
    server: Option<Server>,
}

impl Redis {
    pub fn start() -> Redis {
        Redis::start_with_password("")
    }

    pub fn start_with_password(password: &'static str) -> Redis {
        Redis::start_on(free_port(), password, &[])
    }

    /// With further arguments; `port` is where it is waited for.
    pub fn start_on(port: u16, password: &'static str, extra: &[&str]) -> Redis {
        let folder = keep(tempfile::Builder::new().prefix("cp-redis-"));
        let extra = extra
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        let mut redis = Redis {
            port,
            extra,
            password,
            folder,
            server: None,
        };
        redis.restart();
        redis
    }

    /// Starts it (again), with what it had saved.
    pub fn restart(&mut self) {
        self.server = None;
        std::fs::create_dir_all(&self.folder).unwrap();
        let (port, folder) = (self.port.to_string(), text(&self.folder));
        let server = program("redis-server");
        let mut command = vec![
            server.as_str(),
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            &folder,
            "--requirepass",
            self.password,
        ];
        command.extend(self.extra.iter().map(String::as_str));
        self.server = Some(Server::start(&self.folder, &command));
        wait_for_port(self.port, "Redis");
    }

    /// Sends a signal to the server.
    pub fn signal(&self, name: &str) {
        self.server.as_ref().unwrap().signal(name);
    }

    /// What `redis-cli` prints.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let done = Command::new(program("redis-cli"))
            .env("REDISCLI_AUTH", self.password)
            .args(["-p", &self.port.to_string()])
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
}

/// A sentinel that watches over a master; and its port.
pub fn sentinel(name: &str, master_port: u16) -> (Server, u16) {
    let folder = keep(tempfile::Builder::new().prefix("cp-sentinel-"));
    let (port, settings_file) = (free_port(), folder.join("sentinel.conf"));
    let settings = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {name} 127.0.0.1 {master_port} 1\n\
         sentinel down-after-milliseconds {name} 1000\nsentinel failover-timeout {name} 3000\n",
        text(&folder)
    );
    std::fs::write(&settings_file, settings).unwrap();
    let server = Server::start(
        &folder,
        &[
            &program("redis-server"),
            &text(&settings_file),
            "--sentinel",
        ],
    );
    wait_for_port(port, "the sentinel");
    (server, port)
}
