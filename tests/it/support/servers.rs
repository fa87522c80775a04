//! PostgreSQL (one for all tests), and what all servers need: folders, a certificate.

mod redis;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use credit_portfolio::config::{DatabaseSettings, DatabaseUrl, Secret};
use credit_portfolio::db::Db;

use super::processes::{Frozen, Server, free_port, program, wait_for_port};
pub use redis::{Redis, sentinel};

/// The one PostgreSQL server, and a database of the newest schema to copy from.
pub struct Postgres {
    port: u16,
    server: Server,
}

static POSTGRES: OnceLock<Postgres> = OnceLock::new();
static COPYING: Mutex<u32> = Mutex::new(0);
const TEMPLATE: &str = "migrated";

impl Postgres {
    /// The URL of a fresh database with the newest schema.
    pub fn fresh_database() -> String {
        let mut number = COPYING
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let postgres = POSTGRES.get_or_init(Postgres::start);
        *number += 1;
        let name = format!("test_{number}");
        postgres.sql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"),
        );
        postgres.url(&name)
    }

    /// The URL of a fresh database without any table.
    pub fn empty_database() -> String {
        let url = Postgres::fresh_database();
        let (_, name) = url.rsplit_once('/').unwrap();
        let postgres = POSTGRES.get().unwrap();
        postgres.sql("postgres", &format!("DROP DATABASE {name}"));
        postgres.sql("postgres", &format!("CREATE DATABASE {name}"));
        url
    }

    /// The one server, with the template.
    fn start() -> Postgres {
        let postgres =
            Postgres::start_in(&keep(tempfile::Builder::new().prefix("cp-postgres-")), &[]);
        postgres.sql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
        let settings = DatabaseSettings {
            timeout: std::time::Duration::from_secs(30),
            ..DatabaseSettings::of(DatabaseUrl::Postgres(Secret::new(postgres.url(TEMPLATE))))
        };
        std::thread::spawn(move || {
            let migrating = async { Db::open(&settings, true).await.map(drop) };
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(migrating)
        })
        .join()
        .unwrap()
        .unwrap();
        postgres
    }

    /// A server of its own with `cert.pem` and `key.pem` of a fresh folder, which it returns, and
    /// with further settings.
    pub fn start_with_tls(further: &[&str]) -> (Postgres, PathBuf) {
        let folder = keep(tempfile::Builder::new().prefix("cp-postgres-"));
        a_certificate(&folder);
        let mut settings = vec![
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", text(&folder.join("cert.pem"))),
            format!("ssl_key_file={}", text(&folder.join("key.pem"))),
            format!("ssl_ca_file={}", text(&folder.join("cert.pem"))),
        ];
        settings.extend(further.iter().map(|setting| (*setting).to_owned()));
        (Postgres::start_in(&folder, &settings), folder)
    }

    /// A server of its own that asks its user `postgres` for a password; and the URL of an empty
    /// database.
    pub fn start_with_password(password: &str) -> (Postgres, String) {
        let folder = keep(tempfile::Builder::new().prefix("cp-postgres-"));
        let postgres = Postgres::start_in(&folder, &[]);
        let url = |password: &str| {
            let user = format!("postgres:{password}@");
            postgres.url("postgres").replace("postgres@", &user)
        };
        postgres.sql(
            "postgres",
            &format!("ALTER USER postgres PASSWORD '{password}'"),
        );
        std::fs::write(
            folder.join("data/pg_hba.conf"),
            "host all all all scram-sha-256\n",
        )
        .unwrap();
        postgres.sql("postgres", "SELECT pg_reload_conf()");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while psql(&url("another"), "SELECT 1").is_ok() {
            assert!(
                std::time::Instant::now() < deadline,
                "PostgreSQL does not ask for the password"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let url = url(password);
        (postgres, url)
    }

    /// A server of its own, and the URL of an empty database.
    pub fn start_alone() -> (Postgres, String) {
        let postgres =
            Postgres::start_in(&keep(tempfile::Builder::new().prefix("cp-postgres-")), &[]);
        let url = postgres.url("postgres");
        (postgres, url)
    }

    /// Has the server stand still: connections stay open, and nothing is answered.
    pub fn freeze(&self) -> Frozen {
        self.server.freeze()
    }

    /// A streaming replica of this server, with all its databases.
    pub fn standby(&self) -> Postgres {
        let folder = keep(tempfile::Builder::new().prefix("cp-postgres-"));
        let copy = [
            program("pg_basebackup"),
            "-d".into(),
            self.url("postgres"),
            "-D".into(),
            text(&folder.join("data")),
            "-R".into(),
            "-X".into(),
            "stream".into(),
            "--checkpoint=fast".into(),
            "--no-sync".into(),
        ];
        run_unprivileged(&folder, &copy);
        Postgres::serve(&folder, &[])
    }

    /// Makes a replica a primary.
    pub fn promote(&self) {
        self.sql("postgres", "SELECT pg_promote()");
    }

    /// Has a replica keep what it receives to itself, or show it.
    pub fn pause_replay(&self, paused: bool) {
        let function = match paused {
            true => "pg_wal_replay_pause",
            false => "pg_wal_replay_resume",
        };
        self.sql("postgres", &format!("SELECT {function}()"));
    }

    /// A server with further settings and empty databases.
    fn start_in(folder: &Path, settings: &[String]) -> Postgres {
        let data = folder.join("data");
        let initdb = [
            program("initdb"),
            "-D".into(),
            text(&data),
            "-U".into(),
            "postgres".into(),
            "--auth=trust".into(),
            "-E".into(),
            "UTF8".into(),
            "--no-sync".into(),
        ];
        run_unprivileged(folder, &initdb);
        Postgres::serve(folder, settings)
    }

    /// Starts a server on the data of a folder.
    fn serve(folder: &Path, settings: &[String]) -> Postgres {
        let (data, port) = (folder.join("data"), free_port());
        let as_user = unprivileged(folder);
        let port_text = port.to_string();
        let socket = format!("unix_socket_directories={}", text(folder));
        let settings = settings
            .iter()
            .flat_map(|setting| ["-c".to_owned(), setting.clone()]);
        let postgres: Vec<String> = [
            program("postgres"),
            "-D".into(),
            text(&data),
            "-p".into(),
            port_text,
            "-c".into(),
            socket,
            "-c".into(),
            "listen_addresses=127.0.0.1".into(),
            "-c".into(),
            "fsync=off".into(),
            "-c".into(),
            "max_connections=300".into(),
        ]
        .into_iter()
        .chain(settings)
        .collect();
        let command: Vec<&str> = as_user
            .iter()
            .chain(&postgres)
            .map(String::as_str)
            .collect();
        let server = Server::start(folder, &command);
        wait_for_port(port, "PostgreSQL");
        let postgres = Postgres { port, server };
        postgres.wait_until_ready();
        postgres
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn wait_until_ready(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while self.psql("postgres", "SELECT 1").is_err() {
            assert!(
                std::time::Instant::now() < deadline,
                "PostgreSQL does not become ready"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.psql(database, sql).unwrap()
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        psql(&self.url(database), sql)
    }
}

/// Runs SQL with the PostgreSQL client; gives what it prints, unaligned.
pub fn psql(url: &str, sql: &str) -> Result<String, String> {
    let done = Command::new(program("psql"))
        .args([
            url,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ])
        .output()
        .unwrap();
    let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if done.status.success() {
        Ok(printed(&done.stdout))
    } else {
        Err(printed(&done.stderr))
    }
}

/// A certificate for localhost, which is its own authority.
pub fn a_certificate(folder: &Path) {
    let subject = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ];
    let done = Command::new(program("openssl"))
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem",
            "-out", "cert.pem",
        ])
        .args(subject)
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A folder that its server's watcher removes.
pub fn keep(builder: &mut tempfile::Builder<'_, '_>) -> PathBuf {
    builder.tempdir().unwrap().keep()
}

pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// PostgreSQL refuses to run as root: then it runs as the user `postgres`, who gets the folder.
pub fn unprivileged(folder: &Path) -> Vec<String> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Vec::new();
    }
    let owned = Command::new("chown")
        .args(["-R", "postgres:postgres"])
        .arg(folder)
        .status()
        .unwrap();
    assert!(
        owned.success(),
        "there is no user postgres: tests/run installs PostgreSQL"
    );
    [
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--init-groups",
    ]
    .map(String::from)
    .to_vec()
}

/// Runs a program that may not be root, over a folder that becomes its own.
fn run_unprivileged(folder: &Path, command: &[String]) {
    let command: Vec<String> = unprivileged(folder)
        .into_iter()
        .chain(command.iter().cloned())
        .collect();
    let done = Command::new(&command[0])
        .args(&command[1..])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}
