//! The program as it is typed, in an empty folder and an empty environment.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

pub const SECRET_KEY: &str = "a secret key that only tests know of";

/// The program in an empty folder and an empty environment.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_credit-portfolio"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("USE_REDIS", "false")
        .env("SHUTDOWN_DELAY_SECONDS", "0")
        .env("TZ", "UTC");
    command
}

pub fn run(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = program(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not ask may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn output_text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A running program that is stopped at the end.
pub struct Running(pub Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// Asks it to stop, as a service manager would; gives the exit code and the log.
    pub fn terminate(self) -> (Option<i32>, String) {
        self.stop_by("-TERM")
    }

    /// The same by another signal.
    pub fn stop_by(self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        self.ended_within(Duration::from_secs(60))
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code and the log of a program that ends by itself; fails when it does not by then.
    pub fn ended_within(mut self, limit: Duration) -> (Option<i32>, String) {
        let deadline = std::time::Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "the program has not ended after {limit:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut log = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut log).unwrap();
        }
        (status.code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn wait_until_ready(address: &str) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while ureq::get(&format!("http://{address}/readyz"))
        .call()
        .is_err()
    {
        assert!(
            std::time::Instant::now() < deadline,
            "{address} does not become ready"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Makes a user with the program; `settings` are those of the database.
pub fn make_user(folder: &Path, settings: &[(&str, &str)], name: &str, password: &str) {
    let arguments = ["user", "create", "--username", name, "--role", "ADMIN"];
    let mut command = program(folder, &arguments);
    let mut child = command
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{password}\n").as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// A token for that user.
pub async fn log_in(address: &str, name: &str, password: &str) -> String {
    let body = serde_json::json!({ "username": name, "password": password });
    let request = reqwest::Client::new()
        .post(format!("http://{address}/api/v1/auth/login"))
        .json(&body);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}
