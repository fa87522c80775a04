//! Servers as child processes that can't outlive the tests.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server process. A small shell watches over it: when the tests end, however they end, its
/// standard input closes, and it stops the server and removes its folder.
pub struct Server {
    watcher: Child,
    alive: Option<ChildStdin>,
    /// The server's process id.
    pub pid: u32,
}

/// The server's process says its id before it is the server: what that prints comes later.
/// PostgreSQL stops fast at INT, others at TERM.
const WATCH: &str = r#"folder=$1; shift; sh -c 'echo $$; exec "$@"' start "$@" & server=$!; cat >/dev/null
for signal in CONT INT TERM; do kill -$signal $server 2>/dev/null; done
wait $server; rm -rf "$folder""#;

impl Server {
    /// Starts `command`; its folder goes when it does.
    pub fn start(folder: &Path, command: &[&str]) -> Server {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut watcher = Command::new("sh")
            .args(["-c", WATCH, "watch"])
            .arg(folder)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|err| panic!("{command:?} does not start: {err}"));
        let alive = watcher.stdin.take().unwrap();
        let mut stdout = watcher.stdout.take().unwrap();
        let (mut digits, mut byte) = (String::new(), [0]);
        while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            digits.push(byte[0].into());
        }
        // What the server prints later must not block it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Server {
            watcher,
            alive: Some(alive),
            pid: digits.parse().unwrap(),
        }
    }

    /// Sends a signal, such as `KILL`, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid.to_string())
            .status()
            .unwrap();
        assert!(sent.success(), "no process {} to send {name} to", self.pid);
    }
}

/// A server that stands still with all its processes, until this is dropped.
pub struct Frozen(Vec<String>);

impl Frozen {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(name).args(&self.0).status();
        assert!(sent.unwrap().success(), "{name} to {:?}", self.0);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

impl Server {
    /// Stops the server and its children in the middle of whatever they do.
    pub fn freeze(&self) -> Frozen {
        let pid = self.pid;
        // It begins no other one meanwhile.
        self.signal("STOP");
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let mut all: Vec<String> = children
            .unwrap()
            .split_whitespace()
            .map(String::from)
            .collect();
        all.push(pid.to_string());
        let frozen = Frozen(all);
        frozen.signal("-STOP");
        frozen
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The watcher reads the end of its input and does the rest.
        drop(self.alive.take());
        let _ = self.watcher.wait();
    }
}

/// A port of 127.0.0.1 that nobody listens on. It lies below those that the system gives to
/// outgoing connections, and is given once: nobody takes it before the server does.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 10_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(std::process::id().wrapping_mul(101));
        let port = u16::try_from(FIRST + number % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until something listens on the port.
pub fn wait_for_port(port: u16, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < deadline,
            "{what} does not listen on port {port}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The path of a program, looked for in PATH and the usual places beside it.
pub fn program(name: &str) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(Into::into));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    let found =
        found.unwrap_or_else(|| panic!("{name} is not installed: tests/run says how to get it"));
    found.to_string_lossy().into_owned()
}
